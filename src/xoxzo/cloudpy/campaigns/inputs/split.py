"""Divide a list at random into parts, for instance to try two messages on one half each."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import msgspec

from xoxzo.cloudpy.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xoxzo.cloudpy.campaigns.records import Recipient

_SPLIT = re.compile(r"([1-9])/([2-9])")


class Part(msgspec.Struct):
    """One of several random parts of a list. Whom it has depends on the number and the list alone.

    Attributes:
        part: which, from 1.
        of: how many there are.
        seed: what the parts of one list have in common.
        others: how many recipients are in the others.
    """

    part: int
    of: int
    seed: str
    others: int = 0

    @classmethod
    def read(cls, text: str, seed: str) -> Part:
        """Return the part that a text such as ``1/2`` means.

        Raises:
            InvalidArgument: it means none.
        """
        found = _SPLIT.fullmatch(text)
        if found is None or int(found[1]) > int(found[2]):
            raise InvalidArgument("split", "must be the part and how many there are, such as 1/2 and 2/2")
        return cls(int(found[1]), int(found[2]), seed)

    def select(self, recipients: Iterable[Recipient]) -> Iterator[Recipient]:
        """Yield the recipients of this part, and count the others."""
        for one in recipients:
            digest = hashlib.sha256(f"{self.seed} {one.number}".encode()).digest()
            if int.from_bytes(digest[:8], "big") % self.of == self.part - 1:
                yield one
            else:
                self.others += 1
