"""What ASGI applications share: types, reading a body, closing a connection, and keeping other web sites away."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Collection, Mapping

from starlette.types import Message, Receive

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.api.http import ApiResponse, encode

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


async def wait_for_disconnect(receive: Receive) -> None:
    """Wait until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def read_body(receive: Receive, max_bytes: int, first: Message | None = None) -> bytes | ApiResponse:
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


FROM_ANOTHER_SITE = "The request comes from a web page of another site."
HOST_NOT_ALLOWED = "The Host header names another machine; the option --allow-host NAME allows it."

_ANY_ADDRESS = {"0.0.0.0", "::"}  # noqa: S104 - it is compared with, not bound


def is_allowed_host(headers: Mapping[bytes, bytes], bind_host: str, allowed_hosts: Collection[str] = ()) -> bool:
    """Say whether the Host header names this machine, the address that the server is bound to, or an allowed host."""
    host = headers.get(b"host", b"").decode("latin-1").lower()
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name == "localhost" or name.endswith(".localhost") or (name and name == bind_host.lower()):
        return True
    if name in {allowed.lower() for allowed in allowed_hosts}:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    # Bound to all addresses, any numeric one may be right; DNS rebinding uses a name.
    return address.is_loopback or bind_host in _ANY_ADDRESS


def is_foreign(headers: Mapping[bytes, bytes]) -> bool:
    """Say whether a request was made by a page of another site, as far as its browser reports."""
    site = headers.get(b"sec-fetch-site")
    if site is not None and site != b"same-origin":
        return True
    origin = headers.get(b"origin")
    # A page that sends no referrer posts with the origin `null`; then the browser's other header has to vouch for it.
    if origin is None or (origin == b"null" and site is not None):
        return False
    host = headers.get(b"host", b"")
    return origin.lower() not in {b"http://" + host.lower(), b"https://" + host.lower()}
