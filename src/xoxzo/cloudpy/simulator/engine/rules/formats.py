"""How the API writes phone numbers, addresses and moments (API sections 1.8, 5.1, 15.1, 15.41 and 15.49)."""

from __future__ import annotations

import math
import re
import time
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
