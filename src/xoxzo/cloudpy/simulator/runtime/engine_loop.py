"""Moves an engine on: fires its timers when they are due and has its outgoing requests made."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.context import OutboundRequest, OutboundResult
from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.errors import NotSaved
from xoxzo.cloudpy.simulator.runtime.batching import Batcher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xoxzo.cloudpy.simulator.runtime.outbound_http import OutboundHttp

# Timers that are due within this time fire together; thousands of messages then wake the loop only so often.
_SHORTEST_NAP = 0.005
# Requests that are taken from the engine, of which half are made at once; the rest waits there, where it is counted.
_MOST_UNDER_WAY = 200
# Real seconds until it is tried again to write what could not be written.
_UNTIL_NEXT_TRY = 0.5


class EngineLoop:
    """Drives one engine on the event loop that runs it.

    Args:
        engine: What is driven.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._courier: OutboundHttp | None = None
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._answers = Batcher(self._note)
        self._tasks: set[asyncio.Task[None]] = set()
        self._advancing = asyncio.Lock()

    async def run(self) -> None:
        """Drive until cancelled; then drop what is under way."""
        self._engine.set_wake(self._wake)
        try:
            while True:
                self._woken.clear()
                try:
                    self._launch()
                except NotSaved:
                    await asyncio.sleep(_UNTIL_NEXT_TRY)
                    continue
                await self._nap()
        finally:
            self._engine.set_wake(lambda: None)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._courier is not None:
                await self._courier.close()

    async def advance(self, seconds: float) -> None:
        """Advance a clock that stands still; returns when all that fell due was done and answered.

        Raises:
            SimulatorError: The clock runs, `seconds` is out of range, or what fell due cannot be saved.
        """
        clock = self._engine.clock
        if not clock.stopped:
            raise SimulatorError("clock_runs", "only a clock that stands still can be advanced: stop it first")
        async with self._advancing:
            target = clock.check(seconds)
            await self._settle()
            while (due := self._engine.next_due()) is not None and due <= target:
                clock.move_to(due)
                await self._settle()
            clock.move_to(target)
            with self._engine:
                pass  # where the clock stands is saved

    async def _settle(self) -> None:
        """Wait until nothing is under way; what an answer leads to at once belongs to it."""
        self._launch()
        while self._tasks:
            await asyncio.wait(self._tasks)
            self._launch()

    def _launch(self) -> None:
        for outgoing in self._engine.take_outbound(_MOST_UNDER_WAY - len(self._tasks)):
            task = self._loop.create_task(self._make(outgoing))
            self._tasks.add(task)
            task.add_done_callback(self._made)

    async def _make(self, outgoing: OutboundRequest) -> None:
        await self._answers.answer((outgoing, await self._the_courier().make(outgoing)))

    def _the_courier(self) -> OutboundHttp:
        # Its library takes as long to load as all the engine: no start shall wait for it.
        if self._courier is None:
            from xoxzo.cloudpy.simulator.runtime.outbound_http import OutboundHttp

            settings = self._engine.settings
            self._courier = OutboundHttp(timeout=settings.outgoing_timeout, allow_network=settings.allow_network)
        return self._courier

    def _made(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._engine.has_outbound():
            self._woken.set()  # there is room for another one

    def _note(self, made: Sequence[tuple[OutboundRequest, OutboundResult]]) -> list[None]:
        """Report all answers that came in during one turn."""
        # What cannot be saved did not happen: the engine knows the requests still, and wants them made again.
        with suppress(NotSaved), self._engine:
            for outgoing, answer in made:
                self._engine.complete_outbound(outgoing, answer)
        return [None] * len(made)

    async def _nap(self) -> None:
        due = self._engine.next_due()
        if due is None or self._engine.clock.stopped:
            await self._woken.wait()
            return
        try:
            async with asyncio.timeout(max(due - self._engine.clock.now(), _SHORTEST_NAP)):
                await self._woken.wait()
        except TimeoutError:
            return

    def _wake(self) -> None:
        self._loop.call_soon_threadsafe(self._woken.set)
