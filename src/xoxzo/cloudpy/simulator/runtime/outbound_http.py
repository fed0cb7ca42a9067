"""Makes the requests that the engine wants made, and never to where they must not go.

By default only addresses of this machine are called. The address that was checked is the one that is connected to,
so a name that changes its mind between the two gains nothing. Proxies named in the environment are not used,
redirects are not followed, and time and size are bounded.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import suppress
from itertools import islice

import httpcore2
from httpcore2 import SOCKET_OPTION

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.simulator.engine.context import OutboundRequest, OutboundResult, request_headers
from xoxzo.cloudpy.simulator.engine.rules import Reason

MAX_CONCURRENT = 100
"""Requests under way at the same time; the rest waits."""

_MAX_RESPONSE_BYTES = 65_536
_MAX_HEADERS = 20
_MAX_VALUE_LENGTH = 200
_LOOPBACK = ("127.0.0.1", "::1")


class AddressRefused(Exception):
    """The address is not on this machine, and others are not allowed; its argument is the reason."""


class OutboundHttp:
    """Makes requests on the running event loop, each with its response in `timeout` real seconds."""

    def __init__(self, *, timeout: float, allow_network: bool) -> None:
        self._timeout = timeout
        self._slots = asyncio.Semaphore(MAX_CONCURRENT)
        # No connection is kept alive: one that the server has closed would fail a callback.
        self._pool = httpcore2.AsyncConnectionPool(
            max_connections=MAX_CONCURRENT,
            max_keepalive_connections=0,
            network_backend=_CheckedBackend(allow_network=allow_network),
        )

    async def make(self, outgoing: OutboundRequest) -> OutboundResult:
        """Make one request; whatever happens is in the result."""
        async with self._slots:
            try:
                async with asyncio.timeout(self._timeout):
                    return await self._exchange(outgoing)
            except TimeoutError:
                return OutboundResult(error=Reason(N_("no answer within {n} s"), n=f"{self._timeout:g}"))
            except AddressRefused as refused:
                return OutboundResult(error=refused.args[0], refused=True)
            except Exception as error:  # noqa: BLE001 - the other side may do anything; it is its answer
                return OutboundResult(error=f"{type(error).__name__}: {error}"[:200])

    async def _exchange(self, outgoing: OutboundRequest) -> OutboundResult:
        async with self._pool.stream(
            outgoing.method,
            outgoing.url,
            headers=list(request_headers(outgoing.content_type).items()),
            content=outgoing.body or None,
        ) as response:
            body = bytearray()
            async for chunk in response.aiter_stream():
                body += chunk
                if len(body) > _MAX_RESPONSE_BYTES:
                    too_long = Reason(N_("the answer is longer than {n} bytes"), n=_MAX_RESPONSE_BYTES)
                    return OutboundResult(error=too_long)
            shown = tuple(
                (name.decode("latin-1"), value.decode("latin-1")[:_MAX_VALUE_LENGTH])
                for name, value in islice(response.headers, _MAX_HEADERS)
            )
            return OutboundResult(response.status, bytes(body), headers=shown)

    async def close(self) -> None:
        """Close what is open."""
        await self._pool.aclose()


class _CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Connects to addresses that were resolved and checked here."""

    def __init__(self, *, allow_network: bool) -> None:
        self._allow_network = allow_network
        self._backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the backend's signature
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        found = await addresses(host)
        allowed = [address for address in found if self._allow_network or is_loopback(address)]
        if not allowed:
            raise AddressRefused(Reason(N_("{host} is not on this machine"), host=host))
        options = (port, timeout, local_address, socket_options)
        for address in allowed[:-1]:
            with suppress(httpcore2.ConnectError):
                return await self._backend.connect_tcp(address, *options)
        return await self._backend.connect_tcp(allowed[-1], *options)


def is_loopback(address: str) -> bool:
    """Say whether a numeric address is this machine's loopback, in IPv4, IPv6 or IPv4 inside IPv6."""
    parsed = ipaddress.ip_address(address)
    inner = getattr(parsed, "ipv4_mapped", None)
    return (inner or parsed).is_loopback


async def addresses(host: str) -> list[str]:
    """Return the numeric addresses of a host; raise `OSError` if its name is unknown."""
    # A thread of its own looks names up: one of the loop's executor would hold up the end of the program for as long as
    # the system's resolver takes.
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return list(_LOOPBACK)  # RFC 6761: never resolved
    with suppress(ValueError):
        return [str(ipaddress.ip_address(name))]
    future: Future[list[str]] = Future()
    future.set_running_or_notify_cancel()  # so that nobody can cancel it

    def work() -> None:
        try:
            future.set_result([str(info[4][0]) for info in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)])
        except (OSError, UnicodeError) as error:
            future.set_exception(OSError(str(error)))

    threading.Thread(target=work, name="xoxzo-simulator-resolver", daemon=True).start()
    return await asyncio.wrap_future(future)
