"""One connection for threads: a socket, TLS over it, and waits that end with the time budget."""

from __future__ import annotations

import socket
import ssl
import time
from typing import TYPE_CHECKING, Any, NoReturn

from xoxzo.cloudpy.common.interruptions import raised_by_signal_handler
from xoxzo.cloudpy.protocols import Progress, TimeBudget, TransportFailure
from xoxzo.cloudpy.transports.http1 import InvalidResponse, ResponseReader, check_tunnel
from xoxzo.cloudpy.transports.pool import readability
from xoxzo.cloudpy.transports.routes import connect_failure
from xoxzo.cloudpy.transports.tcp import open_socket

if TYPE_CHECKING:
    from collections.abc import Callable

    from xoxzo.cloudpy.errors import Phase
    from xoxzo.cloudpy.transports.routes import Route
    from xoxzo.cloudpy.transports.trust import Trust

_RECEIVE_BYTES = 65_536


class ThreadConnection:
    """One connection. Only one thread uses it at a time.

    Args:
        stream: a connected socket.

    Attributes:
        reader: reads its responses.
    """

    def __init__(self, stream: socket.socket) -> None:
        self.reader = ResponseReader()
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
        """Raise what an error means."""
        if raised_by_signal_handler(error):
            raise error
        if isinstance(error, InvalidResponse):
            raise TransportFailure(str(error)) from error
        if isinstance(error, TimeoutError):
            raise TransportFailure("no answer in time", timeout=self._phase) from error
        raise TransportFailure(f"the connection broke: {error}") from error


def connect(route: Route, budget: TimeBudget, trust: Trust) -> ThreadConnection:
    """Open a connection, TLS and a proxy's tunnel included.

    Args:
        route: where to.
        budget: how long it may take; ``connect`` bounds all of it.
        trust: whose certificates are trusted.

    Raises:
        TransportFailure: there is none.
        ConfigurationError: the environment names certificates that cannot be used.
    """
    seconds = min(budget.connect, budget.remaining())
    limits = TimeBudget(seconds, seconds, budget.clock() + seconds, budget.clock)
    hop, connection = route.first_hop, None
    if hop.tls or route.tunnelled:
        # Before anything is opened: certificates that cannot be used are not the network's failure.
        trust.context()
    try:
        connection = ThreadConnection(open_socket(hop.host, hop.port, seconds))
        if hop.tls:
            connection.start_tls(trust.context(), hop.host, limits)
        if route.tunnelled:
            connection.open_tunnel(route.tunnel_request, limits)
            connection.start_tls(trust.context(), route.target.host, limits)
    except BaseException as error:
        if connection is not None:
            connection.abort()
        if isinstance(error, (OSError, TransportFailure)) and not raised_by_signal_handler(error):
            raise connect_failure(route, error) from error
        raise
    return connection


class TlsOverTls:
    """TLS in a tunnel of a connection that speaks TLS itself: the ``ssl`` module wraps no TLS socket a second time.

    Args:
        stream: the connection to the proxy, its time-out set.
        context: whose certificates are trusted.
        host: the server's name.
    """

    def __init__(self, stream: socket.socket | TlsOverTls, context: ssl.SSLContext, host: str) -> None:
        self._stream = stream
        self._ends = time.monotonic() + (stream.gettimeout() or 0.0)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._run(self._tls.do_handshake)

    def fileno(self) -> int:
        """Return the descriptor of the socket underneath."""
        return self._stream.fileno()

    def pending(self) -> int:
        """Return how many bytes have come and were not read."""
        return self._tls.pending() + self._incoming.pending

    def gettimeout(self) -> float:
        """Return the seconds that are left for the step under way."""
        return max(0.001, self._ends - time.monotonic())

    def settimeout(self, seconds: float) -> None:
        """Limit the next step, however many waits for the network it takes."""
        self._ends = time.monotonic() + seconds

    def send(self, data: memoryview) -> int:
        """Encrypt and write the data, and return how many bytes of it."""
        written: int = self._run(lambda: self._tls.write(data))
        return written

    def recv(self, limit: int) -> bytes:
        """Return what comes, ``b""`` at the end."""
        try:
            data: bytes = self._run(lambda: self._tls.read(limit))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""
        return data

    def close(self) -> None:
        """Close the socket underneath."""
        self._stream.close()

    def _run(self, step: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the step returns
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._flush()
                self._fill()
            else:
                self._flush()
                return result

    def _flush(self) -> None:
        data = memoryview(self._outgoing.read())
        while data:
            self._stream.settimeout(self.gettimeout())
            data = data[self._stream.send(data) :]

    def _fill(self) -> None:
        self._stream.settimeout(self.gettimeout())
        data = self._stream.recv(_RECEIVE_BYTES)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
