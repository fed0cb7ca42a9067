"""Lets `python -m xoxzo.cloudpy.cli` do what `xoxzo` does."""

from . import main

if __name__ == "__main__":
    main()
