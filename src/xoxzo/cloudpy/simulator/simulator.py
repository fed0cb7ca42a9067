"""The simulator as users see it: the object, its servers and its transports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.simulator.runtime.in_process_transport import AsyncSimulatorTransport, SimulatorTransport
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.server import Server


class Simulator(Simulation):
    """Xoxzo's telephony service on this machine.

    Sending and reading in the same process need no start. `with simulator:` or `simulator.serve()` starts the thread
    that fires timers, delivers callbacks and asks action URLs. All methods may be called from any thread. Several
    simulators may run side by side; `instance` tells one from another, in the health answer as well.

    Args:
        settings: How it behaves; by default as the API's description proposes.
        clock: Its time; the machine's clock by default, or a `SteppedClock`, which a database sets to where it stood.
        database: A file that keeps its state, made when it is not there; by default the state is in memory alone.
            `close` gives the file up.

    Raises:
        SimulatorError: A setting is wrong, or the file is in use, damaged, not the simulator's, or cannot be written.
    """

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> Server:
        """Return an HTTP server for this simulator, to be used in a `with` statement.

        Args:
            host: The address to bind, numeric or a name.
            port: The port; 0 takes a free one, which `server.url` names.
        """
        from xoxzo.cloudpy.simulator.server import Server

        return Server(self, host, port)

    def transport(self) -> SimulatorTransport:
        """Return a transport for `Client(transport=...)` that needs no socket: the client talks to this object."""
        return SimulatorTransport(self)

    def async_transport(self) -> AsyncSimulatorTransport:
        """Return the same for `AsyncClient(transport=...)`."""
        return AsyncSimulatorTransport(self)
