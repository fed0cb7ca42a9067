"""Event streams that name to open pages what has changed, no faster than they can follow.

A stream carries the names of what changed, not the changes: the page requests itself again. So the queue of a slow
page is a set of a few names, however much happens.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress

from xoxzo.cloudpy.simulator.queries.event_format import Event
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation

MAX_STREAMS = 64
"""Streams that may be open at once."""

HEARTBEAT_SECONDS = 15.0
# The first change is sent at once; those of the following seconds are sent together.
_GATHER_SECONDS = 0.2


class ChangeStream:
    """What one open page waits for: events whose names are among its `topics`."""

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics = frozenset(topics)
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._lock = threading.Lock()
        self._changed: set[str] = set()
        self._over = asyncio.Event()

    def note(self, topic: str) -> None:
        """Queue a change; from any thread."""
        if topic not in self._topics:
            return
        with self._lock:
            first = not self._changed
            self._changed.add(topic)
        if first:
            self._call(self._woken.set)

    def end(self) -> None:
        """Have the stream end; from any thread."""
        self._call(self._over.set)
        self._call(self._woken.set)

    def _call(self, what: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # its loop has been closed
            self._loop.call_soon_threadsafe(what)

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield what is to be sent, until the stream is ended."""
        yield b"retry: 1000\n\n"
        while not self._over.is_set():
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                yield b": nothing new\n\n"
                continue
            self._woken.clear()
            with self._lock:
                changed, self._changed = self._changed, set()
            if changed:
                yield f"event: changed\ndata: {json.dumps(sorted(changed))}\n\n".encode()
                await self._rest()

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_GATHER_SECONDS):
                await self._over.wait()


class ChangeStreams:
    """All streams of one console; it listens to the engine only while there is one."""

    def __init__(self, simulator: Simulation) -> None:
        self._simulator = simulator
        self._streams: tuple[ChangeStream, ...] = ()

    def open(self, topics: Iterable[str]) -> ChangeStream | None:
        """Return a new stream, or ``None`` when there are too many."""
        if len(self._streams) >= MAX_STREAMS:
            return None
        if not self._streams:
            self._simulator.engine.add_listener(self._on_event)
        stream = ChangeStream(topics)
        self._streams = (*self._streams, stream)
        return stream

    def close(self, stream: ChangeStream) -> None:
        """Send a stream nothing any more."""
        self._streams = tuple(one for one in self._streams if one is not stream)
        if not self._streams:
            self._simulator.engine.remove_listener(self._on_event)

    def publish(self, topic: str) -> None:
        """Send a change that is no event of the engine's."""
        for stream in self._streams:
            stream.note(topic)

    def _on_event(self, event: Event) -> None:
        for stream in self._streams:
            stream.note(event.name)
