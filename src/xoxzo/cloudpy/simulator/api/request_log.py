"""The latest requests to the API with their answers: kept as they are, and written out when somebody reads them."""

from __future__ import annotations

import re
import shlex
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import count, islice
from operator import itemgetter
from typing import NamedTuple, Self
from urllib.parse import unquote_plus

from msgspec import Struct
from msgspec.structs import replace

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.api.http import ApiRequest, ApiResponse
from xoxzo.cloudpy.simulator.commands.faults import KINDS_WITHOUT_RESPONSE
from xoxzo.cloudpy.simulator.engine.rules import ItemNotFound

MAX_BODY_BYTES = 16_384
"""Bytes of a body that are kept; of a longer one, its beginning."""
MASK = "••••"
STATUS_CLASSES = ("2xx", "3xx", "4xx", "5xx", "none")
"""Classes of status; `none` is no answer, because a fault closed the connection."""
_SECRET_HEADERS = frozenset({b"authorization", b"proxy-authorization", b"cookie"})
_FORM = "application/x-www-form-urlencoded"
_FAILED = 400
_NOT_IN_URL = re.compile(r"[^!-~]")


class LoggedRequest(Struct, frozen=True, kw_only=True):
    """A request to the API with its answer."""

    id: int
    at: float
    """When it was answered, seconds since 1970 on the simulator's clock."""
    method: str
    """Empty for what was no HTTP request."""
    path: str
    """The path with its query, as on the wire."""
    status: int | None
    """`null` where a fault closed the connection instead of answering."""
    fault: str | None
    """The kind of the fault that hit it."""
    sid: str
    """The SID that it was made with, or an empty text."""
    headers: list[tuple[str, str]]
    """As received, credentials masked."""
    body: str
    """At most the first 16,384 bytes."""
    size: int
    """How many bytes the body had."""
    answer_headers: list[tuple[str, str]]
    answer: str
    """At most the first 16,384 bytes."""
    answer_size: int
    curl: str
    """The request as a command for a POSIX shell, where curl asks for the token; empty where the body was cut."""


class LogPage(Struct, frozen=True):
    """Some of the requests that fit."""

    items: tuple[LoggedRequest, ...]
    next: int | None
    """What `before` has to be for the next page; ``None`` when this is the last."""
    counts: dict[str, int]
    """How many requests there are of each class of status, whatever class was asked for."""


class _Entry(NamedTuple):
    """A request and its answer."""

    id: int
    at: float
    request: ApiRequest
    response: ApiResponse

    @property
    def status(self) -> int | None:
        fault = self.response.fault
        return None if fault is not None and fault.kind in KINDS_WITHOUT_RESPONSE else self.response.status

    @property
    def target(self) -> str:
        query = self.request.query
        return (self.request.path + (b"?" + query if query else b"")).decode("latin-1")


class _Beginning(bytes):
    """The beginning of a body; `size` is that of the whole."""

    size: int

    def __new__(cls, body: bytes) -> Self:
        beginning = super().__new__(cls, body[:MAX_BODY_BYTES])
        beginning.size = len(body)
        return beginning


