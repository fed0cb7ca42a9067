"""What is derived from records: figures by minute, and the index of phones."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

KEPT_MINUTES = 1_440
"""Minutes that are kept: a day."""
_REFUSALS = 500


class Minute(Struct):
    """What happened in one minute."""

    sms: int = 0
    calls: int = 0
    spent: Decimal = Decimal(0)
    """Credits that were taken, less those given back."""
    bought: Decimal = Decimal(0)
    callbacks_ok: int = 0
    callbacks_failed: int = 0


class RefusedRequest(Struct, frozen=True):
    """A request that was refused."""

    at: float
    method: str
    path: str
    status: int
    because: tuple[str, ...]
    """The reasons, none of which quotes what was sent."""


class MinuteStats:
    """Counts by minute. It is not saved in the database."""

    def __init__(self) -> None:
        self.minutes: dict[int, Minute] = {}
        self.refusals: deque[RefusedRequest] = deque(maxlen=_REFUSALS)

    def minute(self, moment: float) -> Minute:
        """Return the minute of a moment, to be counted in; over the limit, the oldest is deleted."""
        number = int(moment // 60)
        found = self.minutes.get(number)
        if found is None:
            found = self.minutes[number] = Minute()
            if len(self.minutes) > KEPT_MINUTES:
                del self.minutes[next(iter(self.minutes))]
        return found


class PhoneIndex:
    """Numbers in the order of what reached them last. A number is deleted with the last record that reached it."""

    def __init__(self) -> None:
        self._numbers: dict[str, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def reached(self, number: str, serial: int) -> None:
        """Note that the message or call with a serial number reached a phone."""
        before, count = self._numbers.pop(number, (0, 0))
        self._numbers[number] = (max(before, serial), count + 1)

    def forgotten(self, number: str) -> None:
        """Note that something which reached a phone was deleted."""
        last, count = self._numbers.get(number, (0, 1))
        if count > 1:
            self._numbers[number] = (last, count - 1)
        else:
            self._numbers.pop(number, None)

    def sort(self) -> None:
        """Put the numbers in their order again, after they were read in another."""
        self._numbers = dict(sorted(self._numbers.items(), key=lambda entry: entry[1]))

    def newest_first(self, before: int | None = None) -> Iterator[tuple[str, int]]:
        """Yield each number with the serial number of what reached it last; only those below `before`."""
        for number, (serial, _count) in reversed(self._numbers.items()):
            if before is None or serial < before:
                yield number, serial
