"""One connection for asyncio.

Nothing is awaited but the response itself: the event loop hands bytes on as they come, and one timer watches over all
exchanges of a connection. That makes it several times as fast as asyncio's streams.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Sized
from typing import Any, cast

from xoxzo.cloudpy.common.signals import raised_by_signal_handler
from xoxzo.cloudpy.protocols import Phase, Progress, TimeBudget, TransportFailure
from xoxzo.cloudpy.transports.http1 import InvalidResponse, ResponseReader, check_tunnel
from xoxzo.cloudpy.transports.pool import readability
from xoxzo.cloudpy.transports.routes import Route, connect_failure
from xoxzo.cloudpy.transports.tcp import NEXT_ADDRESS_SECONDS, bad_name

_RECEIVE_BYTES = 65_536
# The most of an unread body that is buffered; then reading from the socket pauses.
_MAX_BUFFERED_BYTES = 262_144


class WriteQueue:
    """Requests to be written over the connections of one event loop, together, when all tasks had their turn.

    A request that is written by itself wakes a server that went to sleep after the one before; and encrypting several
    in a row costs less than one each time that Python has done something else. For a campaign that is a tenth of all.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[AsyncConnection, bytes, Progress]] = []

    def put(self, connection: AsyncConnection, data: bytes, progress: Progress) -> None:
        """Have a request written over a connection."""
        if not self._waiting:
            self._loop.call_soon(self._write)
        self._waiting.append((connection, data, progress))

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, []
        for connection, data, progress in waiting:
            connection.write(data, progress)


class StaleConnection(ConnectionError):
    """A connection could not be used any more, and nothing was written to it."""


