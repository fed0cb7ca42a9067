"""Opening TCP connections."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import threading
import time

import pytest

from xoxzo.cloudpy.transports import aio_connection
from xoxzo.cloudpy.transports.tcp import look_up, open_socket


def info(address: tuple[str, int], family: int = socket.AF_INET):
    return (family, socket.SOCK_STREAM, 6, "", address)


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def dead_address():
    """An address that swallows every packet: the queue of its listener is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        yield server.getsockname()
        for filler in fillers:
            filler.close()


@pytest.fixture
def refusing_address():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()


def resolve_to(monkeypatch, *addresses) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: list(addresses))


def test_a_dead_address_hides_no_other(monkeypatch, listener, dead_address, refusing_address) -> None:
    """The next address is tried while the one before has not answered; the first that answers wins."""
    resolve_to(monkeypatch, info(dead_address), info(refusing_address), info(listener.getsockname()))
    with open_socket("api.example", 443, 30.0) as connected:
        assert connected.getpeername() == listener.getsockname()
        assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_dead_addresses_together_take_no_longer_than_one(monkeypatch, dead_address) -> None:
    """The limit is for all of them."""
    resolve_to(monkeypatch, *[info(dead_address)] * 4)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        open_socket("api.example", 443, 0.4)
    assert 0.39 < time.monotonic() - began < 30


def test_addresses_that_refuse_are_told_by_the_last_error(monkeypatch, refusing_address) -> None:
    """An address of a family that the system does not have counts as one that refuses."""
    resolve_to(monkeypatch, info(refusing_address, family=12345), info(refusing_address))
    with pytest.raises(ConnectionRefusedError):
        open_socket("api.example", 443, 30.0)
    resolve_to(monkeypatch, info(refusing_address), info(refusing_address, family=12345))
    with pytest.raises(OSError, match=os.strerror(errno.EAFNOSUPPORT)):
        open_socket("api.example", 443, 30.0)


def test_an_address_that_refuses_at_once_is_passed_over(monkeypatch, listener) -> None:
    """Some systems refuse in the call itself."""
    resolve_to(monkeypatch, info(("255.255.255.255", 9)), info(listener.getsockname()))
    open_socket("api.example", 443, 30.0).close()


def test_a_name_without_addresses_is_an_error(monkeypatch) -> None:
    """Nothing is tried then."""
    resolve_to(monkeypatch)
    with pytest.raises(OSError, match="no address"):
        open_socket("api.example", 443, 30.0)


def test_a_lookup_that_takes_too_long_ends_on_time(monkeypatch) -> None:
    """The operating system's lookup cannot be interrupted; it is left to itself."""
    release, done = threading.Event(), threading.Event()

    def slow(*_: object, **__: object) -> list[object]:
        release.wait(30)
        done.set()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with pytest.raises(TimeoutError, match="lookup"):
        look_up("api.example", 443, 0.05)
    release.set()
    assert done.wait(30)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 70 + ".invalid", ".invalid"])
def test_a_name_that_cannot_be_found_is_an_os_error(host) -> None:
    """Impossible names too."""
    with pytest.raises(OSError, match=r"."):
        look_up(host, 443, 30.0)

    async def program() -> None:
        with pytest.raises(OSError, match=r"."):
            await aio_connection.dial(host, 443, 30.0)

    asyncio.run(program())


def test_a_lookup_works_where_no_thread_can_be_started(monkeypatch) -> None:
    """At the end of the interpreter for instance."""

    def refuse(_: object) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert look_up("127.0.0.1", 443, 30.0)[0][4] == ("127.0.0.1", 443)


def test_another_event_loop_gives_each_address_its_share(monkeypatch, listener, dead_address, refusing_address) -> None:
    """Where addresses cannot be tried side by side, a dead one takes only its part of the time."""
    uvloop = pytest.importorskip("uvloop")

    async def program(*addresses) -> tuple[str, int]:
        async def found(*_: object, **__: object) -> list[object]:
            return [info(address) for address in addresses]

        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "getaddrinfo", found, raising=False)
        connection = await aio_connection.dial("api.example", 443, 1.0)
        peer = connection._transport.get_extra_info("peername")
        connection.abort()
        await asyncio.sleep(0)
        return peer

    class Loop(uvloop.Loop):
        """One whose attributes can be set."""

        async def create_connection(self, protocol, host=None, port=None, **more):
            return await super().create_connection(protocol, host, ports[host], **more)

    ports = {"127.0.0.1": listener.getsockname()[1], "127.0.0.2": refusing_address[1]}
    with asyncio.Runner(loop_factory=Loop) as runner:
        assert runner.run(program(("127.0.0.2", 1), ("127.0.0.1", 1))) == listener.getsockname()
