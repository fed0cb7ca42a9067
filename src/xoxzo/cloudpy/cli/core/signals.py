"""Ctrl-C, SIGTERM and SIGHUP as a stop request, for commands that run until they are stopped."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from xoxzo.cloudpy.common.signals import handle_signals


@contextmanager
def stop_signals() -> Iterator[Callable[[float], bool]]:
    """Yield a function that waits at most some seconds for a stop request, and returns whether there was one."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)

    def stop(*_: object) -> None:
        # A handler must take no lock, which the interrupted thread could hold.
        with suppress(OSError):
            writer.send(b".")

    with reader, writer, handle_signals(stop):
        yield lambda seconds: bool(select.select([reader], [], [], seconds)[0])
