"""What every transport promises, faults included: the truth about whether the request may have reached the server."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from faulty_server import FaultyServer, close, drip, hang, raw, reply, reset, stall
from transport_runner import EVERY, Carrier, Sync, budget, kind_of, post

from xoxzo.cloudpy.protocols import Progress, Request

if TYPE_CHECKING:
    from collections.abc import Callable

OK = reply(201, "fine", x_One="1")

in_threads = pytest.mark.parametrize("kind", [name for name in EVERY if name.endswith("threads")], indirect=True)
in_asyncio = pytest.mark.parametrize("kind", [name for name in EVERY if name.endswith("asyncio")], indirect=True)


def test_a_request_arrives_as_it_was_given(carrier) -> None:
    """Method, target, headers and body go out byte for byte, with host and length added."""
    with FaultyServer(OK) as server:
        result = carrier.exchange(post(server.url), budget())
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
        carrier.exchange(Request(method, server.url + "/", ()), budget())
    announced = [line for line in server.requests[0].split(b"\r\n") if line.startswith(b"content-length")]
    assert announced == ([] if length is None else [length])


def test_connections_are_kept(carrier) -> None:
    """Calls one after another go over one connection."""
    with FaultyServer(OK) as server:
        for _ in range(5):
            assert carrier.exchange(post(server.url), budget()).status == 201
    assert server.connections == 1


def test_a_refused_connection_is_certainly_unsent(carrier) -> None:
    """A refused connection is a failure that did not reach the server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    result = carrier.exchange(post(url), budget())
    assert (result.reached, result.failure.timeout) == (False, None)
    assert "refused" in result.failure.reason or "failed" in result.failure.reason


@pytest.mark.parametrize("url", ["nonsense", "", "http://", "ftp://host/", "http://[", "http://host:port", "//x"])
def test_an_address_that_is_none_sends_nothing(carrier, url) -> None:
    """What cannot be an address fails like a connection, with nothing sent."""
    result = carrier.exchange(Request("GET", url, ()), budget())
    assert result.failure is not None
    assert result.reached is False


@pytest.mark.parametrize("name", ["no-such-host.invalid", "x" * 70 + ".invalid"])
def test_a_name_that_does_not_resolve_sends_nothing(carrier, name) -> None:
    """An unknown or impossible host name fails before anything is sent."""
    result = carrier.exchange(post(f"http://{name}"), budget())
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


def test_connecting_for_too_long_sends_nothing(carrier, full_port) -> None:
    """A connection that is not made in time is a timeout in the phase `connect` with nothing sent."""
    began = time.monotonic()
    result = carrier.exchange(post(f"http://127.0.0.1:{full_port}"), budget(connect=0.05))
    assert (result.reached, result.failure.timeout) == (False, "connect")
    assert time.monotonic() - began < 30


def test_a_deadline_that_has_passed_sends_nothing(carrier) -> None:
    """With no time left, nothing is connected to."""
    with FaultyServer(OK) as server:
        result = carrier.exchange(post(server.url), budget(deadline=-1.0))
    assert (result.reached, server.requests) == (False, [])
    assert result.failure.timeout in {"connect", "deadline", "pool"}


def test_connecting_is_bounded_by_the_deadline(carrier, full_port) -> None:
    """The deadline ends a connection that hangs, whatever its own time-out."""
    began = time.monotonic()
    result = carrier.exchange(post(f"http://127.0.0.1:{full_port}"), budget(deadline=0.1))
    assert result.reached is False
    # A machine that is late finds the time gone while it still looks for a free connection.
    assert result.failure.timeout in {"connect", "deadline", "pool"}
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("behaviour", [close, reset], ids=["close", "reset"])
def test_a_connection_lost_after_the_request_may_be_sent(carrier, behaviour) -> None:
    """A server that takes the request and goes away leaves the outcome unknown."""
    with FaultyServer(behaviour) as server:
        result = carrier.exchange(post(server.url), budget())
    assert (result.reached, result.failure.timeout) == (True, None)
    assert len(server.requests) == 1


