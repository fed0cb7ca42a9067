"""Moments as the API writes them (API section 1.8)."""

from __future__ import annotations

import math
import time
from functools import lru_cache


def format_time(moment: float) -> str:
    """Write a moment as the API does: naive UTC, whole seconds (API section 1.8)."""
    return _stamp(math.floor(moment))


@lru_cache(maxsize=64)  # what happens under load happens within a few seconds
def _stamp(second: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(second))
