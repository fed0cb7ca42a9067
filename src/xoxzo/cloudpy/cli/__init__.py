"""The `xoxzo` command. It starts with the standard library only and names a missing extra."""

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
        extra = "simulator" if {"simulator", "--simulator", "demo"} & set(sys.argv) else "cli"
        sys.stderr.write(f'xoxzo: the command line needs an extra: pip install "xoxzo-cloudpy[{extra}]"\n')
        sys.exit(2)
    xoxzo(prog_name="xoxzo")
