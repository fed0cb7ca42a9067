"""A connection of the fast transport for asyncio.

Nothing is awaited but the answer itself: bytes are handed on by the event loop as they come, and one timer watches over
all the exchanges of a connection. That is what makes it several times as fast as streams are.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, cast

from xoxzo.cloudpy.protocols import Progress, TransportFailure
from xoxzo.cloudpy.transports import http1
from xoxzo.cloudpy.transports.aio_network import dial
from xoxzo.cloudpy.transports.kept import Kept, watcher
from xoxzo.cloudpy.transports.routes import KEEPALIVE_SECONDS
from xoxzo.cloudpy.transports.slots import Slots

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from xoxzo.cloudpy.errors import Phase
    from xoxzo.cloudpy.protocols import TimeBudget

_AT_ONCE = 65_536
# Of a body that nobody reads so much is held; then the server has to wait.
_HELD = 262_144


class Outbox:
    """What is to be sent over the connections of one event loop: it goes out together, when all tasks had their turn.

    A request that goes out by itself wakes a server that went to sleep after the one before; and encrypting several in
    a row costs less than one each time that Python has done something else. For a campaign that is a tenth of all.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[AsyncLine, bytes, Progress]] = []

    def put(self, line: AsyncLine, data: bytes, progress: Progress) -> None:
        """Have a request sent over a connection."""
        if not self._waiting:
            self._loop.call_soon(self._empty)
        self._waiting.append((line, data, progress))

    def _empty(self) -> None:
        waiting, self._waiting = self._waiting, []
        for line, data, progress in waiting:
            line.write(data, progress)


class Stale(ConnectionError):
    """A connection was of no use any more, and nothing was sent over it."""


