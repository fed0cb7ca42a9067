"""The GSM 7-bit default alphabet (GSM 03.38, today 3GPP TS 23.038), and what may stand in for what is not in it.

The tables of national languages, which a sender may switch to, are left out: no counter of the field counts with them.
"""

# In the order of their codes; 0x1B, the escape, is no character.
from __future__ import annotations

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ"
    "ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each is sent as the escape and one code more. The form feed is the standard's page break.
_EXTENSION = "\f^{}\\[~]|€"

SEPTETS = dict.fromkeys(_BASIC, 1) | dict.fromkeys(_EXTENSION, 2)
"""The septets that each character of the alphabet takes."""

# Only what looks and means the same. No accent is taken off and no digit out of a circle: that would change the text.
_ALIKE = {
    "'": "‘’‚‛′ʼ´`｀",
    '"': "“”„‟″«»",
    "-": "‐‑‒–—―−",
    "~": "〜",
    "/": "⁄∕",
    "...": "…",
    "..": "‥",
    "¥": "￥",
    "£": "￡",
    # The tab, and blanks of every width.
    " ": "\t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    # Line and paragraph separator.
    "\n": "\u2028\u2029",
    # Soft hyphen, zero-width blank, word joiner, byte order mark: nothing is seen of them.
    "": "\u00ad\u200b\u2060\ufeff",
}
# Full-width ASCII stands in one block, in ASCII's order. One of its 94, the grave accent, is in no GSM table.
_FULL_WIDTH = {chr(0xFF00 + code): chr(0x20 + code) for code in range(1, 95)}

LOOKALIKES = _FULL_WIDTH | {stranger: ours for ours, strangers in _ALIKE.items() for stranger in strangers}
"""What to write instead of a character that is not in the alphabet, where there is an obvious choice."""
