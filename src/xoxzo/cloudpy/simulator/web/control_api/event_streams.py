"""Events as they happen, for programs: `GET /_simulator/events`, a stream of server-sent events."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from xoxzo.cloudpy.simulator.queries.event_format import event_json
from xoxzo.cloudpy.simulator.web.asgi_tools import until_stopping

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

    from xoxzo.cloudpy.simulator.queries.event_format import Event
    from xoxzo.cloudpy.simulator.runtime.simulation import Simulation

MAX_STREAMS = 64
MAX_WAITING = 1_000
"""Events that wait for one reader; of a slower one's the oldest are dropped, and it is told how many."""
_HEARTBEAT = 15.0


class EventStreams:
    """The event streams of one simulator.

    Args:
        simulator: Whose events are told.
    """

    def __init__(self, simulator: Simulation) -> None:
        self._simulator = simulator
        self._open = 0

    async def follow(self, request: Request) -> Response:
        """Answer with a stream that goes on until the reader or the server ends it.

        Raises:
            HTTPException: 503: too many are open.
        """
        if self._open >= MAX_STREAMS:
            raise HTTPException(503, "too many streams are open")
        headers = {"cache-control": "no-store"}
        return StreamingResponse(self._lines(request), media_type="text/event-stream", headers=headers)

    async def _lines(self, request: Request) -> AsyncIterator[str]:
        waiting = _Waiting(asyncio.get_running_loop().call_soon_threadsafe)
        self._open += 1
        self._simulator.engine.add_listener(waiting.add)
        try:
            yield "retry: 1000\n\n"
            while not request.state.stopping.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(_HEARTBEAT):
                        await until_stopping(request.state.stopping, waiting.woken.wait())
                lost, events = waiting.take()
                if lost:
                    yield f'event: lost\ndata: {{"events": {lost}}}\n\n'
                for event in events:
                    yield f"event: {event.name}\ndata: {event_json(event, True)}\n\n"
                if not events:
                    yield ": nothing new\n\n"
        finally:
            self._simulator.engine.remove_listener(waiting.add)
            self._open -= 1


class _Waiting:
    """Events that wait for one reader."""

    def __init__(self, call: Callable[[Callable[[], None]], object]) -> None:
        self.woken = asyncio.Event()
        self._call = call
        self._lock = threading.Lock()
        self._events: deque[Event] = deque()
        self._lost = 0

    def add(self, event: Event) -> None:
        """Take an event, in whichever thread it happens."""
        with self._lock:
            first = not self._events
            if len(self._events) == MAX_WAITING:
                self._events.popleft()
                self._lost += 1
            self._events.append(event)
        if first:
            with suppress(RuntimeError):  # the loop has been closed
                self._call(self.woken.set)

    def take(self) -> tuple[int, list[Event]]:
        """Return how many were dropped, and those that wait."""
        self.woken.clear()
        with self._lock:
            lost, self._lost = self._lost, 0
            events = list(self._events)
            self._events.clear()
        return lost, events