class AsyncLine(asyncio.BufferedProtocol):
    """One connection, for the running event loop.

    Bytes are read into a buffer of its own: without one the event loop takes a new one of 256 KB from the operating
    system for each answer, and gives it back, which costs as much as the rest of reading.
    """

    def __init__(self) -> None:
        self.incoming = http1.Incoming()
        self._loop = asyncio.get_running_loop()
        self._buffer = memoryview(bytearray(_AT_ONCE))
        self._transport: asyncio.Transport
        self._readable: Callable[[], bool] = bool
        self._waiter: asyncio.Future[None] | None = None
        self._unsent = False
        self._broken = ""
        self._paused = False
        # One timer for many waits: it is set anew when it rings, and not with each of them.
        self._timer: asyncio.TimerHandle | None = None
        self._rings = self._limit = 0.0
        self._phase: Phase = "read"

    def good(self) -> bool:
        """Whether another request may be sent over it, as far as is known; when it is sent it is looked once more."""
        return not self._transport.is_closing() and not self.incoming.spoiled

    def abort(self) -> None:
        """Close it at once. Closing twice does nothing."""
        self._transport.abort()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def ask(self, data: bytes, budget: TimeBudget, progress: Progress, outbox: Outbox) -> None:
        """Send a request and wait for the head of its answer; raise ``TransportFailure`` or ``Stale``."""
        self._unsent = True
        outbox.put(self, data, progress)
        while self._unsent or not self.incoming.status:
            await self._more(budget)

    def write(self, data: bytes, progress: Progress) -> None:
        """Send a request now, unless it or the connection was given up since it was put into the outbox."""
        if self._waiter is None or self._waiter.cancelled():
            return
        # A fresh one may still have to read what belongs to TLS; on one that was used it can only be its end.
        if not self.good() or (self.incoming.status and self._readable()):
            self._broken = self._broken or "the connection was closed"
            self._wake()
            return
        self._unsent = False
        self.incoming.begin()
        progress.write_started = True
        self._transport.write(data)

    async def read(self, budget: TimeBudget) -> bytes:
        """Return the next piece of the body, ``b""`` at its end; raise ``TransportFailure``."""
        incoming = self.incoming
        while not incoming.held:
            if incoming.whole:
                return b""
            await self._more(budget)
        return self.take()

    def take(self) -> bytes:
        """Return what has come of the body since the last time."""
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return self.incoming.take()

    async def read_up_to(self, limit: int, budget: TimeBudget) -> tuple[bytes, TransportFailure | None]:
        """Return the body, or the first more than ``limit`` bytes of it; and why there is no more, if it broke off."""
        body = bytearray()
        try:
            while len(body) <= limit and (piece := await self.read(budget)):
                body += piece
        except TransportFailure as failure:
            return bytes(body), failure
        return bytes(body), None

    async def open_tunnel(self, data: bytes, budget: TimeBudget) -> None:
        """Ask a proxy for a tunnel; raise ``TransportFailure`` when it gives none."""
        await self.ask(data, budget, Progress(), Outbox())
        http1.check_tunnel(self.incoming)
        self.incoming = http1.Incoming()

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from now on; raise ``OSError``."""
        transport = self._transport
        try:
            secured = await self._loop.start_tls(transport, self, context, server_hostname=host)
        except BaseException:
            # A cancellation, too, must not leave the socket behind.
            transport.abort()
            raise
        if secured is None or self._broken:
            raise ConnectionAbortedError("the connection was closed")
        self._transport = secured

    def _more(self, budget: TimeBudget) -> asyncio.Future[None]:
        """Return what is to be awaited until something has come."""
        if self._broken:
            raise (Stale if self._unsent else TransportFailure)(self._broken)
        left = budget.remaining()
        seconds = min(left, budget.read)
        self._phase = "read" if seconds < left else "deadline"
        self._limit = time.monotonic() + seconds
        if self._timer is None or self._rings > self._limit:
            self._set(seconds)
        self._waiter = waiter = self._loop.create_future()
        return waiter

    def _set(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings = time.monotonic() + seconds
        self._timer = self._loop.call_later(seconds, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        left = self._limit - time.monotonic()
        if left > 0:
            self._set(left)
        else:
            self._waiter.set_exception(TransportFailure("no answer in time", timeout=self._phase))

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be told by the event loop that there is a connection."""
        self._transport = cast("asyncio.Transport", transport)
        self._readable = watcher(transport.get_extra_info("socket").fileno())

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the event loop's signature
        """Tell the event loop where to put what comes."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Be told by the event loop that something came."""
        try:
            self.incoming.feed(self._buffer[:nbytes])
        except http1.Broken as broken:
            self._broken = str(broken)
            self.abort()
        if self.incoming.held > _HELD and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Be told by the event loop that the connection has ended."""
        try:
            self.incoming.end()
        except http1.Broken as broken:
            self._broken = self._broken or ("the connection broke" if exc else str(broken))
        self._wake()


class Lines:
    """The connections of one event loop.

    Args:
        number: how many may be in use at once.
    """

    def __init__(self, number: int) -> None:
        self.slots = Slots(number)
        self.outbox = Outbox()
        self._kept: Kept[AsyncLine] = Kept()
        self._sweeping = False

    def take(self, place: object) -> AsyncLine | None:
        """Return a connection that is kept to a place, or ``None``."""
        return self._kept.take(place)

    def release(self, place: object, line: AsyncLine) -> None:
        """Take a connection back and let the next call begin: keep it, or break it where its answer is not whole."""
        if line.incoming.whole and not line.incoming.spoiled:
            # What nobody has read is not to keep the server waiting.
            line.take()
            self._keep(place, line)
        else:
            line.abort()
        self.slots.give()

    def _keep(self, place: object, line: AsyncLine) -> None:
        self._kept.put(place, line)
        if not self._sweeping:
            self._sweeping = True
            asyncio.get_running_loop().call_later(KEEPALIVE_SECONDS, self._sweep)

    def _sweep(self) -> None:
        self._sweeping = self._kept.sweep()
        if self._sweeping:
            asyncio.get_running_loop().call_later(KEEPALIVE_SECONDS, self._sweep)

    def clear(self) -> None:
        """Close those that are idle."""
        self._kept.clear()


async def connect(budget: TimeBudget, way: http1.Way, trust: Callable[[], ssl.SSLContext]) -> AsyncLine:
    """Make a connection.

    Args:
        budget: how long it may take.
        way: whom to, and by whom.
        trust: says how certificates are checked.

    Raises:
        TransportFailure: there is none.
    """
    first = way.first
    seconds = min(budget.connect, budget.remaining())
    line = None
    try:
        async with asyncio.timeout(seconds):
            line = await _dial(first.host, first.port, seconds)
            if first.tls:
                await line.start_tls(trust(), first.host)
            if way.tunnelled:
                await line.open_tunnel(http1.tunnel(way), budget)
                await line.start_tls(trust(), way.place.host)
    except BaseException as error:
        if line is not None:
            line.abort()
        if isinstance(error, TimeoutError):
            raise TransportFailure("no connection in time", timeout="connect") from None
        if isinstance(error, (OSError, ValueError, EOFError)):
            # ValueError: a name that cannot be one. ssl.SSLError is an OSError.
            raise TransportFailure(f"no connection: {error}") from None
        raise
    return line


async def _dial(host: str, port: int, seconds: float) -> AsyncLine:
    create = partial(asyncio.get_running_loop().create_connection, AsyncLine)
    made: tuple[object, AsyncLine] = await dial(create, host, port, None, seconds)
    return made[1]
