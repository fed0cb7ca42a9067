"""A running engine: its event loop in a thread, starting and stopping, and moving its clock."""

from __future__ import annotations

import asyncio
import concurrent.futures
import math
import os
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.api.app import Api
from xoxzo.cloudpy.simulator.engine.clock import RealClock
from xoxzo.cloudpy.simulator.engine.context import OutboundRequest, OutboundResult
from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.engine.rules import NotSaved
from xoxzo.cloudpy.simulator.settings import Settings

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
# Real seconds between two looks for what is waited for.
_POLL_SECONDS = 0.01


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

    async def advance(self, seconds: float, minutes: float, hours: float, days: float) -> None:
        """Advance a stopped clock, and wait until all that fell due is answered, or raise `SimulatorError`."""
        clock = self._engine.clock
        if not clock.stopped:
            raise SimulatorError("clock_runs", "only a stopped clock can be advanced: stop it first")
        async with self._advancing:
            # Nothing is converted where only seconds are given: an integer may be too large for that, and is refused.
            more = minutes * 60 + hours * 3600 + days * 86_400
            target = clock.check(seconds + more if more else seconds)
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
        loop.call(loop.advance(seconds, minutes, hours, days))

    async def advance_async(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Do what `advance` does without blocking the event loop that runs the caller."""
        loop = self._running()
        await asyncio.wrap_future(loop.submit(loop.advance(seconds, minutes, hours, days)))

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
