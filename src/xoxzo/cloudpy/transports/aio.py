"""The default transport for asyncio."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.transports import engine
from xoxzo.cloudpy.transports.aio_network import AsyncioNetwork
from xoxzo.cloudpy.transports.loops import ByLoop

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Mapping

    import httpcore2

    from xoxzo.cloudpy.protocols import Progress, Request, TimeBudget
    from xoxzo.cloudpy.transports.routes import Route

    Pools = dict[Route, httpcore2.AsyncConnectionPool]


class AsyncHttpTransport:
    """The asynchronous twin of ``HttpTransport``. Each event loop, and each process, has connections of its own.

    Args:
        max_connections: how many may be open at once in one event loop; requests beyond wait.
        ssl_context: another way to check certificates.
    """

    def __init__(self, *, max_connections: int = 10, ssl_context: ssl.SSLContext | None = None) -> None:
        self._routes = engine.Routes(max_connections, ssl_context)
        self._pools: ByLoop[Pools] = ByLoop(dict)

    async def send(self, request: Request, budget: TimeBudget, progress: Progress) -> AsyncStreamed:
        """Send one request and return its answer, the body unread.

        Raises:
            TransportFailure: no answer came; ``progress`` says whether the request left.
        """
        try:
            pool = self._pool(request.url)
            response = await pool.handle_async_request(engine.encode(request, budget, engine.async_tracer(progress)))
        except Exception as error:  # noqa: BLE001 - whatever the library raises, no answer came
            raise engine.failure(error, progress) from None
        return AsyncStreamed(response, progress)

    async def close(self) -> None:
        """Close the running loop's connections. Closing twice does nothing."""
        pools = self._pools.here()
        while pools:
            await pools.popitem()[1].aclose()

    def _pool(self, url: str) -> httpcore2.AsyncConnectionPool:
        pools = self._pools.here()
        route = self._routes.route(url)
        if route not in pools:
            pools[route] = self._routes.async_pool(route, AsyncioNetwork())
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

    async def read(self, budget: TimeBudget) -> bytes:  # noqa: ARG002 - the driver bounds each read by the deadline
        """Return the next piece of the body, ``b""`` at its end; raise ``TransportFailure``."""
        try:
            return await anext(self._pieces, b"")
        except Exception as error:  # noqa: BLE001 - whatever the library raises, the answer is not whole
            raise engine.failure(error, self._progress) from None

    async def close(self) -> None:
        """Give the connection back, or break it when the body was not read to its end."""
        await self._response.aclose()
