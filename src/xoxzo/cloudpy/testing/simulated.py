"""A simulator that suits tests, with ready clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.simulator.engine.clock import SteppedClock
from xoxzo.cloudpy.simulator.queries.event_format import event_line
from xoxzo.cloudpy.simulator.server import Server
from xoxzo.cloudpy.simulator.settings import Settings
from xoxzo.cloudpy.simulator.simulator import Simulator

if TYPE_CHECKING:
    from xoxzo.cloudpy.async_client import AsyncClient
    from xoxzo.cloudpy.client import Client
    from xoxzo.cloudpy.simulator.engine.context import Event

SID = "test"
TOKEN = "test"  # noqa: S105 - the simulator admits any
AT_ONCE = {
    "sms_queued_seconds": 0.0,
    "sms_delivering_seconds": 0.0,
    "templates_approved": True,
}
"""What differs from the simulator's own settings: a message arrives at once, and a template waits for nobody."""


class SimulatedXoxzo(Simulator):
    """A simulator for one test.

    A message has arrived when ``send`` returns, callbacks go out at the next `advance`, `wait` or `call`, and the clock
    stands still until it is advanced. Every account is admitted; the clients that it hands out are of one.

    Args:
        settings: other settings, by name; see `Settings`.
    """

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - each has a type of its own
        super().__init__(Settings(**{**AT_ONCE, **settings}), clock=SteppedClock())
        self._events: list[Event] = []
        self.engine.add_listener(self._events.append)

    @property
    def transcript(self) -> str:
        """What happened, a line for each event, with whole numbers and texts."""
        return "\n".join(event_line(event, True) for event in self._events)

    def client(self, **options: Any) -> Client:  # noqa: ANN401 - those of Client
        """Return a client that talks to this simulator without a socket.

        Args:
            options: more for the client, by the names of its parameters.
        """
        from xoxzo.cloudpy.client import Client

        return Client(**{"sid": SID, "auth_token": TOKEN, "transport": self.transport(), **options})

    def async_client(self, **options: Any) -> AsyncClient:  # noqa: ANN401 - those of AsyncClient
        """Return the same for asyncio."""
        from xoxzo.cloudpy.async_client import AsyncClient

        return AsyncClient(**{"sid": SID, "auth_token": TOKEN, "transport": self.async_transport(), **options})


class SimulatedServer(Server):
    """The same behind a free port of this machine.

    Args:
        simulator: what is served; all that can be done with it is done by ``server.simulator``.
    """

    simulator: SimulatedXoxzo

    def __init__(self, simulator: SimulatedXoxzo) -> None:
        super().__init__(simulator)

    @property
    def transcript(self) -> str:
        """What happened in the simulator."""
        return self.simulator.transcript

    def client(self, **options: Any) -> Client:  # noqa: ANN401 - those of Client
        """Return a client that talks to it over HTTP."""
        from xoxzo.cloudpy.client import Client

        return Client(**{"sid": SID, "auth_token": TOKEN, "base_url": self.url, **options})

    def async_client(self, **options: Any) -> AsyncClient:  # noqa: ANN401 - those of AsyncClient
        """Return the same for asyncio."""
        from xoxzo.cloudpy.async_client import AsyncClient

        return AsyncClient(**{"sid": SID, "auth_token": TOKEN, "base_url": self.url, **options})
