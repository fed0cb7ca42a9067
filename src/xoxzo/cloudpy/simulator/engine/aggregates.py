"""What is derived from records: figures by minute, the index of phones, and which records are deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import islice, takewhile
from typing import TypeVar

from msgspec import Struct

KEPT_MINUTES = 1_440
"""Minutes that are kept: a day."""


class Minute(Struct):
    """What happened in one minute."""

    sms: int = 0
    calls: int = 0
    spent: Decimal = Decimal(0)
    """Credits that were taken, less those given back."""
    bought: Decimal = Decimal(0)
    callbacks_ok: int = 0
    callbacks_failed: int = 0


class MinuteStats:
    """Counts by minute. It is not saved in the database."""

    def __init__(self) -> None:
        self.minutes: dict[int, Minute] = {}

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


G = TypeVar("G")
K = TypeVar("K")
V = TypeVar("V")

DAY_SECONDS = 86_400
_SHARE = 1_000


def surplus(records: Mapping[K, V], limit: int) -> list[K]:
    """Return the keys of the oldest that are too many, or none.

    Where many are kept, a thousandth more are returned: finding the first key of a `dict` takes the longer the more of
    its first keys were deleted, so it is not done each time.
    """
    return list(islice(records, len(records) - limit + limit // _SHARE)) if len(records) > limit else []


def remove_from_index(index: dict[G, dict[K, V]], group: G, key: K) -> V | None:
    """Remove an entry from an index of groups, and the group with its last entry; return it, or ``None``."""
    entries = index.get(group, {})
    removed = entries.pop(key, None)
    if not entries:
        index.pop(group, None)
    return removed


def outlived(records: Mapping[K, V], began: Callable[[V], float], moment: float) -> list[K]:
    """Return the keys of those that began before a moment; the oldest stand first."""
    return [key for key, _ in takewhile(lambda entry: began(entry[1]) < moment, records.items())]
