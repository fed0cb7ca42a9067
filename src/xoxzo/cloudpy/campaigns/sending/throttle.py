"""How fast a run may go, how fast it goes, and when it has to pause or to end."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns.clock import SteadyClock
    from xoxzo.cloudpy.campaigns.limits import Limits

_LATELY = 2000
_LATELY_SECONDS = 10.0
_QUARTER = 0.25
_LONGEST_PAUSE = 60.0
_NEWS = 1.0
_WINDOW = 100
_FEWEST = 20


class Throttle:
    """Places in time for messages.

    Args:
        limits: what is kept to.
        clock: the time.
    """

    def __init__(self, limits: Limits, clock: SteadyClock) -> None:
        self._limits = limits
        self._clock = clock
        self._not_before = 0.0
        self._next_slot = 0.0
        self._pauses = 0
        self._answered: deque[float] = deque(maxlen=_LATELY)
        self._window: deque[bool] = deque(maxlen=_WINDOW)

    def wait(self) -> float:
        """Return the seconds until the next message may go; 0 or less when it may go now."""
        begins = max(self._not_before, self._next_slot)
        # Without a rate, and while nobody complains, no clock has to be asked.
        return begins and begins - self._clock.monotonic()

    def take(self) -> None:
        """Use up a place in the rate."""
        if self._limits.rate is not None:
            self._next_slot = max(self._clock.monotonic(), self._next_slot) + 1 / self._limits.rate

    def pause(self, seconds: float) -> float | None:
        """Let nobody be sent to for a while: as long as was asked for, and longer each time in a row.

        Answers that come in while a pause is under way belong to it: a burst of refusals is one.

        Returns:
            When it ends, in seconds since 1970; ``None`` if that is not news.
        """
        now = self._clock.monotonic()
        is_new = now >= self._not_before
        self._pauses += is_new
        until = now + max(seconds, min(_LONGEST_PAUSE, seconds * 2.0 ** min(max(self._pauses - 1, 0), 6)))
        is_news = is_new or until > self._not_before + _NEWS
        self._not_before = max(self._not_before, until)
        return self._clock.now() + until - now if is_news else None

    def answered(self, at: float, *, well: bool) -> None:
        """Count an answer, whatever it was, that came at a time in seconds since 1970.

        Args:
            at: when it came.
            well: whether the message was taken. What became of one that was not is for the caller to tell.
        """
        self._answered.append(at)
        if well:
            self._window.append(True)
            self._pauses = 0

    def went_wrong(self) -> str:
        """Note that a message failed; return how many did when they are too many, else nothing."""
        self._window.append(False)
        failed = self._window.count(False)
        if len(self._window) >= _FEWEST and failed > len(self._window) * self._limits.stop_share:
            return f"{failed} of the last {len(self._window)} messages failed"
        return ""

    def rate(self) -> float:
        """Return the messages a second of the last seconds."""
        now = self._clock.now()
        while self._answered and self._answered[0] < now - _LATELY_SECONDS:
            self._answered.popleft()
        if len(self._answered) < 2:
            return 0.0
        span = now - self._answered[0]
        return len(self._answered) / span if span > 0 else 0.0

    def chunk(self) -> int:
        """Return about a quarter of a second's worth, so that few are unknown after a crash."""
        if self._limits.rate is None:
            return max(self._limits.concurrency, int(self.rate() * _QUARTER))
        return max(1, min(self._limits.concurrency, int(self._limits.rate * _QUARTER)))
