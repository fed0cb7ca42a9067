"""Callers for the simulator: straight into the API, over sockets, and a listener for what it sends out."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from xoxzo.cloudpy.simulator import Settings, Simulator, SteppedClock
from xoxzo.cloudpy.simulator.api.http import ApiRequest, ApiResponse

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SMS = {"message": "hello", "recipient": "+818012345678", "sender": "Xoxzo"}
CALL = {"caller": "814512345678", "recipient": "+818012345678", "recording_url": "http://example.com/a.mp3"}


def basic(sid: str = "sid", token: str = "token") -> bytes:
    """Return the value of an Authorization header."""
    return b"Basic " + base64.b64encode(f"{sid}:{token}".encode())


class Caller:
    """Sends requests into a simulator's API in this process, with a stepped clock."""

    def __init__(self, database: Path | None = None, **settings: Any) -> None:
        self._given = Settings(**{"seed": 1, **settings})
        self._database = database
        self.open()

    def open(self) -> None:
        """Make the simulator, with a clock that a database may set to another moment."""
        self.clock = SteppedClock(START)
        self.simulator = Simulator(self._given, clock=self.clock, database=self._database)

    def restart(self) -> None:
        """Give the database up, and take it up with another simulator."""
        self.simulator.close()
        self.open()

    def raw(self, method: str, target: str, body: bytes = b"", **headers: bytes) -> ApiResponse:
        """Send anything; header names with _ for -."""
        path, _, query = target.encode().partition(b"?")
        sent = {b"authorization": basic(), b"host": b"xoxzo.test"}
        sent |= {name.replace("_", "-").encode(): value for name, value in headers.items()}
        return self.simulator.api.handle(ApiRequest(method, path, query, sent, body))

    def get(self, target: str, **headers: bytes) -> tuple[int, Any]:
        """Return status and parsed body of a GET."""
        return parsed(self.raw("GET", target, **headers))

    def post(self, target: str, fields: dict[str, Any] | None = None, **headers: bytes) -> tuple[int, Any]:
        """Return status and parsed body of a form POST."""
        kind = {"content_type": b"application/x-www-form-urlencoded"}
        return parsed(self.raw("POST", target, urlencode(fields or {}).encode(), **{**kind, **headers}))

    def post_json(self, target: str, body: Any) -> tuple[int, Any]:
        """Return status and parsed body of a JSON POST."""
        return parsed(self.raw("POST", target, json.dumps(body).encode(), content_type=b"application/json"))

    def send(self, **fields: Any) -> str:
        """Send an SMS that must be accepted; returns its msgid."""
        status, body = self.post("/sms/messages/", {**SMS, **fields})
        assert status == 201, body
        return body[0]["msgid"]

    def sms(self, msgid: str) -> dict[str, Any]:
        """Return a message's status object."""
        status, body = self.get(f"/sms/messages/{msgid}/")
        assert status == 200
        return body

    def place(self, **fields: Any) -> str:
        """Place a call that must be accepted; returns its callid."""
        given = {name: value for name, value in {**CALL, **fields}.items() if value is not None}
        status, body = self.post("/voice/simple/playbacks/", given)
        assert status == 201, body
        return body[0]["callid"]

    def call(self, callid: str) -> dict[str, Any]:
        """Return a call's status object."""
        status, body = self.get(f"/voice/calls/{callid}/")
        assert status == 200
        return body

    def credits(self) -> float:
        """Return the account's balance."""
        return self.get("/you/credits/")[1]["credits"]

    def subscribe(self, prefix: str = "8150", action_url: str | None = None) -> dict[str, Any]:
        """Subscribe the first free number of a prefix."""
        din = self.get(f"/voice/dins/?prefix={prefix}")[1][0]
        status, body = self.post("/voice/dins/subscriptions/", {"din_uid": din["din_uid"]})
        assert status == 201
        if action_url:
            assert self.post(f"/voice/dins/subscriptions/{din['din_uid']}/", {"action_url": action_url}) == (200, None)
        return body

    def step(self, seconds: float) -> None:
        """Move the clock without a driver."""
        self.clock.move_to(self.clock.now() + seconds)


def parsed(reply: ApiResponse) -> tuple[int, Any]:
    """Return a reply's status and JSON body, ``None`` when it is empty."""
    return reply.status, json.loads(reply.body) if reply.body else None


class Listener:
    """A small HTTP server that records requests and sends the given responses."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, bytes]] = []
        self.answer: Callable[[BaseHTTPRequestHandler], None] = self._answer
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                listener.requests.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
                listener.answer(self)

            do_POST = do_GET  # noqa: N815 - the base class's name

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        status, body = self.answers.pop(0) if self.answers else (200, b"")
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    @contextmanager
    def running(self) -> Iterator[Listener]:
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


class Web:
    """One kept connection to a served simulator."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)

    def __call__(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        sent = {"Authorization": basic().decode()}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body, sent)
        with self.connection.getresponse() as response:
            return response.status, {k.lower(): v for k, v in response.headers.items()}, response.read()

    def json(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        sent = {"Content_Type": "application/json", **headers}
        status, _, answer = self(method, path, None if body is None else json.dumps(body).encode(), **sent)
        return status, json.loads(answer) if answer else None


@contextmanager
def web(url: str) -> Iterator[Web]:
    """Open a connection to a server."""
    opened = Web(url)
    try:
        yield opened
    finally:
        opened.connection.close()
