"""The flow alone: outcomes in, decisions out, on a clock that the test moves."""

from __future__ import annotations

import gzip
import os
import re
import socket
import ssl
import traceback
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from xoxzo.cloudpy import errors
from xoxzo.cloudpy.client.flow import CallState, Notify, Send, Sleep, Start, Step, flow
from xoxzo.cloudpy.client.settings import RateLimiter, Settings
from xoxzo.cloudpy.operations.bodies import DecodingError
from xoxzo.cloudpy.operations.operation import Effect, Listing, Operation
from xoxzo.cloudpy.protocols import Attempt, AttemptStart, Response, TransportFailure

pytestmark = pytest.mark.usefixtures("real_pauses")

WALL = 1_800_000_000.0


def read(body: bytes) -> bytes:
    if body == b"?":
        raise DecodingError("the body is odd")
    return body


def operation(effect: Effect, **more: Any) -> Operation[bytes]:
    method = "GET" if effect is Effect.READ else "POST"
    return Operation(name="chapter.verb", method=method, path="/p/", effect=effect, read=read, **more)


@dataclass
class Outcome:
    """What the network does with one try."""

    answer: Response | TransportFailure
    reached: bool = True
    takes: float = 0.0


@dataclass
class Run:
    """Carries a flow out against scripted outcomes and remembers what it did."""

    script: list[Outcome]
    now: float = 100.0
    chance: float = 1.0
    sends: list[Send] = field(default_factory=list)
    sleeps: list[float] = field(default_factory=list)
    starts: list[AttemptStart] = field(default_factory=list)
    events: list[Attempt] = field(default_factory=list)

    def __call__(self, operation: Operation[Any], **settings: Any) -> Any:
        state = CallState(
            operation,
            Settings(base_url="https://host", headers=(("authorization", "x"),), **settings),
            lambda: self.now,
        )
        steps = flow(state, wall=lambda: WALL, chance=lambda: self.chance)
        answer = None
        while True:
            try:
                step = steps.send(answer)
            except StopIteration as done:
                return done.value
            answer = self.do(step)

    def do(self, step: Step) -> Response | TransportFailure | tuple[tuple[str, str], ...] | None:
        if isinstance(step, Send):
            self.sends.append(step)
            outcome = self.script.pop(0)
            step.progress.write_started = outcome.reached
            self.now += outcome.takes
            return outcome.answer
        if isinstance(step, Sleep):
            self.sleeps.append(step.seconds)
            self.now += step.seconds
        elif isinstance(step, Start):
            self.starts.append(step.event)
            self.now += 1.0
            return (("traceparent", f"00-{step.event.number}"),)
        else:
            self.events.append(step.event)
        return None


UNSENT = Outcome(TransportFailure("refused"), reached=False)
UNSENT_LATE = Outcome(TransportFailure("late", timeout="connect"), reached=False)
NO_FREE = Outcome(TransportFailure("busy", timeout="pool"), reached=False)
LOST = Outcome(TransportFailure("reset"))
LOST_LATE = Outcome(TransportFailure("late", timeout="read"))
CUT = Outcome(Response(201, {}, b"[", TransportFailure("reset")))


def answered(status: int, body: bytes = b"", **headers: str) -> Outcome:
    return Outcome(Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body))


OK = answered(201, b"fine")

RETRIED_ALWAYS = {
    "refused": (UNSENT, errors.ConnectionFailed),
    "connect timeout": (UNSENT_LATE, errors.TimedOut),
    "no free connection": (NO_FREE, errors.TimedOut),
    "429": (answered(429), errors.RateLimited),
}
DOUBTFUL = {
    "408": (answered(408), errors.StatusError),
    "500": (answered(500), errors.ServerError),
    "503": (answered(503), errors.ServerError),
    "101": (answered(101), errors.StatusError),
    "reset": (LOST, errors.ResponseLost),
    "read timeout": (LOST_LATE, errors.TimedOut),
    "2xx cut off": (CUT, errors.ResponseLost),
}
UNREADABLE = {
    "2xx unreadable": (answered(201, b"?"), errors.UnexpectedResponse),
    "2xx too long": (Outcome(Response(200, {}, b"x", too_long=True)), errors.UnexpectedResponse),
}
# Not followed and not repeated; what a 303 answers has usually been done (RFC 9110, section 15.4.4).
REDIRECTED = {
    str(status): (answered(status, location="https://elsewhere/"), errors.StatusError)
    for status in (300, 302, 303, 304, 305, 399)
}
REFUSED = {
    "307": (answered(307), errors.StatusError),
    "308": (answered(308), errors.StatusError),
    "301": (answered(301), errors.StatusError),
    "400": (answered(400, b'{"recipient": ["bad"]}'), errors.BadRequest),
    "401": (answered(401, b'{"detail": "Invalid sid/token"}'), errors.AuthenticationFailed),
    "403 poor": (answered(403, b'{"non_field_errors": ["Not enough credits, required: 20"]}'), errors.NotEnoughCredits),
    "403": (answered(403), errors.PermissionDenied),
    "404": (answered(404), errors.NotFound),
    "413": (answered(413), errors.StatusError),
}


