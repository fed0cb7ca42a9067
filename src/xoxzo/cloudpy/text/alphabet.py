"""Determine how the mobile network encodes a text: GSM-7 or UCS-2, its segments, and what forces UCS-2.

GSM-7 is the GSM 7-bit default alphabet (GSM 03.38, today 3GPP TS 23.038). National language tables, which a sender may
switch to, are not supported: usual segment counters do not use them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

# In the order of their codes. 0x1B, the escape, is not a character.
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ"
    "ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each is sent as the escape and a second code. The form feed is the standard's page break.
_EXTENSION = "\f^{}\\[~]|€"

SEPTETS = dict.fromkeys(_BASIC, 1) | dict.fromkeys(_EXTENSION, 2)
"""The number of septets that each character of the alphabet takes."""

# Only characters that look and mean the same. Removing an accent, or the circle around a digit, would change the text.
_BY_REPLACEMENT = {
    "'": "‘’‚‛′ʼ´`｀",
    '"': "“”„‟″«»",
    "-": "‐‑‒–—―−",
    "~": "〜",
    "/": "⁄∕",
    "...": "…",
    "..": "‥",
    "¥": "￥",
    "£": "￡",
    # The tab, and spaces of every width.
    " ": "\t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    # Line and paragraph separator.
    "\n": "\u2028\u2029",
    # Soft hyphen, zero-width space, word joiner, byte order mark: they are invisible.
    "": "\u00ad\u200b\u2060\ufeff",
}
# Full-width ASCII is one block in ASCII's order. One of its 94 characters, the grave accent, is in no GSM table.
_FULL_WIDTH = {chr(0xFF00 + code): chr(0x20 + code) for code in range(1, 95)}

REPLACEMENTS = _FULL_WIDTH | {
    character: replacement for replacement, characters in _BY_REPLACEMENT.items() for character in characters
}
"""The replacement of a character that is not in the alphabet, where there is an obvious one."""

# A segment carries 140 bytes: 160 septets, or 70 units of 16 bits. Each of several segments begins with a header of
# 6 bytes, which leaves 134: 153 septets (the header is padded to whole septets) or 67 units.
_GSM_SEPTETS = (160, 153)
_UCS_UNITS = (70, 67)


class ForcingCharacter(msgspec.Struct, frozen=True, kw_only=True):
    """A character that is not in GSM-7, so that the whole text is encoded in UCS-2.

    Its ``repr`` shows only the position: in a Japanese text, these characters are the text.
    """

    position: int
    """Its index in the text, so that ``text[position]`` is the character."""
    character: str
    """The character."""
    replacement: str | None
    """GSM-7 characters that look and mean the same; ``""`` for an invisible character; ``None`` if there is no obvious
    replacement."""

    def __repr__(self) -> str:
        return f"ForcingCharacter(position={self.position})"


class TextEncoding(msgspec.Struct, frozen=True, kw_only=True):
    """The encoding of a text on the mobile network."""

    encoding: Literal["GSM-7", "UCS-2"]
    """``"GSM-7"`` if every character is in that alphabet, else ``"UCS-2"``."""
    units: int
    """Septets in GSM-7, where characters of the extension table such as ``€`` and ``[`` count as two; UTF-16 code units
    in UCS-2, where an emoji counts as two or more."""
    segments: int
    """The messages that the network sends, at least 1. The phone joins them."""
    forced_by: tuple[ForcingCharacter, ...]
    """The characters that are not in GSM-7, in order; empty in GSM-7."""


def encoding(text: str) -> TextEncoding:
    """Determine how the mobile network encodes a text (3GPP TS 23.038). Xoxzo charges by another rule: see `measure`.

    A single segment holds 160 septets in GSM-7 or 70 units in UCS-2; each of several segments holds 153 or 67. A
    segment never ends within a character: not between the halves of an emoji, not after the escape of an extended
    character.

    Args:
        text: the message as it will be sent, of any length.

    Returns:
        The encoding, its units and segments, and the characters that force UCS-2.
    """
    forced_by = tuple(
        ForcingCharacter(position=position, character=character, replacement=REPLACEMENTS.get(character))
        for position, character in enumerate(text)
        if character not in SEPTETS
    )
    if forced_by:
        sizes = [2 if character > "\uffff" else 1 for character in text]
        segments = _segments(sizes, *_UCS_UNITS)
        return TextEncoding(encoding="UCS-2", units=sum(sizes), segments=segments, forced_by=forced_by)
    sizes = [SEPTETS[character] for character in text]
    return TextEncoding(encoding="GSM-7", units=sum(sizes), segments=_segments(sizes, *_GSM_SEPTETS), forced_by=())


def _segments(sizes: Sequence[int], single: int, joined: int) -> int:
    """Count segments: one if everything fits, else each filled with as many whole characters as fit."""
    if sum(sizes) <= single:
        return 1
    segments, used = 1, 0
    for size in sizes:
        if used + size > joined:
            segments, used = segments + 1, 0
        used += size
    return segments
