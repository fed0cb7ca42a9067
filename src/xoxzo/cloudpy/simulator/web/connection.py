"""HTTP connections: requests to the API that are written plainly are read here, all others by uvicorn.

Reading, wrapping and writing by uvicorn and h11 cost several times what the simulator itself does for a message. Nearly
all requests look alike, though: HTTP/1.1, each header once, a body of a known length that comes along with its head.
Those are read with one strict pattern and answered with one write. A connection with anything else, be it chunked,
slow, broken, or a path of another door's, is uvicorn's from there on, so there is one judge of what is wrong.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, cast

from xoxzo.cloudpy.simulator.api.http import ApiRequest, ApiResponse
from xoxzo.cloudpy.simulator.commands.faults import KINDS_WITHOUT_RESPONSE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xoxzo.cloudpy.simulator.runtime.batching import Batcher

LONGEST = 65_536
"""Bytes of a request, head and body, that are read here; a longer one is uvicorn's."""

# What has begun and is not whole by then is uvicorn's, which knows how long to wait.
_SOON = 0.05

# Each byte has one way to be matched, so that no head can make this slow.
_HEAD = re.compile(
    rb"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (/[!-~]*) HTTP/1\.1\r\n"
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\x80-\xff]*\r\n)+)\r\n"
)
_CLOSE = (b"connection", b"close")
_NOT_PLAIN = frozenset({b"transfer-encoding", b"expect", b"upgrade"})
_CONNECTIONS = frozenset({b"keep-alive", b"close"})


class _StatusLines(dict[int, bytes]):
    """Makes the line of each status when it is first wanted; the table of all takes a while to load."""

    def __missing__(self, status: int) -> bytes:
        from http import HTTPStatus

        line = self[status] = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
        return line


_STATUS_LINES = _StatusLines({200: b"HTTP/1.1 200 OK\r\n", 201: b"HTTP/1.1 201 Created\r\n"})


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def http_date(at: float) -> str:
    """Return a moment, seconds since 1970, as HTTP writes it; `email.utils` would, and makes every start longer."""
    when = time.gmtime(at)
    day, month = _DAYS[when.tm_wday], _MONTHS[when.tm_mon - 1]
    return f"{day}, {when.tm_mday:02} {month} {when.tm_year:04} {time.strftime('%H:%M:%S', when)} GMT"


class NotPlain(Exception):
    """A request that is not written plainly, right or wrong."""


def read(data: bytes, peer: tuple[str, int] | None) -> tuple[ApiRequest, int] | None:
    """Read a request.

    Args:
        data: What came in, one request or more.
        peer: From where.

    Returns:
        The first request and its length in bytes; ``None`` while it is not whole.

    Raises:
        NotPlain: It is not written as expected here, or is too long.
    """
    end = data.find(b"\r\n\r\n") + 4
    if end < 4:
        if len(data) > LONGEST:
            raise NotPlain
        return None
    match = _HEAD.fullmatch(data, 0, end)
    if match is None:
        raise NotPlain
    method, target, lines = match.groups()
    headers: dict[bytes, bytes] = {}
    count = 0
    for line in lines.splitlines():
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip(b" \t")
        count += 1
    length = headers.get(b"content-length", b"0")
    if (
        len(headers) != count  # one of them came twice
        or b"host" not in headers
        or not _NOT_PLAIN.isdisjoint(headers)
        or headers.get(b"connection", b"close").lower() not in _CONNECTIONS
        or not length.isdigit()
        or len(length) > len(str(LONGEST))
        or end + int(length) > LONGEST
    ):
        raise NotPlain
    whole = end + int(length)
    if len(data) < whole:
        return None
    path, _, query = target.partition(b"?")
    return ApiRequest(method.decode(), path, query, headers, data[end:whole], peer), whole


def write(reply: ApiResponse, general: Iterable[tuple[bytes, bytes]], *, bare: bool) -> bytes:
    """Write a reply as it goes over the wire.

    Args:
        reply: What is answered.
        general: The headers that every reply has.
        bare: Whether the body is left out, as for HEAD.
    """
    lines = [b"%b: %b\r\n" % header for header in (*general, *reply.headers)]
    body = b"" if bare else reply.body
    return b"".join((_STATUS_LINES[reply.status], *lines, b"content-length: %d\r\n\r\n" % len(reply.body), body))


