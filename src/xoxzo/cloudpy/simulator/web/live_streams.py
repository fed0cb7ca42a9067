"""Streams of server-sent events: what is published is gathered once for all readers, so publishing costs next to none.

A reader that does not read is disconnected. A stream ends with its reader, or with the server.
"""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.web.asgi_tools import CloseConnection, cannot_close

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.queries.event_format import Event
    from xoxzo.cloudpy.simulator.runtime.simulation import Simulation
    from xoxzo.cloudpy.simulator.web.asgi_tools import Receive, Scope, Send

MAX_STREAMS = 64
"""Streams of one sort that may be open at once."""
HEARTBEAT_SECONDS = 15.0
WRITE_TIMEOUT_SECONDS = 10.0
"""Real seconds in which a reader has to take what it was sent."""


class Stream(ABC):
    """What waits for one reader; used in the event loop alone."""

    def __init__(self) -> None:
        self._filled = asyncio.Event()
        self._is_over = False

    @abstractmethod
    def take(self) -> bytes:
        """Return what waits as lines of server-sent events, or nothing."""

    def fill(self) -> None:
        """Have what waits be sent."""
        self._filled.set()

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


S = TypeVar("S", bound=Stream)
N = TypeVar("N")


class Streams(ABC, Generic[S, N]):
    """All streams of one sort. It listens to the engine only while there is one.

    The first event is passed on at once; those of the next `gather_seconds` follow together.
    """

    gather_seconds = 0.05

    def __init__(self, simulator: Simulation, close_connection: CloseConnection = cannot_close) -> None:
        self._engine = simulator.engine
        self._close_connection = close_connection
        self._lock = threading.Lock()
        self._noted = self.nothing()
        self._is_due = False
        self._earliest = 0.0
        self._loop: asyncio.AbstractEventLoop
        self.streams: tuple[S, ...] = ()

    @abstractmethod
    def nothing(self) -> N:
        """Return what events are noted in."""

    @abstractmethod
    def note(self, noted: N, event: Event) -> None:
        """Note an event, in whichever thread it happens; this delays it."""

    @abstractmethod
    def pass_on(self, noted: N) -> None:
        """Give what was noted to the streams, in the event loop."""

    def open(self, stream: S) -> bool:
        """Add a stream, or return false where there are too many."""
        if len(self.streams) >= MAX_STREAMS:
            return False
        if not self.streams:
            self._loop = asyncio.get_running_loop()
            self._engine.add_listener(self.on_event)
        self.streams = (*self.streams, stream)
        return True

    def close(self, stream: S) -> None:
        """Remove a stream."""
        self.streams = tuple(one for one in self.streams if one is not stream)
        if not self.streams:
            self._engine.remove_listener(self.on_event)

    def on_event(self, event: Event) -> None:
        """Take an event while there is a stream."""
        with self._lock:
            self.note(self._noted, event)
            is_first, self._is_due = not self._is_due, True
        if is_first:
            with suppress(RuntimeError):  # the loop has been closed
                self._loop.call_soon_threadsafe(self._schedule)

    def _schedule(self) -> None:
        self._loop.call_at(self._earliest, self._pass_on)

    def _pass_on(self) -> None:
        self._earliest = self._loop.time() + self.gather_seconds
        with self._lock:
            noted, self._noted, self._is_due = self._noted, self.nothing(), False
        self.pass_on(noted)

    async def serve(
        self, stream: S, scope: Scope, receive: Receive, send: Send, *, headers: Iterable[tuple[bytes, bytes]] = ()
    ) -> bool:
        """Answer with a stream until its reader leaves or does not read, or the server stops; false if too many."""
        if not self.open(stream):
            return False
        stopping: asyncio.Event = scope["state"]["stopping"]

        async def disconnected() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        async def end_after(happened: Callable[[], Awaitable[object]]) -> None:
            await happened()
            stream.end()

        ends = [asyncio.create_task(end_after(happened)) for happened in (disconnected, stopping.wait)]
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
