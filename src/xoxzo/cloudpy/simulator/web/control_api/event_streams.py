"""Events as they happen, for programs: `GET /_simulator/events`, a stream of server-sent events."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import cached_property

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from xoxzo.cloudpy.simulator.queries.event_format import Event, event_json
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation
from xoxzo.cloudpy.simulator.web.asgi_tools import until_stopping

MAX_STREAMS = 64
MAX_WAITING = 1_000
"""Events that wait for one reader; of a slower one's the oldest are dropped, and their number is sent."""
_HEARTBEAT_SECONDS = 15.0
# Events are gathered for so long and sent together: a chunk for each takes more time than the event itself.
_GATHER_SECONDS = 0.05


class EventStreams:
    """The event streams of one simulator. Each event is encoded once, however many streams are open."""

    def __init__(self, simulator: Simulation) -> None:
        self._engine = simulator.engine
        self._queues: tuple[_Queue, ...] = ()

    async def follow(self, request: Request) -> Response:
        """Answer with a stream until the reader or the server ends it; `HTTPException` 503 if too many are open."""
        if len(self._queues) >= MAX_STREAMS:
            raise HTTPException(503, "too many streams are open")
        headers = {"cache-control": "no-store"}
        return StreamingResponse(self._chunks(request), media_type="text/event-stream", headers=headers)

    async def _chunks(self, request: Request) -> AsyncIterator[bytes]:
        queue, stopping = _Queue(asyncio.get_running_loop().call_soon_threadsafe), request.state.stopping
        self._add(queue)
        try:
            yield b"retry: 1000\n\n"
            while not stopping.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(_HEARTBEAT_SECONDS):
                        await until_stopping(stopping, queue.filled.wait())
                        await until_stopping(stopping, asyncio.sleep(_GATHER_SECONDS))
                yield queue.take() or b": nothing new\n\n"
        finally:
            self._remove(queue)

    def _add(self, queue: _Queue) -> None:
        if not self._queues:
            self._engine.add_listener(self._publish)
        self._queues = (*self._queues, queue)

    def _remove(self, queue: _Queue) -> None:
        self._queues = tuple(one for one in self._queues if one is not queue)
        if not self._queues:
            self._engine.remove_listener(self._publish)

    def _publish(self, event: Event) -> None:
        frame = Frame(event)
        for queue in self._queues:
            queue.add(frame)


class Frame:
    """An event as it is sent, encoded when the first reader takes it."""

    def __init__(self, event: Event) -> None:
        self._event = event

    @cached_property
    def data(self) -> bytes:
        """The lines of a server-sent event."""
        return f"event: {self._event.name}\ndata: {event_json(self._event, True)}\n\n".encode()


class _Queue:
    """Frames that wait for one reader."""

    def __init__(self, call_in_loop: Callable[[Callable[[], None]], object]) -> None:
        self.filled = asyncio.Event()
        self._call_in_loop = call_in_loop
        self._lock = threading.Lock()
        self._frames: deque[Frame] = deque()
        self._dropped = 0

    def add(self, frame: Frame) -> None:
        """Take a frame, in whichever thread its event happens."""
        with self._lock:
            is_first = not self._frames
            if len(self._frames) == MAX_WAITING:
                self._frames.popleft()
                self._dropped += 1
            self._frames.append(frame)
        if is_first:
            with suppress(RuntimeError):  # the loop has been closed
                self._call_in_loop(self.filled.set)

    def take(self) -> bytes:
        """Return what waits in one piece, after the number of frames that were dropped."""
        self.filled.clear()
        with self._lock:
            dropped, self._dropped = self._dropped, 0
            frames = list(self._frames)
            self._frames.clear()
        lost = f'event: lost\ndata: {{"events": {dropped}}}\n\n'.encode() if dropped else b""
        return lost + b"".join(frame.data for frame in frames)
