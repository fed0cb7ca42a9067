"""The drivers, over transports made up for the test: one for threads, one for asyncio, the same behaviour."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from xoxzo.cloudpy import errors
from xoxzo.cloudpy.client import event_hooks
from xoxzo.cloudpy.client._async.driver import AsyncDriver
from xoxzo.cloudpy.client._sync.driver import Driver
from xoxzo.cloudpy.client.flow import MAX_RECORD_BYTES, CallState, flow
from xoxzo.cloudpy.client.settings import Settings
from xoxzo.cloudpy.client.transport_holder import TransportHolder, deadline_async, discard_async, discard_sync
from xoxzo.cloudpy.operations.bodies import DecodingError, decode_json, ignore_body
from xoxzo.cloudpy.operations.operation import Effect, Listing, Operation
from xoxzo.cloudpy.protocols import Attempt, AttemptStart, Progress, Request, Response, TimeBudget, TransportFailure

if TYPE_CHECKING:
    from collections.abc import Callable

SEND = Operation(name="sms.send", method="POST", path="/", effect=Effect.CREATE, read=decode_json, body=b"x")
LIST = Listing(name="sms.list", method="GET", path="/", effect=Effect.READ, read=decode_json)


class Scripted:
    """A transport, for threads or for asyncio, that does what the test says.

    Args:
        status: of each answer.
        pieces: of each body; a callable is called and its result given, an exception is raised.
        on_send: called first, with the progress.
    """

    def __init__(
        self, status: int = 200, pieces: list[Any] | None = None, on_send: Callable[[Progress], object] | None = None
    ) -> None:
        self.status = status
        self.pieces = pieces or []
        self.on_send = on_send
        self.sent = 0
        self.requests: list[Request] = []
        self.replies: list[ScriptedReply] = []

    def send(self, request: Request, budget: TimeBudget, progress: Progress) -> ScriptedReply:
        self.sent += 1
        self.requests.append(request)
        if self.on_send is not None:
            self.on_send(progress)
        progress.write_started = True
        self.replies.append(ScriptedReply(self.status, list(self.pieces)))
        return self.replies[-1]

    def close(self) -> None:
        pass


class ScriptedReply:
    def __init__(self, status: int, pieces: list[Any]) -> None:
        self.status = status
        self.headers: dict[str, str] = {}
        self.pieces = pieces
        self.closed = 0

    def read(self, budget: TimeBudget) -> bytes:
        piece = self.pieces.pop(0) if self.pieces else b""
        if callable(piece):
            piece = piece()
        if isinstance(piece, BaseException):
            raise piece
        return piece

    def close(self) -> None:
        self.closed += 1


class AsyncScripted:
    """The same, awaited."""

    def __init__(self, inner: Scripted) -> None:
        self.inner = inner

    async def send(self, request: Request, budget: TimeBudget, progress: Progress) -> AsyncScriptedReply:
        return AsyncScriptedReply(self.inner.send(request, budget, progress))

    async def close(self) -> None:
        pass


class AsyncScriptedReply:
    def __init__(self, inner: ScriptedReply) -> None:
        self.inner = inner
        self.status = inner.status
        self.headers = inner.headers

    async def read(self, budget: TimeBudget) -> bytes:
        return self.inner.read(budget)

    async def close(self) -> None:
        self.inner.close()


def settings(**more: Any) -> Settings:
    return Settings(base_url="http://127.0.0.1", headers=(), **{"max_retries": 0, **more})


def ignore(_transport: object) -> None:
    pass


class Threads:
    """Calls by the driver for threads."""

    def __init__(self, transport: Scripted, **more: Any) -> None:
        self.driver = Driver(TransportHolder(lambda: transport, discard=ignore), settings(**more))

    def call(self, operation: Operation[Any]) -> Any:
        return self.driver.call(operation)

    def stream(self, listing: Listing[Any], most: int = 10**9, between: float = 0.0) -> list[Any]:
        found = []
        stream = self.driver.stream(listing)
        for record in stream:
            found.append(record)
            time.sleep(between)
            if len(found) == most:
                stream.close()
                break
        return found


class Loop:
    """Calls by the driver for asyncio."""

    def __init__(self, transport: Scripted, **more: Any) -> None:
        self.driver = AsyncDriver(TransportHolder(lambda: AsyncScripted(transport), discard=ignore), settings(**more))

    def call(self, operation: Operation[Any]) -> Any:
        return asyncio.run(self.driver.call(operation))

    def stream(self, listing: Listing[Any], most: int = 10**9, between: float = 0.0) -> list[Any]:
        return asyncio.run(self._stream(listing, most, between))

    async def _stream(self, listing: Listing[Any], most: int, between: float) -> list[Any]:
        found = []
        stream = self.driver.stream(listing)
        async for record in stream:
            found.append(record)
            await asyncio.sleep(between)
            if len(found) == most:
                await stream.aclose()
                break
        return found


@pytest.fixture(params=[Threads, Loop], ids=["threads", "asyncio"])
def face(request):
    return request.param


def test_a_call_returns_what_the_operation_reads(face) -> None:
    """The body's pieces are put together and read, and the reply is closed once."""
    transport = Scripted(201, [b'{"a"', b": 1}"])
    assert face(transport).call(SEND) == {"a": 1}
    assert transport.replies[0].closed == 1


