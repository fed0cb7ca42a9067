"""Carry requests for asyncio."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from xoxzo.cloudpy.protocols import Response, TransportFailure
from xoxzo.cloudpy.transports.aio_connection import AsyncConnection, LoopConnections, StaleConnection, connect
from xoxzo.cloudpy.transports.event_loops import PerEventLoop
from xoxzo.cloudpy.transports.http1 import Headers, encode_request
from xoxzo.cloudpy.transports.routes import RouteFinder
from xoxzo.cloudpy.transports.trust import Trust

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from xoxzo.cloudpy.protocols import Progress, Request, TimeBudget
    from xoxzo.cloudpy.transports.routes import Origin

# So much sooner than its caller a call stops waiting for a connection, so that it can still say what it waited for.
_POOL_MARGIN_SECONDS = 0.01


class AsyncHttpTransport:
    """The asynchronous twin of ``HttpTransport``. Each event loop, and each process, has connections of its own.

    Args:
        max_connections: how many may be in use at once in one event loop; requests beyond it wait. ``None`` for no
            limit.
        proxy: as for ``HttpTransport``.
        ssl_context: as for ``HttpTransport``.

    Raises:
        ConfigurationError: ``proxy`` cannot be used.
    """

    def __init__(
        self,
        *,
        max_connections: int | None = 10,
        proxy: str | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._routes = RouteFinder(proxy)
        self._trust = Trust(ssl_context)
        self._loops = PerEventLoop(lambda: LoopConnections(max_connections))

    async def send(self, request: Request, budget: TimeBudget, progress: Progress) -> AsyncHttpStreamedResponse:
        """Send one request and return its response, the body unread.

        Args:
            request: the request.
            budget: how long it may take, the wait for a free connection included.
            progress: records whether the request may have left.

        Raises:
            TransportFailure: no response came.
            ConfigurationError: the environment names a proxy or certificates that cannot be used.
        """
        return AsyncHttpStreamedResponse(*await self._send(request, budget, progress))

    async def fetch(self, request: Request, budget: TimeBudget, progress: Progress, limit: int) -> Response:
        """Send one request and return its response with its body, not later than ``budget`` allows.

        That is what ``send``, ``read`` and ``close`` do one after another, with fewer steps.

        Args:
            request: the request.
            budget: how long it may take; ``expires_at`` bounds all of it, the wait for a free connection included.
            progress: records whether the request may have left.
            limit: the most bytes to read of the body.

        Raises:
            TransportFailure: no response came. One that breaks off after its head is returned, and says so.
            ConfigurationError: as for ``send``.
        """
        connection, connections, origin = await self._send(request, budget, progress)
        try:
            reader = connection.reader
            # Nearly always all has come at once.
            body, cut = (
                (connection.take_body(), None) if reader.complete else await connection.read_up_to(limit, budget)
            )
            return Response(reader.status, Headers(reader.raw_headers), body, cut, len(body) > limit)
        finally:
            connections.release(origin, connection)

    async def _send(
        self, request: Request, budget: TimeBudget, progress: Progress
    ) -> tuple[AsyncConnection, LoopConnections, Origin]:
        """Send a request over a connection, which the caller releases when it has read the response."""
        connections = self._loops.current()
        if not connections.slots.take_now():
            try:
                await connections.slots.take(budget.remaining() - _POOL_MARGIN_SECONDS)
            except TimeoutError:
                raise TransportFailure("no free connection", timeout="pool") from None
        connection = None
        try:
            route = self._routes.find(request.url)
            data = encode_request(request, route)
            while True:
                budget.next_wait()
                idle = connections.take(route.origin)
                connection = idle or await connect(route, budget, self._trust)
                try:
                    await connection.request(data, budget, progress, connections.queue)
                except StaleConnection as stale:
                    connection.abort()
                    if idle is None:
                        raise TransportFailure(str(stale)) from None
                else:
                    return connection, connections, route.origin
        except BaseException:
            if connection is not None:
                connection.abort()
            connections.slots.put()
            raise

    async def close(self) -> None:
        """Close the running loop's idle connections. Closing twice does nothing."""
        self._loops.current().clear()
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
