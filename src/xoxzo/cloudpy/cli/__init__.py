"""The `xoxzo` command. It starts with the standard library alone and names a missing extra."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line; exits with its status."""
    # Imports make many objects and no garbage: with the default threshold, collecting takes a tenth of the start.
    gc.set_threshold(50_000)
    try:
        from xoxzo.cloudpy.cli.app import xoxzo
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.stderr.write('xoxzo: the command line needs an extra: pip install "xoxzo-cloudpy[cli]"\n')
        sys.exit(2)
    xoxzo(prog_name="xoxzo")
