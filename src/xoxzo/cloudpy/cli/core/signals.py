"""Ctrl-C, SIGTERM and SIGHUP as a stop request, for commands that run until they are stopped."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from xoxzo.cloudpy.common.signals import handle_signals


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
    """Turn Ctrl-C, SIGTERM and SIGHUP into a stop request."""
    stop = StopRequest()
    try:
        with handle_signals(lambda *_: stop.set()):
            yield stop
    finally:
        stop.close()
