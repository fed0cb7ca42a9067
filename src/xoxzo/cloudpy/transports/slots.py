"""Places for so many exchanges at once in one event loop; those beyond wait in the order in which they came.

asyncio's semaphore would do, but costs several times as much when many wait, and many waiting is what a campaign is.
"""

from __future__ import annotations

import asyncio
from collections import deque


class Slots:
    """A number of slots, for the running event loop.

    Args:
        number: how many there are.
    """

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: deque[asyncio.Future[None]] = deque()

    def take_at_once(self) -> bool:
        """Take a slot if one is free; return whether one was."""
        if self._free:
            self._free -= 1
            return True
        return False

    async def take(self, seconds: float) -> None:
        """Take a slot; raise ``TimeoutError`` when none comes free in so many seconds."""
        if self.take_at_once():
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiting.append(waiter)
        timer = loop.call_later(seconds, _expire, waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                # The slot was given in the very moment of the cancellation.
                self.give()
            raise
        finally:
            timer.cancel()

    def give(self) -> None:
        """Give a slot back: to whoever waits longest, if anybody does."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._free += 1


def _expire(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())
