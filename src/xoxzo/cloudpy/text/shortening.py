"""Shorten texts so that they fit into a number of SMS parts."""

from __future__ import annotations

from collections.abc import Callable

from xoxzo.cloudpy.text.length import measure


def shorten(text: str, max_parts: int) -> str:
    """Return a text on one line, cut with an ellipsis if it needs more SMS parts than `max_parts`."""
    line = one_line(text)
    if fits_parts(line, max_parts):
        return line
    return cut(line, longest(len(line), lambda length: fits_parts(cut(line, length), max_parts)) or 0)


def fits_parts(text: str, max_parts: int) -> bool:
    """Return whether a text can be sent, and needs at most `max_parts` SMS parts."""
    return (measure(text).parts or max_parts + 1) <= max_parts


def one_line(text: str) -> str:
    """Replace control characters, line breaks and runs of blanks by one blank each."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def longest(maximum: int, fits: Callable[[int], bool]) -> int | None:
    """Return a large length up to `maximum` that fits, or ``None``, by bisection.

    It is the largest one if every smaller length fits, too.
    """
    if not fits(0):
        return None
    low, high = 0, maximum
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def cut(text: str, length: int) -> str:
    """Return the beginning of a text with an ellipsis, or the entire text if it is not longer than `length`."""
    if len(text) <= length:
        return text
    start = text[:length].rstrip()
    # One character outside GSM-7 would halve what fits into a part.
    return start + ("..." if start.isascii() else "…")
