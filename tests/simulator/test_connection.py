"""Connections of the simulator's own: what is read without a library, what is uvicorn's, and who waits for whom."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any
from urllib.parse import urlencode

import h11
import pytest
from hypothesis import given, settings, strategies as st
from simulated import SMS, basic

from xoxzo.cloudpy.simulator import RealClock, Settings, Simulator, SteppedClock, server as server_module
from xoxzo.cloudpy.simulator.runtime.batching import Batcher
from xoxzo.cloudpy.simulator.server import Server
from xoxzo.cloudpy.simulator.web.connection import LONGEST, Connection, NotPlain, Shared, http_date, read

FORM = urlencode(SMS).encode()
HEADERS = b"host: a\r\nauthorization: " + basic() + b"\r\n"


def posted(body: bytes = FORM, more: bytes = b"") -> bytes:
    """Return a send as it is on the wire."""
    kind = b"content-type: application/x-www-form-urlencoded\r\ncontent-length: %d\r\n" % len(body)
    return b"POST /sms/messages/ HTTP/1.1\r\n" + HEADERS + kind + more + b"\r\n" + body


def asked(path: bytes = b"/you/credits/", method: bytes = b"GET", more: bytes = b"") -> bytes:
    """Return a request without a body as it is on the wire."""
    return method + b" " + path + b" HTTP/1.1\r\n" + HEADERS + more + b"\r\n"


@given(at=st.integers(0, 4_000_000_000))
def test_dates_are_written_as_http_has_them(at: int) -> None:
    """The date of a reply is what the standard library writes, in English whatever the locale."""
    assert http_date(at) == formatdate(at, usegmt=True)


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


def test_what_is_read() -> None:
    """Method, path, query, headers in lower case without blanks around their values, body, and where it ends."""
    data = b"POST /a/%20?b=c&d HTTP/1.1\r\nHost:  x \r\nCONTENT-length:3\r\nEmpty:\r\n\r\nabcGET"
    request, length = read(data, ("127.0.0.1", 1)) or pytest.fail("it is whole")
    assert (request.method, request.path, request.query) == ("POST", b"/a/%20", b"b=c&d")
    assert request.headers == {b"host": b"x", b"content-length": b"3", b"empty": b""}
    assert (request.body, request.peer, data[length:]) == (b"abc", ("127.0.0.1", 1), b"GET")
    for end in range(len(data) - 3):
        assert read(data[:end], None) is None


@pytest.mark.parametrize(
    "head",
    [
        "GET / HTTP/1.0\r\nhost: a",
        "get / HTTP/1.1\r\nhost: a",
        "GET  / HTTP/1.1\r\nhost: a",
        "GET http://a/ HTTP/1.1\r\nhost: a",
        "GET /\u00e9 HTTP/1.1\r\nhost: a",
        "GET / HTTP/1.1",
        "GET / HTTP/1.1\r\nx: y",
        "GET / HTTP/1.1\r\nhost : a",
        "GET / HTTP/1.1\r\nhost: a\r\n folded: b",
        "GET / HTTP/1.1\r\nhost: a\nx: y",
        "GET / HTTP/1.1\r\nhost: a\x00",
        "GET / HTTP/1.1\r\nhost: a\r\nhost: a",
        "GET / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue",
        "GET / HTTP/1.1\r\nhost: a\r\nupgrade: h2c",
        "GET / HTTP/1.1\r\nhost: a\r\nconnection: close, te",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +1",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\nContent-Length: 1",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 99999",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: " + "0" * 20,
        "POST / HTTP/1.1\r\nhost: a\r\nx: " + "y" * LONGEST,
    ],
)
def test_what_is_not_read(head: str) -> None:
    """Right or wrong, what is not written plainly is left to uvicorn."""
    with pytest.raises(NotPlain):
        read(head.encode("latin-1") + b"\r\n\r\n", None)


def test_a_head_without_end() -> None:
    """It is waited for up to a limit."""
    assert read(b"x" * LONGEST, None) is None
    with pytest.raises(NotPlain):
        read(b"x" * (LONGEST + 1), None)


PIECES = st.sampled_from(
    [
        *(
            "GET",
            "POST",
            "HEAD",
            " ",
            "/",
            "/you/credits/",
            "?a=b",
            "HTTP/1.1",
            "HTTP/1.0",
            "\r\n",
            "\r\n\r\n",
            "\n",
            ":",
        ),
        *(
            "host: a\r\n",
            "content-length: 3\r\n",
            "Content-Length: 3\r\n",
            "connection: close\r\n",
            "x: \t y\t\r\n",
            "x:",
        ),
        *(
            "transfer-encoding: chunked\r\n",
            "expect: 100-continue\r\n",
            "connection: Keep-Alive\r\n",
            "abc",
            "\0",
            "\xe9",
        ),
    ]
)


@settings(max_examples=600, deadline=None)
@given(
    st.lists(PIECES, max_size=6), st.lists(PIECES, max_size=5), st.sampled_from(["", "GET / HTTP/1.1\r\nhost: a\r\n"])
)
def test_it_reads_as_h11_does(first: list[str], last: list[str], begin: str) -> None:
    """Whatever is read here is read by h11 in the same way."""
    data = (begin + "".join(first) + "\r\n" + "".join(last)).encode("latin-1")
    try:
        found = read(data, None)
    except NotPlain:
        return
    if found is None:
        return
    request, length = found
    judge = h11.Connection(h11.SERVER)
    judge.receive_data(data)
    event = judge.next_event()
    assert isinstance(event, h11.Request)
    assert event.method.decode() == request.method
    assert event.target == request.path + (b"?" if b"?" in event.target else b"") + request.query
    assert dict(event.headers) == request.headers
    body = b""
    while isinstance(event := judge.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert body == request.body
    assert data[length:] == judge.trailing_data[0]


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
    """What takes its time is uvicorn's, and so is everything after it."""
    data = posted()
    wire.send(data[:end])
    time.sleep(0.1)
    wire.send(data[end:])
    assert wire.answer()[0] == 201
    wire.send(asked())
    assert wire.answer()[0] == 200


