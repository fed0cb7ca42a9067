"""One HTTP request from the command line to a program of the user's, and its result."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

from msgspec import Struct

from xoxzo.cloudpy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

_WAIT_SECONDS, _TOTAL_SECONDS = 10.0, 60.0
_MAX_BODY_BYTES = 65_536


class ProbeResult(Struct, frozen=True):
    """The result of a request.

    Attributes:
        status: the HTTP status; ``None`` if there was no response.
        body: the beginning of the body, at most 64 KiB.
        seconds: the duration.
        error: why there was no response.
        code: the code of the ``TransportFailure`` or ``ConfigurationError``.
    """

    status: int | None
    body: bytes
    seconds: float
    error: str = ""
    code: str = ""


def probe(method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> ProbeResult:
    """Make one HTTP request to an absolute URL, following no redirect, in at most 10 seconds a step and 60 in all."""
    from xoxzo.cloudpy.protocols import Progress, Request, TimeBudget, TransportFailure
    from xoxzo.cloudpy.transports.threads import HttpTransport

    begun = time.monotonic()
    budget = TimeBudget(_WAIT_SECONDS, _WAIT_SECONDS, begun + _TOTAL_SECONDS)
    request = Request(method, url, tuple(headers.items()), body)
    content = bytearray()
    with closing(HttpTransport()) as transport:
        try:
            with closing(transport.send(request, budget, Progress())) as response:
                while len(content) <= _MAX_BODY_BYTES and (piece := response.read(budget)):
                    content += piece
        except (TransportFailure, ConfigurationError) as failure:
            return ProbeResult(None, b"", time.monotonic() - begun, str(failure), failure.code)
    return ProbeResult(response.status, bytes(content[:_MAX_BODY_BYTES]), time.monotonic() - begun)