def cases(table: dict[str, tuple[Outcome, type[errors.APIError]]]) -> list[Any]:
    return [pytest.param(*case, id=name) for name, case in table.items()]


@pytest.mark.parametrize("effect", Effect)
@pytest.mark.parametrize(("outcome", "kind"), cases(RETRIED_ALWAYS))
def test_what_did_nothing_is_tried_again_whatever_the_effect(outcome, kind, effect) -> None:
    """No connection and 429 are retried for every effect, and the error of the last try says that nothing was sent."""
    run = Run([outcome, outcome, OK])
    assert run(operation(effect)) == b"fine"
    assert len(run.sends) == 3
    run = Run([outcome] * 3)
    with pytest.raises(kind) as caught:
        run(operation(effect))
    assert type(caught.value) is kind
    assert (caught.value.attempts, caught.value.maybe_sent) == (3, False)


@pytest.mark.parametrize(("outcome", "kind"), cases(DOUBTFUL))
def test_an_unknown_outcome_ends_a_creating_call_at_once(outcome, kind) -> None:
    """A send whose outcome is unknown is never repeated and says that it may have gone out."""
    run = Run([outcome])
    with pytest.raises(kind) as caught:
        run(operation(Effect.CREATE, reference="order-7"))
    assert len(run.sends) == 1
    assert (caught.value.maybe_sent, caught.value.attempts, caught.value.reference) == (True, 1, "order-7")


@pytest.mark.parametrize("effect", [Effect.READ, Effect.IDEMPOTENT])
@pytest.mark.parametrize(("outcome", "kind"), cases(DOUBTFUL))
def test_an_unknown_outcome_is_tried_again_where_that_is_harmless(outcome, kind, effect) -> None:
    """Reads and idempotent calls go on after an unknown outcome; only a read can promise that it had no effect."""
    run = Run([outcome, outcome, OK])
    assert run(operation(effect)) == b"fine"
    run = Run([outcome] * 3)
    with pytest.raises(kind) as caught:
        run(operation(effect))
    assert caught.value.maybe_sent is (effect is Effect.IDEMPOTENT)


@pytest.mark.parametrize("effect", Effect)
@pytest.mark.parametrize(("outcome", "kind"), cases(REDIRECTED))
def test_a_redirect_to_another_result_is_not_followed(outcome, kind, effect) -> None:
    """A redirect that may come after the work stops every call; what is not a read may have had its effect."""
    run = Run([outcome])
    with pytest.raises(kind) as caught:
        run(operation(effect))
    assert type(caught.value) is kind
    assert caught.value.maybe_sent is (effect is not Effect.READ)


@pytest.mark.parametrize("effect", Effect)
@pytest.mark.parametrize(("outcome", "kind"), cases(UNREADABLE))
def test_an_unreadable_success_is_never_repeated(outcome, kind, effect) -> None:
    """A success that cannot be read stops every call; what is not a read may have had its effect."""
    run = Run([outcome])
    with pytest.raises(kind) as caught:
        run(operation(effect))
    assert caught.value.maybe_sent is (effect is not Effect.READ)


@pytest.mark.parametrize("effect", Effect)
@pytest.mark.parametrize(("outcome", "kind"), cases(REFUSED))
def test_a_clear_refusal_stops_and_promises_that_nothing_was_done(outcome, kind, effect) -> None:
    """Redirects and other 4xx are neither repeated nor followed, and nothing was sent."""
    run = Run([outcome])
    with pytest.raises(kind) as caught:
        run(operation(effect))
    assert type(caught.value) is kind
    assert caught.value.maybe_sent is False