def test_a_body_is_read_to_a_limit(face) -> None:
    """Of a body longer than a record may be, little more than the limit is read, and the outcome is unknown."""
    transport = Scripted(201, [b"x" * 400_000] * 100)
    with pytest.raises(errors.UnexpectedResponse) as caught:
        face(transport).call(SEND)
    assert caught.value.maybe_sent is True
    assert (100 - len(transport.replies[0].pieces)) * 400_000 <= MAX_RECORD_BYTES + 400_000
    assert transport.replies[0].closed == 1


def test_a_body_that_breaks_off_is_unknown(face) -> None:
    """When the answer's head came and its body did not, a send may have gone out."""
    with pytest.raises(errors.ResponseLost) as caught:
        face(Scripted(201, [b"[", TransportFailure("reset")])).call(SEND)
    assert caught.value.maybe_sent is True


def test_a_refusal_whose_body_breaks_off_is_still_a_refusal(face) -> None:
    """The status of a 400 is enough to know that nothing was sent."""
    with pytest.raises(errors.BadRequest) as caught:
        face(Scripted(400, [TransportFailure("reset")])).call(SEND)
    assert caught.value.maybe_sent is False


def test_retries_wait_in_between(face) -> None:
    """The driver sleeps as the flow says, then tries again."""
    transport = Scripted(500)
    with pytest.raises(errors.ServerError) as caught:
        face(transport, max_retries=2).call(
            Operation(name="account.credits", method="GET", path="/", effect=Effect.READ, read=ignore_body)
        )
    assert (caught.value.attempts, transport.sent) == (3, 3)


def test_a_listing_is_yielded_as_it_arrives(face) -> None:
    """Records come out before the list has ended, and leaving early closes the reply."""
    transport = Scripted(200, [b'[{"n": 1},', b'{"n": 2}', AssertionError("read too far")])
    assert face(transport).stream(LIST, most=2) == [{"n": 1}, {"n": 2}]
    assert transport.replies[0].closed == 1


def test_a_complete_listing(face) -> None:
    """A list is yielded whole and its reply closed."""
    transport = Scripted(200, [b'[{"n": 1},', b'{"n": 2}]'])
    assert face(transport).stream(LIST) == [{"n": 1}, {"n": 2}]
    assert transport.replies[0].closed == 1


@pytest.mark.parametrize(
    ("pieces", "kind"),
    [
        ([b'[{"n": 1}'], errors.UnexpectedResponse),
        ([b'[{"n": }]'], errors.UnexpectedResponse),
        ([b"<html>"], errors.UnexpectedResponse),
        ([b'[{"n": 1},', TransportFailure("reset")], errors.ResponseLost),
        ([b'[{"n": 1},', TransportFailure("late", timeout="read")], errors.TimedOut),
    ],
    ids=["ends early", "not JSON", "HTML", "reset", "timeout"],
)
def test_a_listing_that_goes_wrong_on_the_way(face, pieces, kind) -> None:
    """A list that breaks raises the right error, of a read that had no effect, and its reply is closed."""
    transport = Scripted(200, pieces)
    with pytest.raises(kind) as caught:
        face(transport).stream(LIST)
    assert caught.value.operation == "sms.list"
    assert caught.value.maybe_sent is False
    assert transport.replies[0].closed == 1


