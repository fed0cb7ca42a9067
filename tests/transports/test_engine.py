"""The transports beyond the contract: connections, long bodies, proxies."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time

import pytest
from faulty_server import FaultyServer, Peer, close, hang, raw, reply, stall
from transport_runner import Carrier, budget, post

from xoxzo.cloudpy import APIError, Client
from xoxzo.cloudpy.protocols import Progress, Response, TransportFailure
from xoxzo.cloudpy.transports import aio_connection, threads
from xoxzo.cloudpy.transports.aio import AsyncHttpTransport
from xoxzo.cloudpy.transports.threads import HttpTransport

OK = reply(201, '[{"msgid": "m1"}]')
both = pytest.mark.parametrize("kind", ["http-threads", "http-asyncio"], indirect=True)


def test_header_fields_can_be_looked_at_after_the_answer_was_closed() -> None:
    """They are parsed on first access: a mapping with the last value of a repeated field."""
    transport = HttpTransport()
    with FaultyServer(
        raw(b"HTTP/1.1 200 OK\r\nX-One: 1\r\nx-two: 2\r\nX-TWO: 3\r\ncontent-length: 0\r\n\r\n")
    ) as server:
        answer = transport.send(post(server.url), budget(), Progress())
        answer.close()
        headers = answer.headers
        assert (len(headers), dict(headers)) == (3, {"x-one": "1", "x-two": "3", "content-length": "0"})
        assert "x-two" in headers
        assert "x-three" not in headers
        transport.close()


@pytest.mark.parametrize("fault", [close, reply(503)], ids=["closed", "503"])
def test_nothing_is_sent_again_by_the_library(fault) -> None:
    """One POST arrives, whatever the server does with it, also on a connection that was used before."""
    transport = HttpTransport()
    with FaultyServer(OK, fault) as server:
        with Client(sid="a", auth_token="b", base_url=server.url, transport=transport) as client:
            client.sms.send(recipient="+818011112222", sender="Shop", message="hello")
            with pytest.raises(APIError) as caught:
                client.sms.send(recipient="+818011112222", sender="Shop", message="hello")
        transport.close()
    assert (len(server.requests), caught.value.maybe_sent) == (2, True)


@both
def test_slots_are_shared_by_calls_with_other_timeouts(kind) -> None:
    """The limit of connections holds over all calls, whatever their time-outs."""
    carrier = kind(max_connections=1)
    with FaultyServer(stall(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx"), OK) as server:
        release = carrier.hold(post(server.url))
        result = carrier.exchange(post(server.url), budget(read=1, deadline=0.1))
        assert result.reached is False
        # In an event loop that is late, the deadline itself may come first.
        assert result.failure.timeout in {"pool", "deadline"}
        release()
        release()
        assert carrier.exchange(post(server.url), budget()).status == 201
        carrier.close()


async def held(line: aio_connection.AsyncConnection) -> int:
    """Let the server send until nothing more comes; return what waits to be read."""
    before = -1
    while line.reader.buffered_bytes != before:
        before = line.reader.buffered_bytes
        await asyncio.sleep(0.1)
    return before


def test_an_unread_list_makes_the_server_wait() -> None:
    """At most a few hundred kilobytes of a body are buffered, and it is complete when it is read."""
    size = 8_000_000

    async def program(url: str) -> tuple[int, int]:
        transport = AsyncHttpTransport()
        answer = await transport.send(post(url), budget(), Progress())
        waiting = await held(answer._connection)
        read = 0
        while piece := await answer.read(budget()):
            read += len(piece)
        await answer.close()
        await transport.close()
        return waiting, read

    with FaultyServer(reply(200, b"x" * size)) as server:
        waiting, read = asyncio.run(program(server.url))
    assert waiting < 1_000_000
    assert read == size


def test_an_idle_connection_is_closed_after_some_seconds(monkeypatch) -> None:
    """Before the server closes it; one that is used again and again stays."""
    for module in ("pool", "aio"):
        monkeypatch.setattr(f"xoxzo.cloudpy.transports.{module}.KEEPALIVE_SECONDS", 0.5)

    async def program(url: str) -> list[bool]:
        transport = AsyncHttpTransport()
        seen = []
        for pause in (0.0, 0.05, 1.0):
            answer = await transport.send(post(url), budget(), Progress())
            line = answer._connection
            while await answer.read(budget()):
                pass
            await answer.close()
            await asyncio.sleep(pause)
            seen.append(line._transport.is_closing())
        await transport.close()
        return seen

    with FaultyServer(OK) as server:
        assert asyncio.run(program(server.url)) == [False, False, True]
    with FaultyServer(OK) as server:
        transport = HttpTransport()
        for _ in range(2):
            answer = transport.send(post(server.url), budget(), Progress())
            while answer.read(budget()):
                pass
            answer.close()
            time.sleep(0.6)
        transport.close()
    assert server.connections == 2


def test_a_shorter_wait_is_kept_after_a_longer_one() -> None:
    """One timer watches over all waits of a connection, and rings for the one that is under way."""

    async def program(url: str) -> tuple[str | None, float]:
        transport = AsyncHttpTransport()
        for read in (0.4, 30.0):
            answer = await transport.send(post(url), budget(read=read), Progress())
            while await answer.read(budget(read=read)):
                pass
            await answer.close()
            await asyncio.sleep(0.05)
        began = time.monotonic()
        try:
            await transport.send(post(url), budget(read=0.6), Progress())
        except TransportFailure as failure:
            await transport.close()
            return failure.timeout, time.monotonic() - began
        raise AssertionError("the server answered")

    with FaultyServer(OK, OK, hang) as server:
        phase, took = asyncio.run(program(server.url))
    assert phase == "read"
    assert 0.59 < took < 20


def test_a_connection_that_ends_during_the_handshake_sends_nothing() -> None:
    """A server that closes instead of completing the handshake did not get the request."""

    async def program(port: int) -> tuple[bool, str | None]:
        progress = Progress()
        transport = AsyncHttpTransport()
        with pytest.raises(TransportFailure) as caught:
            await transport.send(post(f"https://127.0.0.1:{port}"), budget(), progress)
        await transport.close()
        return progress.write_started, caught.value.timeout

    async def main() -> tuple[bool, str | None]:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        async with server:
            return await program(server.sockets[0].getsockname()[1])

    assert asyncio.run(main()) == (False, None)


def test_a_connection_that_is_gone_when_tls_was_agreed_on_is_none(monkeypatch) -> None:
    """An event loop then gives nothing back, and nothing is sent into it."""

    class Loop:
        async def start_tls(self, *_: object, **__: object) -> None:
            pass

    async def program(port: int) -> None:
        line = await aio_connection.dial("127.0.0.1", port)
        monkeypatch.setattr(line, "_loop", Loop())
        with pytest.raises(ConnectionAbortedError):
            await line.start_tls(ssl.create_default_context(), "localhost")
        line.abort()
        await asyncio.sleep(0)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        asyncio.run(program(listener.getsockname()[1]))


def test_an_interruption_is_passed_on_and_breaks_the_connection(monkeypatch) -> None:
    """Ctrl-C in the middle of an exchange stays what it is; the next call opens another connection."""
    transport, progress = HttpTransport(), Progress()
    with FaultyServer(OK) as server:
        with monkeypatch.context() as patch:
            patch.setattr(threads.ThreadConnection, "_receive", interrupted)
            with pytest.raises(KeyboardInterrupt):
                transport.send(post(server.url), budget(), progress)
        assert progress.write_started is True
        answer = transport.send(post(server.url), budget(), progress)
        answer.close()
        transport.close()
    assert answer.status == 201
    assert server.connections == 2


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_call_that_is_cancelled_while_it_connects_sends_nothing() -> None:
    """And leaves no socket behind."""

    async def program(listener: socket.socket) -> socket.socket:
        progress, transport, port = Progress(), AsyncHttpTransport(), listener.getsockname()[1]
        call = asyncio.create_task(transport.send(post(f"https://127.0.0.1:{port}"), budget(), progress))
        # It waits for the server's part of TLS, which does not come.
        connection, _ = await asyncio.get_running_loop().sock_accept(listener)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await transport.close()
        assert progress.write_started is False
        return connection

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        with asyncio.run(program(listener)) as connection:
            connection.settimeout(60)
            while connection.recv(4096):
                pass


@both
def test_tls_is_spoken_with_a_proxy_too(kind, authority, monkeypatch) -> None:
    """Through a proxy at an https:// address goes TLS within TLS."""
    outer, inner = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
    authority.issue_cert("127.0.0.1").configure_cert(outer)
    authority.issue_cert("api.example.test").configure_cert(inner)

    def tunnel(peer: Peer) -> bool:
        peer.socket.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        speaking = inner.wrap_bio(incoming, outgoing, server_side=True)

        def step(work):
            while True:
                try:
                    result = work()
                except ssl.SSLWantReadError:
                    peer.socket.sendall(outgoing.read())
                    incoming.write(peer.socket.recv(65536))
                else:
                    peer.socket.sendall(outgoing.read())
                    return result

        step(speaking.do_handshake)
        seen.append(step(lambda: speaking.read(65536)))
        step(lambda: speaking.write(b"HTTP/1.1 201 Created\r\ncontent-length: 4\r\n\r\nfine"))
        return False

    seen: list[bytes] = []
    carrier = kind(trust=authority)
    with FaultyServer(tunnel, tls=outer) as proxy:
        monkeypatch.setenv("https_proxy", f"https://127.0.0.1:{proxy.port}")
        result = carrier.exchange(post("https://api.example.test"), budget())
        carrier.close()
    assert (result.status, result.body, result.reached) == (201, b"fine", True)
    assert b"authorization: Basic x" in seen[0]


