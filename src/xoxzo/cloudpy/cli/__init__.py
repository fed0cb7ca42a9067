"""The `xoxzo` command. It starts from the standard library alone and says which extra is missing."""

import sys


def main() -> None:
    """Run the command line; exits with its status."""
    try:
        from .app import xoxzo
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.stderr.write('xoxzo: the command line needs an extra: pip install "xoxzo-cloudpy[cli]"\n')
        sys.exit(2)
    xoxzo(prog_name="xoxzo")
