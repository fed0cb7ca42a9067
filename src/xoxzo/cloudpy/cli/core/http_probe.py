"""One HTTP request from the command line to a program of the user's, and what came of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMEOUT_SECONDS = 10.0
_MAX_BODY_BYTES = 65_536


class ProbeResult(Struct, frozen=True):
    """What came of a request.

    Attributes:
        status: the HTTP status; ``None`` when nothing answered.
        body: the beginning of the answer, at most 64 KiB.
        seconds: how long it took.
        error: why nothing answered.
    """

    status: int | None
    body: bytes
    seconds: float
    error: str = ""


def probe(method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> ProbeResult:
    """Make one request, following no redirect and waiting ten seconds at most for each step.

    Args:
        method: the HTTP method.
        url: an absolute http or https address.
        headers: header fields.
        body: the body.
    """
    import httpcore2

    begun = time.monotonic()
    timeout = dict.fromkeys(("connect", "read", "write", "pool"), _TIMEOUT_SECONDS)
    content = bytearray()
    try:
        with (
            httpcore2.ConnectionPool() as pool,
            pool.stream(
                method, url, headers=list(headers.items()), content=body, extensions={"timeout": timeout}
            ) as answer,
        ):
            for chunk in answer.iter_stream():
                content += chunk
                if len(content) > _MAX_BODY_BYTES:
                    break
            status = answer.status
    except (
        httpcore2.NetworkError,
        httpcore2.TimeoutException,
        httpcore2.ProtocolError,
        httpcore2.UnsupportedProtocol,
    ) as error:
        return ProbeResult(None, b"", time.monotonic() - begun, str(error) or type(error).__name__)
    return ProbeResult(status, bytes(content[:_MAX_BODY_BYTES]), time.monotonic() - begun)
