"""The default transport for threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy import forks
from xoxzo.cloudpy.transports import engine

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

    import httpcore2

    from xoxzo.cloudpy.protocols import Progress, Request, TimeBudget
    from xoxzo.cloudpy.transports.routes import Route


class HttpTransport:
    """Carries requests over pooled HTTP/1.1 connections. May be shared by threads; a forked child opens its own.

    Proxies are taken from the environment as other tools take them (``HTTPS_PROXY``, ``ALL_PROXY``, ``NO_PROXY``); for
    this machine there is none. Certificates are checked against the operating system's trust store, or against
    ``SSL_CERT_FILE``.

    Args:
        max_connections: how many may be open at once; requests beyond wait.
        ssl_context: another way to check certificates.
    """

    def __init__(self, *, max_connections: int = 10, ssl_context: ssl.SSLContext | None = None) -> None:
        self._routes = engine.Routes(max_connections, ssl_context)
        self._network = engine.DeadlineNetwork()
        self._pools: dict[Route, httpcore2.ConnectionPool] = {}
        self._pid = forks.pid

    def send(self, request: Request, budget: TimeBudget, progress: Progress) -> Streamed:
        """Send one request and return its answer, the body unread.

        Raises:
            TransportFailure: no answer came; ``progress`` says whether the request left.
        """
        self._network.watch(budget)
        try:
            pool = self._pool(request.url)
            response = pool.handle_request(engine.encode(request, budget, engine.tracer(progress)))
        except Exception as error:  # noqa: BLE001 - whatever the library raises, no answer came
            raise engine.failure(error, progress) from None
        return Streamed(response, progress, self._network.watch)

    def close(self) -> None:
        """Close every connection. Closing twice does nothing."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()

    def _pool(self, url: str) -> httpcore2.ConnectionPool:
        if self._pid != forks.pid:
            self._forget_the_parent()
        route = self._routes.route(url)
        try:
            return self._pools[route]
        except KeyError:
            # Two threads may come here at once: the first pool stays, and an unused one holds nothing.
            return self._pools.setdefault(route, self._routes.pool(route, self._network))

    def _forget_the_parent(self) -> None:
        # Not by closing the pools: another thread of the parent's may have held their locks at the fork.
        pools, self._pools, self._pid = self._pools, {}, forks.pid
        for pool in pools.values():
            for connection in pool.connections:
                # Closes this process's copy of the socket; the parent's goes on.
                connection.close()


class Streamed:
    """An answer whose body is still to be read."""

    def __init__(self, response: httpcore2.Response, progress: Progress, watch: Callable[[TimeBudget], None]) -> None:
        self._response = response
        self._progress = progress
        self._watch = watch
        self._pieces: Iterator[bytes] = response.iter_stream()
        self.status: int = response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields, names in lower case."""
        return engine.fields(self._response.headers)

    def read(self, budget: TimeBudget) -> bytes:
        """Return the next piece of the body, ``b""`` at its end; raise ``TransportFailure``."""
        self._watch(budget)
        try:
            return next(self._pieces, b"")
        except Exception as error:  # noqa: BLE001 - whatever the library raises, the answer is not whole
            raise engine.failure(error, self._progress) from None

    def close(self) -> None:
        """Give the connection back, or break it when the body was not read to its end."""
        self._response.close()