@both
def test_a_proxy_that_breaks_off_sends_nothing(carrier: Carrier, monkeypatch) -> None:
    """Whatever comes instead of a tunnel."""
    for answer in (raw(b""), raw(b"SSH-2.0\r\n"), raw(b"HTTP/1.1 200 OK\r\n"), raw(b"HTTP/1.1 200 OK\r\n\r\nx")):
        with FaultyServer(answer) as proxy:
            monkeypatch.setenv("https_proxy", proxy.url)
            carrier.transport._routes.find.cache_clear()
            carrier.transport._routes._proxies.clear()
            result = carrier.exchange(post("https://api.example.test"), budget())
        assert (result.reached, result.failure is None) == (False, False)


async def fetched(transport: AsyncHttpTransport, url: str, limit: int = 1_000_000) -> tuple[Response, bool]:
    """Ask once, in one go; return the answer and whether the request left."""
    progress = Progress()
    return await transport.fetch(post(url), budget(), progress, limit), progress.write_started


def test_a_body_in_pieces_is_read_to_its_end_and_no_further_than_wanted() -> None:
    """A record that is longer than one may be is cut off, and its connection is not used again."""

    async def program(url: str) -> list[Response]:
        transport = AsyncHttpTransport()
        answers = [(await fetched(transport, url, limit))[0] for limit in (3_000_000, 100_000, 3_000_000)]
        await transport.close()
        return answers

    with FaultyServer(reply(200, b"x" * 3_000_000)) as server:
        whole, cut, again = asyncio.run(program(server.url))
    assert (len(whole.body), whole.too_long, whole.cut) == (3_000_000, False, None)
    assert (100_000 < len(cut.body) < 3_000_000, cut.too_long) == (True, True)
    assert len(again.body) == 3_000_000
    assert server.connections == 2