class Served(Protocol):
    """A connection, be it of ours or uvicorn's, as the server sees it."""

    transport: asyncio.Transport
    client: tuple[str, int] | None

    def shutdown(self) -> None:
        """Close as soon as nothing is being answered."""


@dataclass(slots=True)
class Shared:
    """What all connections of a server share."""

    connections: set[Served] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    """Requests that are being answered by uvicorn."""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Those that every reply has."""
    closed: bool = False
    """Whether the port is closed: what was accepted just before that ends as soon as it has begun."""

    def date(self) -> None:
        """Have replies carry the present date."""
        self.headers[:] = [(b"date", http_date(time.time()).encode())]


class Connection(asyncio.Protocol):
    """One connection, until it is closed or becomes uvicorn's.

    Args:
        turns: Where requests are answered.
        takes: Says whether a request is answered there.
        shared: What it shares with the other connections of the server.
        other: Makes uvicorn's own protocol, which joins the same list.
    """

    def __init__(
        self,
        turns: Batcher[ApiRequest, ApiResponse],
        takes: Callable[[ApiRequest], bool],
        shared: Shared,
        other: Callable[[], asyncio.Protocol],
    ) -> None:
        self.transport: asyncio.Transport
        self.client: tuple[str, int] | None = None
        self._turns = turns
        self._takes = takes
        self._shared = shared
        self._other = other
        self._loop = asyncio.get_running_loop()
        self._data = b""
        self._asked: ApiRequest | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._last = False
        self._choked = False
        self._since = self._loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self.client = (str(peer[0]), int(peer[1])) if peer else None
        self._shared.connections.add(self)
        if self._shared.closed:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """End; what is being answered is done, and told to nobody."""
        del exc
        self._shared.connections.discard(self)
        self._stop_timer()

    def data_received(self, data: bytes) -> None:
        """Take what comes in; while a request is being answered the next ones wait, up to a limit."""
        self._data += data
        if self._asked is None and not self._choked:
            self._go_on()
        elif len(self._data) > LONGEST:
            self.transport.pause_reading()

    def pause_writing(self) -> None:
        """Answer no more while the other side does not read."""
        self._choked = True

    def resume_writing(self) -> None:
        """Go on when it does."""
        self._choked = False
        if self._asked is None:
            self._go_on()

    def shutdown(self) -> None:
        """Close as soon as nothing is being answered."""
        self._last = True
        if self._asked is None:
            self.transport.close()

    def close_if_idle(self, seconds: float) -> None:
        """Close if nothing came in for so long."""
        if self._asked is None and not self._data and self._loop.time() - self._since > seconds:
            self.transport.close()

    def _go_on(self) -> None:
        """Ask for the next request that came in, if it is whole."""
        try:
            found = read(self._data, self.client) if self._data else None
        except NotPlain:
            self._hand_over()
            return
        if found is not None:
            request, length = found
            if not self._takes(request):
                self._hand_over()
                return
            self._stop_timer()
            self._data = self._data[length:]
            self._asked = request
            self._last |= request.headers.get(b"connection", b"").lower() == b"close"
            self._turns.ask(request, self._answer)
        elif self._data and self._timer is None:
            self._timer = self._loop.call_later(_SOON, self._hand_over)

    def _hand_over(self) -> None:
        self._stop_timer()
        self._shared.connections.discard(self)
        self.transport.resume_reading()
        other = self._other()
        other.connection_made(self.transport)
        self.transport.set_protocol(other)
        other.data_received(self._data)

    def _answer(self, reply: ApiResponse) -> None:
        """Answer, or do what a fault makes of it."""
        if self.transport.is_closing():
            return
        if reply.fault is None:
            self._send(reply)
        elif reply.fault.delay:
            self._timer = self._loop.call_later(reply.fault.delay, self._misbehave, reply)
        else:
            self._misbehave(reply)

    def _misbehave(self, reply: ApiResponse) -> None:
        self._timer = None
        if reply.fault is not None and reply.fault.kind in KINDS_WITHOUT_RESPONSE:
            self.transport.abort()
        else:
            self._send(reply)

    def _send(self, reply: ApiResponse) -> None:
        bare = self._asked is not None and self._asked.method == "HEAD"
        general = [*self._shared.headers, _CLOSE] if self._last else self._shared.headers
        self.transport.write(write(reply, general, bare=bare))
        self._asked = None
        self._since = self._loop.time()
        if self._last:
            self.transport.close()
            return
        self.transport.resume_reading()
        if self._data and not self._choked:
            self._go_on()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
