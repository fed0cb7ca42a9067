"""What every transport promises, faults included: the truth about whether the request may have reached the server."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import ssl
import threading
import time

import pytest
import trustme
from carriers import Async, Sync, patience, post
from faulty import FaultyServer, close, drip, hang, raw, reply, reset

from xoxzo.cloudpy.protocols import Progress, Request
from xoxzo.cloudpy.transports.aio import AsyncHttpTransport
from xoxzo.cloudpy.transports.sync import HttpTransport

OK = reply(201, "fine", x_One="1")


@pytest.fixture(params=[Sync, Async], ids=["threads", "asyncio"])
def kind(request):
    return request.param


@pytest.fixture
def carrier(kind):
    carrier = kind()
    yield carrier
    carrier.close()


def test_a_request_arrives_as_it_was_given(carrier) -> None:
    """Method, target, headers and body go out byte for byte, with host and length added."""
    with FaultyServer(OK) as server:
        result = carrier.exchange(post(server.url), patience())
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /p/?q=%3E1 HTTP/1.1"
    assert {b"host: 127.0.0.1:%d" % server.port, b"authorization: Basic x", b"content-length: 4"} <= set(lines)
    assert body == b"body"
    assert (result.status, result.body, result.reached, result.failure) == (201, b"fine", True, None)
    assert result.headers["x-one"] == "1"


@pytest.mark.parametrize(("method", "length"), [("GET", None), ("DELETE", None), ("POST", b"content-length: 0")])
def test_an_empty_body_is_announced_only_where_one_is_due(carrier, method, length) -> None:
    """A POST without a body says that its length is 0; a GET and a DELETE say nothing."""
    with FaultyServer(OK) as server:
        carrier.exchange(Request(method, server.url + "/", ()), patience())
    announced = [line for line in server.requests[0].split(b"\r\n") if line.startswith(b"content-length")]
    assert announced == ([] if length is None else [length])


def test_connections_are_kept(carrier) -> None:
    """Calls one after another go over one connection."""
    with FaultyServer(OK) as server:
        for _ in range(5):
            assert carrier.exchange(post(server.url), patience()).status == 201
    assert server.connections == 1


def test_nobody_there_is_surely_unsent(carrier) -> None:
    """A refused connection is a failure that did not reach the server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    result = carrier.exchange(post(url), patience())
    assert (result.reached, result.failure.timeout) == (False, None)
    assert "refused" in result.failure.reason or "failed" in result.failure.reason


@pytest.mark.parametrize("url", ["nonsense", "", "http://", "ftp://host/", "http://[", "http://host:port", "//x"])
def test_an_address_that_is_none_is_surely_unsent(carrier, url) -> None:
    """What cannot be an address fails like a connection, with nothing sent."""
    result = carrier.exchange(Request("GET", url, ()), patience())
    assert result.failure is not None
    assert result.reached is False


@pytest.mark.parametrize("name", ["no-such-host.invalid", "x" * 70 + ".invalid"])
def test_a_name_that_does_not_resolve_is_surely_unsent(carrier, name) -> None:
    """An unknown or impossible host name fails before anything is sent."""
    result = carrier.exchange(post(f"http://{name}"), patience())
    assert result.failure is not None
    assert result.reached is False