def test_a_connection_goes_on_after_an_answer_that_came_faster_than_it_was_taken(monkeypatch) -> None:
    """Where the server was made to wait, it is let go on when the answer is taken or dropped, even if whole by then."""
    monkeypatch.setattr(aio_connection, "_MAX_BUFFERED_BYTES", 1)

    async def program(url: str) -> list[int]:
        transport = AsyncHttpTransport()
        answers = [(await fetched(transport, url))[0].status]
        answer = await transport.send(post(url), budget(), Progress())
        await answer.close()
        answers += [answer.status, (await fetched(transport, url))[0].status]
        await transport.close()
        return answers

    with FaultyServer(OK) as server:
        assert asyncio.run(program(server.url)) == [201, 201, 201]
    assert server.connections == 1


def test_requests_of_one_moment_go_out_together() -> None:
    """They wait until every task had its turn, and each gets its own answer."""

    async def program(url: str) -> tuple[list[int], list[bool]]:
        transport = AsyncHttpTransport()
        # Connections first, so that nothing is waited for.
        await asyncio.gather(*(fetched(transport, url) for _ in range(3)))
        progresses = [Progress() for _ in range(3)]
        calls = [asyncio.create_task(transport.fetch(post(url), budget(), progress, 100)) for progress in progresses]
        await asyncio.sleep(0)
        before = [progress.write_started for progress in progresses]
        answers = await asyncio.gather(*calls)
        await transport.close()
        return [answer.status for answer in answers], before

    with FaultyServer(OK) as server:
        assert asyncio.run(program(server.url)) == ([201] * 3, [False] * 3)
    assert len(server.requests) == 6


