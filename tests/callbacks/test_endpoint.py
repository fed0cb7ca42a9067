"""From a request to a response: each callback is processed once, and answered by its result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from xoxzo.cloudpy import ConfigurationError
from xoxzo.cloudpy.callbacks import Action, Callbacks, DeliveryLog, DeliveryReport, Event, IncomingCall, Say
from xoxzo.cloudpy.callbacks.endpoint import AsyncCallbackEndpoint, CallbackEndpoint, CallbackResponse

Handle = Callable[..., CallbackResponse]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[DeliveryLog]:
    """A log in a file."""
    with DeliveryLog(tmp_path / "log.db") as log:
        yield log


@pytest.fixture(params=["sync", "async", "async with a plain handler", "async with an object that is awaited"])
def handle(request: pytest.FixtureRequest, callbacks: Callbacks) -> Handle:
    """Handle one callback by an endpoint of either kind: ``handle(handler, purpose, body, log)``."""

    def handle_sync(
        handler: Callable[[Event], Any], purpose: str, body: bytes, log: DeliveryLog | None
    ) -> CallbackResponse:
        method = "GET" if purpose == "incoming-call" else "POST"
        return CallbackEndpoint(callbacks, handler, log=log).handle(method, callbacks.url(purpose, "a"), {}, body)

    def handle_async(
        handler: Callable[[Event], Any], purpose: str, body: bytes, log: DeliveryLog | None
    ) -> CallbackResponse:
        async def coroutine_function(event: Event) -> Any:
            await asyncio.sleep(0)
            return handler(event)

        def returns_coroutine(event: Event) -> Any:
            return coroutine_function(event)

        handlers = {"async": coroutine_function, "async with a plain handler": handler}
        endpoint = AsyncCallbackEndpoint(callbacks, handlers.get(request.param, returns_coroutine), log=log)
        method = "GET" if purpose == "incoming-call" else "POST"
        return asyncio.run(endpoint.handle(method, callbacks.url(purpose, "a"), {}, body))

    return handle_sync if request.param == "sync" else handle_async


class Handler:
    """Records the events, and raises for the first ``failures`` of them."""

    def __init__(self, action: Action | None = None, failures: int = 0) -> None:
        self.action = action
        self.failures = failures
        self.events: list[Event] = []

    def __call__(self, event: Event) -> Action | None:
        self.events.append(event)
        if len(self.events) <= self.failures:
            raise LookupError("no such booking")
        return self.action


BODY = b"msgid=m1&status=DELIVERED"


def test_once_with_a_log(handle: Handle, log: DeliveryLog) -> None:
    """With a log a callback is processed once, however often it comes."""
    handler = Handler()
    for _ in range(3):
        assert handle(handler, "delivery-report", BODY, log) == CallbackResponse(200)
    [event] = handler.events
    assert isinstance(event, DeliveryReport)


def test_each_time_without_a_log(handle: Handle) -> None:
    """Without a log every repeat is processed."""
    handler = Handler()
    for _ in range(3):
        assert handle(handler, "delivery-report", BODY, None) == CallbackResponse(200)
    assert len(handler.events) == 3


def test_until_it_succeeds(handle: Handle, log: DeliveryLog) -> None:
    """Exceptions of the handler propagate, and the callback counts as new until the handler succeeds."""
    handler = Handler(failures=2)
    for _ in range(2):
        with pytest.raises(LookupError):
            handle(handler, "delivery-report", BODY, log)
    for _ in range(2):
        assert handle(handler, "delivery-report", BODY, log).status == 200
    assert len(handler.events) == 3
    entry = log.get(msgid="m1")
    assert entry is not None
    assert [note.times for note in entry.history] == [4]


def test_actions(handle: Handle, log: DeliveryLog) -> None:
    """An incoming call is answered with the handler's action, each time that it comes."""
    handler = Handler(Say("ja", "はい"))
    for _ in range(2):
        response = handle(handler, "incoming-call", b"", log)
        assert (response.status, response.body.decode(), response.content_type) == (
            200,
            'say ja "はい"',
            "text/plain; charset=utf-8",
        )
    assert [type(event) for event in handler.events] == [IncomingCall, IncomingCall]


def test_no_action(handle: Handle) -> None:
    """A handler that returns no action for an incoming call is an error."""
    with pytest.raises(ConfigurationError, match="action"):
        handle(Handler(), "incoming-call", b"", None)


def test_refused(handle: Handle, log: DeliveryLog) -> None:
    """A rejected callback is answered with its status and reason, and the handler is not called."""
    handler = Handler()
    assert handle(handler, "delivery-report", b"{", log).status == 400
    handle(handler, "delivery-report", BODY, log)
    other = log.record(DeliveryReport(reference="other", msgid="m2", status=handler.events[0].status))
    assert other
    response = handle(handler, "delivery-report", b"msgid=m2&status=FAIL", log)
    assert response.status == 403
    assert b"another message" in response.body
    assert len(handler.events) == 1


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra's library, the error names the extra to install."""
    import sys

    monkeypatch.setitem(sys.modules, "itsdangerous", None)
    with pytest.raises(ConfigurationError, match=r'pip install "xoxzo-cloudpy\[callbacks\]"'):
        Callbacks("a secret of the tests", "https://shop.example")
