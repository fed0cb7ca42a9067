"""The simulator behind a port: sockets, the control API, and stopping."""

from __future__ import annotations

import asyncio
import gc
import http.client
import json
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import pytest
from simulator_callers import SMS, Caller, Listener, Web, basic, web
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

import xoxzo.cloudpy.simulator as package
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator import Settings, Simulator, SteppedClock
from xoxzo.cloudpy.simulator.runtime import lifecycle
from xoxzo.cloudpy.simulator.server import Server
from xoxzo.cloudpy.simulator.web import app, asgi_tools
from xoxzo.cloudpy.simulator.web.asgi_tools import is_allowed_host
from xoxzo.cloudpy.simulator.web.control_api import app as control_app

FORM = {"Content_Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def server() -> Iterator[Server]:
    """A served simulator with a stepped clock and small limits."""
    with Simulator(Settings(max_body=10_000), clock=SteppedClock()).serve() as running:
        yield running


@pytest.fixture
def page(server: Server) -> Iterator[Web]:
    """A kept connection to the server."""
    with web(server.url) as opened:
        yield opened


def test_a_message_over_a_socket(page: Web) -> None:
    """Sending and reading work over one kept connection, with the headers of the API."""
    status, headers, body = page("POST", "/sms/messages/", urlencode(SMS).encode(), **FORM)
    assert (status, headers["content-type"]) == (201, "application/json")
    assert {"date", "allow", "vary"} <= set(headers)
    msgid = json.loads(body)[0]["msgid"]
    assert page.json("GET", f"/sms/messages/{msgid}/")[1]["recipient"] == SMS["recipient"]
    status, headers, body = page("GET", "/sms/messages/unknown/")
    assert (status, body, headers.get("content-type")) == (404, b"", None)
    status, headers, body = page("HEAD", "/you/credits/")
    assert (status, body, int(headers["content-length"]) > 0) == (200, b"", True)


def test_sends_from_many_connections(server: Server) -> None:
    """Concurrent senders lose nothing and are charged exactly."""

    def work(_index: int) -> None:
        with web(server.url) as opened:
            for _ in range(10):
                assert opened("POST", "/sms/messages/", urlencode(SMS).encode(), **FORM)[0] == 201

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(work, range(32)))
    assert len(server.simulator.phone(SMS["recipient"]).inbox) == 320
    assert server.simulator.credits("sid", "token") == 100_000 - 3200


def test_huge_bodies_are_413(page: Web) -> None:
    """A body over the limit is refused with a reason, whether announced, chunked or beyond all patience."""
    for size in (10_001, 100_000):
        status, _, body = page("POST", "/sms/messages/", b"x" * size)
        assert (status, json.loads(body)) == (413, {"detail": "Request body too large."})
        page.connection.close()
    page.connection.request("POST", "/sms/messages/", iter([b"x" * 6000] * 2), encode_chunked=True)
    assert page.connection.getresponse().status == 413


def test_a_request_that_breaks_off_does_nothing(server: Server) -> None:
    """An incomplete body is no request when the client disconnects."""
    form = urlencode(SMS).encode()
    with web(server.url) as half:
        half.connection.putrequest("POST", "/sms/messages/")
        half.connection.putheader("Content-Type", "application/x-www-form-urlencoded")
        half.connection.putheader("Authorization", basic().decode())
        half.connection.putheader("Content-Length", str(len(form) + 1))
        half.connection.endheaders()
        half.connection.send(form)
        time.sleep(0.05)
    time.sleep(0.05)
    assert not server.simulator.phone(SMS["recipient"]).inbox