def test_a_hanging_server_is_a_read_timeout_that_may_be_sent(carrier) -> None:
    """No answer within the read time-out is a timeout in the phase `read`, outcome unknown."""
    with FaultyServer(hang) as server:
        result = carrier.exchange(post(server.url), budget(read=0.05))
    assert (result.reached, result.failure.timeout) == (True, "read")


DRIPPING = {
    "head": b"HTTP/1.1 201 Created\r\n" + b"x-a: b\r\n" * 500,
    "body": b"HTTP/1.1 201 Created\r\ncontent-length: 5000\r\n\r\n" + b"x" * 5000,
    "informational": b"HTTP/1.1 100 Continue\r\n\r\n" * 200,
}


def test_a_dripping_server_is_stopped_at_the_deadline(kind) -> None:
    """A server that sends a byte at a time never runs into the read time-out, but the deadline ends it."""

    def play(answer: bytes) -> tuple[bool, bool, bool]:
        carrier = kind()
        began = time.monotonic()
        with FaultyServer(drip(answer, 0.02)) as server:
            result = carrier.exchange(post(server.url), budget(read=5.0, deadline=1.0))
            took = time.monotonic() - began
        carrier.close()
        # The complete answer would take a minute.
        return result.reached, result.failure.timeout in {"read", "deadline"}, 0.9 < took < 30

    with ThreadPoolExecutor() as pool:
        seen = dict(zip(DRIPPING, pool.map(play, DRIPPING.values()), strict=True))
    assert seen == dict.fromkeys(DRIPPING, (True, True, True))


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
    """Anything but a complete response is a failure with an unknown outcome."""
    with FaultyServer(raw(answer)) as server:
        result = carrier.exchange(post(server.url), budget())
    assert result.reached is True
    assert result.failure is not None
    assert result.failure.timeout is None


