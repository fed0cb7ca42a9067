"""Connections that are kept for the next request to the same place. Knows no HTTP library."""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from xoxzo.cloudpy.transports.routes import KEEPALIVE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable


class Connection(Protocol):
    """What can be kept."""

    def good(self) -> bool:
        """Whether another request may be sent over it."""

    def abort(self) -> None:
        """Close it at once. Closing twice does nothing."""


C = TypeVar("C", bound=Connection)


class Kept(Generic[C]):
    """The idle connections of one transport."""

    def __init__(self) -> None:
        self._places: dict[Hashable, list[tuple[float, C]]] = {}

    def take(self, place: Hashable) -> C | None:
        """Return the connection to a place that was used last, or ``None``; close those that are good for nothing."""
        idle = self._places.get(place, [])
        while True:
            try:
                # Asked without looking: another thread may take the last one in between.
                since, connection = idle.pop()
            except IndexError:
                return None
            if time.monotonic() - since < KEEPALIVE_SECONDS and connection.good():
                return connection
            connection.abort()

    def put(self, place: Hashable, connection: C) -> None:
        """Keep a connection."""
        self._places.setdefault(place, []).append((time.monotonic(), connection))

    def sweep(self) -> bool:
        """Close what has been idle for too long; return whether anything is left."""
        oldest = time.monotonic() - KEEPALIVE_SECONDS
        left = False
        for idle in list(self._places.values()):
            while idle and idle[0][0] <= oldest:
                idle.pop(0)[1].abort()
            left = left or bool(idle)
        return left

    def clear(self) -> None:
        """Close all of them."""
        places, self._places = self._places, {}
        for idle in places.values():
            for _, connection in idle:
                connection.abort()


def watcher(number: int) -> Callable[[], bool]:
    """Return what says whether anything can be read from a socket: on an idle one that is the other side's end of it.

    Args:
        number: the socket's file descriptor.
    """
    if not hasattr(select, "poll"):
        return lambda: bool(select.select([number], [], [], 0)[0])
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return lambda: bool(poll.poll(0))
