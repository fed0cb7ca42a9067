"""Event streams: immediate, combined when there are many changes, and closed when they should be."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from console_client import HERE, Visitor
from simulator_callers import SMS, Caller

from xoxzo.cloudpy.simulator import Simulator
from xoxzo.cloudpy.simulator.web import live_streams
from xoxzo.cloudpy.simulator.web.app import Application
from xoxzo.cloudpy.simulator.web.live_streams import MAX_STREAMS, ChangeStream, Streams

Lines = AsyncIterator[bytes]


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine, and let nothing hang."""

    async def bounded() -> None:
        async with asyncio.timeout(60):
            await work

    asyncio.run(bounded())


async def event_names(lines: Lines) -> list[str]:
    """Return the next topics that a stream tells."""
    async for line in lines:
        if line.startswith(b"event: changed\ndata: "):
            return json.loads(line.partition(b"data: ")[2])
    return []


def test_changes_are_sent_once_and_together(caller: Caller) -> None:
    """The first change is sent at once; later changes are combined, by name and without their content."""

    async def follow() -> None:
        hub = Streams(caller.simulator)
        stream = ChangeStream(["sms", "clock"])
        assert hub.open(stream)
        lines = stream.chunks()
        assert await anext(lines) == b"retry: 1000\n\n"
        caller.send()
        assert await event_names(lines) == ["sms"]
        for _ in range(50):
            caller.send()
        await asyncio.to_thread(caller.simulator.stop_clock)
        hub.publish("elsewhere")
        assert await event_names(lines) == ["clock", "sms"]
        stream.end()
        assert await event_names(lines) == []

    run(follow())


def test_without_streams_there_is_no_listener(caller: Caller) -> None:
    """The engine is listened to from the first stream on, and no longer than to the last."""

    async def open_and_close() -> None:
        hub, listeners = Streams(caller.simulator), caller.simulator.engine.context.listeners
        assert listeners == []
        one, other = ChangeStream(["sms"]), ChangeStream(["sms"])
        assert hub.open(one)
        assert hub.open(other)
        assert len(listeners) == 1
        hub.close(one)
        assert len(listeners) == 1
        hub.close(other)
        assert listeners == []

    run(open_and_close())


def test_streams_are_bounded(caller: Caller) -> None:
    """So many pages may be open; one more is refused until another is closed."""

    async def fill() -> None:
        hub = Streams(caller.simulator)
        streams = [ChangeStream(["sms"]) for _ in range(MAX_STREAMS + 1)]
        assert [hub.open(stream) for stream in streams] == [True] * MAX_STREAMS + [False]
        hub.close(streams[0])
        assert hub.open(streams[-1])

    run(fill())


def test_a_quiet_stream_shows_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """While nothing changes, a comment is sent from time to time, so that the connection counts as alive."""
    monkeypatch.setattr(live_streams, "HEARTBEAT_SECONDS", 0.01)

    async def wait() -> None:
        lines = ChangeStream(["sms"]).chunks()
        await anext(lines)
        assert [await anext(lines) for _ in range(2)] == [b": nothing new\n\n"] * 2

    run(wait())


def test_a_stream_that_waits_ends_when_it_is_closed() -> None:
    """Its end needs no change to come first."""

    async def end() -> None:
        stream = ChangeStream(["sms"])
        lines = stream.chunks()
        await anext(lines)
        waiting = asyncio.create_task(event_names(lines))
        await asyncio.sleep(0)
        stream.end()
        assert await waiting == []

    run(end())


def test_a_stream_of_a_closed_loop_is_ignored(caller: Caller) -> None:
    """An event after the end of a server's loop raises no error."""

    async def open_one() -> None:
        Streams(caller.simulator).open(ChangeStream(["sms"]))

    asyncio.run(open_one())
    caller.send()


def ask(app: Application, headers: dict[str, str], receive: Callable[[], Any], send: Callable[[Any], Any]) -> Any:
    """Open an event stream of an application."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/console/events",
        "query_string": b"topics=sms,clock",
        "headers": [(name.encode(), value.encode()) for name, value in {"host": HERE, **headers}.items()],
        "client": ("127.0.0.1", 4711),
    }
    return app(scope, receive, send)


@pytest.mark.parametrize("how", ["disconnect", "stop"])
def test_a_stream_ends_with_its_reader_or_its_server(caller: Caller, how: str) -> None:
    """When the page is closed, or the server stops, the stream is over and forgotten."""

    async def follow() -> None:
        app, sent, leave = Application(caller.simulator), list[dict](), asyncio.Event()

        async def receive() -> dict[str, str]:
            await leave.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict) -> None:
            sent.append(message)
            if b"changed" in message.get("body", b""):
                (leave if how == "disconnect" else app.stopping).set()
            elif len(sent) == 2:
                caller.send()

        await ask(app, {}, receive, send)
        assert (b"content-type", b"text/event-stream") in sent[0]["headers"]
        assert sent[-1] == {"type": "http.response.body", "body": b""}
        assert caller.simulator.engine.context.listeners == []

    run(follow())


@pytest.mark.parametrize("cuts", [True, False])
def test_a_reader_that_does_not_read_is_dropped(caller: Caller, monkeypatch: pytest.MonkeyPatch, cuts: bool) -> None:
    """A client that stops reading is disconnected, where the server can do that, and delays nothing."""
    monkeypatch.setattr(live_streams, "WRITE_TIMEOUT_SECONDS", 0.01)
    cut: list[object] = []

    async def follow() -> None:
        app = Application(caller.simulator, "127.0.0.1", cut.append) if cuts else Application(caller.simulator)

        async def send(message: dict) -> None:
            if message.get("more_body"):
                await asyncio.Event().wait()

        await ask(app, {}, asyncio.Event().wait, send)

    run(follow())
    assert cut == ([("127.0.0.1", 4711)] if cuts else [])
    assert caller.simulator.engine.context.listeners == []


def test_other_sites_get_no_stream(visitor: Visitor) -> None:
    """A page of another site cannot hold streams open."""
    answer = visitor.get("/console/events?topics=sms", sec_fetch_site="cross-site")
    assert answer.status == 503


def test_over_a_socket_changes_arrive_and_stopping_ends_them() -> None:
    """An open page gets an event for a sent message, and its stream ends completely when the server stops."""
    with Simulator().serve() as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("GET", "/console/events?topics=sms")
        answer = connection.getresponse()
        assert answer.readline() == b"retry: 1000\n"
        sending = threading.Thread(target=_send, args=(server.port,))
        sending.start()
        while not (line := answer.readline()).startswith(b"data"):
            assert line, "the stream has ended"
        assert json.loads(line.partition(b":")[2]) == ["sms"]
        sending.join()
        server.stop()
        while answer.readline():
            pass  # events that were still sent; the end is no error
        connection.close()


def _send(port: int) -> None:
    from urllib.parse import urlencode

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"authorization": "Basic bWU6c2VjcmV0", "content-type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/sms/messages/", urlencode(SMS), headers)
    assert connection.getresponse().status == 201
    connection.close()
