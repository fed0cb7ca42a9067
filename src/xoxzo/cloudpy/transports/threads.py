"""Carry requests for threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.common import forks
from xoxzo.cloudpy.protocols import TransportFailure
from xoxzo.cloudpy.transports.http1 import Headers, encode_request
from xoxzo.cloudpy.transports.pool import IdlePool, Slot, ThreadSlots
from xoxzo.cloudpy.transports.routes import RouteFinder
from xoxzo.cloudpy.transports.thread_connection import ThreadConnection, connect
from xoxzo.cloudpy.transports.trust import Trust

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from xoxzo.cloudpy.protocols import Progress, Request, TimeBudget
    from xoxzo.cloudpy.transports.routes import Origin


class HttpTransport:
    """Carries requests over HTTP/1.1 connections, which it reuses. Threads may share it.

    A forked child opens connections of its own. Proxies are read from the environment as other tools read them
    (``HTTPS_PROXY``, ``ALL_PROXY``, ``NO_PROXY``), or else from the system's settings; for this machine there is none.

    Args:
        max_connections: how many may be in use at once; requests beyond it wait. ``None`` for no limit.
        proxy: a proxy for every host but this machine, instead of those that the environment names, for instance
            ``http://user:password@proxy.example:3128``.
        ssl_context: whose certificates are trusted, and a client certificate; by default the operating system's
            authorities, or those that ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` name.

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
        self._max_connections = max_connections
        self._idle: IdlePool[ThreadConnection] = IdlePool()
        self._begin()

    def _begin(self) -> None:
        self._pid = forks.pid
        self._slots = ThreadSlots(self._max_connections)

    def send(self, request: Request, budget: TimeBudget, progress: Progress) -> HttpStreamedResponse:
        """Send one request and return its response, the body unread.

        Args:
            request: the request.
            budget: how long it may take, the wait for a free connection included.
            progress: records whether the request may have left.

        Raises:
            TransportFailure: no response came.
            ConfigurationError: the environment names a proxy or certificates that cannot be used.
        """
        if self._pid != forks.pid:
            # Closes this process's copies of the sockets; the parent's go on.
            self._idle.clear()
            self._begin()
        slots = self._slots
        try:
            slot = slots.take(budget.remaining())
        except TimeoutError:
            raise TransportFailure("no free connection", timeout="pool") from None
        try:
            return self._send(request, budget, progress, slots, slot)
        except BaseException:
            slots.put(slot)
            raise

    def _send(
        self, request: Request, budget: TimeBudget, progress: Progress, slots: ThreadSlots, slot: Slot | None
    ) -> HttpStreamedResponse:
        route = self._routes.find(request.url)
        data = encode_request(request, route)
        budget.next_wait()
        connection = self._idle.take(route.origin)
        if connection is None:
            connection = connect(route, budget, self._trust)
            if not route.target.tls and not connection.usable():
                connection.abort()
                raise TransportFailure("the server sent bytes, or closed, before it was asked anything")
        try:
            connection.request(data, budget, progress)
        except BaseException:
            connection.abort()
            raise
        return HttpStreamedResponse(connection, self._idle, route.origin, slots, slot)

    def close(self) -> None:
        """Close every connection that is idle. Closing twice does nothing."""
        self._idle.clear()


class HttpStreamedResponse:
    """A response whose body is still to be read."""

    def __init__(
        self,
        connection: ThreadConnection,
        idle: IdlePool[ThreadConnection],
        origin: Origin,
        slots: ThreadSlots,
        slot: Slot | None,
    ) -> None:
        self._connection: ThreadConnection | None = connection
        self._idle = idle
        self._origin = origin
        self._slots = slots
        self._slot = slot
        self.status: int = connection.reader.status
        self.headers: Mapping[str, str] = Headers(connection.reader.raw_headers)
        """The header fields, names in lower case."""

    def read(self, budget: TimeBudget) -> bytes:
        """Return the next piece of the body, ``b""`` at its end; raise ``TransportFailure``."""
        return b"" if self._connection is None else self._connection.read_body(budget)

    def close(self) -> None:
        """Give the connection back, or close it when the body was not read to its end. Closing twice does nothing."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if connection.reader.complete and connection.reader.reusable:
            self._idle.put(self._origin, connection)
        else:
            connection.abort()
        slot, self._slot = self._slot, None
        self._slots.put(slot)
