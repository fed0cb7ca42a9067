"""Reduce typed text to a sign and digits. Knows no country's numbers.

This is stricter than ``phonenumbers``, which reads letters as keys of a phone, removes what it takes for an extension
or a second number, and skips any text in front. Each of these would be a silent guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.common.plain_text import plain
from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.phone.parsed import Assumption, Note

# Full-width ASCII and the ideographic space. Digits of other scripts are not converted, so they are refused.
_FULL_WIDTH = {0xFF00 + code: 0x20 + code for code in range(1, 95)} | {0x3000: 0x20}
# Characters used as hyphens in Japanese text: hyphens, dashes, the minus sign, the long-vowel mark in both widths, box
# drawing lines.
_HYPHENS = "‐‑‒–—―⁃−˗﹘﹣ーｰ─━"
_SEPARATORS = re.compile(rf"[\s\-().\[\]〔〕{_HYPHENS}]+")

_LABEL = re.compile(r"(?:tel|[℡☎☏])[.:]?\s*(?=[+(\[0-9])", re.IGNORECASE)
_QUOTED = re.compile(r"""'([^'"]*)|="([^'"]*)\"""")
_FLOAT = re.compile(r"(\+?[0-9]+)\.0")

# Scientific notation; digits on both sides of a single dot; a single digit after the last dot.
_DECIMAL = re.compile(r"\A[+-]?[0-9]+(?:\.[0-9]+\Z|(?:\.[0-9]+)?E[+-]?[0-9])|\.\s*[0-9]\D*\Z", re.IGNORECASE)
# Digits after a line break or a separator, and a + anywhere but at the start.
_SECOND_NUMBER = re.compile(r"[0-9][^0-9+]*(?:[\n\r\v\f\x85\u2028\u2029,;/|&、・]\D*[0-9]|\+)")
_NUMBER = re.compile(r"\+?[0-9]+")

# E.164 allows 15 digits, and the longest prefix before them, 010, has 3.
_MAX_DIGITS = 18
_MAX_CHARACTERS = 100


def clean(text: object) -> tuple[str, list[Note | Assumption]]:
    """Remove separators, labels and spreadsheet marks from a typed number.

    Args:
        text: the typed text, at most 100 characters.

    Returns:
        ASCII digits, with a + in front if one was typed; and a remark for each kind of change.

    Raises:
        InvalidArgument: the text contains no number, more than one, or other text. The reason never contains the text.
    """
    text = plain(text)
    if not isinstance(text, str):
        raise InvalidArgument("text", "must be text, not {type}, which keeps no 0 in front", type=type(text).__name__)
    if len(text) > _MAX_CHARACTERS:
        raise InvalidArgument("text", "has {count} characters: too many for one number", count=len(text))
    remarks: list[Note | Assumption] = []
    for change, remark in _CHANGES:
        changed = change(text)
        if changed != text and remark not in remarks:
            remarks.append(remark)
        text = changed
    if not _NUMBER.fullmatch(text):
        raise InvalidArgument("text", _objection(text))
    if (count := len(text.removeprefix("+"))) > _MAX_DIGITS:
        raise InvalidArgument("text", "has {count} digits: too long for one number, are there two?", count=count)
    return text, remarks


def _without_invisible(text: str) -> str:
    # Mainly marks of writing direction: contact lists wrap numbers in them.
    if text.isascii():
        return text
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def _without_separators(text: str) -> str:
    """Remove the separators between the digits of one number; return any other text unchanged, for `_objection`."""
    if _DECIMAL.search(text) or _SECOND_NUMBER.search(text):
        return text
    return _SEPARATORS.sub("", text)


_CHANGES: tuple[tuple[Callable[[str], str], Note | Assumption], ...] = (
    (_without_invisible, Note.INVISIBLE),
    (lambda text: text.translate(_FULL_WIDTH), Note.FULL_WIDTH),
    (str.strip, Note.SEPARATORS),
    (lambda text: found[1] or found[2] or "" if (found := _QUOTED.fullmatch(text)) else text, Note.QUOTED),
    (lambda text: _LABEL.sub("", text, count=1) if _LABEL.match(text) else text, Note.LABEL),
    (lambda text: _FLOAT.sub(r"\1", text) if _FLOAT.fullmatch(text) else text, Assumption.FLOAT),
    (_without_separators, Note.SEPARATORS),
)


def _objection(text: str) -> str:
    if not re.search(r"[0-9]", text):
        return N_("has no readable digits: they must be ASCII or full-width")
    if _DECIMAL.search(text):
        return N_(
            "is a decimal number, as spreadsheets write them: digits may have been lost; format the column as text"
        )
    if _SECOND_NUMBER.search(text):
        return N_("has more than one number, or a separator")
    return N_("has something besides one number: letters, words or symbols")
