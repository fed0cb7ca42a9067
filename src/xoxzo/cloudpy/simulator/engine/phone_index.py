"""Which phones there are: every number that was reached, and when last."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class PhoneIndex:
    """Numbers in the order of what reached them last. A number is forgotten with the last thing that reached it."""

    def __init__(self) -> None:
        self._numbers: dict[str, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def reached(self, number: str, serial: int) -> None:
        """Note that something reached a phone.

        Args:
            number: The phone's, in E.164.
            serial: The serial number of the message or call.
        """
        before, count = self._numbers.pop(number, (0, 0))
        self._numbers[number] = (max(before, serial), count + 1)

    def forgotten(self, number: str) -> None:
        """Note that something which reached a phone is kept no more."""
        last, count = self._numbers.get(number, (0, 1))
        if count > 1:
            self._numbers[number] = (last, count - 1)
        else:
            self._numbers.pop(number, None)

    def sort(self) -> None:
        """Put the numbers in their order again, after they were read in another."""
        self._numbers = dict(sorted(self._numbers.items(), key=lambda entry: entry[1]))

    def newest_first(self, before: int | None = None) -> Iterator[tuple[str, int]]:
        """Yield each number with the serial number of what reached it last.

        Args:
            before: Only those below this serial number.
        """
        for number, (serial, _count) in reversed(self._numbers.items()):
            if before is None or serial < before:
                yield number, serial