def test_a_refused_listing_is_an_error_with_its_body_read(face) -> None:
    """The refusal of a list is read like any other."""
    with pytest.raises(errors.BadRequest) as caught:
        face(Scripted(400, [b'{"sent_date": ["Invalid sent_date"]}'])).stream(LIST)
    assert caught.value.field_errors == {"sent_date": ("Invalid sent_date",)}


def test_the_deadline_of_a_listing_leaves_the_callers_time_out(face) -> None:
    """What the caller does between two records does not count against the deadline."""
    transport = Scripted(200, [b'[{"n": 1},', b'{"n": 2},', b'{"n": 3}]'])
    assert len(face(transport, deadline=0.5).stream(LIST, between=0.3)) == 3


def test_an_asynchronous_call_ends_at_the_deadline_whatever_the_transport_does() -> None:
    """A transport that never answers is left at the deadline, in sending and in reading."""

    class Stuck(AsyncScripted):
        async def send(self, request: Request, budget: TimeBudget, progress: Progress) -> AsyncScriptedReply:
            progress.write_started = True
            await asyncio.sleep(60)
            raise AssertionError

    class StuckReading(AsyncScripted):
        async def send(self, request: Request, budget: TimeBudget, progress: Progress) -> AsyncScriptedReply:
            reply = await super().send(request, budget, progress)
            reply.read = lambda budget: asyncio.sleep(60, b"")  # type: ignore[method-assign, assignment]
            return reply

    for kind in (Stuck, StuckReading):
        transport = kind(Scripted(201))
        driver = AsyncDriver(TransportHolder(lambda t=transport: t, discard=ignore), settings(deadline=0.1))
        with pytest.raises(errors.TimedOut) as caught:
            asyncio.run(driver.call(SEND))
        assert (caught.value.phase, caught.value.maybe_sent) == ("deadline", True)


@pytest.mark.parametrize("reached", [True, False])
def test_cancelling_is_reported_and_goes_through(reached) -> None:
    """A cancelled send raises CancelledError at once, and the hook learns whether it may have gone out."""
    events: list[Attempt] = []

    class Stuck(AsyncScripted):
        async def send(self, request: Request, budget: TimeBudget, progress: Progress) -> AsyncScriptedReply:
            progress.write_started = reached
            await asyncio.sleep(60)
            raise AssertionError

    async def main() -> None:
        transport = Stuck(Scripted())
        driver = AsyncDriver(TransportHolder(lambda: transport, discard=ignore), settings(event_hooks=(events.append,)))
        task = asyncio.ensure_future(driver.call(SEND))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert [(event.outcome, event.maybe_sent) for event in events] == [("cancelled", reached)]


def test_cancelling_while_the_answer_is_read_gives_its_connection_up() -> None:
    """A send that is cancelled in the middle of the answer closes it, and may have gone out."""
    events: list[Attempt] = []
    inner = Scripted(201)

    class Stuck(AsyncScripted):
        async def send(self, request: Request, budget: TimeBudget, progress: Progress) -> AsyncScriptedReply:
            reply = await super().send(request, budget, progress)
            reply.read = lambda budget: asyncio.sleep(60, b"")  # type: ignore[method-assign, assignment]
            return reply

    async def main() -> None:
        driver = AsyncDriver(
            TransportHolder(lambda: Stuck(inner), discard=ignore), settings(event_hooks=(events.append,))
        )
        task = asyncio.ensure_future(driver.call(SEND))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert inner.replies[0].closed == 1
    assert [(event.outcome, event.maybe_sent) for event in events] == [("cancelled", True)]


@pytest.mark.usefixtures("real_pauses")
def test_cancelling_while_waiting_for_the_next_try_goes_through(face) -> None:
    """An interruption between two tries is raised as it is."""

    async def main() -> None:
        driver = Loop(Scripted(429), max_retries=2).driver
        task = asyncio.ensure_future(driver.call(SEND))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


@pytest.mark.parametrize("reached", [True, False])
def test_an_interrupt_from_the_keyboard_is_reported_and_goes_through(face, reached) -> None:
    """Ctrl-C during a send is raised again after the hook reported whether it may have been sent."""
    events: list[Attempt] = []

    def interrupt(progress: Progress) -> None:
        progress.write_started = reached
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        face(Scripted(on_send=interrupt), event_hooks=(events.append,)).call(SEND)
    assert [(event.outcome, event.maybe_sent) for event in events] == [("cancelled", reached)]


