"""Run a campaign in a thread of its own, for programs without an event loop, and end it on signals."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from queue import SimpleQueue

from xoxzo.cloudpy.campaigns.records import Event, EventHandler, Result
from xoxzo.cloudpy.common.signals import handle_signals


def fast_loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's factory of event loops where it is installed; ``None`` stands for asyncio's own.

    uvloop reads from the network, and through TLS, in half the time.
    """
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    return new_event_loop


class RunThread:
    """Runs a campaign in another thread, and hands over its events.

    Args:
        main: runs, and gives each event to the handler that it is given.
        stop: ends the run when what is in flight was completed; it does nothing before the first event.
    """

    def __init__(self, main: Callable[[EventHandler], Awaitable[Result]], stop: Callable[[], None]) -> None:
        self._main = main
        self._stop = stop
        self._is_stopped = False
        self._queue: SimpleQueue[Event | None] = SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Result] | None = None
        self._result: Future[Result] = Future()
        # Traces and the like continue in the thread.
        self._thread = threading.Thread(target=contextvars.copy_context().run, args=(self._work,), name="campaign")

    def events(self) -> Iterator[Event]:
        """Start the thread, and yield the events until the run has ended."""
        self._thread.start()
        yield from iter(self._queue.get, None)

    def stop(self) -> None:
        """End the run when what is in flight was completed; safe in a signal handler."""
        self._is_stopped = True
        self._stop()

    def break_off(self) -> None:
        """End the run at once; safe in a signal handler."""
        if self._loop is not None and self._task is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._task.cancel)

    def join(self) -> None:
        """Wait until the run has ended."""
        if self._thread.ident is not None:
            self._thread.join()

    def result(self) -> Result | None:
        """Return the result, raise what was raised, or return ``None`` when the run was interrupted."""
        return None if self._result.cancelled() else self._result.result()

    def _work(self) -> None:
        try:
            with asyncio.Runner(loop_factory=fast_loop_factory()) as runner:
                self._result.set_result(runner.run(self._run()))
        except asyncio.CancelledError:
            self._result.cancel()
        except BaseException as error:  # noqa: BLE001 - raised again by `result`
            self._result.set_exception(error)
        finally:
            self._queue.put(None)

    async def _run(self) -> Result:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        return await self._main(self._take_event)

    def _take_event(self, event: Event) -> None:
        if self._is_stopped:
            # The request came before there was anything to stop.
            self._stop()
        self._queue.put(event)


@contextmanager
def stop_on_signals(run: RunThread) -> Iterator[None]:
    """End a run gently on Ctrl-C, SIGTERM and SIGHUP, and at once on a second one, where signals can be handled."""
    received = 0

    def handle(*_: object) -> None:
        nonlocal received
        received += 1
        run.stop() if received == 1 else run.break_off()

    with handle_signals(handle):
        yield
