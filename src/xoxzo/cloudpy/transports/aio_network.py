"""httpcore2's network on asyncio's own streams.

httpcore2's own goes through anyio, which costs half as much again for each request, and it loses a socket when a call
is cancelled during a TLS handshake.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Any, TypeVar

import httpcore2

from xoxzo.cloudpy.transports.kept import watcher

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Iterable, Iterator

T = TypeVar("T")

_HAPPY_EYEBALLS = 0.25
"""Seconds after which the next address of a name is tried beside the first (RFC 8305)."""


class AsyncioNetwork(httpcore2.AsyncNetworkBackend):
    """Connects by asyncio's streams."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002 - none is ever set here
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to an address within ``timeout`` seconds; raise ``ConnectError`` or ``ConnectTimeout``."""
        local = None if local_address is None else (local_address, 0)
        with _as(httpcore2.ConnectTimeout, httpcore2.ConnectError):
            async with asyncio.timeout(timeout):
                streams = await dial(asyncio.open_connection, host, port, local, timeout)
        return _Stream(*streams)


async def dial(
    connect: Callable[..., Awaitable[T]], host: str, port: int, local: tuple[str, int] | None, timeout: float | None
) -> T:
    """Connect to the first address of a name that answers.

    A loop such as uvloop's cannot try addresses side by side. There each address but the last gets its share of the
    time, so that one that swallows everything hides no other.

    Args:
        connect: ``asyncio.open_connection``, or a loop's ``create_connection`` with its protocol.
        host: the name.
        port: the port.
        local: the address to connect from, or ``None``.
        timeout: how many seconds there are; it is the caller who ends it.

    Returns:
        What ``connect`` returns.
    """
    if isinstance(asyncio.get_running_loop(), asyncio.BaseEventLoop):
        return await connect(host, port, local_addr=local, happy_eyeballs_delay=_HAPPY_EYEBALLS)
    loop = asyncio.get_running_loop()
    ends = None if timeout is None else loop.time() + timeout
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    for others, address in zip(range(len(addresses) - 1, 0, -1), addresses, strict=False):
        share = None if ends is None else (ends - loop.time()) / (others + 1)
        # TimeoutError is an OSError as well.
        with contextlib.suppress(OSError):
            async with asyncio.timeout(share):
                return await connect(address, port, local_addr=local)
    return await connect(addresses[-1], port, local_addr=local)


class _Stream(httpcore2.AsyncNetworkStream):
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._readable = watcher(writer.get_extra_info("socket").fileno())

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _as(httpcore2.ReadTimeout, httpcore2.ReadError):
            async with asyncio.timeout(timeout):
                return await self._reader.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with _as(httpcore2.WriteTimeout, httpcore2.WriteError):
            async with asyncio.timeout(timeout):
                self._writer.write(buffer)
                await self._writer.drain()

    async def aclose(self) -> None:
        # Not close(): it would wait for the other side's farewell, which may never come.
        self._writer.transport.abort()
        # One round of the loop, in which the socket is closed.
        await asyncio.sleep(0)

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        try:
            with _as(httpcore2.ConnectTimeout, httpcore2.ConnectError):
                async with asyncio.timeout(timeout):
                    await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except BaseException:
            # A cancellation, too, must not leave the socket behind.
            self._writer.transport.abort()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - the library's signature
        if info == "is_readable":
            # Asked of idle connections: anything to be read there is the other side's end of it.
            return self._reader.at_eof() or self._writer.is_closing() or self._readable()
        return self._writer.get_extra_info(info)


@contextlib.contextmanager
def _as(late: type[Exception], broken: type[Exception]) -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise late("out of time") from None
    except (OSError, EOFError, ValueError) as error:
        # ValueError: a name that cannot be one. ssl.SSLError is an OSError.
        raise broken(str(error)) from None
