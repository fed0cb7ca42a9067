"""Query strings, where the sent list's operator is inside the text and not in a value (API section 2.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from operator import eq, ge, gt, le, lt
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from xoxzo.cloudpy.simulator.api.http import invalid

if TYPE_CHECKING:
    from collections.abc import Callable

OLDEST = timedelta(days=90)
"""How far back the sent list reaches; the ninetieth day is included (API section 15.19)."""

_FILTER = re.compile(r"sent_date(<=|>=|=|<|>)(.*)", re.DOTALL)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COMPARE: dict[str, Callable[[date, date], bool]] = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(frozen=True, slots=True)
class DateFilter:
    """One condition on the day (UTC) on which a message was sent."""

    operator: str
    day: date

    def accepts(self, day: date) -> bool:
        """Say whether a day fulfils the condition."""
        return _COMPARE[self.operator](day, self.day)


def pairs(query: bytes) -> list[tuple[str, str]]:
    """Split a raw query string as Django does: invalid percent signs stay, bytes that are not UTF-8 are replaced."""
    found = []
    for piece in query.decode("latin-1").split("&"):
        key, _, value = piece.partition("=")
        if piece:
            found.append((_decode(key), _decode(value)))
    return found


def date_filters(query: bytes, today: date) -> list[DateFilter]:
    """Read the sent list's filters, all of which must hold.

    Raises:
        HttpError: 400 for an unknown key, for what is no date, and for a day more than 90 days ago.
    """
    return [_date_filter(key, value, today) for key, value in pairs(query)]


def _date_filter(key: str, value: str, today: date) -> DateFilter:
    # "sent_date>=2016-05-18" arrives as key "sent_date>" and value "2016-05-18"; "sent_date>2016-05-18" as a key
    # with an empty value. Put together again, both are the text that the caller wrote.
    match = _FILTER.fullmatch(f"{key}={value}" if value or key == "sent_date" else key)
    if match is None:
        raise invalid(key, "Invalid parameter")
    try:
        day = date.fromisoformat(match[2]) if _DATE.fullmatch(match[2]) else None
    except ValueError:
        day = None
    if day is None:
        raise invalid("sent_date", "Invalid sent_date format")
    if today - day > OLDEST:
        raise invalid("sent_date", "Invalid sent_date")
    return DateFilter(match[1], day)


def search_filters(query: bytes) -> tuple[str, str]:
    """Read the number search's filters `country` and `prefix`; the last of a name counts (API section 6.1).

    Raises:
        HttpError: 400 for any other key (API section 15.69).
    """
    found = {"country": "", "prefix": ""}
    for key, value in pairs(query):
        if key not in found:
            raise invalid(key, "Invalid parameter")
        found[key] = value
    return found["country"], found["prefix"]


def _decode(text: str) -> str:
    # Raw bytes above ASCII came through as latin-1; giving them back as bytes lets UTF-8 be read.
    return unquote_plus(text.encode("latin-1").decode("utf-8", "replace"), errors="replace")