def test_other_ways_to_write(wire: Wire, server: Server) -> None:
    """Chunks, expectations and other doors' paths are uvicorn's, at once and with all that came along."""
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
    """Whoever says that no request will follow has the connection closed after the answer, which says so, too."""
    wire.send(asked() + asked(more=b"Connection: Close\r\n") + asked())
    assert b"connection" not in wire.answer()[1]
    assert wire.answer()[1][b"connection"] == b"close"
    assert wire.is_closed()


def test_long_bodies(server: Server) -> None:
    """A body that is longer than what is read here is answered as any other."""
    wire = Wire(server)
    with wire.socket:
        wire.send(posted(FORM + b"&tags=" + b"a" * 2 * LONGEST))
        assert wire.answer()[0] == 201


def test_faults(wire: Wire, server: Server) -> None:
    """They are carried out here, too: late, cut off, broken; what was asked meanwhile comes after."""
    server.simulator.fail_next("slow", seconds=0.05)
    wire.send(asked() + asked(b"/sms/templates/"))
    assert [wire.answer()[2][:2] for _ in range(2)] == [b'{"', b"[]"]
    server.simulator.fail_next("truncate")
    wire.send(asked())
    with pytest.raises(json.JSONDecodeError):
        json.loads(wire.answer()[2])
    server.simulator.fail_next("lose_reply")
    wire.send(posted())
    assert wire.is_closed()
    assert len(server.simulator.phone(SMS["recipient"]).inbox) == 1


CHUNKED = b"transfer-encoding: chunked\r\n"


@pytest.mark.parametrize("kind", ["slow", "lose_reply"])
def test_faults_by_uvicorn(wire: Wire, server: Server, kind: str) -> None:
    """On a connection that is uvicorn's they are carried out as well."""
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


def test_who_does_not_wait_for_uvicorn(server: Server) -> None:
    """Whoever goes away in the middle of a fault is forgotten, and the next one is answered."""
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


def test_idle_connections_are_closed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """One on which nothing was asked for long is closed, and one that was never used; one that is asking stays."""
    monkeypatch.setattr(server_module, "_KEEP_ALIVE", 0)
    used, unused, asking = Wire(server), Wire(server), Wire(server)
    with used.socket, unused.socket, asking.socket:
        asking.send(posted()[:20])
        used.send(asked())
        assert used.answer()[0] == 200
        assert used.is_closed()
        assert unused.is_closed()
        asking.send(posted()[20:])
        assert asking.answer()[0] == 201


class Line(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.written = b""
        self.reading = True
        self.closed = False
        self.protocol: asyncio.BaseProtocol | None = None

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol


class Taken(asyncio.Protocol):
    """Stands for uvicorn."""

    def data_received(self, data: bytes) -> None:
        self.data = data


def connected() -> tuple[Connection, Line]:
    """A connection without a socket; it must be made in an event loop."""
    state = Shared()
    connection, line = Connection(Batcher(Simulator().api.handle_together), lambda _: True, state, Taken), Line()
    connection.connection_made(line)
    assert state.connections == {connection}
    return connection, line


async def turns(count: int = 3) -> None:
    """Let the event loop turn."""
    for _ in range(count):
        await asyncio.sleep(0)


def test_who_does_not_read() -> None:
    """To one who asks and does not read, nothing more is answered until the answers were taken."""

    async def main() -> None:
        connection, line = connected()
        connection.data_received(asked() * 2)
        connection.pause_writing()
        await turns()
        assert line.written.count(b"HTTP/1.1 200") == 1
        connection.data_received(asked() * (LONGEST // len(asked())))
        assert not line.reading
        connection.resume_writing()
        connection.pause_writing()
        await turns()
        assert line.written.count(b"HTTP/1.1 200") == 2
        assert line.reading
        connection.data_received(asked())
        connection.connection_lost(None)

    asyncio.run(main())


def test_who_goes_away() -> None:
    """Whoever is gone is answered no more, be it before the turn, or in the middle of a fault."""

    async def main() -> None:
        connection, line = connected()
        connection.data_received(asked())
        line.close()
        connection.resume_writing()
        await turns()
        connection.connection_lost(None)
        assert line.written == b""
        late, _ = connected()
        late.data_received(asked()[:5])
        late.connection_lost(None)
        assert late._timer is None
        left, over = connected()
        left.data_received(asked())
        left.shutdown()
        assert not over.closed
        await turns()
        assert over.written.startswith(b"HTTP/1.1 200")
        assert over.closed

    asyncio.run(main())


def test_a_path_without_a_peer() -> None:
    """A socket that has no address, such as one of a file system, is served."""

    async def main() -> None:
        state = Shared()
        connection, line = Connection(Batcher(Simulator().api.handle_together), lambda _: False, state, Taken), Line()
        line._extra["peername"] = ""
        connection.connection_made(line)
        assert connection.client is None
        connection.data_received(asked())
        assert isinstance(line.protocol, Taken)
        assert line.protocol.data == asked()
        assert state.connections == set()

    asyncio.run(main())


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
