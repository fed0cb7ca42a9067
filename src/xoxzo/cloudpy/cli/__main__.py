"""Makes `python -m xoxzo.cloudpy.cli` run `xoxzo`."""

from __future__ import annotations

from xoxzo.cloudpy.cli import main

if __name__ == "__main__":
    main()
