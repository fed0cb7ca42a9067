"""Hold values per event loop: a connection of one loop cannot be used in another, nor in a forked child."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from xoxzo.cloudpy.common import forks

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class PerEventLoop(Generic[T]):
    """One value for each event loop, and others in a forked child.

    Args:
        make: makes the running loop's value at its first use.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._by_loop: dict[asyncio.AbstractEventLoop, T] = {}
        self._inherited: list[dict[asyncio.AbstractEventLoop, T]] = []
        self._pid = forks.pid

    def current(self) -> T:
        """Return the running loop's value."""
        if self._pid != forks.pid:
            # Not dropped: that would unregister their sockets from a selector that the parent shares.
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


class AsyncSlots:
    """A number of slots for the running event loop; calls beyond it wait in the order in which they came.

    asyncio's semaphore would do, but costs several times as much when many wait, as they do in a campaign.

    Args:
        number: how many there are; ``None`` for no limit.
    """

    def __init__(self, number: int | None) -> None:
        self._free: float = float("inf") if number is None else number
        self._waiting: deque[asyncio.Future[None]] = deque()

    def take_now(self) -> bool:
        """Take a slot if one is free; return whether one was."""
        if self._free:
            self._free -= 1
            return True
        return False

    async def take(self, seconds: float) -> None:
        """Take a slot; raise ``TimeoutError`` when none comes free in so many seconds."""
        if self.take_now():
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiting.append(waiter)
        timer = loop.call_later(seconds, _expire, waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                # The slot was granted in the very moment of the cancellation.
                self.put()
            raise
        finally:
            timer.cancel()

    def put(self) -> None:
        """Put a slot back: it goes to the call that waits longest, if one does."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._free += 1


def _expire(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())
