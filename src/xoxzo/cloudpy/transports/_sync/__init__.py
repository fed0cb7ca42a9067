# Written by scripts/unasync.py from ../_async: change it there.
"""The recorder and the replayer, for asyncio; scripts/unasync.py writes from them those for threads."""