def chained(failure: TransportFailure, cause: BaseException | None) -> TransportFailure:
    """Return a failure as a transport raises it: with a traceback, a context and perhaps a cause."""
    failure.__context__ = ValueError("the token is geheim")
    try:
        raise failure from cause
    except TransportFailure as raised:
        return raised


@pytest.mark.parametrize(
    ("cause", "kept"),
    [
        (ConnectionResetError(104, "Connection reset by peer"), True),
        (socket.gaierror(-2, "Name or service not known"), True),
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), True),
        (OSError("the token is geheim"), False),
        (ValueError("the token is geheim"), False),
        (None, False),
    ],
    ids=repr,
)
@pytest.mark.parametrize("reached", [True, False])
def test_the_cause_of_an_error_is_kept_without_secrets(cause, kept, reached) -> None:
    """An error of the network names the transport's failure as its cause and under it the operating system's error."""
    if cause is not None:
        cause.__context__ = ValueError("the token is geheim")
    with pytest.raises(errors.APIError) as caught:
        Run([Outcome(chained(TransportFailure("reset"), cause), reached)])(operation(Effect.CREATE), max_retries=0)
    failure = caught.value.__cause__
    assert isinstance(failure, TransportFailure)
    assert failure.__cause__ is (cause if kept else None)
    assert "geheim" not in "".join(traceback.format_exception(caught.value))
    while failure is not None:
        assert (failure.__context__, failure.__traceback__) == (None, None)
        failure = failure.__cause__


def test_a_compressed_response_is_read() -> None:
    """A server that compresses its response unasked is understood, a refusal as well as a success."""
    run = Run([answered(201, gzip.compress(b"fine"), content_encoding="gzip")])
    assert run(operation(Effect.CREATE)) == b"fine"
    refusal = answered(400, gzip.compress(b'{"recipient": ["bad"]}'), content_encoding="gzip")
    with pytest.raises(errors.BadRequest) as caught:
        Run([refusal])(operation(Effect.CREATE))
    assert caught.value.field_errors == {"recipient": ("bad",)}


def test_the_cause_of_an_unreadable_success_is_kept() -> None:
    """An UnexpectedResponse names what could not be read as its cause, without the frames that hold the body."""
    with pytest.raises(errors.UnexpectedResponse) as caught:
        Run([answered(201, b"?")])(operation(Effect.CREATE))
    assert isinstance(caught.value.__cause__, DecodingError)
    assert caught.value.__cause__.__traceback__ is None


def test_a_refusal_has_no_cause() -> None:
    """The server's status is all there is to know of a refusal."""
    with pytest.raises(errors.BadRequest) as caught:
        Run([answered(400)])(operation(Effect.CREATE))
    assert caught.value.__cause__ is None


def wrong(status: int, body: bytes) -> bytes | None:
    """Take a 400 that says "no" for an answer, an empty one included."""
    return body.removeprefix(b"no") if status == 400 and body.startswith(b"no") else None


@pytest.mark.parametrize(("body", "answer"), [(b"no, wrong", b", wrong"), (b"no", b"")])
def test_a_refusal_that_is_an_answer_is_returned(body, answer) -> None:
    """Where an operation reads a refusal as an answer, that is what the call returns, after one try."""
    run = Run([answered(400, body)])
    assert run(operation(Effect.CREATE, read_refusal=wrong)) == answer
    assert [(event.outcome, event.status, event.maybe_sent) for event in run.events] == [("ok", 400, False)]


@pytest.mark.parametrize(
    ("outcome", "kind", "maybe"),
    [
        (answered(400, b"yes"), errors.BadRequest, False),
        (answered(401, b"no"), errors.AuthenticationFailed, False),
        (answered(500, b"no"), errors.ServerError, True),
        (LOST, errors.ResponseLost, True),
    ],
)
def test_any_other_refusal_stays_an_error(outcome, kind, maybe) -> None:
    """What the operation does not take for an answer is judged as ever."""
    with pytest.raises(kind) as caught:
        Run([outcome])(operation(Effect.CREATE, read_refusal=wrong))
    assert caught.value.maybe_sent is maybe


