"""Lets `python -m xoxzo.cloudpy.cli` do what `xoxzo` does."""

from xoxzo.cloudpy.cli import main

if __name__ == "__main__":
    main()