class SoftTimeLimitExceeded(Exception):
    """What a worker's signal handler may raise."""


@pytest.mark.parametrize(
    "interruption",
    [SoftTimeLimitExceeded(), TimeoutError("the handler's"), InterruptedError(4, "signal"), SystemExit(1)],
    ids=lambda interruption: type(interruption).__name__,
)
@pytest.mark.parametrize("reached", [True, False])
def test_what_a_signal_handler_raises_goes_through(face, interruption, reached) -> None:
    """An exception of any class that interrupts a send is raised unchanged, after the hook was called."""
    events: list[Attempt] = []

    def interrupt(progress: Progress) -> None:
        progress.write_started = reached
        raise interruption

    transport = Scripted(on_send=interrupt)
    with pytest.raises(type(interruption)) as caught:
        face(transport, event_hooks=(events.append,), max_retries=2).call(SEND)
    assert caught.value is interruption
    assert transport.sent == 1
    assert [event.maybe_sent for event in events] == [reached]


@pytest.mark.parametrize("interruption", [SoftTimeLimitExceeded(), TimeoutError("the handler's")], ids=repr)
def test_what_a_signal_handler_raises_while_reading_goes_through(face, interruption) -> None:
    """An exception that interrupts the reading of an answer is raised as it is, and the answer is closed."""
    events: list[Attempt] = []
    transport = Scripted(201, [b"[", interruption])
    with pytest.raises(type(interruption)) as caught:
        face(transport, event_hooks=(events.append,)).call(SEND)
    assert caught.value is interruption
    assert [event.maybe_sent for event in events] == [True]
    assert transport.replies[0].closed == 1
    transport = Scripted(200, [b"[", interruption])
    with pytest.raises(type(interruption)) as caught:
        face(transport).stream(LIST)
    assert caught.value is interruption
    assert transport.replies[0].closed == 1


@pytest.mark.parametrize("pieces", [[b"[", TransportFailure("reset")], [b'[{"a": }']], ids=["reset", "unreadable"])
def test_a_listing_that_goes_wrong_names_its_cause(face, pieces) -> None:
    """The error of a broken list has a cause, without the frames that hold the records."""
    with pytest.raises(errors.APIError) as caught:
        face(Scripted(200, pieces)).stream(LIST)
    assert isinstance(caught.value.__cause__, TransportFailure | DecodingError)
    assert caught.value.__cause__.__context__ is None


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="this system has no alarm")
def test_what_a_signal_handler_raises_in_a_hook_goes_through(face) -> None:
    """A time limit that strikes while a hook runs is no error of the hook: it ends the call."""

    def strike(number: int, frame: object) -> None:
        raise SoftTimeLimitExceeded

    def slow_hook(event: Attempt) -> None:
        signal.raise_signal(signal.SIGALRM)

    before = signal.signal(signal.SIGALRM, strike)
    try:
        with pytest.raises(SoftTimeLimitExceeded):
            face(Scripted(201, [b"{}"]), event_hooks=(slow_hook,)).call(SEND)
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("reached", [True, False])
def test_an_interruption_between_two_steps_is_reported(face, reached, monkeypatch) -> None:
    """A signal handler that raises after an attempt, before its event is handed on, does not keep it from the hooks."""
    events: list[Attempt] = []

    def interrupt(progress: Progress) -> None:
        progress.write_started = reached
        raise SoftTimeLimitExceeded

    real = event_hooks.notify

    def interrupted_once(step: Any, settings: Settings) -> Any:
        monkeypatch.setattr(event_hooks, "notify", real)
        raise KeyboardInterrupt

    monkeypatch.setattr(event_hooks, "notify", interrupted_once)
    with pytest.raises(KeyboardInterrupt):
        face(Scripted(on_send=interrupt), event_hooks=(events.append,)).call(SEND)
    assert [(event.outcome, event.maybe_sent) for event in events] == [("SoftTimeLimitExceeded", reached)]


def test_a_dropped_call_calls_no_hook() -> None:
    """A call that is dropped on its way, as at the end of a program, ends without a step and without a warning."""
    steps = flow(CallState(SEND, settings()))
    next(steps)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        steps.close()
    steps = flow(CallState(SEND, settings()))
    next(steps)
    steps.send(TransportFailure("reset"))
    steps.close()