def test_slow_bodies_are_408(page: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that does not come is not waited for without end."""
    monkeypatch.setattr(asgi_tools, "_BODY_TIMEOUT_SECONDS", 0.05)
    page.connection.putrequest("POST", "/sms/messages/")
    page.connection.putheader("Content-Length", "10")
    page.connection.endheaders()
    page.connection.send(b"x")
    assert page.connection.getresponse().status == 408


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\xff\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 100_000,
    ],
)
def test_what_is_not_http_is_400(server: Server, sent: bytes) -> None:
    """Garbage is answered with a 4xx, and the next caller is served."""
    with socket.create_connection((urlsplit(server.url).hostname, server.port), timeout=10) as raw:
        raw.sendall(sent)
        assert raw.recv(100).startswith(b"HTTP/1.1 4")
    with web(server.url) as opened:
        assert opened("GET", "/you/credits/")[0] == 200


def test_many_headers_do_no_harm(page: Web) -> None:
    """Absurd but valid headers are ignored."""
    headers = {f"X_{index}": "é".encode("latin-1").decode("latin-1") for index in range(90)}
    assert page("GET", "/you/credits/", **headers)[0] == 200


def test_the_control_api(page: Web, server: Server, listener: Listener) -> None:
    """Health, phones, a call that comes in, the clock, the callback log and the reset."""
    assert page.json("GET", "/_simulator/health")[1]["status"] == "ok"
    page("POST", "/sms/messages/", urlencode({**SMS, "callbackurl": listener.url}).encode(), **FORM)
    assert page.json("POST", "/_simulator/clock/advance", {"seconds": 1})[0] == 200
    assert len(listener.requests) == 1
    [attempt] = page.json("GET", "/_simulator/callbacks")[1]
    assert (attempt["outcome"], attempt["attempt"]) == ("delivered", 1)
    phone = page.json("GET", "/_simulator/phones/%2B818012345678")[1]
    assert (phone["messages"][0]["text"], phone["messages"][0]["status"]) == ("hello", "DELIVERED")

    din = page.json("GET", "/voice/dins/")[1][0]
    page.json("POST", "/voice/dins/subscriptions/", {"din_uid": din["din_uid"]})
    page.json("POST", f"/voice/dins/subscriptions/{din['din_uid']}/", {"action_url": listener.url})
    listener.answers = [(200, b'say en "Hello"')]
    status, call = page.json("POST", "/_simulator/calls", {"din": din["din"], "caller": None, "sid": "sid"})
    assert (status, call["status"], call["caller"]) == (201, "IN PROGRESS", None)
    page.json("POST", "/_simulator/clock/advance", {"seconds": 60})
    status, call = page.json("GET", f"/_simulator/calls/{call['id']}")
    assert (status, call["status"]) == (200, "ANSWERED")
    assert {"name": "say", "lang": "en", "text": "Hello"}.items() <= call["steps"][4].items()
    assert page.json("GET", f"/_simulator/phones/+{din['din']}")[1]["calls"] == [call]

    assert page.json("POST", "/_simulator/reset", {}) == (200, {"status": "ok"})
    assert page.json("GET", "/_simulator/callbacks") == (200, [])


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/_simulator/calls", {"din": "815000000001"}, 404),
        ("POST", "/_simulator/calls", {}, 400),
        ("POST", "/_simulator/calls", {"din": "1", "caller": 3}, 400),
        ("POST", "/_simulator/calls", {"din": "1", "caller": "x"}, 400),
        ("POST", "/_simulator/calls", [], 400),
        ("POST", "/_simulator/clock/advance", {"seconds": "1"}, 400),
        ("POST", "/_simulator/clock/advance", {"seconds": True}, 400),
        ("POST", "/_simulator/clock/advance", {"seconds": -1}, 400),
        ("POST", "/_simulator/clock/advance", {"seconds": 10**400}, 400),
        ("GET", "/_simulator/calls/x", None, 404),
        ("GET", "/_simulator/reset", None, 405),
        ("GET", "/_simulator/nothing", None, 404),
        ("GET", "/_simulator", None, 404),
    ],
)
def test_control_requests_that_are_refused(page: Web, method: str, path: str, body: object, status: int) -> None:
    """Each is refused in JSON, with a reason."""
    answered, answer = page.json(method, path, body)
    assert answered == status
    assert answer["detail"]


def test_web_pages_cannot_control_it(page: Web) -> None:
    """A foreign Host header is 403; a form, which a page could post across sites, is 415; garbage is 400 or 413."""
    assert page.json("GET", "/_simulator/health", Host="evil.example")[0] == 403
    assert page("POST", "/_simulator/reset", b"a=b", **FORM)[0] == 415
    assert page("POST", "/_simulator/reset", b"[" * 9000, Content_Type="application/json")[0] == 400
    assert page("POST", "/_simulator/reset", b"x" * 10_001, Content_Type="application/json")[0] == 413


@pytest.mark.parametrize(
    ("host", "bound", "local"),
    [
        ("localhost:80", "127.0.0.1", True),
        ("a.localhost", "127.0.0.1", True),
        ("127.0.0.9:1", "127.0.0.1", True),
        ("[::1]:80", "127.0.0.1", True),
        ("", "127.0.0.1", False),
        ("192.0.2.1", "127.0.0.1", False),
        ("192.0.2.1", "0.0.0.0", True),
        ("evil.example", "0.0.0.0", False),
        ("192.0.2.7", "192.0.2.7", True),
        ("127.0.0.1.evil.example", "127.0.0.1", False),
    ],
)
def test_which_hosts_are_local(host: str, bound: str, local: bool) -> None:
    """Loopback names and the bound address are; any number is when bound to all; no foreign name ever is."""
    assert is_allowed_host({b"host": host.encode()}, bound) == local


def test_a_setting_allows_further_hosts() -> None:
    """The console and the control API refuse a foreign Host, name the setting, and take the names that it allows."""
    with Simulator(Settings(allowed_hosts=("Simulator",))).serve() as running, web(running.url) as opened:
        for path in ("/_simulator/health", "/console/phones"):
            assert opened("GET", path, host="simulator:8080")[0] == 200
            status, _, body = opened("GET", path, host="evil.example")
            assert (status, b"--allow-host " in body) == (403, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://page.example", "Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "http://page.example"},
    ],
)
def test_a_page_of_another_site_cannot_send(server: Server, page: Web, headers: dict[str, str]) -> None:
    """What a browser posts to the API for a foreign page is refused; a link to the API may be followed."""
    assert page("POST", "/sms/messages/", urlencode(SMS).encode(), **FORM, **headers)[0] == 403
    assert server.simulator.phone(SMS["recipient"]).inbox == ()
    assert page("GET", "/you/credits/", **headers)[0] == 200
    own = {"Origin": server.url, "Sec_Fetch_Site": "same-origin"}
    assert page("POST", "/sms/messages/", urlencode(SMS).encode(), **FORM, **own)[0] == 201


def test_a_thread_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no event loop can be made, starting fails with the reason instead of waiting for ever."""

    def refuse() -> None:
        raise RuntimeError("no sockets here")

    monkeypatch.setattr(lifecycle, "_new_event_loop", refuse)
    simulator = Simulator()
    for start in (simulator.start, simulator.serve().start):
        with pytest.raises(RuntimeError, match="no sockets here"):
            start()
    monkeypatch.undo()
    with simulator:
        assert simulator.now


def test_stopping_is_quick_with_open_connections() -> None:
    """Idle and half-sent requests do not hold up the end, and no thread stays."""
    before = threading.active_count()
    server = Simulator().serve()
    with server, web(server.url) as idle, web(server.url) as half:
        assert idle("GET", "/you/credits/")[0] == 200
        half.connection.putrequest("POST", "/sms/messages/")
        half.connection.putheader("Content-Length", "10")
        half.connection.endheaders()
        time.sleep(0.05)
        begun = time.monotonic()
        server.stop()
        assert time.monotonic() - begun < 15
        server.stop()
    assert threading.active_count() == before
    with pytest.raises(SimulatorError):
        _ = server.url
    gc.collect()


def test_a_connection_that_comes_with_the_end_is_closed() -> None:
    """A client that connects while the server stops gets an error, and nothing stays open."""
    for _ in range(20):
        server = Simulator().serve()
        server.start()
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as late:
            server.stop()
            try:
                assert late.recv(1) == b""
            except ConnectionResetError:
                continue
        gc.collect()  # what was left open complains here


def test_a_request_being_answered_is_finished() -> None:
    """What is under way when the end comes still gets its answer."""
    caller = Caller()
    entered = threading.Event()
    caller.simulator.engine.add_listener(lambda _event: (entered.set(), time.sleep(0.05)))
    with caller.simulator.serve() as server, web(server.url) as opened, ThreadPoolExecutor(1) as pool:
        body = urlencode(SMS).encode()
        answer = pool.submit(opened, "POST", "/sms/messages/", body, **FORM)
        assert entered.wait(10)
        server.stop()
        assert answer.result()[0] == 201


async def _watching(request: Request) -> StreamingResponse:
    async def lines() -> AsyncIterator[bytes]:
        yield b"first\n"
        await request.state.stopping.wait()
        yield b"last\n"

    return StreamingResponse(lines())


async def _ignoring(_request: Request) -> StreamingResponse:
    async def lines() -> AsyncIterator[bytes]:
        yield b"first\n"
        await asyncio.Event().wait()

    return StreamingResponse(lines())


def test_streams_end_with_the_server(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """A stream that reacts to the stop finishes; one that does not is cut; neither is logged as an error."""
    streams = [Route("/_simulator/watching", _watching), Route("/_simulator/ignoring", _ignoring)]
    monkeypatch.setattr(control_app, "application", lambda *_: Starlette(routes=streams))
    with Simulator().serve() as server:
        opened = [urlopen(f"{server.url}/_simulator/{name}", timeout=20) for name in ("watching", "ignoring")]
        assert [stream.readline() for stream in opened] == [b"first\n"] * 2
        server.stop()
        watching, ignoring = opened
        assert watching.read() == b"last\n"
        with pytest.raises(http.client.IncompleteRead):
            ignoring.read()
        for stream in opened:
            stream.close()
    assert capfd.readouterr() == ("", "")


def test_what_is_not_http_is_reported_as_an_event(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    """Garbage and unknown upgrades are reported to listeners of the simulator only."""
    events: list[tuple[str, str, object]] = []
    server.simulator.engine.add_listener(
        lambda event: events.append((event.name, event.ident, event.facts.get("because")))
    )
    for sent in (
        b"\x00\r\n\r\n",
        b"GET /you/credits/ HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
            raw.sendall(sent)
            assert raw.recv(100).startswith(b"HTTP/1.1 4")
    assert events[0] == ("refused", "(no request)", ["Invalid HTTP request received."])
    assert events[1] == ("refused", "(no request)", ["Unsupported upgrade request."])
    assert capfd.readouterr() == ("", "")


def test_a_mistake_in_another_application(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The response is 500, and the error is logged."""

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(control_app, "application", lambda *_: broken)
    with caplog.at_level(logging.ERROR), web(server.url) as opened:
        assert opened("GET", "/_simulator/health")[0] == 500
    assert "ZeroDivisionError" in caplog.text


def test_several_side_by_side() -> None:
    """Two simulators share nothing; one simulator may have two ports."""
    with Simulator() as one, one.serve() as first, one.serve() as second, Simulator().serve() as other:
        with web(first.url) as opened:
            opened("POST", "/sms/messages/", urlencode(SMS).encode(), **FORM)
        assert len({first.url, second.url, other.url}) == 3
        with web(second.url) as opened:
            assert len(opened.json("GET", "/sms/messages/")[1]) == 1
        assert not other.simulator.phone(SMS["recipient"]).inbox


def test_ports_that_cannot_be_had() -> None:
    """A busy port and an unknown host are errors in one line, and leave nothing open."""
    with Simulator().serve() as server:
        for host, port in (("127.0.0.1", server.port), ("256.1.1.1", 0), ("127.0.0.1", 70_000)):
            with pytest.raises(SimulatorError, match="cannot listen on"):
                Simulator().serve(host, port).start()


def test_addresses_of_other_families() -> None:
    """IPv6 is written in brackets, all addresses as one that can be called."""
    with Simulator().serve("0.0.0.0") as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
    with Simulator().serve("::1") as server, web(server.url) as opened:
        assert server.url == f"http://[::1]:{server.port}"
        assert opened("GET", "/_simulator/health")[0] == 200


async def _talk(application: app.Application, kinds: list[str]) -> list[str]:
    messages = [{"type": kind} for kind in kinds]
    sent: list[str] = []

    async def receive() -> dict[str, object]:
        return messages.pop(0)

    async def send(message: object) -> None:
        sent.append(message["type"])  # type: ignore[index]

    await application({"type": "lifespan"}, receive, send)
    await application({"type": "websocket"}, receive, send)
    return sent


def test_any_asgi_server_can_run_it() -> None:
    """The lifespan starts and closes the simulator; what is no HTTP is left alone."""
    application = app.Application(Simulator())
    sent = asyncio.run(_talk(application, ["lifespan.startup", "lifespan.shutdown"]))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert threading.active_count() == 1 or all(t.name != "xoxzo-simulator" for t in threading.enumerate())


def test_the_package_hands_out_its_names() -> None:
    """All public names are there, others are not."""
    for name in package.__all__:
        assert getattr(package, name).__name__ == name
    with pytest.raises(AttributeError):
        _ = package.nothing


def test_the_date_is_kept(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Later answers carry a later date."""
    with web(server.url) as opened:
        first = opened("GET", "/you/credits/")[1]["date"]
        deadline = time.monotonic() + 60
        while opened("GET", "/you/credits/")[1]["date"] == first:
            assert time.monotonic() < deadline
            time.sleep(0.1)
