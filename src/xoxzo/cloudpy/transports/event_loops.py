"""Keep what each event loop has of its own: a connection of one loop is of no use in another, nor in a forked child."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

from xoxzo.cloudpy import forks

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class PerEventLoop(Generic[T]):
    """One value for each event loop, and others in a forked child.

    Args:
        make: makes the running loop's value when it is first asked for.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._by_loop: dict[asyncio.AbstractEventLoop, T] = {}
        self._inherited: list[dict[asyncio.AbstractEventLoop, T]] = []
        self._pid = forks.pid

    def current(self) -> T:
        """Return the running loop's value."""
        if self._pid != forks.pid:
            # Kept: dropping them would unregister their sockets from a selector that the parent shares.
            self._inherited.append(self._by_loop)
            self._by_loop, self._pid = {}, forks.pid
        loop = asyncio.get_running_loop()
        try:
            return self._by_loop[loop]
        except KeyError:
            # Connections of a loop that has ended can no longer be closed, only forgotten. In place: loops of other
            # threads may add theirs at this moment.
            for each in [each for each in list(self._by_loop) if each.is_closed()]:
                self._by_loop.pop(each, None)
            return self._by_loop.setdefault(loop, self._make())
