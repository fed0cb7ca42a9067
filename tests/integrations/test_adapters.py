"""The ASGI and WSGI applications, called as servers call them."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from typing import Any

import pytest

from xoxzo.cloudpy.callbacks import Action, Callbacks, Event, IncomingCall, Voicemail
from xoxzo.cloudpy.integrations import asgi, wsgi

CALLBACKS = Callbacks("a secret of the tests", "https://shop.example/xoxzo", max_body=100)
BODY = b"msgid=m1&status=DELIVERED"


def path_of(purpose: str) -> str:
    """Return the path that a mounted application sees."""
    return CALLBACKS.url(purpose, "booking-1").removeprefix("https://shop.example/xoxzo")


class Handler:
    """Records the events, and answers calls."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> Action | None:
        self.events.append(event)
        return Voicemail() if isinstance(event, IncomingCall) else None


def by_asgi(
    handler: Handler,
    method: str,
    path: str,
    chunks: list[bytes],
    query: bytes = b"",
    *,
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> tuple[int, bytes]:
    """Make a request to the ASGI application; chunks of the body come one after another."""
    app = asgi.CallbackApp(CALLBACKS, handler)
    inbox = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    inbox.append({"type": "http.request"})
    sent: list[Any] = []

    async def receive() -> Any:
        return inbox.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": headers}
    asyncio.run(app(scope, receive, send))
    assert dict(sent[0]["headers"])[b"content-length"] == str(len(sent[1]["body"])).encode()
    return sent[0]["status"], sent[1]["body"]


def by_wsgi(handler: Handler, method: str, path: str, chunks: list[bytes], query: bytes = b"") -> tuple[int, bytes]:
    """Make a request to the WSGI application."""
    body = b"".join(chunks)
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query.decode(),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    return call_wsgi(handler, environ)


def call_wsgi(handler: Handler, environ: dict[str, Any]) -> tuple[int, bytes]:
    """Call the WSGI application, and return the status and the body."""
    received: list[Any] = []
    body = b"".join(wsgi.CallbackApp(CALLBACKS, handler)(environ, lambda *args: received.extend(args)))
    status, headers = received
    assert dict(headers)["Content-Length"] == str(len(body))
    return int(status.split()[0]), body


@pytest.fixture(params=[by_asgi, by_wsgi], ids=["ASGI", "WSGI"])
def ask(request: pytest.FixtureRequest) -> Any:
    """Make a request to one of the applications."""
    return request.param


def test_received(ask: Any) -> None:
    """A report in one piece or in several is received."""
    handler = Handler()
    assert ask(handler, "POST", path_of("delivery-report"), [BODY]) == (200, b"")
    assert ask(handler, "POST", path_of("delivery-report"), [BODY[:5], BODY[5:]]) == (200, b"")
    assert [event.reference for event in handler.events] == ["booking-1"] * 2


def test_answered(ask: Any) -> None:
    """An incoming call gets the line of its action."""
    handler = Handler()
    asked = ask(handler, "GET", path_of("incoming-call"), [], b"caller=818011112222&recipient=815012345678")
    assert asked == (200, b"voicemail")
    [event] = handler.events
    assert isinstance(event, IncomingCall)
    assert event.caller == "+818011112222"


@pytest.mark.parametrize(
    ("method", "chunks", "status"), [("POST", [b"x" * 101], 413), ("POST", [b"x" * 60] * 9, 413), ("PUT", [BODY], 405)]
)
def test_refused(ask: Any, method: str, chunks: list[bytes], status: int) -> None:
    """A body that is too large, or a wrong method, is rejected, and the handler is not called."""
    handler = Handler()
    assert ask(handler, method, path_of("delivery-report"), chunks)[0] == status
    assert handler.events == []


class SlowInput(io.BytesIO):
    """A body that returns one byte for each read."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(1, size or 0))


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({"CONTENT_LENGTH": str(len(BODY)), "wsgi.input": SlowInput(BODY)}, 200),
        ({"CONTENT_LENGTH": "", "wsgi.input_terminated": True}, 200),
        ({"wsgi.input_terminated": True}, 200),
        ({}, 400),
        ({"CONTENT_LENGTH": "many"}, 400),
        ({"CONTENT_LENGTH": str(len(BODY) + 1)}, 400),
        ({"CONTENT_LENGTH": "9" * 40}, 400),
    ],
)
def test_lengths(environ: dict[str, Any], status: int) -> None:
    """A WSGI body without a length is read only if the server ends it, and a body that was cut off is rejected."""
    handler = Handler()
    path = path_of("delivery-report")
    request = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "wsgi.input": io.BytesIO(BODY), **environ}
    assert call_wsgi(handler, request)[0] == status
    assert [event.raw for event in handler.events] == [{"msgid": "m1", "status": "DELIVERED"}] * (status == 200)


class Broken(io.BytesIO):
    """A chunked body whose last chunk does not come; servers raise what they have for that."""

    def read(self, size: int | None = -1, /) -> bytes:
        if found := super().read(size):
            return found
        raise OSError("no more data")


def test_chunks_that_break_off() -> None:
    """A chunked WSGI body that breaks off is rejected, and the handler is not called."""
    handler = Handler()
    request = {"REQUEST_METHOD": "POST", "PATH_INFO": path_of("delivery-report"), "wsgi.input": Broken(BODY)}
    assert call_wsgi(handler, {**request, "wsgi.input_terminated": True}) == (400, b"the body breaks off")
    assert handler.events == []


def test_cut_body() -> None:
    """An ASGI body that is shorter than its Content-Length is rejected, and the handler is not called."""
    handler = Handler()
    length = str(len(BODY) + 1).encode()
    assert by_asgi(handler, "POST", path_of("delivery-report"), [BODY], headers=[(b"Content-Length", length)])[0] == 400
    assert handler.events == []


def test_gone() -> None:
    """After a disconnect there is no response, and the handler is not called."""
    handler = Handler()
    inbox = [{"type": "http.request", "body": b"msgid", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return inbox.pop(0)

    async def send(message: Any) -> None:
        raise AssertionError(message)

    scope = {"type": "http", "method": "POST", "path": path_of("delivery-report"), "query_string": b"", "headers": []}
    asyncio.run(asgi.CallbackApp(CALLBACKS, handler)(scope, receive, send))
    assert handler.events == []


def test_by_itself() -> None:
    """Without a framework, the ASGI application handles the lifespan protocol, and ignores WebSockets."""
    inbox = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return inbox.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    app = asgi.CallbackApp(CALLBACKS, Handler())
    asyncio.run(app({"type": "lifespan"}, receive, send))
    asyncio.run(app({"type": "websocket"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
