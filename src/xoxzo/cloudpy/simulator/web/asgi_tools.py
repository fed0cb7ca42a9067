"""What ASGI applications share: types, reading a body, and closing a connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.api.http import ApiResponse, encode

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_BODY_TIMEOUT_SECONDS = 30.0
_JSON = ((b"content-type", b"application/json"), (b"connection", b"close"))
_TOO_LARGE = ApiResponse(413, encode({"detail": "Request body too large."}), _JSON)
# No client reads it; it keeps a body that broke off from being taken for a complete one.
_GONE = ApiResponse(400, encode({"detail": "The request broke off."}), _JSON)
_TOO_SLOW = ApiResponse(408, encode({"detail": "Request body too slow."}), _JSON)


class ConnectionClosed(Exception):
    """The connection was closed on purpose, so there is no response."""


CloseConnection = Callable[[tuple[str, int] | None], None]


def cannot_close(client: object) -> None:
    """Raise `SimulatorError`: ASGI has no message that closes the connection of a client."""
    template = N_("this server cannot close the connection of {client}, as a fault would have it")
    raise SimulatorError("cannot_close_connection", template, client=str(client))


async def read_body(
    receive: Receive, max_bytes: int, first: MutableMapping[str, Any] | None = None
) -> bytes | ApiResponse:
    """Read a request body after its `first` message, or return the refusal of one too large, too slow or cut."""
    body = bytearray()
    size = 0
    try:
        async with asyncio.timeout(_BODY_TIMEOUT_SECONDS):
            while size <= 16 * max_bytes:
                message, first = first or await receive(), None
                if message["type"] == "http.disconnect":
                    return _GONE
                chunk = message.get("body", b"")
                size += len(chunk)
                if size <= max_bytes:
                    body += chunk
                if not message.get("more_body"):
                    break
    except TimeoutError:
        return _TOO_SLOW
    return bytes(body) if size <= max_bytes else _TOO_LARGE
