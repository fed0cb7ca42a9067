"""The loop of a running engine: fires its timers when they are due and makes its outbound requests."""

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
_MIN_SLEEP_SECONDS = 0.005
# Requests that are taken from the engine, of which half are made at once; the rest waits there, where it is counted.
_MAX_REQUESTS = 200
# Real seconds until it is tried again to write what could not be written.
_RETRY_SECONDS = 0.5


class EngineLoop:
    """Drives one engine on the event loop that runs it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._http: OutboundHttp | None = None
        self._loop = asyncio.get_running_loop()
        self._wake_event = asyncio.Event()
        self._answers = Batcher(self._report_results)
        self._tasks: set[asyncio.Task[None]] = set()
        self._advancing = asyncio.Lock()

    async def run(self) -> None:
        """Drive until cancelled; then drop what is under way."""
        self._engine.set_wake(self._wake)
        try:
            while True:
                self._wake_event.clear()
                try:
                    self._start_requests()
                except NotSaved:
                    await asyncio.sleep(_RETRY_SECONDS)
                    continue
                await self._sleep()
        finally:
            self._engine.set_wake(lambda: None)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._http is not None:
                await self._http.close()

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
            await self._finish_requests()
            while (due := self._engine.next_due()) is not None and due <= target:
                clock.move_to(due)
                await self._finish_requests()
            clock.move_to(target)
            with self._engine:
                pass  # saves the time that the clock shows

    async def _finish_requests(self) -> None:
        """Wait until nothing is under way; what an answer leads to at once belongs to it."""
        self._start_requests()
        while self._tasks:
            await asyncio.wait(self._tasks)
            self._start_requests()

    def _start_requests(self) -> None:
        for outgoing in self._engine.take_outbound(_MAX_REQUESTS - len(self._tasks)):
            task = self._loop.create_task(self._make(outgoing))
            self._tasks.add(task)
            task.add_done_callback(self._made)

    async def _make(self, outgoing: OutboundRequest) -> None:
        await self._answers.answer((outgoing, await self._outbound_http().make(outgoing)))

    def _outbound_http(self) -> OutboundHttp:
        # Its library takes as long to import as the whole engine, so it is imported with the first request.
        if self._http is None:
            from xoxzo.cloudpy.simulator.runtime.outbound_http import OutboundHttp

            settings = self._engine.settings
            self._http = OutboundHttp(timeout=settings.outgoing_timeout, allow_network=settings.allow_network)
        return self._http

    def _made(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._engine.has_outbound():
            self._wake_event.set()  # there is room for another one

    def _report_results(self, results: Sequence[tuple[OutboundRequest, OutboundResult]]) -> list[None]:
        """Report all answers that came in during one turn."""
        # What cannot be saved did not happen: the engine knows the requests still, and wants them made again.
        with suppress(NotSaved), self._engine:
            for outgoing, answer in results:
                self._engine.complete_outbound(outgoing, answer)
        return [None] * len(results)

    async def _sleep(self) -> None:
        due = self._engine.next_due()
        if due is None or self._engine.clock.stopped:
            await self._wake_event.wait()
            return
        try:
            async with asyncio.timeout(max(due - self._engine.clock.now(), _MIN_SLEEP_SECONDS)):
                await self._wake_event.wait()
        except TimeoutError:
            return

    def _wake(self) -> None:
        self._loop.call_soon_threadsafe(self._wake_event.set)
