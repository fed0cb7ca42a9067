"""One connection for threads: early responses, interruptions, TLS within TLS."""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import ssl
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from faulty_server import FaultyServer, Peer, close, hang, raw, reply
from transport_runner import budget, post

from xoxzo.cloudpy.protocols import Progress, Request, TransportFailure
from xoxzo.cloudpy.transports import threads
from xoxzo.cloudpy.transports.threads import HttpTransport, ThreadConnection, TlsOverTls

if TYPE_CHECKING:
    from collections.abc import Iterator

    import trustme

REFUSAL = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\nno"


class HalfOpen:
    """A stream whose other side takes nothing more, and has sent something before."""

    def __init__(self, sent: bytes) -> None:
        self.near, self.far = socket.socketpair()
        self.far.sendall(sent)
        self.far.shutdown(socket.SHUT_WR)

    def fileno(self) -> int:
        return self.near.fileno()

    def settimeout(self, seconds: float) -> None:
        self.near.settimeout(seconds)

    def send(self, data: memoryview) -> int:
        raise BrokenPipeError(32, "Broken pipe")

    def recv(self, limit: int) -> bytes:
        return self.near.recv(limit)

    def close(self) -> None:
        self.near.close()
        self.far.close()


def test_a_response_that_came_before_the_request_was_read_is_taken() -> None:
    """A server may refuse a body before it has come; its response counts, and the connection is not used again."""
    connection = ThreadConnection(HalfOpen(REFUSAL))  # type: ignore[arg-type]
    with closing(connection._stream):
        connection.request(b"x" * 1000, budget(), Progress())
        assert (connection.reader.status, connection.read_body(budget())) == (413, b"no")
        assert connection.reader.reusable is False


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 413", b"SSH-2.0-x\r\n"])
def test_a_write_that_broke_without_a_response_may_be_sent(sent) -> None:
    """Whatever else was there: the failure is that of the write."""
    connection = ThreadConnection(HalfOpen(sent))  # type: ignore[arg-type]
    progress = Progress()
    with closing(connection._stream), pytest.raises(TransportFailure, match="Broken pipe") as caught:
        connection.request(b"x", budget(), progress)
    assert (progress.write_started, caught.value.code) == (True, "connection_broke")


class Alarm(TimeoutError):
    """What a program's own limit raises: the network's errors have the same base class."""


@pytest.fixture
def handler() -> Iterator[None]:
    """Have a signal handler raise, as Celery's and RQ's time limits do."""

    def handle(*_: object) -> None:
        raise Alarm

    before = signal.signal(signal.SIGALRM, handle)
    yield
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def alarm(handler) -> Iterator[None]:
    """Have it raise after a moment."""
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)


def test_an_exception_of_a_signal_handler_passes_through_a_wait_for_the_response(alarm) -> None:
    """It is no failure, the connection is not used again, and the slot is released."""
    progress = Progress()
    with FaultyServer(hang, reply(201)) as server, closing(HttpTransport(max_connections=1)) as transport:
        with pytest.raises(Alarm):
            transport.send(post(server.url), budget(read=30, deadline=30), progress)
        assert progress.write_started is True
        with closing(transport.send(post(server.url), budget(read=30, deadline=30), Progress())) as response:
            assert response.status == 201
        assert server.connections == 2


def test_an_exception_of_a_signal_handler_passes_through_a_handshake(handler) -> None:
    """Nothing was sent then, and the socket is closed."""
    progress = Progress()
    caller = threading.get_ident()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(30)
            assert connection.recv(65536)
            signal.pthread_kill(caller, signal.SIGALRM)
            while connection.recv(65536):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        served = pool.submit(serve)
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with closing(HttpTransport()) as transport, pytest.raises(Alarm):
            transport.send(post(url), budget(connect=30, deadline=30), progress)
        served.result(30)
    assert progress.write_started is False


def wait_until_readable(connection: ThreadConnection) -> None:
    ends = time.monotonic() + 30
    while not connection._readable():
        assert time.monotonic() < ends
        time.sleep(0.001)


