"""Xoxzo in other people's frameworks. Each module here needs its own, and none is imported before it is asked for."""
