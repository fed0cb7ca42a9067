"""The version of the distribution, which modules of every layer may import."""

__version__ = "1.0.0"
