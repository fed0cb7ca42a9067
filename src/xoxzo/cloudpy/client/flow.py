"""Decide after each attempt of a call: retry, wait, stop, and whether the request may have had its effect.

:func:`flow` is a generator. It yields steps, receives their outcomes, and returns what the call returns. It uses no
HTTP library, thread or event loop; clocks and randomness are arguments.

What is retried, and what an error says when the outcome is unknown:

========================================================  ====================  ============================
result of an attempt                                      READ or IDEMPOTENT    CREATE
========================================================  ====================  ============================
no connection: name, network, TLS, no free connection     retry                 retry
429                                                       retry when allowed    the same
408, any 5xx                                              retry                 stop, ``maybe_sent=True``
the request left, no complete response                    retry                 stop, ``maybe_sent=True``
cancelled, or interrupted by a signal handler             re-raised             re-raised
2xx that cannot be read                                   stop                  stop, ``maybe_sent=True``
301, 307, 308 (no redirect is followed)                   stop                  stop, ``maybe_sent=False``
302, 303 and other 3xx: a 303 usually follows the work    stop                  stop, ``maybe_sent=True``
other 4xx                                                 stop                  stop, ``maybe_sent=False``
========================================================  ====================  ============================

An exception that interrupts a request is re-raised unchanged, after an event that says whether the request may have had
its effect was sent to the event hooks.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator
from typing import Any, cast

import msgspec

from xoxzo.cloudpy import errors
from xoxzo.cloudpy.client.event_hooks import Notify, Start
from xoxzo.cloudpy.client.settings import RateLimiter, Settings
from xoxzo.cloudpy.common import forks
from xoxzo.cloudpy.common.masking import mask_path
from xoxzo.cloudpy.operations.bodies import DecodingError, decode_error_body, retry_after_seconds
from xoxzo.cloudpy.operations.operation import Effect, Listing, Operation
from xoxzo.cloudpy.operations.streaming import CONTENT_ENCODING, decoded
from xoxzo.cloudpy.protocols import Attempt, AttemptStart, Progress, Request, Response, TimeBudget, TransportFailure

MAX_RECORD_BYTES = 1_000_000
"""The greatest size of one response, decoded. Lists are streamed and have no limit."""

_MIN_BACKOFF_SECONDS = 0.5
_MAX_BACKOFF_SECONDS = 8.0

# Redirects that ask for the same request at another URL, so nothing was done at this one (RFC 9110, section 15.4).
_MOVED = frozenset({301, 307, 308})

# Ids must differ but need not be secret. Asking the operating system for each costs a fiftieth of a send. A forked
# child must not repeat the ids of its parent.
_ids = random.Random()  # noqa: S311
forks.in_child(_ids.seed)


class Send(msgspec.Struct, frozen=True):
    """A step: send this request. ``streamed`` leaves the body of a successful response unread."""

    request: Request
    budget: TimeBudget
    progress: Progress
    streamed: bool


class Sleep(msgspec.Struct, frozen=True):
    """A step: wait."""

    seconds: float


Step = Start | Send | Sleep | Notify
Headers = tuple[tuple[str, str], ...]
Outcome = Response | TransportFailure | Headers | None


class Decision(msgspec.Struct, frozen=True):
    """The result of one attempt."""

    error: errors.APIError | None = None
    """The error to raise if this is the last attempt; ``None`` for a success."""
    value: Any = None
    """What the call returns after a success."""
    retry: bool = False
    """Whether a retry is safe."""
    wait: float | None = None
    """Seconds that the server asked to wait; ``None`` if it did not."""


class CallState:
    """The state of one call; raises ``InvalidArgument`` for a recipient that is not in ``allowed_recipients``."""

    def __init__(
        self, operation: Operation[Any], settings: Settings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        allowed = settings.allowed_recipients
        if allowed is not None and not all(number.startswith(allowed) for number in operation.recipients):
            raise errors.InvalidArgument("recipient", "is not among this client's allowed_recipients: nothing was sent")
        self.operation = operation
        self.settings = settings
        self.received: Response | None = None
        """The last response, for ``with_raw_response``."""
        self.observed = True
        """Whether attempts are logged or reported to a hook."""
        self.request_id = _ids.randbytes(16).hex()
        self.clock = clock
        self.budget = TimeBudget(settings.connect, settings.read, clock() + settings.deadline, clock)
        self.attempts = 0
        self.maybe_sent = False
        headers = (*settings.headers, ("x-request-id", self.request_id))
        if operation.content_type:
            headers = (*headers, ("content-type", operation.content_type))
        query = f"?{operation.query}" if operation.query else ""
        url = f"{settings.base_url}{operation.path}{query}"
        self.request = Request(operation.method, url, headers, operation.body)

    def mark_maybe_sent(self) -> None:
        """Record that an attempt may have had its effect. A later attempt without effect does not undo that."""
        if self.operation.effect is not Effect.READ:
            self.maybe_sent = True

    def error_fields(self) -> dict[str, Any]:
        """Return the fields that every error of this call has."""
        return {
            "operation": self.operation.name,
            "request_id": self.request_id,
            "attempts": self.attempts,
            "maybe_sent": self.maybe_sent,
            "reference": self.operation.reference,
        }

    def failed(self, failure: TransportFailure, *, write_started: bool) -> errors.APIError:
        """Return the error for a request that got no complete response."""
        error: errors.APIError
        if failure.timeout is not None:
            # A wait for a free connection lasts until the deadline; "pool" tells more than "deadline".
            phase = failure.timeout if failure.timeout == "pool" or self.budget.remaining() else "deadline"
            error = errors.TimedOut(phase, **self.error_fields())
        elif write_started:
            reason = f"the request left, no complete answer came: {failure.reason}"
            error = errors.ResponseLost(reason, **self.error_fields())
        else:
            error = errors.ConnectionFailed(failure.reason, **self.error_fields())
        return _caused_by(failure, error)

    def unreadable(self, reason: str, cause: DecodingError | None = None) -> errors.APIError:
        """Return the error for a success that cannot be read."""
        return _caused_by(cause, errors.UnexpectedResponse(reason, **self.error_fields()))


def _caused_by(cause: Exception | None, error: errors.APIError) -> errors.APIError:
    """Set the cause of an error, without anything that could show a number, a text or a secret.

    Tracebacks are removed, because their frames hold the request and the body. So are the cause's own causes, except an
    error of the operating system: the message of a library may quote what it read.
    """
    while cause is not None:
        below = cause.__cause__
        cause.__traceback__ = cause.__context__ = None
        cause.__cause__ = below if isinstance(below, OSError) and type(below.errno) is int else None
        error.__cause__ = error.__cause__ or cause
        cause = cause.__cause__
    return error


def flow(
    state: CallState, *, wall: Callable[[], float] = time.time, chance: Callable[[], float] = random.random
) -> Generator[Step, Outcome, Any]:
    """Carry out a call, whose state is updated.

    It yields the next step: send the outcome of a :class:`Send` back, or throw the exception that interrupted it. It
    returns what the operation reads from the response; for a listing, the :class:`Response` with its open reply. `wall`
    returns seconds since 1970, `chance` a random number from 0 to 1 for the jitter of a backoff. A call that failed
    raises its ``APIError``.
    """
    settings, clock = state.settings, state.clock
    while True:
        state.attempts += 1
        if settings.rate_limiter is not None:
            yield from _wait_for_rate(state, settings.rate_limiter)
        progress = Progress(may_write=settings.may_write)
        request = state.request
        begun = clock()
        try:
            if settings.start_hooks:
                added = yield Start(AttemptStart(**_attempt_fields(state)))
                request = msgspec.structs.replace(request, headers=request.headers + cast("Headers", added))
                begun = clock()
            outcome: Outcome = None
            if settings.simulator is not None and not settings.simulator.checked:
                health = yield Send(settings.simulator.health_request, state.budget, Progress(), streamed=False)
                outcome = settings.simulator.check(health)
            outcome = outcome or (yield Send(request, state.budget, progress, isinstance(state.operation, Listing)))
            decision = _decide(state, outcome, progress, wall)
            pause = _pause_before_retry(state, decision, chance) if decision.retry else None
            notification = None
            if state.observed:
                name = "ok" if decision.error is None else type(decision.error).__name__
                notification = _notification(state, name, outcome, clock() - begun, pause)
        except BaseException as interruption:
            yield from _interrupted(state, interruption, progress, clock() - begun)
            raise
        if notification is not None:
            yield from _deliver(notification)
        if decision.error is None:
            return decision.value
        if pause is None:
            raise decision.error
        yield Sleep(pause)


def _interrupted(
    state: CallState, interruption: BaseException, progress: Progress, seconds: float
) -> Generator[Step, Outcome, None]:
    if isinstance(interruption, GeneratorExit):
        return
    if progress.write_started:
        state.mark_maybe_sent()
    name = type(interruption).__name__ if isinstance(interruption, Exception) else "cancelled"
    if state.observed:
        yield from _deliver(_notification(state, name, None, seconds))


def _pause_before_retry(state: CallState, decision: Decision, chance: Callable[[], float]) -> float | None:
    """Return the seconds to wait before an attempt that is safe; ``None`` if there must be none."""
    if state.attempts > state.settings.max_retries:
        return None
    backoff = min(_MAX_BACKOFF_SECONDS, _MIN_BACKOFF_SECONDS * 2 ** (state.attempts - 1)) * chance()
    pause = backoff if decision.wait is None else decision.wait
    # A wait that would end after the deadline is not begun: the error is raised at once.
    return None if state.clock() + pause >= state.budget.expires_at else pause


def _wait_for_rate(state: CallState, rate_limiter: RateLimiter) -> Generator[Step, Outcome, None]:
    now = state.clock()
    wait = rate_limiter.reserve(now)
    if now + wait >= state.budget.expires_at:
        raise errors.TimedOut("deadline", **state.error_fields())
    if wait:
        yield Sleep(wait)


def _notification(
    state: CallState, name: str, outcome: Outcome, seconds: float, retry_in: float | None = None
) -> Notify:
    event = Attempt(
        **_attempt_fields(state),
        outcome=name,
        status=outcome.status if isinstance(outcome, Response) else None,
        seconds=seconds,
        retry_in=retry_in,
        maybe_sent=state.maybe_sent,
    )
    return Notify(event)


def _deliver(step: Notify) -> Generator[Step, Outcome, None]:
    try:
        yield step
    except BaseException as interruption:
        # A signal handler may raise between two steps. The hooks must still be called with the outcome.
        if not step.begun and not isinstance(interruption, GeneratorExit):
            yield step
        raise


def _attempt_fields(state: CallState) -> dict[str, Any]:
    return {
        "operation": state.operation.name,
        "request_id": state.request_id,
        "number": state.attempts,
        "method": state.operation.method,
        "url": state.settings.base_url + mask_path(state.operation.path),
        "reference": state.operation.reference,
    }


def _decide(state: CallState, outcome: Outcome, progress: Progress, wall: Callable[[], float]) -> Decision:
    if not isinstance(outcome, Response):
        return _lost(state, cast("TransportFailure", outcome), write_started=progress.write_started)
    if CONTENT_ENCODING in outcome.headers:
        outcome = decoded(outcome, MAX_RECORD_BYTES)
    state.received = outcome
    if not 200 <= outcome.status < 300:
        return _refused(state, outcome, wall)
    if outcome.cut is not None:
        return _lost(state, outcome.cut, write_started=True)
    if outcome.reply is not None:
        return Decision(value=outcome)
    reason, cause = "the body is too long for one record", None
    if not outcome.too_long:
        try:
            return Decision(value=state.operation.read(outcome.body))
        except DecodingError as unreadable:
            reason, cause = str(unreadable), unreadable
    state.mark_maybe_sent()
    return Decision(state.unreadable(f"status {outcome.status}, but {reason}", cause))


def _lost(state: CallState, failure: TransportFailure, *, write_started: bool) -> Decision:
    if write_started:
        state.mark_maybe_sent()
    # What was too late to be written is so at the next attempt, too.
    retry = state.operation.effect is not Effect.CREATE if write_started else failure.timeout != "deadline"
    return Decision(state.failed(failure, write_started=write_started), retry=retry)


def _refused(state: CallState, received: Response, wall: Callable[[], float]) -> Decision:
    status, operation = received.status, state.operation
    if status == 404 and operation.not_found_is_success and state.maybe_sent:
        return Decision()
    if operation.read_refusal is not None:
        answer = operation.read_refusal(status, received.body)
        if answer is not None:
            return Decision(value=answer)
    # 408, 1xx and 5xx may come after the request was carried out.
    unknown = status == 408 or not 200 <= status < 500
    if unknown or (300 <= status < 400 and status not in _MOVED):
        state.mark_maybe_sent()
    fields, detail = decode_error_body(received.body, operation.secret)
    wait = retry_after_seconds(received.headers, detail, wall()) if status == 429 else None
    kind = _status_error(status, fields)
    error = kind(status, field_errors=fields, detail=detail, retry_after=wait, **state.error_fields())
    retry = status == 429 or (unknown and operation.effect is not Effect.CREATE)
    return Decision(error, retry=retry, wait=wait)


def _status_error(status: int, field_errors: dict[str, tuple[str, ...]]) -> type[errors.StatusError]:
    """Return the class for an HTTP status; 403 depends on what the server says (API sections 1.5 and 14.5)."""
    if status == 403:
        messages = field_errors.get("non_field_errors", ())
        no_money = any(message.startswith("Not enough credits") for message in messages)
        return errors.NotEnoughCredits if no_money else errors.PermissionDenied
    if status >= 500:
        return errors.ServerError
    client_errors: dict[int, type[errors.StatusError]] = {
        400: errors.BadRequest,
        401: errors.AuthenticationFailed,
        404: errors.NotFound,
        429: errors.RateLimited,
    }
    return client_errors.get(status, errors.StatusError)