@pytest.mark.parametrize(
    "early", [b"", b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n"], ids=["end", "429"]
)
def test_a_server_that_responds_before_the_request_gets_no_request(monkeypatch, early) -> None:
    """What it says belongs to no request, so nothing is sent over that connection."""
    open_socket = threads.open_socket

    def open_and_wait(*arguments: Any) -> socket.socket:
        connected = open_socket(*arguments)
        assert select.select([connected], [], [], 30)[0]
        return connected

    monkeypatch.setattr(threads, "open_socket", open_and_wait)
    progress = Progress()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            # The client resets the connection, since it has not read what came.
            with connection, contextlib.suppress(ConnectionResetError):
                connection.sendall(early)
                if early:
                    connection.recv(65536)

        thread = threading.Thread(target=serve)
        thread.start()
        with closing(HttpTransport()) as transport, pytest.raises(TransportFailure, match="before it was asked"):
            transport.send(post(f"http://127.0.0.1:{listener.getsockname()[1]}"), budget(), progress)
        thread.join()
    assert progress.write_started is False


class InnerServer:
    """A server behind a proxy that speaks TLS itself: TLS within TLS, with memory BIOs."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context
        self.requests: list[bytes] = []

    def __call__(self, peer: Peer) -> bool:
        peer.socket.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        inner = TlsServer(peer.socket, self.context)
        for body in (b"one", b"two"):
            self.requests.append(inner.read())
            inner.write(b"HTTP/1.1 201 Created\r\ncontent-length: 3\r\n\r\n" + body)
        if self.requests[-1].startswith(b"POST /ragged"):
            return False
        inner.end()
        return False


class TlsServer:
    def __init__(self, stream: socket.socket, context: ssl.SSLContext) -> None:
        self.stream = stream
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.run(self.tls.do_handshake)

    def read(self) -> bytes:
        return self.run(lambda: self.tls.read(65536))

    def write(self, data: bytes) -> None:
        self.run(lambda: self.tls.write(data))

    def end(self) -> None:
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.unwrap()
        self.stream.sendall(self.outgoing.read())

    def run(self, work):
        while True:
            try:
                result = work()
            except ssl.SSLWantReadError:
                self.stream.sendall(self.outgoing.read())
                self.incoming.write(self.stream.recv(65536))
            else:
                self.stream.sendall(self.outgoing.read())
                return result


@pytest.mark.parametrize("path", ["/ended", "/ragged"])
def test_tls_within_tls_is_used_again_and_ends(authority: trustme.CA, monkeypatch, path) -> None:
    """Through a proxy at an https:// URL: two requests over one tunnel, and then its end, announced or not."""
    outer, inner = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
    authority.issue_cert("127.0.0.1").configure_cert(outer)
    authority.issue_cert("api.example.test").configure_cert(inner)
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    server = InnerServer(inner)
    with FaultyServer(server, close, tls=outer) as proxy:
        monkeypatch.setenv("https_proxy", f"https://127.0.0.1:{proxy.port}")
        with closing(HttpTransport(ssl_context=trusted)) as transport:
            for expected in (b"one", b"two"):
                response = transport.send(post("https://api.example.test", path), budget(), Progress())
                body = b""
                while piece := response.read(budget()):
                    body += piece
                connection = response._connection
                response.close()
                assert body == expected
            assert connection is not None
            wait_until_readable(connection)
            assert not connection.usable()
            assert connection._stream.recv(100) == b""
    assert len(server.requests) == 2


def test_tls_within_tls_ends_on_time(authority: trustme.CA) -> None:
    """However few bytes come at a time, the handshake takes no longer than it may."""
    near, far = socket.socketpair()
    with near, far:
        near.settimeout(0.2)
        far.sendall(b"\x16\x03\x03")
        with pytest.raises(TimeoutError):
            TlsOverTls(near, ssl.create_default_context(), "api.example.test")


def test_a_large_body_goes_out_in_pieces() -> None:
    """What the operating system does not take at once follows."""
    with FaultyServer(reply(201)) as server, closing(HttpTransport()) as transport:
        request = Request("POST", f"{server.url}/", (), b"x" * 5_000_000)
        with closing(transport.send(request, budget(read=30, deadline=60), Progress())) as response:
            assert response.status == 201
    assert server.requests[0].endswith(b"x" * 100)


def test_bytes_after_a_response_that_tls_holds_back_are_seen(authority: trustme.CA) -> None:
    """Two records in one packet: the second is not the next request's response."""
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(served)
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    double = raw(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n" + b"HTTP/1.1 429 No\r\ncontent-length: 0\r\n\r\n")
    with (
        FaultyServer(double, reply(202), tls=served) as server,
        closing(HttpTransport(ssl_context=trusted)) as transport,
    ):
        for expected in (201, 202):
            with closing(transport.send(post(server.url), budget(), Progress())) as response:
                assert response.status == expected
                while response.read(budget()):
                    pass


def test_a_connection_that_was_never_set_up_is_dropped_silently() -> None:
    """A signal handler may raise before the constructor's first step: what is left has no socket to close."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ThreadConnection.__new__(ThreadConnection).__del__()
    assert caught == []
