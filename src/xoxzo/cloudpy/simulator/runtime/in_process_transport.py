"""Transports that lead to a simulator in the same process, without a socket."""

from __future__ import annotations

from collections.abc import Mapping
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
from xoxzo.cloudpy.simulator.commands.faults import KINDS_WITHOUT_RESPONSE, Fault
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation


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
    if reply.fault is not None:
        progress.write_started = reply.fault.kind != "refuse"
        _raise_fault(reply.fault, budget)
    shown = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in reply.headers}
    return reply.status, shown, reply.body


def _raise_fault(fault: Fault, budget: TimeBudget) -> None:
    """Fail as a connection would; no time passes, but a time-out that would have passed is raised."""
    if fault.delay >= min(budget.read, budget.remaining()) and fault.delay:
        reason = "no answer came in time"
        raise TransportFailure(reason, timeout="read")
    if fault.kind in KINDS_WITHOUT_RESPONSE:
        refused = fault.kind == "refuse"
        reason = "the connection was refused" if refused else "the connection was closed before an answer came"
        raise TransportFailure(reason)
