"""The commands of ``manage.py``."""

from __future__ import annotations

from argparse import ArgumentTypeError

_MAX_DURATION = 100_000


def duration(text: str) -> float:
    """Read a number of days or minutes from the command line; raise an error that argparse shows."""
    value = float(text)
    if not 0 <= value <= _MAX_DURATION:
        raise ArgumentTypeError(f"must be a number from 0 to {_MAX_DURATION}")
    return value
