"""Simulators for tests, with clients."""

from __future__ import annotations

from typing import Any

from xoxzo.cloudpy.client.async_client import AsyncClient
from xoxzo.cloudpy.client.client import Client
from xoxzo.cloudpy.simulator.engine.clock import SteppedClock
from xoxzo.cloudpy.simulator.engine.context import Event
from xoxzo.cloudpy.simulator.queries.formats import event_line
from xoxzo.cloudpy.simulator.server import Server
from xoxzo.cloudpy.simulator.settings import Settings
from xoxzo.cloudpy.simulator.simulator import Simulator

SID = "test"
TOKEN = "test"  # noqa: S105 - the simulator accepts any
TEST_SETTINGS = {"sms_queued_seconds": 0.0, "sms_delivering_seconds": 0.0, "templates_approved": True}
"""The settings that differ from the defaults: messages arrive at once, and templates are approved at once."""


class SimulatedXoxzo(Simulator):
    """A simulator for one test.

    A message has arrived when ``send`` returns, and callbacks are sent at the next `advance`, `wait` or `call`. The
    clock stands still until it is advanced. Any credentials are accepted; all clients of it use the same account.

    Args:
        settings: settings by name; see `Settings`.
    """

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - each setting has its own type
        super().__init__(Settings(**{**TEST_SETTINGS, **settings}), clock=SteppedClock())
        self._events: list[Event] = []
        self.engine.add_listener(self._events.append)

    @property
    def transcript(self) -> str:
        """The events, one line each, with unmasked numbers and messages."""
        return "\n".join(event_line(event, True) for event in self._events)

    def client(self, **options: Any) -> Client:  # noqa: ANN401 - those of Client
        """Return a client that calls this simulator without a socket; the options are those of `Client`."""
        return Client(**{"sid": SID, "auth_token": TOKEN, "transport": self.transport(), **options})

    def async_client(self, **options: Any) -> AsyncClient:  # noqa: ANN401 - those of AsyncClient
        """Return an asynchronous client of it; the options are those of `AsyncClient`."""
        return AsyncClient(**{"sid": SID, "auth_token": TOKEN, "transport": self.async_transport(), **options})


class SimulatedServer(Server):
    """A simulator on a free port of this machine.

    Args:
        simulator: the simulator, which is also ``server.simulator``.
    """

    simulator: SimulatedXoxzo

    def __init__(self, simulator: SimulatedXoxzo) -> None:
        super().__init__(simulator)

    @property
    def transcript(self) -> str:
        """The events of the simulator."""
        return self.simulator.transcript

    def client(self, **options: Any) -> Client:  # noqa: ANN401 - those of Client
        """Return a client that calls it over HTTP; the options are those of `Client`."""
        return Client(**{"sid": SID, "auth_token": TOKEN, "base_url": self.url, **options})

    def async_client(self, **options: Any) -> AsyncClient:  # noqa: ANN401 - those of AsyncClient
        """Return an asynchronous client of it; the options are those of `AsyncClient`."""
        return AsyncClient(**{"sid": SID, "auth_token": TOKEN, "base_url": self.url, **options})
