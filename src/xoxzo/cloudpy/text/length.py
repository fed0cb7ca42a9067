"""How long a text is, as Xoxzo counts it (API section 2.4)."""

from __future__ import annotations

from bisect import bisect_left

import msgspec

_PARTS_ASCII = (140, 264, 396, 528, 660)
_PARTS_OTHER = (70, 132, 198, 264, 330, 396, 462, 528, 594, 660)


class TextLength(msgspec.Struct, frozen=True, kw_only=True):
    """The length of a text and what it will be billed as.

    Attributes:
        units: UTF-16 code units, what Xoxzo's counter counts: an emoji is two.
        ascii_only: whether every character is ASCII. Note that this, and not GSM-7, decides how much fits.
        parts: SMS parts billed, 1 to 10, or ``None`` when the text is too long to send.
        limit: the greatest number of units that can be sent.
    """

    units: int
    ascii_only: bool
    parts: int | None
    limit: int


def measure(text: str) -> TextLength:
    """Count a text's units and the SMS parts that it takes, by Xoxzo's own table.

    Args:
        text: the message as it will be sent.

    Returns:
        The count; ``parts`` is ``None`` for a text over 660 units.
    """
    ascii_only = text.isascii()
    # Half a character counts as the one unit that it is; that it cannot be sent is for others to say.
    units = len(text) if ascii_only else len(text.encode("utf-16-le", "surrogatepass")) // 2
    table = _PARTS_ASCII if ascii_only else _PARTS_OTHER
    limit = table[-1]
    parts = None if units > limit else bisect_left(table, units) + 1
    return TextLength(units=units, ascii_only=ascii_only, parts=parts, limit=limit)
