"""The log of `xoxzo simulator`, written by a separate thread: a reader that does not read delays no request."""

from __future__ import annotations

import sys
import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from xoxzo.cloudpy.simulator.engine.context import Event

MAX_WAITING_EVENTS = 10_000
"""The most events that wait to be written; later ones are only counted until the reader reads again."""
_BATCH_SIZE = 500
# Events of this time are written together: waking and flushing for each would take time from the requests.
_GATHER_SECONDS = 0.02


class EventLog:
    """Writes events to standard output, after the simulator's address.

    Events that a database has due may occur before. A full or closed pipe, or an encoding without Japanese, must not
    stop a request.

    Args:
        write: formats an event as a line; its second argument is `show_content`.
        show_content: whether numbers and texts are shown.
    """

    def __init__(self, write: Callable[[Event, bool], str], *, show_content: bool) -> None:
        self._write = write
        self._show_content = show_content
        self._waiting: deque[Event] = deque()
        self._woken = threading.Event()
        self._over = threading.Event()
        self._lost = 0
        self._thread = threading.Thread(target=self._run, name="xoxzo-simulator-log", daemon=True)

    def enqueue(self, event: Event) -> None:
        """Queue an event to be written."""
        if len(self._waiting) >= MAX_WAITING_EVENTS:
            self._lost += 1
            return
        self._waiting.append(event)
        if not self._woken.is_set():
            self._woken.set()

    def begin(self) -> None:
        """Start to write the queued events."""
        self._thread.start()

    def close(self, timeout_seconds: float = 0.5) -> None:
        """Write the rest, as much as is read until the timeout."""
        self._over.set()
        self._woken.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        while self._waiting or not self._over.is_set():
            self._woken.wait()
            self._over.wait(_GATHER_SECONDS)
            self._woken.clear()
            while self._waiting:
                self._put()

    def _put(self) -> None:
        events = [self._waiting.popleft() for _ in range(min(_BATCH_SIZE, len(self._waiting)))]
        lines = [self._write(event, self._show_content) for event in events]
        lost, self._lost = self._lost, 0
        with suppress(OSError, ValueError):
            print("\n".join(lines), flush=True)
        if lost:
            with suppress(OSError, ValueError):
                print(f"xoxzo simulator: nobody read the log; {lost:,} of its lines were left out", file=sys.stderr)
