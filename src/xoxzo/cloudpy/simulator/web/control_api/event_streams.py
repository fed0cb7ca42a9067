"""Events as they happen, for programs: `GET /_simulator/events`, a stream of server-sent events."""

from __future__ import annotations

from collections import deque
from functools import cached_property

from xoxzo.cloudpy.simulator.queries.event_format import Event, event_json
from xoxzo.cloudpy.simulator.web.live_streams import Stream, Streams

MAX_WAITING = 1_000
"""Events that wait for one reader; of a slower one's the oldest are dropped, and their number is sent."""


class Frames:
    """Events that were noted together, after others that were lost. They are encoded when a reader takes them."""

    def __init__(self) -> None:
        self.events: deque[Event] = deque(maxlen=MAX_WAITING)
        self.noted = 0

    @cached_property
    def data(self) -> bytes:
        """The lines of server-sent events, made once for all readers."""
        return "".join(f"event: {one.name}\ndata: {event_json(one, True)}\n\n" for one in self.events).encode()


class EventStream(Stream):
    """What waits for one reader."""

    def __init__(self) -> None:
        super().__init__()
        self._frames: deque[Frames] = deque()
        self._waiting = self._lost = 0

    def add(self, frames: Frames) -> None:
        """Queue some events; the oldest are dropped where too many wait."""
        self._frames.append(frames)
        self._waiting += len(frames.events)
        self._lost += frames.noted - len(frames.events)
        while self._waiting > MAX_WAITING:
            dropped = len(self._frames.popleft().events)
            self._waiting -= dropped
            self._lost += dropped
        self.fill()

    def take(self) -> bytes:
        """Return what waits in one piece, after the number of events that were dropped."""
        lost = f'event: lost\ndata: {{"events": {self._lost}}}\n\n'.encode() if self._lost else b""
        taken = lost + b"".join(frames.data for frames in self._frames)
        self._frames.clear()
        self._waiting = self._lost = 0
        return taken


class EventStreams(Streams[EventStream, Frames]):
    """The event streams of one simulator."""

    def nothing(self) -> Frames:
        """Return a place for events."""
        return Frames()

    def note(self, noted: Frames, event: Event) -> None:
        """Note the event."""
        noted.events.append(event)
        noted.noted += 1

    def pass_on(self, noted: Frames) -> None:
        """Give the events to all streams."""
        for stream in self.streams:
            stream.add(noted)
