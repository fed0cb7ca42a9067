"""Ctrl-C and SIGTERM as a wish to stop, for commands that run until they are stopped."""

from __future__ import annotations

import select
import signal
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class StopRequest:
    """A wish to stop, which a signal handler can tell.

    It takes no lock: the thread that the signal interrupts may be holding it, in the middle of a wait.
    """

    def __init__(self) -> None:
        self._heard, self._told = socket.socketpair()
        self._told.setblocking(False)

    def tell(self) -> None:
        """Say it; what is said twice is said."""
        with suppress(OSError):
            self._told.send(b".")

    def wait(self, seconds: float) -> bool:
        """Wait until it was said, at most so long."""
        return bool(select.select([self._heard], [], [], seconds)[0])

    def close(self) -> None:
        """Give the sockets back."""
        self._heard.close()
        self._told.close()


@contextmanager
def stop_signals() -> Iterator[StopRequest]:
    """Turn Ctrl-C and SIGTERM into a wish to stop; whoever handled them before does so again afterwards."""
    stop = StopRequest()
    before = {number: signal.signal(number, lambda *_: stop.tell()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop.close()
