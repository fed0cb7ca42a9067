"""How long a message is, in parts, and which link in it is tracked (API sections 2.4 and 2.5)."""

from __future__ import annotations

import re
from bisect import bisect_left

_ASCII_LIMITS = (140, 264, 396, 528, 660)
_OTHER_LIMITS = (70, 132, 198, 264, 330, 396, 462, 528, 594, 660)

# A whole word between ASCII spaces (API section 2.5): with a scheme, or a bare domain name.
_LINK = re.compile(r"https?://.+|(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?:/.*)?", re.DOTALL)
CODE = re.compile(r"(?<![0-9])[0-9]{4,8}(?![0-9])")
# A price or a year has four digits too: digits are a code only in a text with a word that announces one.
_ANNOUNCED = re.compile(r"code|otp|\bpin\b|passw|verif|認証|確認|コード|暗証|パスワード", re.IGNORECASE)


def count_units(text: str) -> int:
    """Return the length as the help centre counts it: UTF-16 units, so an emoji counts 2 (API section 2.4)."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def count_parts(text: str) -> int | None:
    """Return how many SMS a text takes, or ``None`` when it is too long (API section 2.4)."""
    limits = _ASCII_LIMITS if text.isascii() else _OTHER_LIMITS
    count = bisect_left(limits, count_units(text)) + 1
    return count if count <= len(limits) else None


def replace_link(text: str, shortlink: str) -> tuple[str, str] | None:
    """Put `shortlink` in place of the first link; return the text and the link, or ``None`` if there is no link."""
    words = text.split(" ")
    for index, word in enumerate(words):
        if _LINK.fullmatch(word):
            return " ".join((*words[:index], shortlink, *words[index + 1 :])), word
    return None


def find_code(text: str) -> str | None:
    """Return the one-time password in a text, or ``None``."""
    match = CODE.search(text) if _ANNOUNCED.search(text) else None
    return match[0] if match else None


def sms_encoding(text: str) -> str:
    """Return how an SMS is counted: as ASCII, or else as Unicode, where fewer characters fit (API section 2.4)."""
    return "ASCII" if text.isascii() else "Unicode"