class AsyncConnection(asyncio.BufferedProtocol):
    """One connection, for the running event loop.

    Bytes are read into a buffer of its own: without one the event loop takes a new one of 256 KB from the operating
    system for each response, and gives it back, which costs as much as the rest of reading.
    """

    def __init__(self) -> None:
        self.reader = ResponseReader()
        self._loop = asyncio.get_running_loop()
        self._buffer = memoryview(bytearray(_RECEIVE_BYTES))
        self._transport: asyncio.Transport
        self._readable: Callable[[], Sized] = str
        self._waiter: asyncio.Future[None] | None = None
        self._unsent = False
        self._used = False
        self._broken = ""
        self.paused = False
        """Whether reading from the socket has paused, until :meth:`take_body` is called."""
        # One timer for many waits: it is set anew when it goes off, and not with each of them.
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = self._wait_until = 0.0
        self._phase: Phase = "read"

    def usable(self) -> bool:
        """Whether another request may be sent over it, as far as is known; more is checked before the write."""
        return self.reader.reusable

    def _is_open(self) -> bool:
        return self.reader.reusable and not self._transport.is_closing()

    def abort(self) -> None:
        """Close it at once. Closing twice does nothing."""
        self._transport.abort()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def request(self, data: bytes, budget: TimeBudget, progress: Progress, queue: WriteQueue) -> None:
        """Write a request and wait for the head of its response; raise ``TransportFailure`` or `StaleConnection`."""
        self._unsent = True
        queue.put(self, data, progress)
        while self._unsent or not self.reader.status:
            await self._more(budget)

    def write(self, data: bytes, progress: Progress) -> None:
        """Write a request now, unless it or the connection was given up since it was put into the queue."""
        if self._waiter is None or self._waiter.done():
            return
        # A new connection may still have to read what belongs to TLS; a used one has nothing to read but its end.
        if not self._is_open() or (self._used and self._readable()):
            self._broken = self._broken or "the connection was closed, or bytes came that no request waits for"
            self._wake()
            return
        if progress.may_write is not None:
            try:
                progress.start_write()
            except TransportFailure as too_late:
                self._waiter.set_exception(too_late)
                return
        progress.write_started = True
        self._unsent = False
        self._used = True
        self.reader.start()
        self._transport.write(data)

    async def read_body(self, budget: TimeBudget) -> bytes:
        """Return the next piece of the body, ``b""`` at its end; raise ``TransportFailure``."""
        reader = self.reader
        while not reader.buffered_bytes:
            if reader.complete:
                return b""
            await self._more(budget)
        return self.take_body()

    def take_body(self) -> bytes:
        """Return the part of the body that has arrived since the last call."""
        if self.paused:
            self.paused = False
            self._transport.resume_reading()
        return self.reader.take_body()

    async def read_up_to(self, limit: int, budget: TimeBudget) -> tuple[bytes, TransportFailure | None]:
        """Return the body, or the first more than ``limit`` bytes of it; and why there is no more, if it broke off."""
        body = bytearray()
        try:
            while len(body) <= limit and (piece := await self.read_body(budget)):
                body += piece
        except TransportFailure as failure:
            return bytes(body), failure
        return bytes(body), None

    async def open_tunnel(self, request: bytes, budget: TimeBudget) -> None:
        """Ask a proxy for a tunnel; raise ``TransportFailure`` when it opens none."""
        await self.request(request, budget, Progress(), WriteQueue())
        check_tunnel(self.reader)
        self.reader = ResponseReader()
        self._used = False

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from now on; raise ``OSError``."""
        transport = self._transport
        if not self._is_open():
            # An event loop would wait for a handshake that cannot come.
            raise ConnectionAbortedError("the connection was closed, or bytes came before TLS")
        try:
            secured = await self._loop.start_tls(transport, self, context, server_hostname=host)
        except BaseException:
            # A cancellation, too, must not leave the socket open.
            transport.abort()
            raise
        if secured is None or self._broken:
            raise ConnectionAbortedError("the connection was closed")
        self._transport = secured

    def _more(self, budget: TimeBudget) -> asyncio.Future[None]:
        """Return what is to be awaited until something has come; raise ``TransportFailure`` when no time is left."""
        if self._broken:
            raise (StaleConnection if self._unsent else TransportFailure)(self._broken)
        seconds, self._phase = budget.expires_at - budget.clock(), "deadline"
        if seconds <= 0:
            raise TransportFailure("the deadline passed", timeout="deadline")
        if budget.read < seconds:
            seconds, self._phase = budget.read, "read"
        self._wait_until = time.monotonic() + seconds
        if self._timer is None or self._timer_at > self._wait_until:
            self._set_timer(seconds)
        self._waiter = waiter = self._loop.create_future()
        return waiter

    def _set_timer(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = time.monotonic() + seconds
        self._timer = self._loop.call_later(seconds, self._time_out)

    def _time_out(self) -> None:
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        seconds = self._wait_until - time.monotonic()
        if seconds > 0:
            self._set_timer(seconds)
        else:
            self._waiter.set_exception(TransportFailure("no answer in time", timeout=self._phase))

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop when there is a connection."""
        self._transport = cast("asyncio.Transport", transport)
        self._readable = readability(transport.get_extra_info("socket").fileno())

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the event loop's signature
        """Called by the event loop for the buffer that it reads into."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Called by the event loop when data arrives."""
        try:
            self.reader.feed(self._buffer[:nbytes])
        except InvalidResponse as invalid:
            self._broken = str(invalid)
            self.abort()
        if self.reader.complete and not self.reader.reusable:
            # At once: a server could go on for ever.
            self.abort()
        elif self.reader.buffered_bytes > _MAX_BUFFERED_BYTES and not self.paused:
            self.paused = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop when the connection has ended."""
        self._broken = self._broken or ("the connection broke" if exc else "the connection was closed")
        with contextlib.suppress(InvalidResponse):
            self.reader.end_of_stream()
        self._wake()


async def connect(route: Route, budget: TimeBudget, tls_context: Callable[[], ssl.SSLContext]) -> AsyncConnection:
    """Open a connection as :func:`~xoxzo.cloudpy.transports.threads.connect` does."""
    hop, connection = route.first_hop, None
    budget.next_wait()
    seconds = min(budget.connect, budget.remaining())
    if hop.tls or route.tunnelled:
        # Before anything is opened: certificates that cannot be used are not the network's failure.
        tls_context()
    try:
        async with asyncio.timeout(seconds):
            connection = await dial(hop.host, hop.port)
            if hop.tls:
                await connection.start_tls(tls_context(), hop.host)
            if route.tunnelled:
                await connection.open_tunnel(route.tunnel_request, budget)
                await connection.start_tls(tls_context(), route.target.host)
    except BaseException as error:
        if connection is not None:
            connection.abort()
        if isinstance(error, (OSError, TransportFailure)) and not raised_by_signal_handler(error):
            raise connect_failure(route, error) from error
        raise
    return connection


async def dial(host: str, port: int) -> AsyncConnection:
    """Open a TCP connection in the running event loop, as :func:`~xoxzo.cloudpy.transports.tcp.open_socket` does.

    The event loops' own ways are not used: asyncio's forgets a socket whose caller is cancelled in the moment in which
    it is connected, and uvloop's tries one address after another.
    """
    loop = asyncio.get_running_loop()
    try:
        found: list[tuple[Any, ...]] = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as unusable:
        raise bad_name(host) from unusable
    # With the scope of a link-local IPv6 address.
    hosts = (f"{to[0]}%{to[3]}" if to[3:] and to[3] else str(to[0]) for *_, to in found)
    addresses = deque(dict.fromkeys(hosts))
    failure: BaseException = OSError("the name has no address")
    pending: list[asyncio.Task[tuple[asyncio.Transport, AsyncConnection]]] = []
    try:
        while addresses or pending:
            if addresses:
                pending.append(loop.create_task(loop.create_connection(AsyncConnection, addresses.popleft(), port)))
            await asyncio.wait(
                pending, timeout=NEXT_ADDRESS_SECONDS if addresses else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in [task for task in pending if task.done()]:
                pending.remove(task)
                error = task.exception()
                if error is None:
                    return task.result()[1]
                failure = error
        raise failure
    finally:
        for task in pending:
            task.cancel()
            task.add_done_callback(_abort_late)


def _abort_late(task: asyncio.Task[tuple[asyncio.Transport, AsyncConnection]]) -> None:
    """Close a connection that was made too late."""
    if not task.cancelled() and task.exception() is None:
        task.result()[1].abort()