def test_a_failing_hook_is_logged_and_hides_nothing(face, caplog) -> None:
    """A broken hook takes neither the msgid from the caller nor the event from the next hook."""
    events: list[Attempt] = []

    def broken(event: Attempt) -> None:
        raise RuntimeError("my hook")

    assert face(Scripted(201, [b"{}"]), event_hooks=(broken, events.append)).call(SEND) == {}
    assert "the on_event hook failed" in caplog.text
    assert [event.outcome for event in events] == ["ok"]


def test_start_hooks_add_headers(face, caplog) -> None:
    """Each hook's header fields go out; one that fails, or whose field cannot be sent, is logged and adds none."""

    def broken(start: AttemptStart) -> dict[str, str]:
        raise RuntimeError("my hook")

    transport = Scripted(201, [b"{}"])
    hooks = (
        lambda start: {"X-One": start.operation},
        broken,
        lambda start: {"X-Two": "a\r\nb: c"},
        lambda start: {"Authorization": "mine"},
        lambda start: None,
        lambda start: {"x-three": "3"},
    )
    assert face(transport, start_hooks=hooks).call(SEND) == {}
    assert [pair for pair in transport.requests[0].headers if pair[0] not in {"x-request-id", "content-type"}] == [
        ("x-one", "sms.send"),
        ("x-three", "3"),
    ]
    assert caplog.text.count("an event hook failed before an attempt") == 3


def test_a_failed_try_is_logged_at_info(face, caplog) -> None:
    """What did not go well is seen without the noise of what did, with the wait and what may have happened."""
    with caplog.at_level(logging.INFO, "xoxzo.cloudpy"):
        face(Scripted(201, [b"{}"])).call(SEND)
        with pytest.raises(errors.ServerError):
            face(Scripted(500)).call(SEND)
    (record,) = (record for record in caplog.records if record.name == "xoxzo.cloudpy")
    assert record.levelno == logging.INFO
    assert "ServerError (500)" in record.getMessage()
    assert record.getMessage().endswith(", may have been carried out")


def test_each_try_is_logged_at_debug(face, caplog) -> None:
    """The log has operation, request id, outcome and status, and nothing at a higher level."""
    with caplog.at_level(logging.DEBUG, "xoxzo.cloudpy"):
        face(Scripted(201, [b"{}"])).call(SEND)
    (record,) = (record for record in caplog.records if record.name == "xoxzo.cloudpy")
    assert record.levelno == logging.DEBUG
    assert "sms.send" in record.getMessage()
    assert "ok (201)" in record.getMessage()


def test_a_transport_for_threads_may_fetch_whole_responses() -> None:
    """One with ``fetch`` is asked for whole responses, within the limit; not for lists, nor if ``send`` is replaced."""
    limits: list[int] = []

    class Fetching(Scripted):
        def fetch(self, request: Request, budget: TimeBudget, progress: Progress, limit: int) -> Response:
            limits.append(limit)
            reply = self.send(request, budget, progress)
            return Response(reply.status, reply.headers, reply.read(budget))

    assert Threads(Fetching(201, [b'{"a":1}'])).call(SEND) == {"a": 1}
    assert Threads(Fetching(200, [b'[{"a":1}]'])).stream(LIST) == [{"a": 1}]

    class Replacing(Fetching):
        def send(self, request: Request, budget: TimeBudget, progress: Progress) -> ScriptedReply:
            return super().send(request, budget, progress)

    assert Threads(Replacing(201, [b'{"a":2}'])).call(SEND) == {"a": 2}
    assert limits == [MAX_RECORD_BYTES]


