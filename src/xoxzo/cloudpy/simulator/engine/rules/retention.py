"""Which records are deleted: the oldest, when there are too many or when they are too old."""

from __future__ import annotations

from itertools import islice, takewhile
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
