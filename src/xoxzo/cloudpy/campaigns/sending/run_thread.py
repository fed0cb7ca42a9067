"""A run in a thread of its own, for programs without an event loop, and what Ctrl-C does to it."""

from __future__ import annotations

import asyncio
import contextvars
import signal
import threading
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from xoxzo.cloudpy.campaigns.sending.events import Event, EventHandler, Result


def fast_loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the quickest event loop that is there; ``None`` stands for asyncio's own.

    uvloop's takes bytes from the network, and through TLS, for half of what asyncio's own needs.
    """
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    return new_event_loop


class RunThread:
    """Runs in another thread, and hands over what happens.

    Args:
        main: runs, and tells what happens to the hook that it is given.
        stop: has the run end as soon as what is in flight has come to its end; it does nothing before the first event.
    """

    def __init__(self, main: Callable[[EventHandler], Awaitable[Result]], stop: Callable[[], None]) -> None:
        self._main = main
        self._stop = stop
        self._stopped = False
        self._queue: SimpleQueue[Event | None] = SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Result] | None = None
        self._result: Future[Result] = Future()
        # Traces and the like go on in the thread.
        self._thread = threading.Thread(target=contextvars.copy_context().run, args=(self._work,), name="campaign")

    def events(self) -> Iterator[Event]:
        """Start, and yield what happens, until it has ended."""
        self._thread.start()
        yield from iter(self._queue.get, None)

    def stop(self) -> None:
        """Have it end gently; safe in a signal handler."""
        self._stopped = True
        self._stop()

    def break_off(self) -> None:
        """Have it end at once; safe in a signal handler."""
        if self._loop is not None and self._task is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._task.cancel)

    def join(self) -> None:
        """Wait until it has ended."""
        if self._thread.ident is not None:
            self._thread.join()

    def result(self) -> Result | None:
        """Return the result, raise what was raised, or return ``None`` when it was broken off."""
        return None if self._result.cancelled() else self._result.result()

    def _work(self) -> None:
        try:
            with asyncio.Runner(loop_factory=fast_loop_factory()) as runner:
                self._result.set_result(runner.run(self._in_loop()))
        except asyncio.CancelledError:
            self._result.cancel()
        except BaseException as error:  # noqa: BLE001 - raised again where it was called
            self._result.set_exception(error)
        finally:
            self._queue.put(None)

    async def _in_loop(self) -> Result:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        return await self._main(self._tell)

    def _tell(self, event: Event) -> None:
        if self._stopped:
            # It was told before there was anything to stop.
            self._stop()
        self._queue.put(event)


@contextmanager
def handle_signals(run: RunThread) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end a run gently, and a second one at once, where signals can be handled."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = 0

    def handle(*_: object) -> None:
        nonlocal heard
        heard += 1
        run.stop() if heard == 1 else run.break_off()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
