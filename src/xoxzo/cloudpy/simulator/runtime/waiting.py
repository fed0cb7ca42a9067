"""Waiting for something to happen on a simulator, whichever clock it runs on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.queries.phones import find_call
from xoxzo.cloudpy.simulator.queries.results import CallRecord

T = TypeVar("T")

_POLL_SECONDS = 0.01


class Waiter:
    """Polls by the machine's clock, or moves a stepped clock by `advance` from one timer to the next."""

    def __init__(self, engine: Engine, advance: Callable[[float], None]) -> None:
        self.engine = engine
        self._advance = advance

    def wait(self, find: Callable[[], T | None], timeout: float, failure: Callable[[], str]) -> T:
        """Return what `find` returns when it is not ``None``; `SimulatorError` after `timeout` simulated seconds."""
        clock = self.engine.clock
        deadline = clock.now() + timeout
        while True:
            if (found := find()) is not None:
                return found
            now, due = clock.now(), self.engine.next_due()
            if now >= deadline or (clock.stopped and (due is None or due > deadline)):
                raise SimulatorError("timed_out", "{failure}", failure=failure())
            if clock.stopped:
                self._advance(max(0.0, (due or now) - now))
            else:
                time.sleep(_POLL_SECONDS)

    def wait_for_call_end(self, callid: str) -> CallRecord:
        """Return a call when it has ended, with all its steps; raise `SimulatorError` as `wait` does."""
        clock = self.engine.clock
        while True:
            if clock.stopped:
                # The answer of an action URL comes first: before it the next timer may be a renewal, a month ahead.
                self._advance(0)
            call = find_call(self.engine, callid)
            if call.status != "IN PROGRESS":
                return call
            if clock.stopped:
                due = self.engine.next_due()
                self._advance(0 if due is None else max(0.0, due - clock.now()))
            else:
                time.sleep(_POLL_SECONDS)
