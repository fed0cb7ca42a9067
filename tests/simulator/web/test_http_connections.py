"""HTTP connections to a served simulator: ways to write a request, pipelining, faults, and idle connections."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections.abc import Iterator, MutableMapping
from types import FrameType
from typing import Any
from urllib.parse import urlencode

import h11
import pytest
from simulator_callers import SMS, basic

from xoxzo.cloudpy.simulator import RealClock, Settings, Simulator, SteppedClock, server as server_module
from xoxzo.cloudpy.simulator.server import Server
from xoxzo.cloudpy.simulator.web import http_connection
from xoxzo.cloudpy.simulator.web.app import Application

FORM = urlencode(SMS).encode()
HEADERS = b"host: a\r\nauthorization: " + basic() + b"\r\n"


def posted(body: bytes = FORM, more: bytes = b"") -> bytes:
    """Return a send as it is on the wire."""
    kind = b"content-type: application/x-www-form-urlencoded\r\ncontent-length: %d\r\n" % len(body)
    return b"POST /sms/messages/ HTTP/1.1\r\n" + HEADERS + kind + more + b"\r\n" + body


def asked(path: bytes = b"/you/credits/", method: bytes = b"GET", more: bytes = b"") -> bytes:
    """Return a request without a body as it is on the wire."""
    return method + b" " + path + b" HTTP/1.1\r\n" + HEADERS + more + b"\r\n"


@pytest.fixture
def server() -> Iterator[Server]:
    """A served simulator with a stepped clock."""
    with Simulator(Settings(seed=1), clock=SteppedClock()).serve() as running:
        yield running


class Wire:
    """A socket on which answers are read one by one."""

    def __init__(self, server: Server) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        self.parser = h11.Connection(h11.CLIENT)
        self.methods: list[bytes] = []

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, method: str = "GET") -> tuple[int, dict[bytes, bytes], bytes]:
        """Read the next answer, which is one to this method."""
        self.parser.send(h11.Request(method=method, target="/", headers=[("host", "a")]))
        self.parser.send(h11.EndOfMessage())
        status, headers, body = 0, {}, b""
        while True:
            event = self.parser.next_event()
            if event is h11.NEED_DATA:
                self.parser.receive_data(self.socket.recv(65_536))
            elif isinstance(event, h11.Response):
                status, headers = event.status_code, dict(event.headers)
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                if self.parser.their_state is h11.DONE:
                    self.parser.start_next_cycle()
                return status, headers, body

    def is_closed(self) -> bool:
        """Wait until the other side closes; say whether nothing more came."""
        return self.socket.recv(1) == b""


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    """A connection to the server."""
    opened = Wire(server)
    with opened.socket:
        yield opened


def test_one_after_another(wire: Wire, server: Server) -> None:
    """Requests that are sent together are answered in their order, HEAD without a body."""
    wire.send(posted() + asked(method=b"HEAD") + asked() + asked(b"/sms/messages?a=b"))
    assert wire.answer()[0] == 201
    status, headers, body = wire.answer("HEAD")
    assert (status, body, int(headers[b"content-length"]) > 0) == (200, b"", True)
    assert json.loads(wire.answer()[2]) == {"credits": 99_990.0}
    assert wire.answer()[:2][1][b"location"] == b"/sms/messages/?a=b"
    assert len(server.simulator.phone(SMS["recipient"]).inbox) == 1


def test_head_and_body_apart(wire: Wire) -> None:
    """A body may come a little later than its head, as many clients send it."""
    head, _, body = posted().partition(b"\r\n\r\n")
    wire.send(head + b"\r\n\r\n")
    time.sleep(0.01)
    wire.send(body[:5])
    wire.send(body[5:])
    assert wire.answer()[0] == 201


@pytest.mark.parametrize("end", [10, 150])
def test_slower_than_that(wire: Wire, end: int) -> None:
    """A request may take its time, in its head as in its body."""
    data = posted()
    wire.send(data[:end])
    time.sleep(0.1)
    wire.send(data[end:])
    assert wire.answer()[0] == 201
    wire.send(asked())
    assert wire.answer()[0] == 200


def test_other_ways_to_write(wire: Wire, server: Server) -> None:
    """Chunked bodies and paths outside the API are answered in their order."""
    chunked = b"transfer-encoding: chunked\r\ncontent-type: application/x-www-form-urlencoded\r\n"
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(FORM), FORM)
    wire.send(asked() + asked(b"/sms/messages/", b"POST", chunked) + body + asked(b"/openapi.json"))
    assert [wire.answer()[0] for _ in range(3)] == [200, 201, 200]
    closing = Wire(server)
    with closing.socket:
        closing.send(asked(b"/nowhere/") + posted(more=b"connection: close\r\n"))
        assert [closing.answer()[0] for _ in range(2)] == [404, 201]
        assert closing.is_closed()


def test_the_last_request(wire: Wire) -> None:
    """After `connection: close` the connection is closed, and the response has the header, too."""
    wire.send(asked() + asked(more=b"Connection: Close\r\n") + asked())
    assert b"connection" not in wire.answer()[1]
    assert wire.answer()[1][b"connection"] == b"close"
    assert wire.is_closed()


def test_long_bodies(server: Server) -> None:
    """A body of several packets is answered as any other."""
    wire = Wire(server)
    with wire.socket:
        wire.send(posted(FORM + b"&tags=" + b"a" * 131_072))
        assert wire.answer()[0] == 201


def test_faults(wire: Wire, server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """Faults happen on the connection: late, cut off, broken; pipelined requests are answered afterwards."""
    server.simulator.fail_next("slow", seconds=0.05)
    wire.send(asked() + asked(b"/sms/templates/"))
    assert [wire.answer()[2][:2] for _ in range(2)] == [b'{"', b"[]"]
    server.simulator.fail_next("truncate")
    wire.send(asked())
    with pytest.raises(json.JSONDecodeError):
        json.loads(wire.answer()[2])
    server.simulator.fail_next("lose_reply")
    wire.send(posted() + asked())
    assert wire.is_closed()
    assert caplog.text == ""
    assert len(server.simulator.phone(SMS["recipient"]).inbox) == 1


CHUNKED = b"transfer-encoding: chunked\r\n"


@pytest.mark.parametrize("kind", ["slow", "lose_reply"])
def test_faults_of_chunked_requests(wire: Wire, server: Server, kind: str) -> None:
    """A fault hits its own connection alone."""
    server.simulator.fail_next(kind, seconds=0.05)
    other = Wire(server)
    with other.socket:
        wire.send(asked(more=CHUNKED) + b"0\r\n\r\n")
        if kind == "slow":
            assert wire.answer()[0] == 200
        else:
            assert wire.is_closed()
        other.send(asked())
        assert other.answer()[0] == 200


def test_client_that_does_not_wait(server: Server) -> None:
    """A client that disconnects during a fault is dropped, and the next one gets its response."""
    server.simulator.fail_next("slow", seconds=60)
    leaving = Wire(server)
    with leaving.socket:
        leaving.send(asked(more=CHUNKED) + b"0\r\n\r\n")
        deadline = time.monotonic() + 10
        while not server.simulator.faults.counts and time.monotonic() < deadline:
            time.sleep(0.01)
    staying = Wire(server)
    with staying.socket:
        staying.send(asked())
        assert staying.answer()[0] == 200
    assert server.simulator.faults.counts == {"slow": 1}


def test_idle_connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An idle connection is closed after a while; one with a request in progress stays open."""
    monkeypatch.setattr(server_module, "_KEEP_ALIVE_SECONDS", 0)
    with Simulator(clock=SteppedClock()).serve() as server:
        used, asking = Wire(server), Wire(server)
        with used.socket, asking.socket:
            asking.send(posted()[:20])
            used.send(asked())
            assert used.answer()[0] == 200
            assert used.is_closed()
            asking.send(posted()[20:])
            assert asking.answer()[0] == 201


