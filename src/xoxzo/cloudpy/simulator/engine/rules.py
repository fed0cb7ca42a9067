"""Pure rules of the API: how numbers, URLs, texts and actions are read, what things cost, and what is refused."""

from __future__ import annotations

import math
import re
import time
from bisect import bisect_left
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Self
from urllib.parse import urlsplit

from msgspec import Struct

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.settings import Price, RecordingUrls


class NotSaved(SimulatorError):
    """A change could not be written to the database, so it did not happen."""


class ItemNotFound(SimulatorError):
    """The message, call, number, template, account, rule or fault that was named does not exist."""


class NotEnoughCredits(Exception):
    """The balance is too low; `required` is what would have been enough."""

    def __init__(self, required: Decimal) -> None:
        super().__init__(required)
        self.required = required


class MessageTooLong(Exception):
    """The text has more than 660 characters, or needs more parts than there are (API section 2.4)."""


class Reason(str):
    """Text in English that remembers its template, a message id of the catalogue, and its values, to be translated."""

    __slots__ = ("template", "values")

    template: str
    values: dict[str, str]

    def __new__(cls, template: str, **values: object) -> Self:
        """Fill the values into the sentence."""
        reason = super().__new__(cls, template.format(**values))
        reason.template, reason.values = template, {name: str(value) for name, value in values.items()}
        return reason

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        """Return what a copy is made from."""
        return (self.template,), dict(self.values)


# Written with [0-9] and matched whole: \d would take full-width digits, $ would let a final newline through.
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_DIGITS = re.compile(r"[0-9]{1,15}")


def is_number(text: str) -> bool:
    """Say whether a text is an E.164 number; Japanese ones without their trunk 0 (API section 15.1)."""
    return _NUMBER.fullmatch(text) is not None and not text.startswith("+810")


def is_digits(text: str, longest: int = 15) -> bool:
    """Say whether a text has ASCII digits alone, at most `longest` of them."""
    return len(text) <= longest and _DIGITS.fullmatch(text) is not None


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


def as_decimal(price: Price) -> Decimal:
    """Return a price as an exact decimal; 0.1 stays a tenth."""
    return Decimal(str(price)) if isinstance(price, float) else Decimal(price)


def price_for_number(prices: Mapping[str, Price], number: str) -> Decimal:
    """Return the price under the longest dialling code that begins a number; ``""`` stands for all others."""
    digits = number.removeprefix("+")
    for length in (3, 2, 1, 0):
        price = prices.get(digits[:length])
        if price is not None:
            return as_decimal(price)
    return Decimal(0)


def has_dialling_code(codes: frozenset[str], number: str) -> bool:
    """Say whether a number begins with one of some dialling codes."""
    return any(number.removeprefix("+").startswith(code) for code in codes)


def price_json(cost: Decimal, *, as_float: bool = False) -> int | float:
    """Return a cost as the API writes it: an integer, or a float where tracking is charged (API section 2.2)."""
    return float(cost) if as_float or cost != int(cost) else int(cost)


LANGUAGES = ("en", "ja")
"""Languages that can be spoken; Indonesian has been paused since 2020 (API section 11)."""

_SAY = re.compile(r'say +([A-Za-z-]+) +"(.+)"', re.DOTALL)
_PLAYBACK = re.compile(r"playback +(\S+)")
_TRANSFER = re.compile(r"transfer +(\S+)")
_VOICEMAIL = re.compile(r"voicemail(?: +(.+))?", re.DOTALL)


class ActionError(ValueError):
    """An answer that is no action; its argument is the reason, perhaps a `Reason`."""


class Say(Struct, frozen=True):
    """Speak a text."""

    lang: str
    text: str


class Playback(Struct, frozen=True):
    """Play an mp3."""

    url: str


class Transfer(Struct, frozen=True):
    """Connect the caller to a number."""

    number: str


class Voicemail(Struct, frozen=True):
    """Record the caller, after a greeting if there is one."""

    greeting: Say | Playback | None


Action = Say | Playback | Transfer | Voicemail


def parse_answer(body: bytes, *, most: int = 1, recordings: RecordingUrls = "published") -> list[Action]:
    """Read the first `most` non-empty lines of an answer (API section 15.53); raise `ActionError` for no action."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ActionError(N_("the answer is not UTF-8")) from None
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", text) if line.strip()]
    if not lines:
        raise ActionError(N_("the answer is empty"))
    return [parse_action(line, recordings) for line in lines[:most]]


def parse_action(line: str, recordings: RecordingUrls = "published") -> Action:
    """Read one line; raise `ActionError` if it is not an action."""
    if match := _VOICEMAIL.fullmatch(line):
        return Voicemail(_greeting(match[1], recordings) if match[1] else None)
    if match := _TRANSFER.fullmatch(line):
        if not is_number(match[1]):
            raise ActionError(N_("transfer needs an E.164 number"))
        return Transfer(match[1])
    return _greeting(line, recordings)


def _greeting(line: str, recordings: RecordingUrls) -> Say | Playback:
    if match := _SAY.fullmatch(line):
        if match[1] not in LANGUAGES:
            raise ActionError(Reason(N_("say needs one of the languages {known}"), known=", ".join(LANGUAGES)))
        return Say(match[1], match[2])
    if match := _PLAYBACK.fullmatch(line):
        if not is_recording(match[1], recordings):
            raise ActionError(N_("playback needs the http URL of an mp3"))
        return Playback(match[1])
    raise ActionError(N_("the line is none of playback, say, transfer and voicemail"))
