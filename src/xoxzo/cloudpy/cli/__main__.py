"""Lets `python -m xoxzo.cloudpy.cli` do what `xoxzo` does."""

from __future__ import annotations

from xoxzo.cloudpy.cli import main

if __name__ == "__main__":
    main()
