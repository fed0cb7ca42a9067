"""Reuse connections to the same origin, and limit how many are in use."""

from __future__ import annotations

import select
import time
import weakref
from collections.abc import Callable, Hashable, Sized
from functools import partial
from queue import Empty, SimpleQueue
from typing import Generic, Protocol, TypeVar

from xoxzo.cloudpy.protocols import TransportFailure

KEEPALIVE_SECONDS = 5.0
"""The lifetime of an idle connection: short, since a server that closes it sooner than we do loses us a response."""


class Connection(Protocol):
    """A connection that a pool can hold."""

    def usable(self) -> bool:
        """Whether another request may be sent over it."""

    def abort(self) -> None:
        """Close it at once. Closing twice does nothing."""


C = TypeVar("C", bound=Connection)


class IdlePool(Generic[C]):
    """The idle connections of one transport."""

    def __init__(self) -> None:
        self._by_origin: dict[Hashable, list[tuple[float, C]]] = {}

    def take(self, origin: Hashable) -> C | None:
        """Return the connection to an origin that was used last, or ``None``; close those that cannot be used."""
        idle = self._by_origin.get(origin, [])
        while True:
            try:
                # Popped without a check before: another thread may take the last one in between.
                since, connection = idle.pop()
            except IndexError:
                return None
            if time.monotonic() - since < KEEPALIVE_SECONDS and connection.usable():
                return connection
            connection.abort()

    def put(self, origin: Hashable, connection: C) -> None:
        """Add a connection."""
        self._by_origin.setdefault(origin, []).append((time.monotonic(), connection))

    def sweep(self) -> bool:
        """Close what has been idle for too long; return whether any is left."""
        oldest = time.monotonic() - KEEPALIVE_SECONDS
        left = False
        for idle in list(self._by_origin.values()):
            while idle and idle[0][0] <= oldest:
                idle.pop(0)[1].abort()
            left = left or bool(idle)
        return left

    def clear(self) -> None:
        """Close all of them."""
        by_origin, self._by_origin = self._by_origin, {}
        for idle in by_origin.values():
            for _, connection in idle:
                connection.abort()


def readability(descriptor: int) -> Callable[[], Sized]:
    """Return a function that returns what can be read from a socket, its end included: empty for nothing."""
    if not hasattr(select, "poll"):
        return lambda: select.select([descriptor], [], [], 0)[0]
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return partial(poll.poll, 0)


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


_LONGEST_SECONDS = 1e9  # A queue takes no longer time.


class ThreadSlots:
    """A number of slots that threads share; ``None`` for no limit."""

    def __init__(self, number: int | None) -> None:
        self._limited = number is not None
        # A queue of slots costs a fifth of what a semaphore costs.
        self._free: SimpleQueue[Slot] = SimpleQueue()
        reference = weakref.ref(self._free)
        for _ in range(number or 0):
            self._free.put(Slot(reference))

    def take(self, seconds: float) -> Slot | None:
        """Take a slot, ``None`` where there is no limit; raise ``TransportFailure`` when none comes free in time."""
        if not self._limited:
            return None
        try:
            return self._free.get(timeout=min(seconds, _LONGEST_SECONDS))
        except Empty:
            raise TransportFailure("no free connection", timeout="pool") from None

    def put(self, slot: Slot | None) -> None:
        """Put a slot back."""
        if slot is not None:
            self._free.put(slot)
