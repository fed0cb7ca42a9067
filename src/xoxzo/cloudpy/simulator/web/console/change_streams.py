"""Event streams that name to open pages what has changed, no faster than they can follow.

A stream carries the names of what changed, not the changes: the page requests itself again. So what waits for a slow
page is a set of a few names, however much happens.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from xoxzo.cloudpy.simulator.queries.event_format import Event
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation
from xoxzo.cloudpy.simulator.web.asgi_tools import CloseConnection, cannot_close
from xoxzo.cloudpy.simulator.web.live_streams import Stream, Streams


class ChangeStream(Stream):
    """What one open page waits for: events whose names are among its `topics`."""

    def __init__(self, topics: Iterable[str]) -> None:
        super().__init__()
        self._topics = frozenset(topics)
        self._changed: set[str] = set()

    def note(self, names: set[str]) -> None:
        """Queue changes."""
        if concerned := names & self._topics:
            self._changed |= concerned
            self.fill()

    def take(self) -> bytes:
        """Return the names of what has changed since the last time."""
        changed, self._changed = sorted(self._changed), set()
        return f"event: changed\ndata: {json.dumps(changed)}\n\n".encode() if changed else b""


class ChangeStreams(Streams[ChangeStream, set[str]]):
    """All streams of one console."""

    gather_seconds = 0.2

    def __init__(self, simulator: Simulation, close_connection: CloseConnection = cannot_close) -> None:
        super().__init__(simulator, close_connection)
        simulator.api.log.listener = lambda: self.publish("request")

    def publish(self, topic: str) -> None:
        """Send a change that is no event of the engine's."""
        if self.streams:
            self.on_event(Event(0.0, topic, ""))

    def nothing(self) -> set[str]:
        """Return a set for names."""
        return set()

    def note(self, noted: set[str], event: Event) -> None:
        """Note the name."""
        noted.add(event.name)

    def pass_on(self, noted: set[str]) -> None:
        """Give the names to the pages that they concern."""
        for stream in self.streams:
            stream.note(noted)
