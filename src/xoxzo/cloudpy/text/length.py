"""Count the SMS parts of a text as Xoxzo does (API section 2.4)."""

from __future__ import annotations

from bisect import bisect_left

import msgspec

# The most units that 1, 2, 3 … parts hold.
_MAX_UNITS_ASCII = (140, 264, 396, 528, 660)
_MAX_UNITS_OTHER = (70, 132, 198, 264, 330, 396, 462, 528, 594, 660)


class TextLength(msgspec.Struct, frozen=True, kw_only=True):
    """The length of a text, and the SMS parts that it is charged as."""

    units: int
    """UTF-16 code units, which Xoxzo counts: an emoji is two."""
    ascii_only: bool
    """Whether every character is ASCII. This, and not GSM-7, decides how much fits into a part."""
    parts: int | None
    """SMS parts charged, 1 to 10; ``None`` if the text is too long to be sent."""
    limit: int
    """The greatest number of units that can be sent."""


def measure(text: str) -> TextLength:
    """Count the units and SMS parts of a text by Xoxzo's table.

    Args:
        text: the message as it will be sent.

    Returns:
        The length; ``parts`` is ``None`` for a text over 660 units.
    """
    ascii_only = text.isascii()
    # A lone surrogate counts as one unit. Whether it can be sent is checked elsewhere.
    units = len(text) if ascii_only else len(text.encode("utf-16-le", "surrogatepass")) // 2
    table = _MAX_UNITS_ASCII if ascii_only else _MAX_UNITS_OTHER
    limit = table[-1]
    parts = None if units > limit else bisect_left(table, units) + 1
    return TextLength(units=units, ascii_only=ascii_only, parts=parts, limit=limit)
