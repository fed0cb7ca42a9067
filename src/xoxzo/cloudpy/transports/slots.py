"""Limit how many exchanges are under way at once."""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from queue import Empty, SimpleQueue


class Slot:
    """The right to one exchange, for threads.

    A slot whose holder was lost is put back when it is dropped. An exception raised by a signal handler may come
    between any two steps, so a holder cannot do that itself in every case.
    """

    __slots__ = ("_free",)

    def __init__(self, free: weakref.ref[SimpleQueue[Slot]]) -> None:
        self._free = free

    def __del__(self) -> None:
        free = self._free()
        if free is not None:
            free.put(Slot(self._free))


class ThreadSlots:
    """A number of slots that threads share.

    Args:
        number: how many there are; ``None`` for no limit.
    """

    def __init__(self, number: int | None) -> None:
        self._limited = number is not None
        # A queue of slots costs a fifth of what a semaphore costs.
        self._free: SimpleQueue[Slot] = SimpleQueue()
        reference = weakref.ref(self._free)
        for _ in range(number or 0):
            self._free.put(Slot(reference))

    def take(self, seconds: float) -> Slot | None:
        """Take a slot, ``None`` where there is no limit; raise ``TimeoutError`` when none comes free in time."""
        if not self._limited:
            return None
        try:
            return self._free.get(timeout=seconds)
        except Empty:
            raise TimeoutError from None

    def put(self, slot: Slot | None) -> None:
        """Put a slot back."""
        if slot is not None:
            self._free.put(slot)


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
