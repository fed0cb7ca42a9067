"""Phone numbers as the API takes and returns them, and how they are shown (API sections 1.8 and 15.1)."""

from __future__ import annotations

import re

# Written with [0-9] and matched whole: \d would take full-width digits, $ would let a final newline through.
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_DIGITS = re.compile(r"[0-9]{1,15}")


def is_number(text: str) -> bool:
    """Say whether a text is an E.164 number; Japanese ones without their trunk 0 (API section 15.1)."""
    return _NUMBER.fullmatch(text) is not None and not text.startswith("+810")


def is_digits(text: str, longest: int = 15) -> bool:
    """Say whether a text has ASCII digits alone, at most `longest` of them."""
    return len(text) <= longest and _DIGITS.fullmatch(text) is not None


def without_plus(number: str) -> str:
    """Return a number without its +, as callers and dial-in numbers are listed (API section 1.8)."""
    return number.removeprefix("+")


def mask(number: str) -> str:
    """Return a number that can be shown to anyone: its first two digits and its last four."""
    if len(number) < 9:
        return "••••"
    return f"{number[:3]}••••{number[-4:]}"
