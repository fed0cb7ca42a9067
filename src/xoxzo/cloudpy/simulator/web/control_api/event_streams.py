"""Events as they happen, for programs: `GET /_simulator/events`, a stream of server-sent events."""

from __future__ import annotations

from collections import deque

import msgspec
from msgspec import Struct

from xoxzo.cloudpy.simulator.queries.event_format import Event, event_json
from xoxzo.cloudpy.simulator.web.live_streams import Stream, Streams

MAX_WAITING = 1_000
"""Events that wait for one reader; of a slower one's the oldest are dropped, and their number is sent."""


class EventStream(Stream):
    """What waits for one reader."""

    def __init__(self) -> None:
        super().__init__()
        self._frames: deque[tuple[int, bytes]] = deque()
        self._waiting = self._lost = 0

    def add(self, count: int, lost: int, frames: bytes) -> None:
        """Queue the frames of some events, after others that were lost; those that are too old are dropped."""
        self._frames.append((count, frames))
        self._waiting += count
        self._lost += lost
        while self._waiting > MAX_WAITING:
            dropped, _ = self._frames.popleft()
            self._waiting -= dropped
            self._lost += dropped
        self.fill()

    def take(self) -> bytes:
        """Return what waits in one piece, after the number of events that were dropped."""
        lost = f'event: lost\ndata: {{"events": {self._lost}}}\n\n'.encode() if self._lost else b""
        taken = lost + b"".join(frames for _, frames in self._frames)
        self._frames.clear()
        self._waiting = self._lost = 0
        return taken


class _Events(Struct):
    """The latest events, and how many there were."""

    latest: deque[Event] = msgspec.field(default_factory=lambda: deque(maxlen=MAX_WAITING))
    count: int = 0


class EventStreams(Streams[EventStream, _Events]):
    """The event streams of one simulator. Each event is encoded once, however many streams are open."""

    def nothing(self) -> _Events:
        """Return a place for events."""
        return _Events()

    def note(self, noted: _Events, event: Event) -> None:
        """Note the event."""
        noted.latest.append(event)
        noted.count += 1

    def pass_on(self, noted: _Events) -> None:
        """Give the events to all streams, in one piece."""
        events = noted.latest
        frames = "".join(f"event: {event.name}\ndata: {event_json(event, True)}\n\n" for event in events).encode()
        for stream in self.streams:
            stream.add(len(events), noted.count - len(events), frames)
