"""Starting and stopping a simulator, and moving its clock."""

from __future__ import annotations

import asyncio
import math
import os
import threading
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.api.app import Api
from xoxzo.cloudpy.simulator.engine.clock import RealClock
from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.runtime.engine_loop import EngineLoop
from xoxzo.cloudpy.simulator.settings import Settings

T = TypeVar("T")

_POLL_SECONDS = 0.01


class Lifecycle:
    """An engine with its API, its thread and its clock; `Simulator` describes the arguments."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: RealClock | None = None,
        database: str | os.PathLike[str] | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.instance = os.urandom(8).hex()
        store = None
        if database is not None:
            from xoxzo.cloudpy.simulator.storage import DatabaseStore

            store = DatabaseStore(database)
        self.engine = Engine(self.settings, clock or RealClock(), store)
        self.api = Api(self.engine)
        self._lock = threading.Lock()
        self._users = 0
        self._loop: EngineLoop | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the simulator's thread; each start needs one `close`.

        Raises:
            SimulatorError: The database was closed and cannot be opened again.
        """
        with self._lock:
            self.engine.open()
            if self._loop is None:
                loop = EngineLoop(self.engine)
                loop.start()
                self._loop = loop
            self._users += 1

    def close(self) -> None:
        """Undo one `start`; the last one stops the thread, drops callbacks under way and closes the database."""
        with self._lock:
            self._users = max(0, self._users - 1)
            if self._users == 0:
                if self._loop is not None:
                    self._loop.stop()
                    self._loop = None
                self.engine.close()

    def run_in_loop(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the simulator's own event loop and return what it returns.

        Raises:
            SimulatorError: The simulator was not started.
        """
        return self._running().call(work)

    @property
    def now(self) -> datetime:
        """The present on the simulator's clock, in UTC."""
        return datetime.fromtimestamp(self.engine.clock.now(), UTC)

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Advance a clock that stands still and wait until the callbacks that fell due were answered.

        Args:
            seconds: How far, zero or more; zero waits for what is under way.
            minutes: So many minutes farther.
            hours: So many hours farther.
            days: So many days farther.

        Raises:
            SimulatorError: The clock runs, `seconds` is out of range, or the simulator was not started.
        """
        loop = self._running()
        loop.call(loop.advance(_seconds(seconds, minutes, hours, days)))

    async def advance_async(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Do what `advance` does without blocking the event loop that runs the caller."""
        loop = self._running()
        await asyncio.wrap_future(loop.submit(loop.advance(_seconds(seconds, minutes, hours, days))))

    def wait_until(self, find: Callable[[], T | None], failure: Callable[[], str], timeout: float = math.inf) -> T:
        """Wait until something is found, and return it: by the machine's clock, or a stepped one is advanced as far.

        `failure` says what was not found within `timeout` seconds of the simulator's clock; then `SimulatorError` is
        raised, and also if the clock is stepped and the simulator was not started.
        """
        clock = self.engine.clock
        deadline = clock.now() + timeout
        while (found := find()) is None:
            if clock.stopped:
                # The answer of an action URL comes first: before it the next timer may be a renewal, a month ahead.
                self.advance(0)
                if (found := find()) is not None:
                    break
            now, due = clock.now(), self.engine.next_due()
            if now >= deadline or (clock.stopped and (due is None or due > deadline)):
                raise SimulatorError("timed_out", "{failure}", failure=failure())
            if clock.stopped:
                self.advance(max(0.0, (due or now) - now))
            else:
                time.sleep(_POLL_SECONDS)
        return found

    def stop_clock(self) -> None:
        """Let time stand still, until `advance` moves it or `run_clock` sets it going; twice is fine.

        States, stamps and prices follow this clock; throttling, time-outs of callbacks and slow faults follow real
        time.
        """
        self.engine.run_clock(False)

    def move_clock(self, moment: float) -> None:
        """Set a clock that stands still to a later moment, in seconds since 1970; what falls due happens with it.

        Unlike `advance` it waits for no callbacks, and needs no start.
        """
        with self.engine:
            self.engine.clock.move_to(moment)

    def run_clock(self) -> None:
        """Let the clock continue from the time it shows, as fast as the machine's; twice is fine."""
        self.engine.run_clock(True)

    @property
    def clock_stopped(self) -> bool:
        """Whether time stands still until it is advanced."""
        return self.engine.clock.stopped

    @property
    def next_due(self) -> datetime | None:
        """When something happens next by itself, on the simulator's clock; ``None`` when nothing will."""
        due = self.engine.next_due()
        return None if due is None else datetime.fromtimestamp(due, UTC)

    def _running(self) -> EngineLoop:
        if self._loop is None:
            raise SimulatorError(
                "not_started", "the simulator was not started: use it in a with statement, or serve it"
            )
        return self._loop


def _seconds(seconds: float, minutes: float, hours: float, days: float) -> float:
    # Nothing is converted where only seconds are given: an integer may be too large for that, and is refused later.
    more = minutes * 60 + hours * 3600 + days * 86_400
    return seconds + more if more else seconds
