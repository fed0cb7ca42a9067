"""What both default transports need of httpcore2: requests, truthful failures, and a network that keeps a deadline."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import httpcore2

from xoxzo.cloudpy.protocols import Progress, Request, TimeBudget, TransportFailure
from xoxzo.cloudpy.transports.routes import KEEPALIVE_SECONDS, Router

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from xoxzo.cloudpy.transports.routes import Route

_WORDS: dict[type[Exception], str] = {
    httpcore2.ProxyError: "the proxy refused",
    httpcore2.RemoteProtocolError: "the connection was closed, or what came is not HTTP",
    httpcore2.LocalProtocolError: "the request is not valid HTTP",
    httpcore2.UnsupportedProtocol: "the address is neither http:// nor https://",
    httpcore2.ReadError: "the connection broke",
    httpcore2.WriteError: "the connection broke",
}


def encode(request: Request, budget: TimeBudget, trace: object) -> httpcore2.Request:
    """Turn a request into httpcore2's; ``trace`` is called at each step of its way."""
    url = httpcore2.URL(request.url)
    host = url.host if url.port is None else b"%b:%d" % (url.host, url.port)
    headers = [(b"host", host)]
    headers += [(name.encode("ascii"), value.encode("utf-8")) for name, value in request.headers]
    if request.body or request.method not in {"GET", "DELETE"}:
        headers.append((b"content-length", b"%d" % len(request.body)))
    left = budget.remaining()
    timeouts = {
        "connect": min(budget.connect, left),
        # A little less than the deadline, so that a wait for a free connection is told from other waits.
        "pool": max(0.0, left - 0.01),
        "read": min(budget.read, left),
        "write": min(budget.read, left),
    }
    extensions = {"timeout": timeouts, "trace": trace}
    return httpcore2.Request(request.method, url, headers=headers, content=request.body, extensions=extensions)


def tracer(progress: Progress) -> Callable[[str, Mapping[str, Any]], None]:
    """Watch httpcore2's steps: from the first byte of the request on, the server may have it.

    The exception that comes later does not tell: a write that fails surfaces as a failed read.
    """

    def trace(event: str, info: Mapping[str, Any]) -> None:
        # A CONNECT to a proxy is no request of ours.
        if event == "http11.send_request_headers.started" and info["request"].method != b"CONNECT":
            progress.write_started = True
        elif event == "http11.send_request_headers.failed" and isinstance(
            info["exception"], httpcore2.LocalProtocolError
        ):
            # Refused while it was put into bytes: none of them was written.
            progress.write_started = False

    return trace


def async_tracer(progress: Progress) -> Callable[[str, Mapping[str, Any]], Awaitable[None]]:
    """Do what :func:`tracer` does, awaited."""
    note = tracer(progress)

    async def trace(event: str, info: Mapping[str, Any]) -> None:
        note(event, info)

    return trace


def fields(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return header fields with their names in lower case; of a repeated one the last."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}


def failure(error: Exception, progress: Progress) -> TransportFailure:
    """Say what an exception of the library's means, in words that hold nothing of the request or the reply."""
    if isinstance(error, httpcore2.PoolTimeout):
        return TransportFailure("no free connection", timeout="pool")
    if isinstance(error, httpcore2.TimeoutException):
        if not progress.write_started:
            return TransportFailure("no connection in time", timeout="connect")
        return TransportFailure(
            "no answer in time", timeout="write" if isinstance(error, httpcore2.WriteTimeout) else "read"
        )
    if isinstance(error, httpcore2.ConnectError):
        return TransportFailure(f"no connection: {error}")
    words = _WORDS.get(type(error), "the HTTP library failed")
    return TransportFailure(f"{words} ({type(error).__name__})")


def trust_store() -> ssl.SSLContext:
    """Return what checks certificates against the operating system's trust store, or against ``SSL_CERT_FILE``."""
    context = httpcore2.default_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


class Routes(Router):
    """Which route an address is reached by, and how its pool is made.

    Args:
        max_connections: for each pool.
        ssl_context: how certificates are checked; ``None`` for the operating system's trust store.
    """

    def __init__(self, max_connections: int, ssl_context: ssl.SSLContext | None) -> None:
        super().__init__()
        self._max_connections = max_connections
        self._ssl_context = ssl_context

    def pool(self, route: Route, network: DeadlineNetwork) -> httpcore2.ConnectionPool:
        """Make a pool of connections for a route."""
        return httpcore2.ConnectionPool(**self._options(route), network_backend=network)

    def async_pool(self, route: Route, network: httpcore2.AsyncNetworkBackend) -> httpcore2.AsyncConnectionPool:
        """Make an asynchronous pool of connections for a route."""
        return httpcore2.AsyncConnectionPool(**self._options(route), network_backend=network)

    def _options(self, route: Route) -> dict[str, Any]:
        if route.tls and self._ssl_context is None:
            # Made once: loading the trust store takes longer than a hundred requests.
            self._ssl_context = trust_store()
        return {
            "ssl_context": self._ssl_context,
            "proxy": None if route.proxy is None else _proxy(route.proxy),
            "max_connections": self._max_connections,
            "keepalive_expiry": KEEPALIVE_SECONDS,
        }


def _proxy(address: str) -> httpcore2.Proxy:
    parts = urlsplit(address)
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    port = f":{parts.port}" if parts.port else ""
    return httpcore2.Proxy(f"{parts.scheme}://{parts.hostname}{port}", auth=auth)


class DeadlineNetwork(httpcore2.SyncBackend):
    """A network whose every wait is shortened to what is left of the calling thread's deadline.

    httpcore2 gives each read the same time-out, so a server that drips a byte at a time would never run into one.
    """

    def __init__(self) -> None:
        self._calling = threading.local()

    def watch(self, budget: TimeBudget) -> None:
        """Hold the calling thread's next waits to this budget."""
        self._calling.budget = budget

    def shorten(self, timeout: float | None, late: type[Exception]) -> float:
        """Return the shorter of a time-out and what is left; raise ``late`` when nothing is."""
        budget: TimeBudget = self._calling.budget
        left = budget.remaining()
        if not left:
            raise late("the deadline passed")
        return left if timeout is None else min(timeout, left)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect; the same as the base class, within the deadline."""
        timeout = self.shorten(timeout, httpcore2.ConnectTimeout)
        try:
            stream = super().connect_tcp(host, port, timeout, local_address, socket_options)
        except UnicodeError as error:
            # What the socket module says of a name with an empty or an overlong label.
            raise httpcore2.ConnectError(str(error)) from None
        return _DeadlineStream(stream, self)


class _DeadlineStream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream, network: DeadlineNetwork) -> None:
        self._stream = stream
        self._network = network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._network.shorten(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._network.shorten(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        timeout = self._network.shorten(timeout, httpcore2.ConnectTimeout)
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._network)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - the library's signature
        return self._stream.get_extra_info(info)
