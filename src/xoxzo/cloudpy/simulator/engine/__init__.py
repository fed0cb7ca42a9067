"""The simulated service itself: records, one service for each chapter of the API, and the context they share.

There is no HTTP, no file and no thread in it. `engine` is the complete service; `rules` are pure functions.
"""
