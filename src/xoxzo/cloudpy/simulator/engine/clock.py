"""Time for the engine: a clock that runs, and one that is stepped."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError

_END_OF_TIME = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


class RealClock:
    """The machine's clock, made steady: a correction of the system time does not move it.

    It can be stopped, advanced while it stands, and set going again; it never goes back.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()
        self._stands_at: float | None = None

    @property
    def stopped(self) -> bool:
        """Whether it stands still until it is advanced."""
        return self._stands_at is not None

    def now(self) -> float:
        """Return the present moment."""
        return self._offset + time.monotonic() if self._stands_at is None else self._stands_at

    def stop(self) -> None:
        """Stand still from now on; twice is fine."""
        self._stands_at = self.now()

    def run(self) -> None:
        """Go on from where it stands; twice is fine."""
        if self._stands_at is not None:
            self._offset, self._stands_at = self._stands_at - time.monotonic(), None

    def check(self, seconds: float) -> float:
        """Return the moment that lies `seconds` ahead.

        Raises:
            SimulatorError: `seconds` is negative, not finite, or leads beyond the year 9000.
        """
        now = self.now()
        # Compared before it is added: an integer may be too large to be a float, and NaN fails every comparison.
        if not (seconds >= 0 and seconds < _END_OF_TIME) or now + seconds >= _END_OF_TIME:
            template = N_("seconds must be zero or more and stay before the year 9000")
            raise SimulatorError("seconds_out_of_range", template)
        return now + seconds

    def resume_at(self, moment: float) -> None:
        """Go on from where it stood when the state was saved, unless it is later already."""
        self.move_to(moment)

    def move_to(self, moment: float) -> None:
        """Set it to a moment; it never goes back."""
        self._go_to(max(self.now(), moment))

    def _go_to(self, moment: float) -> None:
        if self._stands_at is None:
            self._offset = moment - time.monotonic()
        else:
            self._stands_at = moment


class SteppedClock(RealClock):
    """A clock that stands still until it is advanced.

    Args:
        start: Where it stands at first, an aware datetime; the present by default.
    """

    def __init__(self, start: datetime | None = None) -> None:
        super().__init__()
        self._stands_at = self.now() if start is None else start.timestamp()

    def resume_at(self, moment: float) -> None:
        """Stand where it stood when the state was saved, be that earlier or later."""
        self._go_to(moment)
