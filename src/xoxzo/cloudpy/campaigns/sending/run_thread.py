"""Run a campaign in a thread of its own, for programs without an event loop, and end it on signals."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
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


def run_in_thread(
    main: Callable[[EventHandler], Awaitable[Result]], stop: Callable[[], None]
) -> Generator[Event, None, Result | None]:
    """Run a campaign in another thread, and yield its events; return the result, or ``None`` when it was broken off.

    Ctrl-C, SIGTERM and SIGHUP end it gently, and a second one at once, where signals can be handled.

    Args:
        main: runs, and gives each event to the handler that it is given.
        stop: ends the run when what is in flight was completed; it does nothing before the first event.
    """
    events: SimpleQueue[Event | None] = SimpleQueue()
    break_off: list[Callable[[], object]] = []
    signals, is_stopped = 0, False

    def request_stop() -> None:
        nonlocal is_stopped
        is_stopped = True
        stop()

    def handle(*_: object) -> None:
        nonlocal signals
        signals += 1
        if signals == 1:
            request_stop()
        elif break_off:
            with suppress(RuntimeError):
                break_off[0]()

    def take_event(event: Event) -> None:
        if is_stopped:
            # The request came before there was anything to stop.
            stop()
        events.put(event)

    async def run() -> Result:
        task = asyncio.ensure_future(main(take_event))
        break_off.append(partial(asyncio.get_running_loop().call_soon_threadsafe, task.cancel))
        return await task

    def work() -> Result:
        with asyncio.Runner(loop_factory=fast_loop_factory()) as runner:
            return runner.run(run())

    with handle_signals(handle), ThreadPoolExecutor(1, "campaign") as executor:
        # Traces and the like continue in the thread.
        result = executor.submit(contextvars.copy_context().run, work)
        result.add_done_callback(lambda _: events.put(None))
        try:
            yield from iter(events.get, None)
        finally:
            request_stop()
    try:
        return result.result()
    except asyncio.CancelledError:
        return None
