"""Tables of the GSM 7-bit default alphabet (GSM 03.38, today 3GPP TS 23.038), and replacements for other characters.

National language tables, which a sender may switch to, are not supported: usual segment counters do not use them.
"""

# In the order of their codes. 0x1B, the escape, is not a character.
from __future__ import annotations

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
