"""Transports that send nothing, no credentials above all, before a simulator has responded at the address.

They carry what goes to a host of ``XOXZO_SIMULATOR_HOSTS`` over plain http. The variable may be left over from another
project, or the name may lead elsewhere than in the container where it was right.
"""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.protocols import (
    AsyncStreamedResponse,
    AsyncTransport,
    Progress,
    Request,
    StreamedResponse,
    TimeBudget,
    Transport,
)

_MAX_HEALTH_BYTES = 10_000


class SimulatorCheck:
    """Asks for the health of the simulator before the first request that another transport carries.

    Args:
        inner: carries the requests; closed with this one.
    """

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self._checked = False

    def send(self, request: Request, budget: TimeBudget, progress: Progress) -> StreamedResponse:
        """Send one request; raise ``ConfigurationError`` if no simulator responds at its host."""
        if not self._checked:
            response = self._inner.send(_health_request(request), budget, Progress())
            body = b""
            try:
                while len(body) < _MAX_HEALTH_BYTES and (piece := response.read(budget)):
                    body += piece
            finally:
                response.close()
            _require_simulator(request, response.status, body)
            self._checked = True
        return self._inner.send(request, budget, progress)

    def close(self) -> None:
        """Close the other transport."""
        self._inner.close()


class AsyncSimulatorCheck:
    """The asynchronous twin of ``SimulatorCheck``, with the same argument."""

    def __init__(self, inner: AsyncTransport) -> None:
        self._inner = inner
        self._checked = False

    async def send(self, request: Request, budget: TimeBudget, progress: Progress) -> AsyncStreamedResponse:
        """Send one request; raise ``ConfigurationError`` if no simulator responds at its host."""
        if not self._checked:
            response = await self._inner.send(_health_request(request), budget, Progress())
            body = b""
            try:
                while len(body) < _MAX_HEALTH_BYTES and (piece := await response.read(budget)):
                    body += piece
            finally:
                await response.close()
            _require_simulator(request, response.status, body)
            self._checked = True
        return await self._inner.send(request, budget, progress)

    async def close(self) -> None:
        """Close the other transport."""
        await self._inner.close()


def _health_request(request: Request) -> Request:
    """Return the request for the simulator's health at the host of a request, without its credentials."""
    return Request("GET", f"http://{urlsplit(request.url).netloc}/_simulator/health", (("accept", "application/json"),))


def _require_simulator(request: Request, status: int, body: bytes) -> None:
    try:
        health = json.loads(body)
    except ValueError:
        health = None
    if status != 200 or not isinstance(health, dict) or "instance" not in health:
        raise ConfigurationError(
            "{host} is named in XOXZO_SIMULATOR_HOSTS, but no simulator responds there (status {status}); nothing was "
            "sent. A simulator that refuses the name (403) must allow it: xoxzo simulator --allow-host NAME",
            host=urlsplit(request.url).netloc,
            status=status,
        )
