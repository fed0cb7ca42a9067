# Written by scripts/unasync.py from ../_async: change it there.
"""The resources of the asynchronous client."""
