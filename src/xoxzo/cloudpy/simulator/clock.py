"""Time for the engine: a clock that runs or one that is stepped, and timers that fire in order."""

import heapq
import itertools
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

from xoxzo.cloudpy.errors import SimulatorError

_END_OF_TIME = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


class Clock(Protocol):
    """Tells the time as seconds since 1970, UTC."""

    def now(self) -> float:
        """Return the present moment."""
        ...


class RealClock:
    """The machine's clock, made steady: a correction of the system time does not move it."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Return the present moment."""
        return self._offset + time.monotonic()


class SteppedClock:
    """A clock that stands still until it is advanced.

    Args:
        start: Where it stands at first, an aware datetime; the present by default.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._now = (start or datetime.now(UTC)).timestamp()

    def now(self) -> float:
        """Return the moment at which the clock stands."""
        return self._now

    def check(self, seconds: float) -> float:
        """Return the moment that lies `seconds` ahead.

        Raises:
            SimulatorError: `seconds` is negative, not finite, or leads beyond the year 9000.
        """
        # Compared before it is added: an integer may be too large to be a float, and NaN fails every comparison.
        if not (seconds >= 0 and seconds < _END_OF_TIME) or self._now + seconds >= _END_OF_TIME:
            message = "seconds must be zero or more and stay before the year 9000"
            raise SimulatorError(message)
        return self._now + seconds

    def resume_at(self, moment: float) -> None:
        """Set the clock to where it stood when the state was saved, be that earlier or later."""
        self._now = moment

    def move_to(self, moment: float) -> None:
        """Set the clock to a moment; it never goes back."""
        self._now = max(self._now, moment)


class Timers:
    """Actions waiting for their moment. Those due at the same moment fire in the order in which they were set."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def at(self, due: float, action: Callable[[], None]) -> bool:
        """Set a timer; returns whether it is now the first of all."""
        entry = (due, next(self._order), action)
        heapq.heappush(self._heap, entry)
        return self._heap[0] is entry

    @property
    def next_due(self) -> float | None:
        """When the first timer is due; ``None`` when there is none."""
        return self._heap[0][0] if self._heap else None

    def pop(self, now: float) -> tuple[float, Callable[[], None]] | None:
        """Take the first timer that is due by `now`, as its moment and its action."""
        if not self._heap or self._heap[0][0] > now:
            return None
        due, _, action = heapq.heappop(self._heap)
        return due, action


def stamp(moment: float) -> str:
    """Write a moment as the API does: naive UTC, whole seconds (API section 1.8)."""
    return _stamp(math.floor(moment))


@lru_cache(maxsize=64)  # what happens under load happens within a few seconds
def _stamp(second: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(second))