def test_a_call_whose_time_has_ended_is_not_written_to_an_open_connection() -> None:
    """Its request does not leave, and the next call opens another connection."""

    async def program(url: str) -> tuple[bool, str | None]:
        transport, progress = AsyncHttpTransport(), Progress()
        await fetched(transport, url)
        with pytest.raises(TransportFailure) as caught:
            await transport.fetch(post(url), budget(deadline=0.0), progress, 100)
        await fetched(transport, url)
        await transport.close()
        return progress.write_started, caught.value.timeout

    with FaultyServer(OK) as server:
        assert asyncio.run(program(server.url)) == (False, "deadline")
    assert (len(server.requests), server.connections) == (2, 2)


def test_a_call_that_is_cancelled_before_its_turn_sends_nothing() -> None:
    """Nothing of it leaves, not even later; the next call works."""

    async def program(url: str) -> bool:
        transport, progress = AsyncHttpTransport(), Progress()
        await fetched(transport, url)
        call = asyncio.create_task(transport.fetch(post(url), budget(), progress, 100))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.sleep(0.1)
        await fetched(transport, url)
        await transport.close()
        return progress.write_started

    with FaultyServer(OK) as server:
        assert asyncio.run(program(server.url)) is False
    assert len(server.requests) == 2


def test_a_connection_that_ends_before_its_turn_is_replaced(monkeypatch) -> None:
    """If the server closes a connection at that moment, another one is used, and no error is reported."""

    async def program(url: str) -> tuple[int, bool]:
        transport = AsyncHttpTransport()
        await fetched(transport, url)
        monkeypatch.setattr(next(iter(transport._current()._by_origin.values()))[0][1], "_readable", lambda: True)
        answer, reached = await fetched(transport, url)
        await transport.close()
        return answer.status, reached

    with FaultyServer(OK) as server:
        assert asyncio.run(program(server.url)) == (201, True)
    assert (len(server.requests), server.connections) == (2, 2)


def test_a_new_connection_that_ends_before_its_turn_sends_nothing(monkeypatch) -> None:
    """A server that closes whatever is opened is not asked for ever."""
    put = aio_connection.WriteQueue.put

    def too_late(
        box: aio_connection.WriteQueue, line: aio_connection.AsyncConnection, data: bytes, progress: Progress
    ) -> None:
        line.abort()
        put(box, line, data, progress)

    async def program(url: str) -> bool:
        transport, progress = AsyncHttpTransport(), Progress()
        with pytest.raises(TransportFailure, match="was closed"):
            await transport.fetch(post(url), budget(), progress, 100)
        await transport.close()
        return progress.write_started

    monkeypatch.setattr(aio_connection.WriteQueue, "put", too_late)
    with FaultyServer(OK) as server:
        assert asyncio.run(program(server.url)) is False
    assert server.requests == []
