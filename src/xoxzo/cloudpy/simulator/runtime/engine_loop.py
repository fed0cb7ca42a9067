"""The event loop of a running engine, in a thread of its own: it fires timers and makes outbound requests."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.context import OutboundRequest, OutboundResult
from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.errors import NotSaved

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.runtime.outbound_http import OutboundHttp

A = TypeVar("A")
R = TypeVar("R")
T = TypeVar("T")


class Batcher(Generic[A, R]):
    """Collects the requests of one turn of an event loop and handles them in the next.

    There is no window to choose. A single request is handled at once. Under load, more requests arrive while a batch is
    handled and written to disk, and make up the next batch: the slower the disk, the more of them share a commit. No
    request is answered before its batch is on disk. `work` returns the results in the same order, and must not raise.
    """

    def __init__(self, work: Callable[[Sequence[A]], Sequence[R]]) -> None:
        self._work = work
        self._waiting: list[tuple[A, asyncio.Future[R]]] = []

    async def answer(self, request: A) -> R:
        """Return the result of a request, which is handled in the next turn of the event loop."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._handle_waiting)
        future: asyncio.Future[R] = loop.create_future()
        self._waiting.append((request, future))
        return await future

    def _handle_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        results = self._work([request for request, _ in waiting])
        for (_, future), result in zip(waiting, results, strict=True):
            if not future.done():  # its caller may have been cancelled
                future.set_result(result)


def _new_event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


# Timers that are due within this time fire together; thousands of messages then wake the loop only so often.
_MIN_SLEEP_SECONDS = 0.005
# Requests that are taken from the engine, of which half are made at once; the rest waits there, where it is counted.
_MAX_REQUESTS = 200
# Real seconds until it is tried again to write what could not be written.
_RETRY_SECONDS = 0.5


class EngineLoop:
    """Drives one engine on an event loop in a thread of its own; on uvloop where that is installed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._loop = _new_event_loop()
        self._thread = threading.Thread(target=self._run, name="xoxzo-simulator", daemon=True)
        self._main: asyncio.Task[None]
        self._wake_event = asyncio.Event()
        self._answers = Batcher(self._report_results)
        self._tasks: set[asyncio.Task[None]] = set()
        self._advancing = asyncio.Lock()

    def start(self) -> None:
        """Start, and wait until the engine is driven."""
        self._thread.start()
        self.call(asyncio.sleep(0))

    def stop(self) -> None:
        """Drop what is under way, and wait for the thread's end."""
        self._loop.call_soon_threadsafe(self._main.cancel)
        self._thread.join()

    def submit(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Have a coroutine run in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the loop and return its result; in the loop's own thread, raise `SimulatorError`."""
        if threading.current_thread() is self._thread:
            work.close()
            raise SimulatorError("own_thread", "the simulator's own thread cannot wait for itself")
        return self.submit(work).result()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner, suppress(asyncio.CancelledError):
            runner.run(self._drive())

    async def _drive(self) -> None:
        self._main = cast("asyncio.Task[None]", asyncio.current_task())
        self._engine.set_wake(lambda: self._loop.call_soon_threadsafe(self._wake_event.set))
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
            if "_http" in self.__dict__:
                await self._http.close()

    async def advance(self, seconds: float) -> None:
        """Advance a stopped clock, and wait until all that fell due is answered, or raise `SimulatorError`."""
        clock = self._engine.clock
        if not clock.stopped:
            raise SimulatorError("clock_runs", "only a stopped clock can be advanced: stop it first")
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
        await self._answers.answer((outgoing, await self._http.make(outgoing)))

    @cached_property
    def _http(self) -> OutboundHttp:
        # Its library takes as long to import as the whole engine, so it is imported with the first request.
        from xoxzo.cloudpy.simulator.runtime.outbound_http import OutboundHttp

        settings = self._engine.settings
        return OutboundHttp(timeout=settings.outgoing_timeout, allow_network=settings.allow_network)

    def _made(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._engine.context.outbox:
            self._wake_event.set()  # there is room for another one

    def _report_results(self, results: Sequence[tuple[OutboundRequest, OutboundResult]]) -> list[None]:
        """Report all answers that came in during one turn."""
        # What cannot be saved did not happen: the engine knows the requests still, and wants them made again.
        with suppress(NotSaved), self._engine:
            for outgoing, answer in results:
                outgoing.on_result(answer)
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
