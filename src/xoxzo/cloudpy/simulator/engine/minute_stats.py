"""What happened in each minute, and what was refused lately: enough for charts, however much is sent."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from decimal import Decimal

KEPT_MINUTES = 1_440
"""Minutes that are kept: a day."""
_REFUSALS = 500


@dataclass(slots=True)
class Minute:
    """What happened in one minute."""

    sms: int = 0
    calls: int = 0
    spent: Decimal = Decimal(0)
    """Credits that were taken, less those given back."""
    bought: Decimal = Decimal(0)
    callbacks_ok: int = 0
    callbacks_failed: int = 0


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """A request that was refused."""

    at: float
    method: str
    path: str
    status: int
    because: tuple[str, ...]
    """The reasons, none of which quotes what was sent."""


class MinuteStats:
    """Counts by minute. It is not written to a database: what it counts was told, not kept."""

    def __init__(self) -> None:
        self.minutes: dict[int, Minute] = {}
        self.refusals: deque[RefusedRequest] = deque(maxlen=_REFUSALS)

    def minute(self, moment: float) -> Minute:
        """Return the minute of a moment, to be counted in; the oldest is forgotten when there are too many."""
        number = int(moment // 60)
        found = self.minutes.get(number)
        if found is None:
            found = self.minutes[number] = Minute()
            if len(self.minutes) > KEPT_MINUTES:
                del self.minutes[next(iter(self.minutes))]
        return found
