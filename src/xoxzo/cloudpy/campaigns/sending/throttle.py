"""Decide how fast a run may send, when it pauses, and when too many messages have failed."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from xoxzo.cloudpy.campaigns.records import NO_REASON, Reason

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns.clock import SteadyClock
    from xoxzo.cloudpy.campaigns.limits import Limits

_RATE_RESPONSES = 2000
_RATE_SECONDS = 10.0
_CLAIM_SECONDS = 0.25
_MAX_PAUSE_SECONDS = 60.0
_MAX_DOUBLINGS = 6
_NOTICEABLE_SECONDS = 1.0
_FAILURE_WINDOW = 100
_MIN_FAILURE_WINDOW = 20


class Throttle:
    """Pauses after refusals, counts failures, and knows how much to claim."""

    def __init__(self, limits: Limits, clock: SteadyClock) -> None:
        self._limits = limits
        self._clock = clock
        self._paused_until = 0.0
        self._pauses = 0
        self._responses: deque[float] = deque(maxlen=_RATE_RESPONSES)
        self._window: deque[bool] = deque(maxlen=_FAILURE_WINDOW)

    def wait_seconds(self) -> float:
        """Return the seconds until the next message may be sent; 0 or less when it may be sent now."""
        # Without a pause so far, the clock need not be read.
        return self._paused_until and self._paused_until - self._clock.monotonic()

    def pause_until(self, seconds: float) -> None:
        """Pause for some seconds, because another worker of the account was refused."""
        if seconds:
            self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)

    def pause(self, seconds: float) -> float | None:
        """Pause sending: as long as requested, and longer each time in a row.

        Responses that come during a pause belong to it: a burst of refusals is one.

        Returns:
            When it ends, in seconds since 1970; ``None`` if that is not worth an event.
        """
        now = self._clock.monotonic()
        is_new = now >= self._paused_until
        self._pauses += is_new
        doubled = seconds * 2.0 ** min(max(self._pauses - 1, 0), _MAX_DOUBLINGS)
        until = now + max(seconds, min(_MAX_PAUSE_SECONDS, doubled))
        is_noticeable = is_new or until > self._paused_until + _NOTICEABLE_SECONDS
        self._paused_until = max(self._paused_until, until)
        return self._clock.now() + until - now if is_noticeable else None

    def count_response(self, at: float, *, succeeded: bool) -> None:
        """Count a response.

        Args:
            at: when it came, in seconds since 1970.
            succeeded: whether the message was accepted; the caller decides whether another one counts as failed.
        """
        self._responses.append(at)
        if succeeded:
            self._window.append(True)
            self._pauses = 0

    def count_failure(self, error: str) -> Reason:
        """Count a failed message; return why the run has to stop when too many have failed, else an empty reason.

        Args:
            error: what failed.
        """
        self._window.append(False)
        failed, total = self._window.count(False), len(self._window)
        if total < _MIN_FAILURE_WINDOW or failed <= total * self._limits.stop_share:
            return NO_REASON
        return self.too_many_failures(failed, total, error)

    def too_many_failures(self, failed: int, total: int, error: str) -> Reason:
        """Return why a run stops in which too many messages have failed."""
        return Reason(
            "too_many_failures",
            "{failed} of the last {total} messages failed, the last with {error}",
            {"failed": failed, "total": total, "error": error},
        )

    def rate(self) -> float:
        """Return the messages a second of the last seconds."""
        now = self._clock.now()
        while self._responses and self._responses[0] < now - _RATE_SECONDS:
            self._responses.popleft()
        if len(self._responses) < 2:
            return 0.0
        span = now - self._responses[0]
        return len(self._responses) / span if span > 0 else 0.0

    def claim_size(self) -> int:
        """Return how many to claim: about a quarter of a second's worth, so that few are unknown after a crash."""
        if self._limits.rate is None:
            return max(self._limits.concurrency, int(self.rate() * _CLAIM_SECONDS))
        return max(1, min(self._limits.concurrency, int(self._limits.rate * _CLAIM_SECONDS)))
