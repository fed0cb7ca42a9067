"""What each event loop has of its own: connections of one loop are of no use in another, nor in another process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

from xoxzo.cloudpy import forks

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class ByLoop(Generic[T]):
    """One thing for each event loop, and others in a forked child.

    Args:
        make: makes the running loop's when it is first asked for.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._loops: dict[asyncio.AbstractEventLoop, T] = {}
        self._inherited: list[dict[asyncio.AbstractEventLoop, T]] = []
        self._pid = forks.pid

    def here(self) -> T:
        """Return the running loop's."""
        if self._pid != forks.pid:
            # Kept, since dropping them would unregister their sockets from a selector shared with the parent.
            self._inherited.append(self._loops)
            self._loops, self._pid = {}, forks.pid
        loop = asyncio.get_running_loop()
        try:
            return self._loops[loop]
        except KeyError:
            # Connections of a loop that has ended can no longer be closed, only forgotten.
            self._loops = {each: thing for each, thing in self._loops.items() if not each.is_closed()}
            return self._loops.setdefault(loop, self._make())
