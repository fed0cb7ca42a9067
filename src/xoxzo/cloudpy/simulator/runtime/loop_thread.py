"""One thread with one event loop, in which a simulator runs."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from xoxzo.cloudpy.errors import SimulatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")


class LoopThread:
    """Runs a coroutine in a thread of its own until it is stopped; on uvloop where that is installed.

    Args:
        main: What runs as long as the thread does; it is cancelled at the end.
    """

    def __init__(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._main = main
        self._ready: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="xoxzo-simulator", daemon=True)

    def start(self) -> None:
        """Start, and wait until coroutines can be submitted.

        Raises:
            Exception: The event loop could not be made, for instance where no socket is allowed.
        """
        self._thread.start()
        self._ready.result()

    def stop(self) -> None:
        """Cancel what runs and wait for the thread's end."""
        assert self._loop is not None  # noqa: S101 - start() has waited for both
        assert self._task is not None  # noqa: S101
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()

    def submit(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Have a coroutine run in the thread's loop."""
        assert self._loop is not None  # noqa: S101 - start() has waited for it
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Have a coroutine run in the thread's loop, and wait for what it returns.

        Raises:
            SimulatorError: The caller is in that very thread and would wait for itself.
        """
        if threading.current_thread() is self._thread:
            work.close()
            raise SimulatorError("own_thread", "the simulator's own thread cannot wait for itself")
        return self.submit(work).result()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(self._run_main())
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    async def _run_main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._main())
        await asyncio.sleep(0)  # lets main take its first step, which sets up what the starter relies on
        self._ready.set_result(None)
        try:
            await self._task
        except asyncio.CancelledError:
            return


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
