"""One HTTP request from the command line to a program of the user's, and its result."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from msgspec import Struct

from xoxzo.cloudpy.errors import ConfigurationError, SimulatorError
from xoxzo.cloudpy.protocols import Progress, Request, TimeBudget, TransportFailure

_MAX_BODY_BYTES = 65_536


class ProbeResult(Struct, frozen=True):
    """The result of a request."""

    status: int | None
    """The HTTP status; ``None`` if there was no response."""
    body: bytes
    """The beginning of the body, at most 64 KiB."""
    seconds: float
    """The duration."""
    headers: Mapping[str, str] = {}
    failure: TransportFailure | ConfigurationError | None = None
    """Why there was no response."""

    @property
    def error(self) -> str:
        """Why there was no response, in English."""
        return str(self.failure or "")

    @property
    def code(self) -> str:
        """The code of that."""
        return self.failure.code if self.failure else ""


def probe(
    method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, seconds: float | None = None
) -> ProbeResult:
    """Make one HTTP request to an absolute URL within `seconds` (60, and 10 for a step); follow no redirect."""
    from xoxzo.cloudpy.transports.threads import HttpTransport

    begun = time.monotonic()
    step, total = (10.0, 60.0) if seconds is None else (seconds, seconds)
    budget = TimeBudget(step, step, begun + total)
    request = Request(method, url, tuple(headers.items()), body)
    content = bytearray()
    with closing(HttpTransport()) as transport:
        try:
            with closing(transport.send(request, budget, Progress())) as response:
                while len(content) <= _MAX_BODY_BYTES and (piece := response.read(budget)):
                    content += piece
        except (TransportFailure, ConfigurationError) as failure:
            return ProbeResult(None, b"", time.monotonic() - begun, failure=failure)
    content = content[:_MAX_BODY_BYTES]
    return ProbeResult(response.status, bytes(content), time.monotonic() - begun, response.headers)


def control(simulator: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
    """Call a simulator's control API and return its JSON; raise ``SimulatorError`` if it refuses or none responds."""
    headers = {} if body is None else {"content-type": "application/json"}
    outcome = probe(method, simulator + path, headers, b"" if body is None else json.dumps(body).encode())
    if outcome.status is None:
        raise SimulatorError(
            "simulator_not_found", "no simulator answers at {url}: start one with `xoxzo simulator`", url=simulator
        )
    try:
        reply = json.loads(outcome.body)
    except ValueError:
        raise SimulatorError("not_a_simulator", "the server at {url} is not a simulator", url=simulator) from None
    if outcome.status >= 400:
        why = reply.get("detail", outcome.status)
        raise SimulatorError("simulator_refused", "the simulator refused: {why}", why=why)
    return reply
