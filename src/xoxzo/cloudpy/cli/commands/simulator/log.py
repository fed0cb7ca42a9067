"""The log of `xoxzo simulator`, written by a thread of its own: whoever does not read it holds up nobody."""

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
"""Events that wait to be written; while nobody reads, the later ones are counted instead."""
_BATCH_SIZE = 500
# Events are gathered for so long and written together: waking and flushing for each takes time from the requests.
_GATHER_SECONDS = 0.02


class EventLog:
    """Writes what happens to standard output, from when the simulator's address was written there.

    What a database knew to be due may happen before. A pipe that is full, a reader that has gone, or one that knows no
    Japanese: none of them may stop a request.

    Args:
        write: Makes a line of an event; told whether numbers and texts are shown.
        show_content: Whether they are.
    """

    def __init__(self, write: Callable[[Event, bool], str], *, show_content: bool) -> None:
        self._write = write
        self._show_content = show_content
        self._waiting: deque[Event] = deque()
        self._woken = threading.Event()
        self._over = threading.Event()
        self._lost = 0
        self._thread = threading.Thread(target=self._run, name="xoxzo-simulator-log", daemon=True)

    def tell(self, event: Event) -> None:
        """Have an event written."""
        if len(self._waiting) >= MAX_WAITING_EVENTS:
            self._lost += 1
            return
        self._waiting.append(event)
        if not self._woken.is_set():
            self._woken.set()

    def begin(self) -> None:
        """Write what waits, and go on."""
        self._thread.start()

    def close(self, patience: float = 0.5) -> None:
        """Write the rest, as far as it is read within so many seconds."""
        self._over.set()
        self._woken.set()
        if self._thread.ident is not None:
            self._thread.join(patience)

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