def test_an_idle_connection_that_the_server_closed_is_not_used_again(carrier) -> None:
    """A connection that was closed while idle is noticed before the next request is written to it."""
    with FaultyServer(raw(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")) as server:
        for _ in range(3):
            assert carrier.exchange(post(server.url), budget()).status == 200
            time.sleep(0.05)
    assert server.connections == 3


def test_a_redirect_is_an_answer_and_is_not_followed(carrier) -> None:
    """A transport decides nothing: it returns a redirect, and requests nothing from its target."""
    with FaultyServer(OK) as other, FaultyServer(reply(302, location=other.url)) as server:
        result = carrier.exchange(post(server.url), budget())
    assert (result.status, result.reached, result.headers["location"]) == (302, True, other.url)
    assert (len(server.requests), other.requests) == (1, [])


def test_a_body_comes_as_it_was_sent(carrier) -> None:
    """Nothing is decompressed: no encoding is requested, and an encoded body is returned unchanged."""
    with FaultyServer(reply(200, b"no gzip at all", content_encoding="gzip")) as server:
        result = carrier.exchange(post(server.url), budget())
    assert (result.body, result.failure) == (b"no gzip at all", None)
    assert b"accept-encoding" not in server.requests[0].lower()


def test_no_cookie_is_kept(carrier) -> None:
    """What a server wants to be remembered is not sent back."""
    with FaultyServer(reply(200, set_cookie="a=b; path=/")) as server:
        for _ in range(2):
            carrier.exchange(post(server.url), budget())
    assert b"cookie" not in server.requests[1].lower()


@pytest.mark.parametrize("path", ["/sms/../you/", "/sms/%2e%2e/you/", "/a b/", "/a?b='c'", "/\u00e9/"])
def test_an_address_is_sent_as_it_is_or_not_at_all(carrier, path) -> None:
    """No transport cleans an address up, so an id with dots in it cannot reach another endpoint."""
    with FaultyServer(OK) as server:
        result = carrier.exchange(post(server.url, path), budget())
        sent = [request.split(b"\r\n")[0].decode() for request in server.requests]
    assert sent in ([f"POST {path} HTTP/1.1"], [])
    assert result.reached is bool(sent)


def test_a_header_that_is_not_text_is_no_reason_to_lose_an_answer(carrier) -> None:
    """A header field with bytes that are no ASCII leaves the other fields and the body as they are."""
    with FaultyServer(reply(201, "fine", x_Odd="caf\u00e9", x_One="1")) as server:
        result = carrier.exchange(post(server.url), budget())
    assert (result.status, result.body, result.headers["x-one"]) == (201, b"fine", "1")


@pytest.mark.parametrize("name", ["x-a\nb", "x-a"])
def test_a_header_that_cannot_be_sent_sends_nothing(carrier, name) -> None:
    """A header field with a line break is refused before anything is sent."""
    with FaultyServer(OK) as server:
        result = carrier.exchange(Request("POST", server.url + "/", ((name, "b\r\nc: d"),), b"x"), budget())
    assert (result.reached, server.requests) == (False, [])
    assert "c: d" not in result.failure.reason


def test_a_refusal_that_breaks_off_is_still_a_refusal(carrier) -> None:
    """The status is known as soon as the header is complete, even if the body never is."""
    with FaultyServer(raw(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 50\r\n\r\n{")) as server:
        result = carrier.exchange(post(server.url), budget())
    assert (result.status, result.reached) == (400, True)
    assert result.failure is not None


def test_an_unread_body_breaks_the_connection_and_not_the_next_call(carrier) -> None:
    """Closing an answer before its end gives up its connection; the next call opens another."""
    with FaultyServer(raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n" + b"x" * 1000), OK) as server:
        carrier.hold(post(server.url))()
        assert carrier.exchange(post(server.url), budget()).status == 201
    assert server.connections == 2


def test_closing_twice_is_fine_and_sending_afterwards_connects_anew(carrier) -> None:
    """A transport may be closed twice, and, as it is the client that refuses, it may even be used again."""
    with FaultyServer(OK) as server:
        carrier.exchange(post(server.url), budget())
        for _ in range(2):
            carrier.close_transport()
        assert carrier.exchange(post(server.url), budget()).status == 201
    assert server.connections == 2


@pytest.fixture
def tls(authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_tls_with_a_trusted_certificate_works(kind, authority, tls) -> None:
    """With a certificate that is trusted, a request goes over TLS, and its connection is kept."""
    carrier = kind(trust=authority)
    with FaultyServer(OK, tls=tls) as server:
        for _ in range(2):
            assert carrier.exchange(post(server.url), budget()).status == 201
        carrier.close()
    assert server.connections == 1


def test_a_certificate_file_named_in_the_environment_is_trusted(kind, authority, tls, tmp_path, monkeypatch) -> None:
    """SSL_CERT_FILE adds to nothing but replaces the system's trust store, as it does for other tools."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    carrier = kind()
    with FaultyServer(OK, tls=tls) as server:
        assert carrier.exchange(post(server.url), budget()).status == 201
        carrier.close()


def test_an_untrusted_certificate_sends_nothing(carrier, tls) -> None:
    """An untrusted certificate ends the connection before the request leaves."""
    with FaultyServer(OK, tls=tls) as server:
        result = carrier.exchange(post(server.url), budget())
    assert (result.reached, result.failure.timeout) == (False, None)
    assert server.requests == []


def test_a_server_without_tls_sends_nothing(carrier) -> None:
    """Https to a port that speaks plain HTTP fails before the request leaves."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        server = threading.Thread(target=answer)
        server.start()
        result = carrier.exchange(post(f"https://127.0.0.1:{listener.getsockname()[1]}"), budget())
        server.join()
    assert result.reached is False
    assert result.failure is not None


def test_a_stuck_tls_handshake_is_bounded_and_sends_nothing(carrier) -> None:
    """A server that never answers the TLS greeting is left in bounded time with nothing sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        began = time.monotonic()
        result = carrier.exchange(post(url), budget(connect=0.1))
    assert (result.reached, result.failure.timeout) == (False, "connect")
    assert time.monotonic() - began < 30


@in_threads
def test_threads_share_one_transport(kind) -> None:
    """Many threads at once get their own answers; no more requests than allowed are under way."""
    carrier = kind(max_connections=4)
    statuses: list[int | None] = []

    def work(url: str) -> None:
        statuses.extend(carrier.exchange(post(url), budget()).status for _ in range(5))

    with FaultyServer(OK) as server:
        threads = [threading.Thread(target=work, args=[server.url]) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        carrier.close()
    assert statuses == [201] * 80
    assert server.connections <= 4


def test_waiting_for_a_free_connection_ends_with_the_deadline(kind) -> None:
    """When all connections are busy, a call waits until its deadline and sends nothing."""
    carrier = kind(max_connections=1)
    with FaultyServer(stall(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx"), reply(200)) as server:
        request = post(server.url)
        release = carrier.hold(request)
        result = carrier.exchange(request, budget(deadline=0.1))
        assert result.reached is False
        # In an event loop that is late, the deadline itself may come first.
        assert result.failure.timeout in ({"pool"} if isinstance(carrier, Sync) else {"pool", "deadline"})
        release()
        assert carrier.exchange(request, budget()).status == 200
        carrier.close()


def forked(work: Callable[[], bool]) -> bool:
    """Whether some work succeeds in a forked child."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            asyncio.events._set_running_loop(None)
            status = 0 if work() else 2
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def ask(carrier: Carrier, url: str) -> bool:
    return carrier.exchange(post(url), budget()).status == 201


@pytest.mark.parametrize("name", EVERY)
def test_a_forked_child_opens_its_own_connections(name, tmp_path) -> None:
    """After a fork the child neither uses nor breaks the parent's connections."""
    kind = kind_of(name, tmp_path)
    carrier = kind()

    def child() -> bool:
        own = carrier if kind.face is Sync else kind.face(carrier.transport)
        done = ask(own, server.url)
        if own is not carrier:
            own.close()
        return done

    with FaultyServer(OK) as server:
        assert ask(carrier, server.url)
        assert forked(child)
        assert server.connections == 2
        assert ask(carrier, server.url)
        assert server.connections == 2
        carrier.close()


@in_asyncio
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the first loop ended with a connection open: asyncio says so
def test_a_transport_may_be_used_in_one_event_loop_after_another(kind) -> None:
    """In another event loop a transport goes on instead of breaking."""
    first = kind()
    with FaultyServer(OK) as server:
        assert ask(first, server.url)
        first.runner.close()
        second = kind.face(first.transport)
        assert ask(second, server.url)
        second.close()
        gc.collect()
    assert server.connections == 2


def test_what_is_too_late_is_not_written(carrier) -> None:
    """A request that may not be written any more, asked right before the write, does not leave."""
    with FaultyServer(OK, OK) as server:
        late = carrier.exchange(post(server.url), budget(), Progress(lambda: False))
        assert (late.reached, late.failure.timeout) == (False, "deadline")
        assert carrier.exchange(post(server.url), budget(), Progress(lambda: True)).status == 201
    assert len(server.requests) == 1


@in_asyncio
def test_a_call_that_is_cancelled_after_its_request_left_may_be_sent(carrier) -> None:
    """A cancellation is passed on, and what is known of the request stays known."""
    progress = Progress()

    async def give_up(url: str) -> None:
        call = asyncio.create_task(carrier.transport.send(post(url), budget(), progress))
        while not server.requests:  # noqa: ASYNC110 - the server is no coroutine
            await asyncio.sleep(0.01)
        call.cancel()
        await call

    with FaultyServer(hang, OK) as server:
        with pytest.raises(asyncio.CancelledError):
            carrier.runner.run(give_up(server.url))
        assert progress.write_started is True
        assert ask(carrier, server.url)
    assert len(server.requests) == 2


@in_asyncio
def test_a_call_that_is_cancelled_while_it_waits_for_a_connection_sends_nothing(kind) -> None:
    """A request cancelled in the queue has sent nothing, and blocks no other."""
    carrier = kind(max_connections=1)
    progress = Progress()

    async def give_up(url: str) -> None:
        call = asyncio.create_task(carrier.transport.send(post(url), budget(), progress))
        await asyncio.sleep(0.05)
        call.cancel()
        await call

    with FaultyServer(stall(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx"), OK) as server:
        release = carrier.hold(post(server.url))
        with pytest.raises(asyncio.CancelledError):
            carrier.runner.run(give_up(server.url))
        assert progress.write_started is False
        release()
        assert ask(carrier, server.url)
        carrier.close()
    assert len(server.requests) == 2
