"""Connecting in event loops that are not asyncio's own."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from typing import Any

import httpcore2
import pytest

from xoxzo.cloudpy.transports.aio_network import AsyncioNetwork

uvloop = pytest.importorskip("uvloop")


def connect(addresses: list[str], port: int, timeout: float | None) -> Any:
    """Connect to a name that has these addresses, in uvloop's loop; return whom that led to."""

    class Loop(uvloop.Loop):
        async def getaddrinfo(self, *_args: Any, **_options: Any) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    async def program() -> Any:
        # Resolving is what is played; connecting to an address is real.
        stream = await AsyncioNetwork().connect_tcp("shop.example", port, timeout)
        peer = stream.get_extra_info("peername")
        await stream.aclose()
        return peer

    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(program())


@pytest.fixture
def hearing():
    """Listen at one port on two addresses of this machine; the first takes no connection."""
    with ExitStack() as stack:
        deaf = stack.enter_context(socket.socket())
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        good = stack.enter_context(socket.socket())
        good.bind(("127.0.0.2", port))
        good.listen(5)
        yield port


def test_an_address_that_swallows_everything_hides_no_other(hearing) -> None:
    """The second address of a name is tried in time when nothing comes of the first."""
    assert connect(["127.0.0.1", "127.0.0.2"], hearing, 4.0)[0] == "127.0.0.2"


@pytest.mark.parametrize("timeout", [4.0, None])
def test_an_address_where_nobody_listens_hides_no_other(hearing, timeout) -> None:
    """The second address of a name is tried when the first refuses."""
    assert connect(["127.0.0.3", "127.0.0.2"], hearing, timeout)[0] == "127.0.0.2"


def test_the_first_address_that_answers_is_taken(hearing) -> None:
    """No other address is tried when the first answers."""
    assert connect(["127.0.0.2", "127.0.0.1"], hearing, 4.0)[0] == "127.0.0.2"


def test_no_address_that_answers_is_a_failure_to_connect(hearing) -> None:
    """When every address refuses, the call surely did not leave."""
    with pytest.raises(httpcore2.ConnectError):
        connect(["127.0.0.3", "127.0.0.4"], hearing, 4.0)
