"""How the API writes numbers, addresses and moments, and measures texts (API sections 1.8, 2.4, 2.5, 5.1 and 15.1)."""

from __future__ import annotations

import math
import re
import time
from bisect import bisect_left
from functools import lru_cache
from urllib.parse import urlsplit

from xoxzo.cloudpy.simulator.settings import RecordingUrls

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


# API section 5.1 names letters, digits, underscore, slash and hyphen; a dot and a port are in its own examples. A
# tutorial allows more (API section 16).
_RECORDINGS: dict[RecordingUrls, re.Pattern[str]] = {
    "documented": re.compile(r"http://[A-Za-z0-9_/.:-]+"),
    "published": re.compile(r"http://[A-Za-z0-9_/.:$*'()!?-]+"),
    "any": re.compile(r"https?://.+"),
}
_PLAIN = re.compile(r"[!-~]{1,2000}")


def is_url(text: str) -> bool:
    """Say whether a text is an absolute http or https URL in plain ASCII, at most 2,000 characters."""
    if not _PLAIN.fullmatch(text) or "\\" in text:
        return False
    try:
        url = urlsplit(text)
        return url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        return False


def is_recording(text: str, taken: RecordingUrls) -> bool:
    """Say whether a text can be the address of an mp3, by the setting `recording_urls` (API section 15.41)."""
    return is_url(text) and _RECORDINGS[taken].fullmatch(text) is not None


def add_query(url: str, query: str, *, keep: bool) -> str:
    """Append a query to a URL, after the one it has when `keep` is true (API section 15.71)."""
    parts = urlsplit(url)
    joined = f"{parts.query}&{query}" if keep and parts.query else query
    return parts._replace(query=joined, fragment="").geturl()


def format_time(moment: float) -> str:
    """Write a moment as the API does: naive UTC, whole seconds (API section 1.8)."""
    return _stamp(math.floor(moment))


@lru_cache(maxsize=64)  # what happens under load happens within a few seconds
def _stamp(second: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(second))


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
