"""Mask phone numbers and texts in reprs, log lines and errors."""

from __future__ import annotations

import re
from urllib.parse import unquote

_NUMBER = re.compile(r"\+?\d(?:[\s().\-‐-―]*\d){4,}")
_SEPARATOR = re.compile(r"[\s().\-‐-―]")
_OPENING = re.compile(r"""["“„‘「『]|(?<!\w)'""")
_CLOSING = "\"”“’'」』"
_MAX_INPUT_CHARACTERS = 2000
_MAX_CHARACTERS = 200


def mask_number(number: str) -> str:
    """Return a masked phone number: ``+81••••5678``.

    The sign, the first two and the last four digits remain if at least four are hidden between them; of a shorter
    number nothing remains. Spaces, hyphens, dots and brackets between the digits are removed.
    """
    number = _SEPARATOR.sub("", number)
    sign, digits = ("+", number[1:]) if number.startswith("+") else ("", number)
    if len(digits) < 10:
        return sign + "••••"
    return f"{sign}{digits[:2]}••••{digits[-4:]}"


def mask_digits(text: str) -> str:
    """Return a text in which every number of five or more digits is masked."""
    return _NUMBER.sub(lambda match: mask_number(match.group()), text)


def mask_sentence(sentence: str) -> str:
    """Return a sentence of a server or a library without anything that could be a phone number or a message's text.

    Five or more digits in a row, with or without separators, are masked as a number. Everything between the first and
    the last quotation mark is removed, because servers repeat a refused value there. The result has at most 200
    characters.
    """
    # A reply may be a megabyte long.
    sentence = sentence[:_MAX_INPUT_CHARACTERS]
    if opening := _OPENING.search(sentence):
        # A quoted value may contain quotation marks, and a value without a closing mark extends to the end.
        closing = max(sentence.rfind(mark, opening.end()) for mark in _CLOSING)
        sentence = f'{sentence[: opening.start()]}"…"{sentence[closing + 1 :] if closing > 0 else ""}'
    masked = mask_digits(sentence)
    return masked if len(masked) <= _MAX_CHARACTERS else masked[:_MAX_CHARACTERS] + "…"


def mask_path(path: str) -> str:
    """Return a URL's path with ``REDACTED`` in place of each segment that is a number of five digits and more."""
    return "/".join("REDACTED" if _NUMBER.fullmatch(unquote(segment)) else segment for segment in path.split("/"))