def test_no_error_repeats_a_secret() -> None:
    """A secret of the request is taken out of the server's words, wherever the error keeps them."""
    body = b'{"otp": ["48z9 is wrong"], "detail": "not 48z9"}'
    with pytest.raises(errors.BadRequest) as caught:
        Run([answered(400, body)])(operation(Effect.CREATE, secret="48z9"))
    assert caught.value.field_errors == {"otp": ("… is wrong",)}
    assert caught.value.detail == "not …"
    assert "48z9" not in str(caught.value) + repr(caught.value) + str(caught.value.__dict__)


def test_maybe_sent_outlives_a_later_try_that_did_nothing() -> None:
    """When an earlier try may have worked, an error of a later one that did not leave still says maybe."""
    run = Run([LOST, UNSENT, UNSENT])
    with pytest.raises(errors.ConnectionFailed) as caught:
        run(operation(Effect.IDEMPOTENT))
    assert caught.value.maybe_sent is True


def test_a_release_that_is_gone_after_an_unknown_try_is_done() -> None:
    """A 404 after an unknown try of a release is its success, and without such a try it is a 404."""
    release = operation(Effect.IDEMPOTENT, not_found_is_success=True)
    assert Run([LOST, answered(404)])(release) is None
    for script in ([answered(404)], [UNSENT, answered(404)], [answered(429), answered(404)]):
        with pytest.raises(errors.NotFound):
            Run(script)(release)
    with pytest.raises(errors.NotFound):
        Run([LOST, answered(404)])(operation(Effect.IDEMPOTENT))


def test_backoff_doubles_under_full_jitter_and_is_capped() -> None:
    """Waits are chance × 0.5, 1, 2, 4, 8, 8 seconds."""
    run = Run([UNSENT] * 7, chance=0.5)
    with pytest.raises(errors.ConnectionFailed):
        run(operation(Effect.CREATE), max_retries=6, deadline=1000.0)
    assert run.sleeps == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0]


def test_max_retries_zero_means_one_try() -> None:
    """With no retries allowed, even what is harmless is tried once."""
    run = Run([UNSENT])
    with pytest.raises(errors.ConnectionFailed):
        run(operation(Effect.READ), max_retries=0)
    assert run.sleeps == []


@pytest.mark.parametrize(
    ("outcome", "wait"),
    [
        (answered(429, retry_after="7"), 7.0),
        (answered(429, b'{"detail": "Request was throttled. Expected available in 3 seconds."}'), 3.0),
        (answered(429, b'{"detail": "Request was throttled. Expected available in 3 seconds."}', retry_after="2"), 2.0),
        (answered(429), 0.5),
    ],
)
def test_a_429_waits_as_long_as_the_server_asks(outcome, wait) -> None:
    """The header counts before the sentence, and without either the backoff does."""
    run = Run([outcome, OK])
    run(operation(Effect.CREATE))
    assert run.sleeps == [wait]


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    """A Retry-After that outlives the deadline raises RateLimited at once, with the wait in it."""
    run = Run([answered(429, retry_after="61")])
    with pytest.raises(errors.RateLimited) as caught:
        run(operation(Effect.CREATE))
    assert (run.sleeps, caught.value.retry_after, caught.value.attempts) == ([], 61.0, 1)


def test_a_backoff_beyond_the_deadline_raises_the_last_error() -> None:
    """Near the deadline the error of the last try is raised instead of waiting for nothing."""
    run = Run([Outcome(TransportFailure("refused"), reached=False, takes=9.8)])
    with pytest.raises(errors.ConnectionFailed):
        run(operation(Effect.READ), deadline=10.0)


def test_what_was_too_late_to_be_written_is_not_tried_again() -> None:
    """A request that may not be written any more fails at once, and had no effect."""
    late = Outcome(TransportFailure("late", timeout="deadline"), reached=False)
    run = Run([late])
    with pytest.raises(errors.TimedOut) as caught:
        run(operation(Effect.CREATE), may_write=lambda: False)
    assert (caught.value.maybe_sent, run.sleeps) == (False, [])
    assert run.sends[0].progress.may_write() is False


@pytest.mark.parametrize(("reached", "maybe"), [(True, True), (False, False)])
def test_a_timeout_at_the_deadline_says_so(reached, maybe) -> None:
    """Time that ran out since the deadline passed has the phase `deadline` and tells the truth about sending."""
    late = Outcome(TransportFailure("late", timeout="read" if reached else "connect"), reached=reached, takes=11.0)
    with pytest.raises(errors.TimedOut) as caught:
        Run([late])(operation(Effect.CREATE), deadline=10.0)
    assert (caught.value.phase, caught.value.maybe_sent) == ("deadline", maybe)