def test_a_transport_whose_send_was_replaced_alone_is_not_passed_by() -> None:
    """A subclass, a mixin, a wrapper or a test that replaces ``send`` gets the request, and not the ``fetch`` below."""

    class Fetching(AsyncScripted):
        async def fetch(self, *_: object) -> Response:
            return Response(201, {}, b'"fetched"')

    class Refetching(Fetching):
        async def fetch(self, *_: object) -> Response:
            return Response(201, {}, b'"fetched again"')

    class Replaced:
        async def send(self, request: Request, budget: TimeBudget, progress: Progress) -> AsyncScriptedReply:
            return AsyncScriptedReply(Scripted(201, [b'"sent"']).send(request, budget, progress))

    class Subclass(Fetching):
        send = Replaced.send  # type: ignore[assignment]

    class Mixed(Replaced, Fetching):
        pass

    class Wrapper(Replaced):
        def __getattr__(self, name: str) -> Any:
            return getattr(Fetching(Scripted()), name)

    patched = Fetching(Scripted())
    patched.send = Replaced().send  # type: ignore[method-assign]
    inner = Scripted()
    transports = [Fetching(inner), Refetching(inner), Subclass(inner), Mixed(inner), Wrapper(), patched]
    drivers = [AsyncDriver(TransportHolder(Scripted, each, discard=ignore), settings()) for each in transports]
    answers = [asyncio.run(driver.call(SEND)) for driver in drivers]
    assert answers == ["fetched", "fetched again", "sent", "sent", "sent", "sent"]


def test_a_given_transport_that_is_empty_is_used() -> None:
    """One that counts as false, such as a list of what was sent, must not be replaced by one that really sends."""

    class Counting(Scripted):
        def __len__(self) -> int:
            return self.sent

    given = Counting(201, [b"1"])
    assert Driver(TransportHolder(lambda: pytest.fail("made"), given, discard=ignore), settings()).call(SEND) == 1
    assert given.sent == 1


def test_a_connector_makes_its_transport_once_and_late() -> None:
    """Nothing is made before the first call, and then once."""
    made: list[Scripted] = []

    def make() -> Scripted:
        made.append(Scripted())
        return made[-1]

    holder = TransportHolder(make, discard=ignore)
    assert made == []
    assert holder.open() is holder.open() is holder.transport is made[0]
    assert holder.release() is made[0]
    assert holder.release() is None
    with pytest.raises(errors.ConfigurationError, match="closed"):
        holder.open()


def test_a_connector_leaves_a_given_transport_to_its_owner() -> None:
    """A transport passed by the caller is used and never closed."""
    discarded: list[object] = []
    given = Scripted()
    holder = TransportHolder(Scripted, given, discard=discarded.append)
    assert holder.open() is given
    assert holder.release() is None
    del holder
    gc.collect()
    assert discarded == []


def test_a_dropped_connector_discards_its_transport_once() -> None:
    """A client that is dropped unclosed warns once; one that was closed, or never used, does not."""
    holder = TransportHolder(Scripted, discard=discard_async)
    holder.open()
    with pytest.warns(ResourceWarning, match="unclosed Xoxzo client") as caught:
        del holder
        gc.collect()
    assert len(caught) == 1
    with warnings.catch_warnings(record=True) as silent:
        warnings.simplefilter("always")
        closed = TransportHolder(Scripted, discard=discard_async)
        closed.open()
        closed.release()
        unused = TransportHolder(Scripted, discard=discard_async)
        del closed, unused
        gc.collect()
    assert [str(warning.message) for warning in silent] == []


def test_a_client_that_the_program_ends_with_is_closed_without_a_warning(monkeypatch) -> None:
    """At the end of the interpreter a warning would be shown as an ignored exception; the transport is closed."""
    closed: list[str] = []
    transport = Scripted()
    monkeypatch.setattr(transport, "close", lambda: closed.append("closed"))
    holder = TransportHolder(lambda: transport, discard=discard_sync)
    holder.open()
    monkeypatch.setattr(sys, "is_finalizing", lambda: True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        holder.__del__()
    monkeypatch.undo()
    assert (caught, closed) == ([], ["closed"])


def test_a_listing_that_hangs_ends_at_the_deadline() -> None:
    """A transport that does not watch the deadline itself is interrupted when it has passed."""
    budget = TimeBudget(connect=60.0, read=60.0, expires_at=time.monotonic() + 0.02)

    async def program() -> None:
        async with deadline_async(budget):
            await asyncio.sleep(60.0)

    with pytest.raises(TransportFailure) as caught:
        asyncio.run(program())
    assert caught.value.timeout == "deadline"


def test_a_time_out_of_somebody_else_passes_through_a_listing(face) -> None:
    """A TimeoutError that is not the deadline's interrupts a listing as it is, and closes the response."""
    transport = Scripted(200, [b"[", TimeoutError("the handler's")])
    with pytest.raises(TimeoutError, match="the handler's"):
        face(transport).stream(LIST)
    assert transport.replies[0].closed == 1
