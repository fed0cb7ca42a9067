"""Streams of server-sent events: what is published is gathered once for all readers, so publishing costs next to none.

A reader that does not read is disconnected. A stream ends with its reader, or with the server.
"""

from __future__ import annotations

import asyncio
import json
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from functools import cached_property
from typing import Any

from starlette.types import Receive, Scope, Send

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.queries.formats import Event, event_json
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation
from xoxzo.cloudpy.simulator.web.asgi_tools import CloseConnection, cannot_close, wait_for_disconnect

MAX_STREAMS = 64
"""Streams of one sort that may be open at once."""
MAX_WAITING = 1_000
"""Events that wait for one reader; of a slower one's the oldest are dropped, and their number is sent."""
HEARTBEAT_SECONDS = 15.0
WRITE_TIMEOUT_SECONDS = 10.0
"""Real seconds in which a reader has to take what it was sent."""


class Gathered:
    """Events that were published together. They are encoded when the first reader takes them, once for all."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.events: deque[Event] = deque(maxlen=MAX_WAITING)
        self.count = 0

    def add(self, event: Event) -> None:
        """Take an event, in whichever thread it happens; this delays it."""
        self.names.add(event.name)
        self.events.append(event)
        self.count += 1

    @cached_property
    def data(self) -> bytes:
        """The lines of server-sent events."""
        return "".join(f"event: {one.name}\ndata: {event_json(one, True)}\n\n" for one in self.events).encode()


class Stream(ABC):
    """What waits for one reader; used in the event loop alone."""

    def __init__(self) -> None:
        self._filled = asyncio.Event()
        self._is_over = False

    @abstractmethod
    def add(self, gathered: Gathered) -> None:
        """Queue what concerns the reader, and set `_filled` if there is anything."""

    @abstractmethod
    def take(self) -> bytes:
        """Return what waits as lines of server-sent events, or nothing."""

    def end(self) -> None:
        """Have the stream end."""
        self._is_over = True
        self._filled.set()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield what is to be sent, until the stream is ended."""
        yield b"retry: 1000\n\n"
        while not self._is_over:
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._filled.wait()
            self._filled.clear()
            if not self._is_over:
                yield self.take() or b": nothing new\n\n"


class EventStream(Stream):
    """Events as they happen, for a program: `GET /_simulator/events`."""

    def __init__(self) -> None:
        super().__init__()
        self._queue: deque[Gathered] = deque()
        self._waiting = self._lost = 0

    def add(self, gathered: Gathered) -> None:
        """Queue some events; the oldest are dropped where too many wait."""
        self._queue.append(gathered)
        self._waiting += len(gathered.events)
        self._lost += gathered.count - len(gathered.events)
        while self._waiting > MAX_WAITING:
            dropped = len(self._queue.popleft().events)
            self._waiting -= dropped
            self._lost += dropped
        self._filled.set()

    def take(self) -> bytes:
        """Return what waits in one piece, after the number of events that were dropped."""
        lost = f'event: lost\ndata: {{"events": {self._lost}}}\n\n'.encode() if self._lost else b""
        taken = lost + b"".join(gathered.data for gathered in self._queue)
        self._queue.clear()
        self._waiting = self._lost = 0
        return taken


class ChangeStream(Stream):
    """The names of what has changed, for a page of the console that requests itself again; `topics` change it.

    So what waits for a slow page is a set of a few names, however much happens.
    """

    def __init__(self, topics: Iterable[str]) -> None:
        super().__init__()
        self._topics = frozenset(topics)
        self._changed: set[str] = set()

    def add(self, gathered: Gathered) -> None:
        """Queue the names that concern the page."""
        if concerned := gathered.names & self._topics:
            self._changed |= concerned
            self._filled.set()

    def take(self) -> bytes:
        """Return the names of what has changed since the last time."""
        changed, self._changed = sorted(self._changed), set()
        return f"event: changed\ndata: {json.dumps(changed)}\n\n".encode() if changed else b""


class Streams:
    """All streams of one sort. It listens to the engine only while there is one.

    The first event is passed on at once; those of the next `gather_seconds` follow together.
    """

    def __init__(
        self, simulator: Simulation, close_connection: CloseConnection = cannot_close, gather_seconds: float = 0.05
    ) -> None:
        self._engine = simulator.engine
        self._close_connection = close_connection
        self._gather_seconds = gather_seconds
        self._lock = threading.Lock()
        self._gathered = Gathered()
        self._earliest = 0.0
        self._loop: asyncio.AbstractEventLoop
        self.streams: tuple[Stream, ...] = ()

    def open(self, stream: Stream) -> bool:
        """Add a stream, or return false where there are too many."""
        if len(self.streams) >= MAX_STREAMS:
            return False
        if not self.streams:
            self._loop = asyncio.get_running_loop()
            self._engine.add_listener(self.on_event)
        self.streams = (*self.streams, stream)
        return True

    def close(self, stream: Stream) -> None:
        """Remove a stream."""
        self.streams = tuple(one for one in self.streams if one is not stream)
        if not self.streams:
            self._engine.remove_listener(self.on_event)

    def publish(self, topic: str) -> None:
        """Send a change that is no event of the engine's."""
        if self.streams:
            self.on_event(Event(0.0, topic, ""))

    def on_event(self, event: Event) -> None:
        """Take an event while there is a stream."""
        with self._lock:
            self._gathered.add(event)
            is_first = self._gathered.count == 1
        if is_first:
            with suppress(RuntimeError):  # the loop has been closed
                self._loop.call_soon_threadsafe(lambda: self._loop.call_at(self._earliest, self._pass_on))

    def _pass_on(self) -> None:
        self._earliest = self._loop.time() + self._gather_seconds
        with self._lock:
            gathered, self._gathered = self._gathered, Gathered()
        for stream in self.streams:
            stream.add(gathered)

    async def serve(
        self, stream: Stream, scope: Scope, receive: Receive, send: Send, *, headers: Iterable[tuple[bytes, bytes]] = ()
    ) -> bool:
        """Answer with a stream until its reader leaves or does not read, or the server stops; false if too many."""
        if not self.open(stream):
            return False
        ends: list[asyncio.Task[Any]] = [
            asyncio.create_task(wait_for_disconnect(receive)),
            asyncio.create_task(scope["state"]["stopping"].wait()),
        ]
        for end in ends:
            end.add_done_callback(lambda _end: stream.end())
        fields = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"), *headers]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": fields})
            async for chunk in stream.chunks():
                async with asyncio.timeout(WRITE_TIMEOUT_SECONDS):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            with suppress(SimulatorError):  # another server than ours cannot, and has time-outs of its own
                self._close_connection(scope.get("client"))
        finally:
            self.close(stream)
            for end in ends:
                end.cancel()
        return True