def test_events_tell_each_try() -> None:
    """The hook gets each try once, with its outcome, duration, the next wait, and one request id for all."""
    run = Run([Outcome(Response(429, {"retry-after": "2"}), takes=0.25), OK])
    run(operation(Effect.CREATE, reference="r"))
    first, second = run.events
    assert (first.number, first.outcome, first.status, first.retry_in) == (1, "RateLimited", 429, 2.0)
    assert first.seconds == pytest.approx(0.25)
    assert (second.number, second.outcome, second.status, second.retry_in) == (2, "ok", 201, None)
    assert first.request_id == second.request_id
    assert (first.operation, first.reference, first.maybe_sent) == ("chapter.verb", "r", False)


@pytest.mark.parametrize(
    ("interruption", "name"), [(KeyboardInterrupt(), "cancelled"), (RuntimeError("bug"), "RuntimeError")]
)
@pytest.mark.parametrize("reached", [True, False])
def test_an_interruption_is_reported_and_raised_again(interruption, name, reached) -> None:
    """What interrupts a try is raised unchanged after an event that says whether it may be sent."""
    state = CallState(operation(Effect.CREATE), Settings(base_url="", headers=()))
    steps = flow(state)
    step = next(steps)
    assert isinstance(step, Send)
    step.progress.write_started = reached
    reported = steps.throw(interruption)
    assert isinstance(reported, Notify)
    assert (reported.event.outcome, reported.event.maybe_sent, reported.event.retry_in) == (name, reached, None)
    with pytest.raises(type(interruption)) as caught:
        next(steps)
    assert caught.value is interruption


def test_an_interruption_while_the_response_is_read_is_reported_and_raised_again() -> None:
    """A signal handler may raise when the response has come: the hook still learns that the message may be sent."""

    class SoftTimeLimitExceeded(Exception):
        pass

    def interrupted(body: bytes) -> bytes:
        raise SoftTimeLimitExceeded

    run = Run([OK])
    with pytest.raises(SoftTimeLimitExceeded):
        run(msgspec.structs.replace(operation(Effect.CREATE), read=interrupted))
    assert [(event.outcome, event.maybe_sent) for event in run.events] == [("SoftTimeLimitExceeded", True)]


def test_the_request_carries_what_the_operation_says() -> None:
    """Address, headers and body are put together from settings and operation, the request id among the headers."""
    run = Run([OK])
    run(operation(Effect.CREATE, query="a=b", body=b"c=d", content_type="text/x"))
    request = run.sends[0].request
    headers = dict(request.headers)
    assert (request.method, request.url, request.body) == ("POST", "https://host/p/?a=b", b"c=d")
    assert (headers["authorization"], headers["content-type"]) == ("x", "text/x")
    assert headers["x-request-id"] == run.events[0].request_id
    run = Run([OK])
    run(operation(Effect.READ))
    assert run.sends[0].request.url == "https://host/p/"
    assert "content-type" not in dict(run.sends[0].request.headers)


def asked() -> str:
    run = Run([OK])
    run(operation(Effect.READ))
    return run.events[0].request_id


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_gives_out_other_ids_than_its_parent() -> None:
    """Two workers of a preforking server must not be taken for one in Xoxzo's logs, nor two calls of one."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, asked().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        reported = pipe.read()
    os.waitpid(child, 0)
    found = {reported, asked(), asked()}
    assert len(found) == 3
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in found)


def test_a_listing_is_requested_as_a_stream() -> None:
    """The body of a listing's success is left to be read in pieces, and its open reply is what the flow returns."""
    listing = Listing(name="l", method="GET", path="/", effect=Effect.READ, read=read)
    received = Response(200, {}, reply=object())  # type: ignore[arg-type]
    run = Run([Outcome(received)])
    assert run(listing) is received
    assert run.sends[0].streamed is True


def test_pacing_spaces_the_tries() -> None:
    """With a rate of 4 a second, calls that come at once start a quarter of a second apart."""
    rate_limiter = RateLimiter(4.0)
    run = Run([OK] * 3)
    for _ in range(3):
        run.now = 100.0
        run(operation(Effect.CREATE), rate_limiter=rate_limiter)
    assert run.sleeps == pytest.approx([0.25, 0.5])


