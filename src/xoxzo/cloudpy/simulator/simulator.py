"""The simulator as users see it: the object, its servers and its transports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from xoxzo.cloudpy.protocols import (
    AsyncCompleteResponse,
    CompleteResponse,
    Progress,
    Request as Sent,
    TimeBudget,
    TransportFailure,
)
from xoxzo.cloudpy.simulator.api.http import ApiRequest
from xoxzo.cloudpy.simulator.commands.faults import KINDS_WITHOUT_RESPONSE
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.server import Server


class SimulatorTransport:
    """Carries requests to a simulator, whatever host they name: nothing ever leaves the process."""

    def __init__(self, simulator: Simulation) -> None:
        self._simulator = simulator

    def send(self, request: Sent, budget: TimeBudget, progress: Progress) -> CompleteResponse:
        """Answer one request at once."""
        return CompleteResponse(*_answer(self._simulator, request, budget, progress))

    def close(self) -> None:
        """There is nothing to close: the simulator is its maker's."""


class AsyncSimulatorTransport:
    """`SimulatorTransport` for asyncio."""

    def __init__(self, simulator: Simulation) -> None:
        self._simulator = simulator

    async def send(self, request: Sent, budget: TimeBudget, progress: Progress) -> AsyncCompleteResponse:
        """Answer one request at once."""
        return AsyncCompleteResponse(*_answer(self._simulator, request, budget, progress))

    async def close(self) -> None:
        """There is nothing to close: the simulator is its maker's."""


def _answer(
    simulator: Simulation, sent: Sent, budget: TimeBudget, progress: Progress
) -> tuple[int, Mapping[str, str], bytes]:
    progress.start_write()
    parts = urlsplit(sent.url)
    headers = {name.encode("latin-1"): value.encode("utf-8") for name, value in sent.headers}
    headers |= {b"host": parts.netloc.encode("idna"), b"content-length": b"%d" % len(sent.body)}
    path, query = (parts.path or "/").encode("ascii"), parts.query.encode("ascii")
    reply = simulator.api.handle(ApiRequest(sent.method, path, query, headers, sent.body))
    if fault := reply.fault:
        progress.write_started = fault.kind != "refuse"
        # As a connection would fail; no time passes, but a time-out that would have passed is raised.
        if fault.delay and fault.delay >= min(budget.read, budget.remaining()):
            reason = "no answer came in time"
            raise TransportFailure(reason, timeout="read")
        if fault.kind in KINDS_WITHOUT_RESPONSE:
            refused = fault.kind == "refuse"
            reason = "the connection was refused" if refused else "the connection was closed before an answer came"
            raise TransportFailure(reason)
    shown = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in reply.headers}
    return reply.status, shown, reply.body


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
