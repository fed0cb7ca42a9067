"""The rules of sending: what an error means, how fast to send, when to pause or stop, and until when a claim lasts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec

from xoxzo.cloudpy import errors
from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.limits import Limits
from xoxzo.cloudpy.campaigns.records import NO_REASON, Reason, Recipient, State

Post = Callable[[Recipient], Awaitable[str]]
"""Sends to a recipient and returns the msgid or callid."""
_RETRY_SECONDS = 1.0
_CLAIM_SECONDS = 0.25
_MAX_PAUSE_SECONDS = 60.0
_MAX_DOUBLINGS = 6
_NOTICEABLE_SECONDS = 1.0
_MIN_FAILURE_WINDOW = 20
# Of what the lease has left over the time of a message, so much is kept for a process that is slow.
_MARGIN_SHARE = 6


class SendFailure(NamedTuple):
    """What a failed send means; ``error`` is the exception's name with its status and fields, no number and no text."""

    state: State
    error: str
    stop: Reason = NO_REASON
    pause_seconds: float = 0.0


def classify_error(error: BaseException) -> SendFailure:
    """Return what an error of a send means (API sections 1.5 and 1.6).

    A recipient is left waiting only if the request had no effect. If the message may have been sent, its state is
    unknown.
    """
    name = _describe(error)
    if isinstance(error, errors.InvalidArgument):
        return SendFailure(State.REJECTED, name)
    if not isinstance(error, errors.APIError) or error.maybe_sent:
        return SendFailure(State.UNKNOWN, name)
    if isinstance(error, errors.NotEnoughCredits):
        return SendFailure(State.WAITING, name, stop=Reason("not_enough_credits", "the account has not enough credits"))
    if isinstance(error, errors.AuthenticationFailed | errors.PermissionDenied):
        refused = Reason("account_refused", "the account was refused ({error})", {"error": name})
        return SendFailure(State.WAITING, name, stop=refused)
    if isinstance(error, errors.RateLimited):
        return SendFailure(State.WAITING, name, pause_seconds=error.retry_after or _RETRY_SECONDS)
    if isinstance(error, errors.StatusError):
        return SendFailure(State.REJECTED, name)
    return SendFailure(State.WAITING, name, pause_seconds=_RETRY_SECONDS)


def _describe(error: BaseException) -> str:
    name = type(error).__name__
    if isinstance(error, errors.StatusError):
        fields = ", ".join(sorted(error.field_errors))
        return f"{name} {error.status}" + (f" ({fields})" if fields else "")
    if isinstance(error, errors.TimedOut):
        return f"{name} ({error.phase})"
    if isinstance(error, errors.InvalidArgument):
        return f"{name} ({error.field})"
    return name


class Stopped(Exception):
    """A run has to end before every recipient was sent to."""

    def __init__(self, state: str, reason: Reason) -> None:
        super().__init__(str(reason))
        self.state = state
        self.reason = reason


class Throttle:
    """Pauses after refusals, and decides how much to claim and when too many messages have failed."""

    def __init__(self, limits: Limits, clock: SteadyClock) -> None:
        self._limits = limits
        self._clock = clock
        self.paused_until = 0.0
        """When the last pause ends, on the monotonic clock; 0 without one so far."""
        self.pauses = 0
        """How many pauses came in a row; set it to 0 when a message was accepted."""

    def wait_seconds(self) -> float:
        """Return the seconds until the next message may be sent; 0 or less when it may be sent now."""
        # Without a pause so far, the clock need not be read.
        return self.paused_until and self.paused_until - self._clock.monotonic()

    def pause_until(self, seconds: float) -> None:
        """Pause for some seconds, because another worker of the account was refused."""
        if seconds:
            self.paused_until = max(self.paused_until, self._clock.monotonic() + seconds)

    def pause(self, seconds: float) -> float | None:
        """Pause sending: as long as requested, and longer each time in a row.

        Responses that come during a pause belong to it: a burst of refusals is one. Return when it ends, in seconds
        since 1970; ``None`` if that is not worth an event.
        """
        now = self._clock.monotonic()
        is_new = now >= self.paused_until
        self.pauses += is_new
        doubled = seconds * 2.0 ** min(max(self.pauses - 1, 0), _MAX_DOUBLINGS)
        until = now + max(seconds, min(_MAX_PAUSE_SECONDS, doubled))
        is_noticeable = is_new or until > self.paused_until + _NOTICEABLE_SECONDS
        self.paused_until = max(self.paused_until, until)
        return self._clock.now() + until - now if is_noticeable else None

    def stop_reason(self, failed: int, total: int, error: str) -> Reason:
        """Return why the run has to stop if too many of the latest messages have failed, else an empty reason."""
        if total < _MIN_FAILURE_WINDOW or failed <= total * self._limits.stop_share:
            return NO_REASON
        return Reason(
            "too_many_failures",
            "{failed} of the last {total} messages failed, the last with {error}",
            {"failed": failed, "total": total, "error": error},
        )

    def claim_size(self, rate: float) -> int:
        """Return how many to claim at the recent messages a second.

        It is about a quarter of a second's worth, so that few are unknown after a crash.
        """
        if self._limits.rate is None:
            return max(self._limits.concurrency, int(rate * _CLAIM_SECONDS))
        return max(1, min(self._limits.concurrency, int(self._limits.rate * _CLAIM_SECONDS)))


class Lease:
    """The time for which a worker may send to what it has claimed.

    It is counted from before the question, by a clock that goes on while the machine sleeps and by the one on the wall,
    whichever is ahead. The last message begins so early that it ends within the lease.
    """

    def __init__(self, clock: SteadyClock, asked: float, limits: Limits) -> None:
        self._clock = clock
        seconds = limits.lease - limits.message_seconds
        self._until = asked + seconds - seconds / _MARGIN_SHARE
        self._wall_offset = clock.wall() - clock.monotonic()

    def may_write(self) -> bool:
        """Return whether a request may still be written."""
        now = self._clock.monotonic()
        moved = self._clock.wall() - now - self._wall_offset
        return now + max(0.0, moved) < self._until


class Task(msgspec.Struct, gc=False):
    """A recipient that was claimed and not started."""

    claim: int
    one: Recipient
    send_at: float
    gap: float
    lease: Lease
    post: Post
