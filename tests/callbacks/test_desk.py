"""From a request to the answer: each callback acted on once, and what is answered when that fails."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from xoxzo.cloudpy import ConfigurationError
from xoxzo.cloudpy.callbacks import Action, Callbacks, DeliveryLog, DeliveryReport, Event, IncomingCall, Say
from xoxzo.cloudpy.callbacks.desk import Answer, AsyncDesk, Desk

Answering = Callable[..., Answer]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[DeliveryLog]:
    """A log in a file."""
    with DeliveryLog(tmp_path / "log.db") as log:
        yield log


@pytest.fixture(params=["sync", "async", "async with a plain handler", "async with an object that is awaited"])
def answer(request: pytest.FixtureRequest, callbacks: Callbacks) -> Answering:
    """Answer one callback at a desk of either kind: ``answer(handler, purpose, body, log)``."""

    def plainly(handler: Callable[[Event], Any], purpose: str, body: bytes, log: DeliveryLog | None) -> Answer:
        method = "GET" if purpose == "incoming-call" else "POST"
        return Desk(callbacks, handler, log=log).answer(method, callbacks.url(purpose, "a"), {}, body)

    def awaited(handler: Callable[[Event], Any], purpose: str, body: bytes, log: DeliveryLog | None) -> Answer:
        async def waiting(event: Event) -> Any:
            await asyncio.sleep(0)
            return handler(event)

        def promising(event: Event) -> Any:
            return waiting(event)

        kinds = {"async": waiting, "async with a plain handler": handler}
        desk = AsyncDesk(callbacks, kinds.get(request.param, promising), log=log)
        method = "GET" if purpose == "incoming-call" else "POST"
        return asyncio.run(desk.answer(method, callbacks.url(purpose, "a"), {}, body))

    return plainly if request.param == "sync" else awaited


class Handler:
    """Notes what it was called with, and fails as often as it is told to."""

    def __init__(self, answer: Action | None = None, failures: int = 0) -> None:
        self.answer = answer
        self.failures = failures
        self.events: list[Event] = []

    def __call__(self, event: Event) -> Action | None:
        self.events.append(event)
        if len(self.events) <= self.failures:
            raise LookupError("no such booking")
        return self.answer


BODY = b"msgid=m1&status=DELIVERED"


def test_once_with_a_log(answer: Answering, log: DeliveryLog) -> None:
    """With a log a callback is acted on once, however often it comes."""
    handler = Handler()
    for _ in range(3):
        assert answer(handler, "delivery-report", BODY, log) == Answer(200)
    [event] = handler.events
    assert isinstance(event, DeliveryReport)


def test_each_time_without_a_log(answer: Answering) -> None:
    """Without a log every repeat is acted on."""
    handler = Handler()
    for _ in range(3):
        assert answer(handler, "delivery-report", BODY, None) == Answer(200)
    assert len(handler.events) == 3


def test_until_it_was_done(answer: Answering, log: DeliveryLog) -> None:
    """What the handler raises is raised, and the callback counts as new until the handler took it."""
    handler = Handler(failures=2)
    for _ in range(2):
        with pytest.raises(LookupError):
            answer(handler, "delivery-report", BODY, log)
    for _ in range(2):
        assert answer(handler, "delivery-report", BODY, log).status == 200
    assert len(handler.events) == 3
    entry = log.get(msgid="m1")
    assert entry is not None
    assert [note.times for note in entry.history] == [4]


def test_actions(answer: Answering, log: DeliveryLog) -> None:
    """An incoming call is answered with the handler's action, each time that it comes."""
    handler = Handler(Say("ja", "はい"))
    for _ in range(2):
        told = answer(handler, "incoming-call", b"", log)
        assert (told.status, told.body.decode(), told.content_type) == (
            200,
            'say ja "はい"',
            "text/plain; charset=utf-8",
        )
    assert [type(event) for event in handler.events] == [IncomingCall, IncomingCall]


def test_no_action(answer: Answering) -> None:
    """A handler that has no action for a call is at fault."""
    with pytest.raises(ConfigurationError, match="action"):
        answer(Handler(), "incoming-call", b"", None)


def test_refused(answer: Answering, log: DeliveryLog) -> None:
    """What is not believed is answered with its status and the reason, and nobody is called."""
    handler = Handler()
    assert answer(handler, "delivery-report", b"{", log).status == 400
    answer(handler, "delivery-report", BODY, log)
    strange = log.record(DeliveryReport(reference="other", msgid="m2", status=handler.events[0].status))
    assert strange
    told = answer(handler, "delivery-report", b"msgid=m2", log)
    assert told.status == 403
    assert b"another message" in told.body
    assert len(handler.events) == 1


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra's library one line says what to install."""
    import sys

    monkeypatch.setitem(sys.modules, "itsdangerous", None)
    with pytest.raises(ConfigurationError, match=r'pip install "xoxzo-cloudpy\[callbacks\]"'):
        Callbacks("a secret of the tests", "https://shop.example")
