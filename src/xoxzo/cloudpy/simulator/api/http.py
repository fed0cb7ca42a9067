"""HTTP requests, their query strings and responses as plain values, independent of any server library."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from operator import eq, ge, gt, le, lt
from urllib.parse import unquote_plus

from msgspec import Struct

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.simulator.commands.faults import Fault

DATABASE_UNWRITABLE = N_("The simulator cannot write to its database.")
"""What is answered, with 503, when something could not be saved and so was not done."""


class ApiRequest(Struct, frozen=True):
    """What came in. Header names are in lower case; path and query are as on the wire."""

    method: str
    path: bytes
    query: bytes
    headers: Mapping[bytes, bytes]
    body: bytes = b""
    peer: tuple[str, int] | None = None
    """Address and port of the caller; ``None`` within this process."""

    def header(self, name: bytes) -> str:
        """Return a header's value, or an empty text."""
        return self.headers.get(name, b"").decode("latin-1")


class ApiResponse(Struct, frozen=True):
    """What goes out. An empty body has no Content-Type (API section 15.15)."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    fault: Fault | None = None
    """What goes wrong with the response; the server or the transport carries it out."""


class HttpError(Exception):
    """A request ends here, with a status and a JSON body."""

    def __init__(self, status: int, body: object, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = headers


def invalid(name: str, *reasons: str) -> HttpError:
    """Return the refusal of one field (API section 1.5)."""
    return HttpError(400, {name: list(reasons)})


def detail(status: int, text: str) -> HttpError:
    """Return a refusal that concerns the whole request (API section 1.5)."""
    return HttpError(status, {"detail": text})


def not_enough_credits(required: Decimal) -> HttpError:
    """Return the refusal when credits are missing (API section 1.5)."""
    return HttpError(403, {"non_field_errors": [f"Not enough credits, required: {required.normalize():f}"]})


def encode(body: object) -> bytes:
    """Write JSON as Django REST Framework does: compact, in UTF-8."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


JSON = ((b"content-type", b"application/json"),)


def json_response(status: int, body: object) -> ApiResponse:
    """Return a reply with a JSON body."""
    return ApiResponse(status, encode(body), JSON)


def empty_response(status: int) -> ApiResponse:
    """Return a reply without a body, and so without a Content-Type (API section 15.15)."""
    return ApiResponse(status)


OLDEST = timedelta(days=90)
"""How far back the sent list reaches; the ninetieth day is included (API section 15.19)."""

_FILTER = re.compile(r"sent_date(<=|>=|=|<|>)(.*)", re.DOTALL)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COMPARE: dict[str, Callable[[date, date], bool]] = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}


class DateFilter(Struct, frozen=True):
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
    """Read the sent list's filters, all of which must hold; others, and days before `OLDEST`, are 400."""
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
    """Read the number search's `country` and `prefix`; any other key is 400 (API sections 6.1 and 15.69)."""
    found = {"country": "", "prefix": ""}
    for key, value in pairs(query):
        if key not in found:
            raise invalid(key, "Invalid parameter")
        found[key] = value
    return found["country"], found["prefix"]


def _decode(text: str) -> str:
    # Raw bytes above ASCII came through as latin-1; giving them back as bytes lets UTF-8 be read.
    return unquote_plus(text.encode("latin-1").decode("utf-8", "replace"), errors="replace")
