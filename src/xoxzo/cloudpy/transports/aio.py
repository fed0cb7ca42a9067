"""The default transport for asyncio."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from xoxzo.cloudpy.transports import engine

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Mapping

    import httpcore2

    from xoxzo.cloudpy.protocols import Patience, Progress, Request

    Pools = WeakKeyDictionary[asyncio.AbstractEventLoop, dict[engine.Route, httpcore2.AsyncConnectionPool]]


class AsyncHttpTransport:
    """The asynchronous twin of ``HttpTransport``. Each event loop, and each process, has connections of its own.

    Args:
        max_connections: how many may be open at once in one event loop; requests beyond wait.
        ssl_context: another way to check certificates.
    """

    def __init__(self, *, max_connections: int = 10, ssl_context: ssl.SSLContext | None = None) -> None:
        self._routes = engine.Routes(max_connections, ssl_context)
        self._pools: Pools = WeakKeyDictionary()
        self._pid = os.getpid()

    async def send(self, request: Request, patience: Patience, progress: Progress) -> AsyncStreamed:
        """Send one request and return its answer, the body unread.

        Raises:
            TransportFailure: no answer came; ``progress`` says whether the request left.
        """
        pool = self._pool(request.url)
        trace = engine.async_tracer(progress)
        try:
            response = await pool.handle_async_request(engine.encode(request, patience, trace))
        except Exception as error:  # noqa: BLE001 - whatever the library raises, no answer came
            raise engine.failure(error, progress) from None
        return AsyncStreamed(response, progress)

    async def close(self) -> None:
        """Close the running loop's connections; those of loops that have ended are gone. Closing twice does nothing."""
        pools = self._pools.pop(asyncio.get_running_loop(), {})
        self._pools.clear()
        for pool in pools.values():
            await pool.aclose()

    def _pool(self, url: str) -> httpcore2.AsyncConnectionPool:
        if self._pid != os.getpid():
            self._pools, self._pid = WeakKeyDictionary(), os.getpid()
        pools = self._pools.setdefault(asyncio.get_running_loop(), {})
        route = self._routes.route(url)
        if route not in pools:
            pools[route] = self._routes.async_pool(route)
        return pools[route]


class AsyncStreamed:
    """An answer whose body is still to be read."""

    def __init__(self, response: httpcore2.Response, progress: Progress) -> None:
        self._response = response
        self._progress = progress
        self._pieces: AsyncIterator[bytes] = response.aiter_stream()
        self.status: int = response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields, names in lower case."""
        return engine.fields(self._response.headers)

    async def read(self, patience: Patience) -> bytes:  # noqa: ARG002 - the driver bounds each read by the deadline
        """Return the next piece of the body, ``b""`` at its end; raise ``TransportFailure``."""
        try:
            return await anext(self._pieces, b"")
        except Exception as error:  # noqa: BLE001 - whatever the library raises, the answer is not whole
            raise engine.failure(error, self._progress) from None

    async def close(self) -> None:
        """Give the connection back, or break it when the body was not read to its end."""
        await self._response.aclose()
