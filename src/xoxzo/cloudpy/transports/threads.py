"""Carry requests for threads, each over a socket whose waits end with the time budget."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping
from typing import NoReturn

from xoxzo.cloudpy.common import forks
from xoxzo.cloudpy.common.signals import raised_by_signal_handler
from xoxzo.cloudpy.protocols import Phase, Progress, Request, TimeBudget, TransportFailure
from xoxzo.cloudpy.transports.http1 import Headers, InvalidResponse, ResponseReader, check_tunnel, encode_request
from xoxzo.cloudpy.transports.pool import IdlePool, Slot, ThreadSlots, readability
from xoxzo.cloudpy.transports.routes import Origin, Route, RouteFinder, connect_failure
from xoxzo.cloudpy.transports.tcp import open_socket
from xoxzo.cloudpy.transports.tls import TlsOverTls, lazy_context

_RECEIVE_BYTES = 65_536


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
        self, *, max_connections: int | None = 10, proxy: str | None = None, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self._routes = RouteFinder(proxy)
        self._tls_context = lazy_context(ssl_context)
        self._max_connections = max_connections
        self._idle: IdlePool[ThreadConnection] = IdlePool()
        self._pid = forks.pid
        self._slots = ThreadSlots(max_connections)

    def send(self, request: Request, budget: TimeBudget, progress: Progress) -> HttpStreamedResponse:
        """Send one request and return its response, the body unread; the budget includes the wait for a connection.

        Raises:
            TransportFailure: no response came.
            ConfigurationError: the environment names a proxy or certificates that cannot be used.
        """
        if self._pid != forks.pid:
            # Closes this process's copies of the sockets; the parent's go on.
            self._idle.clear()
            self._pid, self._slots = forks.pid, ThreadSlots(self._max_connections)
        slots = self._slots
        slot = slots.take(budget.remaining())
        connection = None
        try:
            route = self._routes.find(request.url)
            data = encode_request(request, route)
            budget.next_wait()
            connection = self._idle.take(route.origin) or connect(route, budget, self._tls_context)
            connection.request(data, budget, progress)
        except BaseException:
            if connection is not None:
                connection.abort()
            slots.put(slot)
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


class ThreadConnection:
    """One connection over a connected socket. Only one thread uses it at a time."""

    def __init__(self, stream: socket.socket) -> None:
        self.reader = ResponseReader()
        """Reads its responses."""
        self._phase: Phase = "read"
        self._use(stream)

    def _use(self, stream: socket.socket | TlsOverTls) -> None:
        self._stream = stream
        self._readable = readability(stream.fileno())
        self._decrypted_bytes: Callable[[], int] = getattr(stream, "pending", int)

    def __del__(self) -> None:
        # An exception from a signal handler may come between any two steps and lose it: this closes it then.
        stream = self.__dict__.get("_stream")
        if stream is not None:
            stream.close()

    def usable(self) -> bool:
        """Whether another request may be sent over it: nothing has come meanwhile, its end included."""
        return self.reader.reusable and not self._decrypted_bytes() and not self._readable()

    def abort(self) -> None:
        """Close it at once. Closing twice does nothing."""
        self._stream.close()

    def start_tls(self, context: ssl.SSLContext, host: str, budget: TimeBudget) -> None:
        """Speak TLS from now on; raise ``OSError``."""
        stream = self._stream
        stream.settimeout(budget.next_wait())
        if isinstance(stream, socket.socket) and not isinstance(stream, ssl.SSLSocket):
            self._use(context.wrap_socket(stream, server_hostname=host))
        else:
            self._use(TlsOverTls(stream, context, host))

    def open_tunnel(self, request: bytes, budget: TimeBudget) -> None:
        """Ask a proxy for a tunnel; raise ``TransportFailure`` when it opens none."""
        self.request(request, budget, Progress())
        check_tunnel(self.reader)
        self.reader = ResponseReader()

    def request(self, data: bytes, budget: TimeBudget, progress: Progress) -> None:
        """Write a request and read up to the end of the response's head; raise ``TransportFailure``."""
        self.reader.start()
        progress.start_write()
        try:
            try:
                self._write(data, budget)
            except ConnectionError as error:
                self._read_early_response(error, budget)
            while not self.reader.status:
                self._receive(budget)
        except (OSError, InvalidResponse) as error:
            self._fail(error)

    def read_body(self, budget: TimeBudget) -> bytes:
        """Return the next piece of the body, ``b""`` at its end; raise ``TransportFailure``."""
        try:
            while not self.reader.buffered_bytes and not self.reader.complete:
                self._receive(budget)
        except (OSError, InvalidResponse) as error:
            self._fail(error)
        return self.reader.take_body()

    def _write(self, data: bytes, budget: TimeBudget) -> None:
        self._phase = "write"
        rest = memoryview(data)
        while rest:
            self._stream.settimeout(budget.next_wait())
            rest = rest[self._stream.send(rest) :]

    def _read_early_response(self, error: ConnectionError, budget: TimeBudget) -> None:
        """Read what a server responded that closed before it had read all; raise the error when that is nothing."""
        if raised_by_signal_handler(error):
            raise error
        try:
            while not self.reader.status:
                self._receive(budget)
        except (OSError, InvalidResponse) as other:
            raise (other if raised_by_signal_handler(other) else error) from None
        self.reader.reusable = False

    def _receive(self, budget: TimeBudget) -> None:
        self._phase = "read"
        self._stream.settimeout(budget.next_wait())
        data = self._stream.recv(_RECEIVE_BYTES)
        if data:
            self.reader.feed(data)
        else:
            self.reader.end_of_stream()

    def _fail(self, error: OSError | InvalidResponse) -> NoReturn:
        if raised_by_signal_handler(error):
            raise error
        if isinstance(error, InvalidResponse):
            raise TransportFailure(str(error)) from error
        if isinstance(error, TimeoutError):
            raise TransportFailure("no answer in time", timeout=self._phase) from error
        raise TransportFailure(f"the connection broke: {error}") from error


def connect(route: Route, budget: TimeBudget, tls_context: Callable[[], ssl.SSLContext]) -> ThreadConnection:
    """Open a connection, TLS and a proxy's tunnel included; ``connect`` of the budget bounds all of it.

    ``TransportFailure`` if there is none; ``ConfigurationError`` if the environment names unusable certificates.
    """
    seconds = min(budget.connect, budget.remaining())
    limits = TimeBudget(seconds, seconds, budget.clock() + seconds, budget.clock)
    hop, connection = route.first_hop, None
    if hop.tls or route.tunnelled:
        # Before anything is opened: certificates that cannot be used are not the network's failure.
        tls_context()
    try:
        connection = ThreadConnection(open_socket(hop.host, hop.port, seconds))
        if hop.tls:
            connection.start_tls(tls_context(), hop.host, limits)
        if route.tunnelled:
            connection.open_tunnel(route.tunnel_request, limits)
            connection.start_tls(tls_context(), route.target.host, limits)
    except BaseException as error:
        if connection is not None:
            connection.abort()
        if isinstance(error, (OSError, TransportFailure)) and not raised_by_signal_handler(error):
            raise connect_failure(route, error) from error
        raise
    # With TLS, what belongs to it may have come.
    if not hop.tls and not route.tunnelled and not connection.usable():
        connection.abort()
        raise TransportFailure("the server sent bytes, or closed, before it was asked anything")
    return connection