@pytest.fixture
def full_port():
    """A port whose queue of connections is full, so that another one hangs."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            fillers.append(filler)
        yield listener.getsockname()[1]
        for filler in fillers:
            filler.close()


def test_connecting_for_too_long_is_surely_unsent(carrier, full_port) -> None:
    """A connection that is not made in time is a timeout in the phase `connect` with nothing sent."""
    began = time.monotonic()
    result = carrier.exchange(post(f"http://127.0.0.1:{full_port}"), patience(connect=0.2))
    assert (result.reached, result.failure.timeout) == (False, "connect")
    assert time.monotonic() - began < 3


def test_a_deadline_that_has_passed_sends_nothing(carrier) -> None:
    """With no time left, nothing is connected to."""
    with FaultyServer(OK) as server:
        result = carrier.exchange(post(server.url), patience(deadline=-1.0))
    assert (result.reached, server.requests) == (False, [])
    assert result.failure.timeout in {"connect", "deadline", "pool"}


def test_connecting_is_bounded_by_the_deadline(carrier, full_port) -> None:
    """The deadline ends a connection that hangs, whatever its own time-out."""
    began = time.monotonic()
    result = carrier.exchange(post(f"http://127.0.0.1:{full_port}"), patience(deadline=0.2))
    assert result.reached is False
    assert result.failure.timeout in {"connect", "deadline"}
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("behaviour", [close, reset], ids=["close", "reset"])
def test_a_connection_lost_after_the_request_may_be_sent(carrier, behaviour) -> None:
    """A server that takes the request and goes away leaves the outcome unknown."""
    with FaultyServer(behaviour) as server:
        result = carrier.exchange(post(server.url), patience())
    assert (result.reached, result.failure.timeout) == (True, None)
    assert len(server.requests) == 1


def test_a_hanging_server_is_a_read_timeout_that_may_be_sent(carrier) -> None:
    """No answer within the read time-out is a timeout in the phase `read`, outcome unknown."""
    with FaultyServer(hang) as server:
        result = carrier.exchange(post(server.url), patience(read=0.2))
    assert (result.reached, result.failure.timeout) == (True, "read")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 201 Created\r\n" + b"x-a: b\r\n" * 500,
        b"HTTP/1.1 201 Created\r\ncontent-length: 5000\r\n\r\n" + b"x" * 5000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 200,
    ],
    ids=["head", "body", "informational"],
)
def test_a_dripping_server_is_stopped_at_the_deadline(carrier, answer) -> None:
    """A server that sends a byte at a time never runs into the read time-out, but the deadline ends it."""
    began = time.monotonic()
    with FaultyServer(drip(answer, 0.02)) as server:
        result = carrier.exchange(post(server.url), patience(read=5.0, deadline=0.5))
        took = time.monotonic() - began
    assert result.reached is True
    assert result.failure.timeout in {"read", "deadline"}
    assert 0.4 < took < 3


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 201 Created\r\ncontent-length: 50\r\n\r\n[{",
        b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n5\r\n[{",
        b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00",
        b"HTTP/1.1 201 Created\r\n" + b"x-a: " + b"b" * 300_000,
    ],
    ids=["not HTTP", "short body", "short chunk", "bad chunk", "TLS", "endless head"],
)
def test_nonsense_after_the_request_may_be_sent(carrier, answer) -> None:
    """Whatever else comes instead of a whole answer is a failure with the outcome unknown."""
    with FaultyServer(raw(answer)) as server:
        result = carrier.exchange(post(server.url), patience())
    assert result.reached is True
    assert result.failure is not None
    assert result.failure.timeout is None


def test_an_idle_connection_that_the_server_closed_is_not_used_again(carrier) -> None:
    """A connection that was closed while idle is noticed before the next request is written to it."""
    with FaultyServer(raw(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")) as server:
        for _ in range(3):
            assert carrier.exchange(post(server.url), patience()).status == 200
            time.sleep(0.05)
    assert server.connections == 3


def test_an_unread_body_breaks_the_connection_and_not_the_next_call(carrier) -> None:
    """Closing an answer before its end gives up its connection; the next call opens another."""

    async def peek(transport: AsyncHttpTransport, url: str) -> None:
        answer = await transport.send(post(url), patience(), Progress())
        await answer.close()

    with FaultyServer(raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n" + b"x" * 1000), OK) as server:
        if isinstance(carrier, Async):
            carrier.runner.run(peek(carrier.transport, server.url))
        else:
            carrier.transport.send(post(server.url), patience(), Progress()).close()
        assert carrier.exchange(post(server.url), patience()).status == 201
    assert server.connections == 2


def test_closing_twice_is_fine_and_sending_afterwards_connects_anew(carrier) -> None:
    """A transport may be closed twice, and, as it is the client that refuses, it may even be used again."""
    with FaultyServer(OK) as server:
        carrier.exchange(post(server.url), patience())
        for _ in range(2):
            if isinstance(carrier, Async):
                carrier.runner.run(carrier.transport.close())
            else:
                carrier.transport.close()
        assert carrier.exchange(post(server.url), patience()).status == 201
    assert server.connections == 2


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_tls_with_a_trusted_certificate_works(kind, authority, tls) -> None:
    """With a certificate that is trusted, a request goes over TLS, and its connection is kept."""
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    carrier = kind(ssl_context=trusting)
    with FaultyServer(OK, tls=tls) as server:
        for _ in range(2):
            assert carrier.exchange(post(server.url), patience()).status == 201
        carrier.close()
    assert server.connections == 1


def test_a_certificate_file_named_in_the_environment_is_trusted(kind, authority, tls, tmp_path, monkeypatch) -> None:
    """SSL_CERT_FILE adds to nothing but replaces the system's trust store, as it does for other tools."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    carrier = kind()
    with FaultyServer(OK, tls=tls) as server:
        assert carrier.exchange(post(server.url), patience()).status == 201
        carrier.close()