def test_half_a_head_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    """A connection on which a head does not go on is closed, and one on which none begins."""
    monkeypatch.setattr(http_connection, "MAX_HEAD_SECONDS", 0.2)
    for before, begun in (b"", b""), (b"", b"\r\n"), (b"", asked()[:20]), (asked(), asked()[:20]):
        wire = Wire(server)
        with wire.socket:
            wire.send(before)
            if before:
                assert wire.answer()[0] == 200
            wire.send(begun)
            assert wire.is_closed()


def test_a_clock_that_runs_needs_no_step() -> None:
    """The simulator behind a connection moves on by itself."""
    with Simulator(Settings(sms_queued_seconds=0, sms_delivering_seconds=0), clock=RealClock()).serve() as server:
        wire = Wire(server)
        with wire.socket:
            wire.send(posted())
            msgid = json.loads(wire.answer()[2])[0]["msgid"].encode()
            deadline = time.monotonic() + 10
            status = ""
            while status != "DELIVERED" and time.monotonic() < deadline:
                wire.send(asked(b"/sms/messages/%b/" % msgid))
                status = json.loads(wire.answer()[2])["status"]
            assert status == "DELIVERED"


def test_a_send_passes_few_modules() -> None:
    """Between the server and the response, a send calls functions of at most 14 modules of the simulator."""
    modules: set[str] = set()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and "/cloudpy/simulator/" in (path := frame.f_code.co_filename.replace("\\", "/")):
            modules.add(path)

    headers = [line.split(b": ") for line in HEADERS.splitlines()]
    kind = (b"content-type", b"application/x-www-form-urlencoded")
    scope = {"type": "http", "method": "POST", "path": "/sms/messages/", "raw_path": b"/sms/messages/"}
    scope |= {"query_string": b"", "headers": [*map(tuple, headers), kind], "client": ("127.0.0.1", 1)}
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": FORM}

    async def send(message: MutableMapping[str, Any]) -> None:
        statuses.append(message.get("status", 0))

    async def main() -> None:
        application = Application(simulator)
        await application(dict(scope), receive, send)
        sys.setprofile(note)
        try:
            await application(dict(scope), receive, send)
        finally:
            sys.setprofile(None)

    with Simulator() as simulator:
        asyncio.run(main())
    assert statuses == [201, 0, 201, 0]
    assert 5 < len(modules) <= 14


def test_a_client_that_writes_no_more_is_answered(wire: Wire, server: Server) -> None:
    """As `nc -N` and some programs do; what is asked for in full is done and answered, and half a request is not."""
    wire.send(asked() + posted())
    wire.socket.shutdown(socket.SHUT_WR)
    assert [wire.answer()[0], wire.answer("POST")[0]] == [200, 201]
    assert wire.is_closed()
    for part in (posted()[:-5], posted()[:50], b""):
        half = Wire(server)
        half.send(part)
        half.socket.shutdown(socket.SHUT_WR)
        assert half.is_closed()
        half.socket.close()
    assert len(server.simulator.phone(SMS["recipient"]).inbox) == 1
