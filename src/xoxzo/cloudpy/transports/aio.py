"""Carry requests for asyncio."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Coroutine, Mapping
from typing import Any, cast

from xoxzo.cloudpy.common import forks
from xoxzo.cloudpy.protocols import Progress, Request, Response, TimeBudget, TransportFailure
from xoxzo.cloudpy.transports.aio_connection import AsyncConnection, StaleConnection, WriteQueue, connect
from xoxzo.cloudpy.transports.http1 import Headers, encode_request
from xoxzo.cloudpy.transports.pool import KEEPALIVE_SECONDS, IdlePool
from xoxzo.cloudpy.transports.routes import Origin, RouteFinder
from xoxzo.cloudpy.transports.tls import lazy_context

# So much sooner than its caller a call stops waiting for a connection, so that it can still say what it waited for.
_POOL_MARGIN_SECONDS = 0.01


class AsyncHttpTransport:
    """The asynchronous twin of ``HttpTransport``, with the same arguments.

    Each event loop, and each process, has connections of its own, so ``max_connections`` is for each of them.
    """

    def __init__(
        self, *, max_connections: int | None = 10, proxy: str | None = None, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self._routes = RouteFinder(proxy)
        self._tls_context = lazy_context(ssl_context)
        self._max_connections = max_connections
        self._by_loop: dict[asyncio.AbstractEventLoop, LoopConnections] = {}
        self._inherited: list[object] = []
        self._pid = forks.pid

    def _current(self) -> LoopConnections:
        """Return the running loop's connections: one loop cannot use another's, nor a forked child its parent's."""
        if self._pid != forks.pid:
            # Not dropped: that would unregister their sockets from a selector that the parent shares.
            self._inherited.append(self._by_loop)
            self._by_loop, self._pid = {}, forks.pid
        loop = asyncio.get_running_loop()
        try:
            return self._by_loop[loop]
        except KeyError:
            # Connections of a loop that has ended can no longer be closed, only forgotten. In place: loops of other
            # threads may add theirs at this moment.
            for each in [each for each in list(self._by_loop) if each.is_closed()]:
                self._by_loop.pop(each, None)
            return self._by_loop.setdefault(loop, LoopConnections(self._max_connections))

    async def send(self, request: Request, budget: TimeBudget, progress: Progress) -> AsyncHttpStreamedResponse:
        """Send one request and return its response, the body unread, as ``HttpTransport`` does."""
        return cast("AsyncHttpStreamedResponse", await self._exchange(request, budget, progress, None))

    def fetch(
        self, request: Request, budget: TimeBudget, progress: Progress, limit: int
    ) -> Coroutine[Any, Any, Response]:
        """Send one request and return its response with its body, of which at most `limit` bytes are read.

        That is what ``send``, ``read`` and ``close`` do one after another, with fewer steps. A response that breaks off
        after its head is returned, and says so.
        """
        return cast("Coroutine[Any, Any, Response]", self._exchange(request, budget, progress, limit))

    async def _exchange(
        self, request: Request, budget: TimeBudget, progress: Progress, limit: int | None
    ) -> AsyncHttpStreamedResponse | Response:
        """Send a request and return its response, the body unread where there is no limit for it."""
        connections = self._current()
        if connections.free_slots:
            connections.free_slots -= 1
        else:
            await connections.wait_for_slot(budget.remaining() - _POOL_MARGIN_SECONDS)
        connection = None
        try:
            route = self._routes.find(request.url)
            data = encode_request(request, route)
            while True:
                idle = connections.take(route.origin)
                connection = idle or await connect(route, budget, self._tls_context)
                try:
                    await connection.request(data, budget, progress, connections.queue)
                    break
                except StaleConnection as stale:
                    connection.abort()
                    if idle is None:
                        raise TransportFailure(str(stale)) from None
        except BaseException:
            if connection is not None:
                connection.abort()
            connections.put_slot()
            raise
        if limit is None:
            return AsyncHttpStreamedResponse(connection, connections, route.origin)
        try:
            reader = connection.reader
            # Nearly always all has come at once.
            body, cut = (
                (connection.take_body(), None) if reader.complete else await connection.read_up_to(limit, budget)
            )
            return Response(reader.status, Headers(reader.raw_headers), body, cut, len(body) > limit)
        finally:
            connections.release(route.origin, connection)

    async def close(self) -> None:
        """Close the running loop's idle connections. Closing twice does nothing."""
        self._current().clear()
        # One round of the loop, in which the sockets are closed.
        await asyncio.sleep(0)


class AsyncHttpStreamedResponse:
    """A response whose body is still to be read."""

    def __init__(self, connection: AsyncConnection, connections: LoopConnections, origin: Origin) -> None:
        self._connection: AsyncConnection | None = connection
        self._connections = connections
        self._origin = origin
        self.status: int = connection.reader.status
        self.headers: Mapping[str, str] = Headers(connection.reader.raw_headers)
        """The header fields, names in lower case."""

    async def read(self, budget: TimeBudget) -> bytes:
        """Return the next piece of the body, ``b""`` at its end; raise ``TransportFailure``."""
        return b"" if self._connection is None else await self._connection.read_body(budget)

    async def close(self) -> None:
        """Give the connection back, or close it when the body was not read to its end. Closing twice does nothing."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._connections.release(self._origin, connection)


class LoopConnections(IdlePool[AsyncConnection]):
    """The connections of one event loop, and slots for those in use; calls beyond them wait in their order.

    asyncio's semaphore costs several times as much as these slots where many calls wait, as they do in a campaign.
    """

    def __init__(self, max_connections: int | None) -> None:
        super().__init__()
        self.free_slots: float = float("inf") if max_connections is None else max_connections
        """How many more may be in use."""
        self.queue = WriteQueue()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._sweeping = False

    async def wait_for_slot(self, seconds: float) -> None:
        """Take a slot when one comes free; raise ``TransportFailure`` when none does in this many seconds."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()

        def expire() -> None:
            if not waiter.done():
                waiter.set_exception(TransportFailure("no free connection", timeout="pool"))

        self._waiting.append(waiter)
        timer = loop.call_later(seconds, expire)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                # The slot was granted in the very moment of the cancellation.
                self.put_slot()
            raise
        finally:
            timer.cancel()

    def put_slot(self) -> None:
        """Put a slot back: it goes to the call that waits longest, if one does."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self.free_slots += 1

    def release(self, origin: Origin, connection: AsyncConnection) -> None:
        """Take a connection back and let the next call begin: keep it, or close it where its response is incomplete."""
        if connection.reader.complete and connection.reader.reusable:
            if connection.paused:
                connection.take_body()
            self.put(origin, connection)
            if not self._sweeping:
                self._sweeping = True
                asyncio.get_running_loop().call_later(KEEPALIVE_SECONDS, self._sweep)
        else:
            connection.abort()
        self.put_slot()

    def _sweep(self) -> None:
        self._sweeping = self.sweep()
        if self._sweeping:
            asyncio.get_running_loop().call_later(KEEPALIVE_SECONDS, self._sweep)
