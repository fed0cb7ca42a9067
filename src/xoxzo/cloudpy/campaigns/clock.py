"""A clock that does not go back while a campaign runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

# Monotonic seconds that go on while the machine sleeps, where there is such a clock.
_elapsed: Callable[[], float] = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic
)


class SteadyClock:
    """Seconds since 1970 that start at the machine's clock and then advance steadily, even if that clock is set.

    What a sent list proves depends on the order of messages, so a clock that is set back must not change it. For the
    same reason it starts after `latest`, the latest time of earlier runs. Its `monotonic` clock is never set; the
    default one goes on while the machine sleeps, as leases do.
    """

    def __init__(
        self, latest: float = 0.0, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = _elapsed
    ) -> None:
        self.wall = wall
        self.monotonic = monotonic
        self.offset = max(wall(), latest) - monotonic()
        """What ``now`` adds to the monotonic clock."""

    def now(self) -> float:
        """Return the time."""
        return self.monotonic() + self.offset
