"""Ctrl-C and SIGTERM as a stop request, for commands that run until they are stopped."""

from __future__ import annotations

import select
import signal
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class StopRequest:
    """A stop request that a signal handler can set; it takes no lock, which the interrupted thread could hold."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)

    def set(self) -> None:
        """Request the stop; a second request changes nothing."""
        with suppress(OSError):
            self._writer.send(b".")

    def wait(self, seconds: float) -> bool:
        """Wait at most so long; return whether the stop was requested."""
        return bool(select.select([self._reader], [], [], seconds)[0])

    def close(self) -> None:
        """Close the sockets."""
        self._reader.close()
        self._writer.close()


@contextmanager
def stop_signals() -> Iterator[StopRequest]:
    """Turn Ctrl-C and SIGTERM into a stop request; restore the previous handlers afterwards."""
    stop = StopRequest()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop.close()
