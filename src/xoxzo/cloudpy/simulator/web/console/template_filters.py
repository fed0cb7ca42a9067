"""Texts, numbers and times as pages show them: what was sent is escaped here or by the templates."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import unquote_plus

from markupsafe import Markup, escape

MAX_TEXT_LENGTH = 20_000
"""Characters of one text; longer ones are cut and end in …."""

_LINK = re.compile(r"https?://[^\s<>\"'\u3000、。「」『』（）]+", re.IGNORECASE)
_TRAILING = ".,;:!?)]}"
# Characters that turn the direction of what follows: a text may not change how the page around it reads.
_TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")

_NUMBER = re.compile(r"\+?[1-9][0-9]{7,14}")
# Country codes have three digits but for these, and those of one that begin with 1 or 7.
_TWO_DIGITS = re.compile(r"2[07]|3[0-469]|4[^2]|5[1-8]|6[0-6]|8[1246]|9[0-58]")


def message(text: str) -> Markup:
    """Return a text of a message: links can be followed, and characters that would not be seen are named."""
    found = Markup()
    at = 0
    text = _cut(text)
    for match in _LINK.finditer(text):
        url = match[0].rstrip(_TRAILING)
        if any(map(_is_hidden, url)):
            continue
        found += plain(text[at : match.start()]) + Markup(
            '<a href="{0}" target="_blank" rel="noopener noreferrer nofollow">{0}</a>'
        ).format(url)
        at = match.start() + len(url)
    return found + plain(text[at:])


def plain(text: str) -> Markup:
    """Return a text as it is; characters that would not be seen, or would turn others around, are named."""
    text = _cut(text)
    if not any(map(_is_hidden, text)):
        return escape(text)
    name = Markup('<span class="hidden-letter">U+{:04X}</span>')
    return Markup().join(name.format(ord(letter)) if _is_hidden(letter) else escape(letter) for letter in text)


def body_line(text: str) -> str:
    """Return the beginning of a body for a list: a form as people read it, and anything else as it is."""
    start = text[:2_000]
    return (start if start.startswith(("{", "[")) else unquote_plus(start))[:160]


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT_LENGTH else text[:MAX_TEXT_LENGTH] + "…"


def _is_hidden(letter: str) -> bool:
    return letter in _TURNING or (letter not in "\n\t" and unicodedata.category(letter) in {"Cc", "Cs"})


def money(amount: Decimal | float) -> str:
    """Return an amount of credits: thousands apart, and no more decimals than there are."""
    exact = Decimal(str(amount)) if isinstance(amount, float) else Decimal(amount)
    written = f"{exact:,f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def time_of(at: float, form: str = "time") -> Markup:
    """Return a moment as an element that the browser writes in its own zone; `form`: time, date, both or short."""
    when = datetime.fromtimestamp(at, UTC)
    forms = {"time": "%H:%M:%S", "date": "%Y-%m-%d", "both": "%Y-%m-%d %H:%M:%S", "short": "%H:%M"}
    return Markup('<time datetime="{}" data-form="{}" title="{} UTC">{}</time>').format(
        when.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), form, when.strftime("%Y-%m-%d %H:%M:%S"), when.strftime(forms[form])
    )


def number(text: str) -> str:
    """Return a phone number in groups, as people read it; anything else stays as it is."""
    if not _NUMBER.fullmatch(text):
        return text
    plus, digits = ("+", text[1:]) if text.startswith("+") else ("", text)
    length = 1 if digits[0] in "17" else 2 if _TWO_DIGITS.match(digits) else 3
    code, rest = digits[:length], digits[length:]
    # From the right, in fours, as in Japan; what is left over comes first.
    first = len(rest) % 4 or 4
    groups = [rest[:first], *(rest[at : at + 4] for at in range(first, len(rest), 4))]
    return f"{plus}{code} {' '.join(groups)}"
