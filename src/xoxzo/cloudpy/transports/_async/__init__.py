"""The recorder and the replayer, for asyncio; scripts/unasync.py writes from them those for threads."""