class RequestLog:
    """Keeps the latest requests, `limit` that failed and as many others, with their times by `now`."""

    def __init__(self, limit: int, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._ids = count(1)
        self._good: deque[tuple[int, float, ApiRequest, ApiResponse]] = deque(maxlen=limit)
        self._bad: deque[tuple[int, float, ApiRequest, ApiResponse]] = deque(maxlen=limit)
        self.listener: Callable[[], None] | None = None
        """Called after requests were added, in the thread that answered them."""

    def add(self, answered: Iterable[tuple[ApiRequest, ApiResponse]]) -> None:
        """Take requests with their answers. Nothing is read of them here: it delays every request."""
        at, next_id, good, bad = self._now(), self._ids.__next__, self._good.append, self._bad.append
        with self._lock:
            for request, response in answered:
                if len(request.body) > MAX_BODY_BYTES or len(response.body) > MAX_BODY_BYTES:
                    request = replace(request, body=_Beginning(request.body))  # noqa: PLW2901 - the rest is forgotten
                    response = replace(response, body=_Beginning(response.body))  # noqa: PLW2901
                keep = bad if response.status >= _FAILED or response.fault is not None else good
                keep((next_id(), at, request, response))
        if self.listener is not None:
            self.listener()

    def clear(self) -> None:
        """Delete all entries; ids go on."""
        with self._lock:
            self._good.clear()
            self._bad.clear()

    def find(self, status: str, text: str, limit: int, before: int | None, origin: str) -> LogPage:
        """Return requests as `Simulation.requests` does; raise `SimulatorError` if there is no such status."""
        known = ", ".join([*STATUS_CLASSES, "failed"])
        if status and status not in known.split(", ") and not (status.isascii() and status.isdigit()):
            template = N_("there is no status {wanted!r}; there are {known}")
            raise SimulatorError("unknown_status", template, wanted=status, known=known)
        wanted_text = text.casefold()
        fitting = [entry for entry in self._newest_first() if not text or _contains(entry, wanted_text)]
        counts = Counter(_class(entry.status) for entry in fitting)
        wanted = (
            entry for entry in fitting if (before is None or entry.id < before) and status in _names(entry.status)
        )
        found = list(islice(wanted, limit + 1))
        items = tuple(_written(entry, origin) for entry in found[:limit])
        return LogPage(items, items[-1].id if len(found) > limit else None, dict(counts))

    def get(self, ident: int, origin: str) -> LoggedRequest:
        """Return one request, or raise `ItemNotFound`."""
        for entry in self._newest_first():
            if entry.id == ident:
                return _written(entry, origin)
        raise ItemNotFound("no_such_request", "there is no such request in the log")

    def answered_with(self, ident: str) -> int | None:
        """Return the id of the request whose answer named a message or call first, or ``None``."""
        wanted = ident.encode()
        posts = (entry for entry in self._newest_first() if entry.request.method == "POST")
        return min((entry.id for entry in posts if wanted in entry.response.body), default=None)

    def _newest_first(self) -> Iterator[_Entry]:
        with self._lock:
            sorts = (list(self._good), list(self._bad))
        yield from map(_Entry._make, merge(*map(reversed, sorts), key=itemgetter(0), reverse=True))


def _class(status: int | None) -> str:
    return "none" if status is None else f"{status // 100}xx"


def _names(status: int | None) -> set[str]:
    """Return all that a search may call a status."""
    return {"", str(status), _class(status), "failed" if status is None or status >= _FAILED else ""}


def _contains(entry: _Entry, text: str) -> bool:
    request_body, answer = (side.body.decode("utf-8", "replace") for side in (entry.request, entry.response))
    places = (f"{entry.request.method} {entry.target}", unquote_plus(request_body), answer)
    return any(text in place.casefold() for place in places)


def _written(entry: _Entry, origin: str) -> LoggedRequest:
    request, response, status = entry.request, entry.response, entry.status
    size = getattr(request.body, "size", len(request.body))
    answer = response.body if status is not None and request.method != "HEAD" else b""
    sid, _ = request.credentials()
    is_whole = request.path.startswith(b"/") and size <= MAX_BODY_BYTES
    return LoggedRequest(
        id=entry.id,
        at=entry.at,
        method=request.method,
        path=entry.target,
        status=status,
        fault=None if response.fault is None else response.fault.kind,
        sid=sid,
        headers=[(name.decode("latin-1"), _masked(name, value)) for name, value in request.headers.items()],
        body=request.body.decode("utf-8", "replace"),
        size=size,
        answer_headers=[
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers if status is not None
        ],
        answer=answer.decode("utf-8", "replace"),
        answer_size=getattr(answer, "size", len(answer)),
        curl=_curl(request, f"{origin}{entry.target}", sid) if is_whole else "",
    )


def _masked(name: bytes, value: bytes) -> str:
    text = value.decode("latin-1")
    if name not in _SECRET_HEADERS:
        return text
    scheme, blank, _ = text.partition(" ")
    return f"{scheme} {MASK}" if blank and name != b"cookie" else MASK


def _curl(request: ApiRequest, url: str, sid: str) -> str:
    """Return a command that makes the request again: it prints the answer's head, and asks for the token.

    Nothing in it can act when it is pasted: each text stands in quotes, and control characters are written as numbers.
    """
    words = ["curl", "-i"]
    if sid and sid.isprintable():
        words += ["-u", shlex.quote(sid)]
    if request.method == "HEAD":
        words.append("--head")
    elif request.method != ("POST" if request.body else "GET"):
        words += ["-X", shlex.quote(request.method)]
    if any(mark in url for mark in "[]{}"):
        words.append("-g")  # or curl reads them as several URLs
    lines = [" ".join([*words, shlex.quote(_NOT_IN_URL.sub(lambda found: f"%{ord(found[0]):02X}", url))])]
    if not request.body:
        return lines[0]
    content_type = request.header(b"content-type")
    if content_type != _FORM and content_type.isprintable():
        lines.append(f"-H {shlex.quote(f'Content-Type: {content_type}')}")
    body = request.body.decode("utf-8", "surrogateescape")
    if body.replace("\n", "").isprintable():
        return " \\\n  ".join([*lines, f"--data-raw {shlex.quote(body)}"])
    octal = "".join(chr(byte) if byte < 128 and chr(byte).isalnum() else f"\\{byte:03o}" for byte in request.body)
    return f"printf '{octal}' | " + " \\\n  ".join([*lines, "--data-binary @-"])
