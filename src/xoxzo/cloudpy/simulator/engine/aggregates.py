"""What is derived from records, or holds them: figures by minute, the index of phones, and records with a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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


class OldestFirst(dict[K, V]):
    """Records by their key, the oldest first; those that are too many or too old are deleted.

    Args:
        limit: How many are kept.
        began: Returns when a record began.
        deleted: Is called with each record that was deleted.
    """

    def __init__(self, limit: int, began: Callable[[V], float], deleted: Callable[[V], object]) -> None:
        self._limit = limit
        self._began = began
        self._deleted = deleted

    def keep(self, key: K, record: V) -> None:
        """Store a record; over the limit, the oldest are deleted.

        Where many are kept, a thousandth more are deleted: finding the first key of a `dict` takes the longer the more
        of its first keys were deleted, so it is not done each time.
        """
        self[key] = record
        if len(self) > self._limit:
            self.delete(islice(self, len(self) - self._limit + self._limit // _SHARE))

    def delete_before(self, moment: float) -> None:
        """Delete the records that began before a moment."""
        self.delete(key for key, _ in takewhile(lambda entry: self._began(entry[1]) < moment, self.items()))

    def delete(self, keys: Iterable[K]) -> None:
        """Delete records, whose keys may be found while they are there."""
        for key in list(keys):
            self._deleted(self.pop(key))


def remove_from_index(index: dict[G, dict[K, V]], group: G, key: K) -> V | None:
    """Remove an entry from an index of groups, and the group with its last entry; return it, or ``None``."""
    entries = index.get(group, {})
    removed = entries.pop(key, None)
    if not entries:
        index.pop(group, None)
    return removed
