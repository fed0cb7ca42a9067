"""From what was typed to a sign and digits, with no knowledge of any country's numbers.

This is stricter than ``phonenumbers``, which reads letters as the keys of a phone, cuts off what it takes for an
extension or a second number, and skips whatever stands in front. Each of these would be a silent guess.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.phone.parsed import Doubt, Note

if TYPE_CHECKING:
    from collections.abc import Callable

# Full-width ASCII and the ideographic blank. Digits of other scripts are left as they are, and so refused.
_NARROW = {0xFF00 + code: 0x20 + code for code in range(1, 95)} | {0x3000: 0x20}
# What stands for a hyphen in Japanese text: hyphens and dashes, the minus sign, the mark for a long vowel in both
# widths, lines of box drawing.
_HYPHENS = "‐‑‒–—―⁃−˗﹘﹣ーｰ─━"
_SEPARATORS = re.compile(rf"[\s\-().\[\]〔〕{_HYPHENS}]+")

_LABEL = re.compile(r"(?:tel|[℡☎☏])[.:]?\s*(?=[+(\[0-9])", re.IGNORECASE)
_QUOTED = re.compile(r"""'([^'"]*)|="([^'"]*)\"""")
_FLOAT = re.compile(r"(\+?[0-9]+)\.0")

# Scientific notation; digits on both sides of one dot; and one digit alone after the last dot.
_DECIMAL = re.compile(r"\A[+-]?[0-9]+(?:\.[0-9]+\Z|(?:\.[0-9]+)?E)|\.\s*[0-9]\D*\Z", re.IGNORECASE)
# Digits after a line break or a mark that separates, and a + anywhere but in front.
_SECOND = re.compile(r"[0-9][^0-9+]*(?:[\n\r\v\f\x85\u2028\u2029,;/|&、・]\D*[0-9]|\+)")
_NUMBER = re.compile(r"\+?[0-9]+")

# E.164 allows 15 digits; the longest prefix before them, 010, has 3. Ornaments hardly fill the rest.
_MOST_DIGITS = 18
_MOST_CHARACTERS = 100


def clean(text: object) -> tuple[str, list[Note | Doubt]]:
    """Take the ornaments off a typed number, and tell which they were.

    Args:
        text: what was typed.

    Returns:
        ASCII digits, after a + where one was typed; and a remark for each kind of change.

    Raises:
        InvalidArgument: the text holds no number, more than one, or something beside it. The reason never repeats it.
    """
    if not isinstance(text, str):
        raise InvalidArgument("text", f"must be text, not {type(text).__name__}, which keeps no 0 in front")
    if len(text) > _MOST_CHARACTERS:
        raise InvalidArgument("text", f"has {len(text)} characters: too many for one number")
    remarks: list[Note | Doubt] = []
    for change, remark in _CHANGES:
        changed = change(text)
        if changed != text and remark not in remarks:
            remarks.append(remark)
        text = changed
    if not _NUMBER.fullmatch(text):
        raise InvalidArgument("text", _objection(text))
    if (count := len(text.removeprefix("+"))) > _MOST_DIGITS:
        raise InvalidArgument("text", f"has {count} digits: too long for one number, are there two?")
    return text, remarks


def _without_unseen(text: str) -> str:
    # Marks of writing direction above all: contact lists wrap numbers in them.
    if text.isascii():
        return text
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def _without_separators(text: str) -> str:
    """Drop what stands between the digits of one number; leave a text that is no such thing for `_objection`."""
    if _DECIMAL.search(text) or _SECOND.search(text):
        return text
    return _SEPARATORS.sub("", text)


_CHANGES: tuple[tuple[Callable[[str], str], Note | Doubt], ...] = (
    (_without_unseen, Note.INVISIBLE),
    (lambda text: text.translate(_NARROW), Note.FULL_WIDTH),
    (str.strip, Note.SEPARATORS),
    (lambda text: found[1] or found[2] or "" if (found := _QUOTED.fullmatch(text)) else text, Note.QUOTED),
    (lambda text: _LABEL.sub("", text, count=1) if _LABEL.match(text) else text, Note.LABEL),
    (lambda text: _FLOAT.sub(r"\1", text) if _FLOAT.fullmatch(text) else text, Doubt.FLOAT),
    (_without_separators, Note.SEPARATORS),
)


def _objection(text: str) -> str:
    if not re.search(r"[0-9]", text):
        return "holds no digits that can be read: they must be ASCII or full-width"
    if _DECIMAL.search(text):
        return "is a decimal number, as spreadsheets write them: digits may have been lost; format the column as text"
    if _SECOND.search(text):
        return "holds more than one number, or a mark that stands between numbers"
    return "holds something beside one number: letters, words or signs"
