"""Xoxzo's telephony API in Python."""

__version__ = "1.0.0"
