"""The `xoxzo` command. It starts from the standard library alone and says which extra is missing."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line; exits with its status."""
    # Loading modules makes many objects and no garbage: at the usual pace a tenth of a start goes into looking for it.
    gc.set_threshold(50_000)
    try:
        from xoxzo.cloudpy.cli.app import xoxzo
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.stderr.write('xoxzo: the command line needs an extra: pip install "xoxzo-cloudpy[cli]"\n')
        sys.exit(2)
    xoxzo(prog_name="xoxzo")
