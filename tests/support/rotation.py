"""Rotate long tests by commit: `make test` runs one part of their cases, `make check` all of them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def selected_count(every: int, some: int) -> int:
    """Return how many cases to play: `every` in ``make check``, `some` elsewhere."""
    return every if os.environ.get("XOXZO_TESTS_ALL_SEEDS") else some


def selected_part(parts: int) -> int | None:
    """Return which of so many parts the commit selects, or `None` for all: where ``XOXZO_TESTS_ALL_SEEDS`` is set."""
    if os.environ.get("XOXZO_TESTS_ALL_SEEDS"):
        return None
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        commit = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        commit = ""
    return int(commit or "0", 16) % parts