def test_a_place_beyond_the_deadline_is_not_waited_for() -> None:
    """A call whose turn comes after its deadline fails at once and unsent."""
    rate_limiter = RateLimiter(0.01)
    rate_limiter.reserve(100.0)
    with pytest.raises(errors.TimedOut) as caught:
        Run([])(operation(Effect.CREATE), rate_limiter=rate_limiter)
    assert (caught.value.phase, caught.value.maybe_sent) == ("deadline", False)


@given(st.lists(st.floats(0, 50), min_size=1, max_size=30), st.floats(0.1, 100))
def test_a_pacer_never_lets_two_through_within_its_gap(arrivals: list[float], rate: float) -> None:
    """Whatever the arrivals, the places are at least one gap apart and none lies in the past."""
    rate_limiter = RateLimiter(rate)
    places = [now + rate_limiter.reserve(now) for now in sorted(arrivals)]
    assert all(place >= now for place, now in zip(places, sorted(arrivals), strict=True))
    gaps = [later - earlier for earlier, later in pairwise(places)]
    assert all(gap >= 1 / rate - 1e-6 for gap in gaps)


def test_settings_do_not_show_the_token() -> None:
    """The repr of the settings leaves the headers out, where the token is."""
    shown = repr(Settings(base_url="https://host", headers=(("authorization", "Basic c2VjcmV0"),)))
    assert "c2VjcmV0" not in shown
    assert "base_url='https://host'" in shown
    assert "headers" not in dict(Settings(base_url="", headers=()).__rich_repr__())


@given(
    st.lists(
        st.sampled_from([*RETRIED_ALWAYS, *DOUBTFUL, *UNREADABLE, *REDIRECTED, *REFUSED, "ok"]), min_size=6, max_size=6
    )
)
def test_a_creating_call_takes_effect_at_most_once(names: list[str]) -> None:
    """Whatever the network does, at most one try of a send may have had its effect, and the error says so exactly."""
    done = DOUBTFUL | UNREADABLE | REDIRECTED | {"ok": (OK, errors.APIError)}
    table = RETRIED_ALWAYS | REFUSED | done
    run = Run([table[name][0] for name in names])
    try:
        run(operation(Effect.CREATE), max_retries=5)
        maybe_sent = True
    except errors.APIError as error:
        maybe_sent = error.maybe_sent
    effects = [name for name in names[: len(run.sends)] if name in done]
    assert len(effects) <= 1
    assert maybe_sent is bool(effects)


def test_a_start_hook_adds_headers_to_each_try() -> None:
    """Before each try, after its wait, the start hooks return header fields; their time is not the try's."""
    run = Run([answered(429), OK])
    read_operation = operation(Effect.CREATE, reference="r", query="a=b")

    assert run(read_operation, start_hooks=(lambda start: None,)) == b"fine"
    assert [send.request.headers[-1] for send in run.sends] == [("traceparent", "00-1"), ("traceparent", "00-2")]
    assert all(send.request.headers[0] == ("authorization", "x") for send in run.sends)
    assert [(start.number, start.method, start.url, start.reference) for start in run.starts] == [
        (1, "POST", "https://host/p/", "r"),
        (2, "POST", "https://host/p/", "r"),
    ]
    assert [event.seconds for event in run.events] == [0.0, 0.0]


def test_without_start_hooks_no_step_is_taken_for_them() -> None:
    """Who wants no headers costs nothing: the first step of a call is its request."""
    run = Run([OK])
    run(operation(Effect.CREATE))

    assert run.starts == []


def test_an_interruption_in_a_start_hook_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception of a signal handler while a hook runs is raised, and the span ends: the hooks are called."""
    state = CallState(
        operation(Effect.CREATE),
        Settings(base_url="https://host", headers=(), start_hooks=(lambda start: None,)),
        lambda: 100.0,
    )
    steps = flow(state)
    assert isinstance(next(steps), Start)
    reported = steps.throw(KeyboardInterrupt())

    assert isinstance(reported, Notify)
    assert (reported.event.outcome, reported.event.maybe_sent) == ("cancelled", False)
    with pytest.raises(KeyboardInterrupt):
        next(steps)