def test_an_untrusted_certificate_is_surely_unsent(carrier, tls) -> None:
    """A certificate that nobody vouches for ends the connection before the request leaves."""
    with FaultyServer(OK, tls=tls) as server:
        result = carrier.exchange(post(server.url), patience())
    assert (result.reached, result.failure.timeout) == (False, None)
    assert server.requests == []


def test_a_server_without_tls_is_surely_unsent(carrier) -> None:
    """Https to a port that speaks plain HTTP fails before the request leaves."""
    with FaultyServer(raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        result = carrier.exchange(post(server.url.replace("http:", "https:")), patience(deadline=1.0))
    assert result.reached is False
    assert result.failure is not None


def test_a_stuck_tls_handshake_is_bounded_and_surely_unsent(carrier) -> None:
    """A server that never answers the TLS greeting is left in bounded time with nothing sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        began = time.monotonic()
        result = carrier.exchange(post(url), patience(connect=0.2))
    assert (result.reached, result.failure.timeout) == (False, "connect")
    assert time.monotonic() - began < 3


def test_threads_share_one_transport() -> None:
    """Many threads at once get their own answers over at most the allowed number of connections."""
    transport = HttpTransport(max_connections=4)
    statuses: list[int] = []

    def work(url: str) -> None:
        for _ in range(5):
            answer = transport.send(post(url), patience(), Progress())
            while answer.read(patience()):
                pass
            answer.close()
            statuses.append(answer.status)

    with FaultyServer(OK) as server:
        threads = [threading.Thread(target=work, args=[server.url]) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        transport.close()
    assert statuses == [201] * 80
    assert server.connections <= 4


def test_waiting_for_a_free_connection_ends_with_the_deadline(kind) -> None:
    """When all connections are busy, a call waits until its deadline and surely sends nothing."""
    carrier = kind(max_connections=1)
    with FaultyServer(reply(200, "x" * 10)) as server:
        request = post(server.url)
        if isinstance(carrier, Async):
            held = carrier.runner.run(carrier.transport.send(request, patience(), Progress()))
        else:
            held = carrier.transport.send(request, patience(), Progress())
        result = carrier.exchange(request, patience(deadline=0.3))
        assert (result.reached, result.failure.timeout) == (False, "pool")
        if isinstance(carrier, Async):
            carrier.runner.run(held.close())
        else:
            held.close()
        assert carrier.exchange(request, patience()).status == 200
        carrier.close()


def test_a_forked_child_opens_its_own_connections() -> None:
    """After a fork the child neither uses nor breaks the parent's connections."""
    transport = HttpTransport()

    def call(url: str) -> int:
        answer = transport.send(post(url), patience(), Progress())
        while answer.read(patience()):
            pass
        answer.close()
        return answer.status

    with FaultyServer(OK) as server:
        assert call(server.url) == 201
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = 0 if call(server.url) == 201 else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert server.connections == 2
        assert call(server.url) == 201
        assert server.connections == 2
        transport.close()


def test_a_forked_child_forgets_the_loops_of_its_parent() -> None:
    """The asynchronous transport, too, opens connections of its own in a forked child."""
    transport = AsyncHttpTransport()

    async def call(url: str, *, last: bool) -> int:
        answer = await transport.send(post(url), patience(), Progress())
        while await answer.read(patience()):
            pass
        await answer.close()
        if last:
            await transport.close()
        return answer.status

    with FaultyServer(OK) as server, asyncio.Runner() as runner:
        assert runner.run(call(server.url, last=False)) == 201
        child = os.fork()
        if child == 0:
            status = 1
            try:
                asyncio.events._set_running_loop(None)
                with asyncio.Runner() as own:
                    status = 0 if own.run(call(server.url, last=True)) == 201 else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert runner.run(call(server.url, last=True)) == 201
    assert server.connections == 2


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the first loop ended with a connection open: asyncio says so
def test_another_event_loop_gets_its_own_connections() -> None:
    """A transport used in one event loop after another opens fresh connections instead of breaking."""
    transport = AsyncHttpTransport()

    async def call(url: str) -> int:
        answer = await transport.send(post(url), patience(), Progress())
        while await answer.read(patience()):
            pass
        await answer.close()
        return answer.status

    async def last(url: str) -> int:
        status = await call(url)
        await transport.close()
        return status

    with FaultyServer(OK) as server:
        assert [asyncio.run(call(server.url)), asyncio.run(call(server.url)), asyncio.run(last(server.url))] == [
            201
        ] * 3
        gc.collect()
    assert server.connections == 3
