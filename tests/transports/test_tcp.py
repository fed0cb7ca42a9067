"""Opening TCP connections."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import threading
import time

import pytest

from xoxzo.cloudpy.transports import aio_connection, tcp
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


def test_a_socket_whose_connecting_is_interrupted_is_closed(monkeypatch) -> None:
    """What is raised while a connection begins, as by a signal handler, passes through and leaves no socket open."""
    opened: list[socket.socket] = []
    interrupt = KeyboardInterrupt()

    class Interrupted(socket.socket):
        def connect_ex(self, address: object) -> int:
            opened.append(self)
            raise interrupt

    resolve_to(monkeypatch, info(("127.0.0.1", 1)))
    monkeypatch.setattr(socket, "socket", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        open_socket("api.example", 443, 30.0)
    assert [one.fileno() for one in opened] == [-1]


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
        open_socket("api.example", 443, 0.2)
    assert 0.19 < time.monotonic() - began < 30


def test_addresses_that_refuse_are_reported_by_the_last_error(monkeypatch, refusing_address) -> None:
    """An address of a family that the system does not have counts as one that refuses."""
    resolve_to(monkeypatch, info(refusing_address, family=12345), info(refusing_address))
    with pytest.raises(ConnectionRefusedError):
        open_socket("api.example", 443, 30.0)
    resolve_to(monkeypatch, info(refusing_address), info(refusing_address, family=12345))
    with pytest.raises(OSError, match=os.strerror(errno.EAFNOSUPPORT)):
        open_socket("api.example", 443, 30.0)


def test_what_a_signal_handler_raises_is_not_taken_for_an_address_that_fails(monkeypatch, refusing_address) -> None:
    """Nothing else is tried then."""
    resolve_to(monkeypatch, info(refusing_address, family=12345), info(refusing_address))
    monkeypatch.setattr(tcp, "raised_by_signal_handler", lambda _: True)
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
            await aio_connection.dial(host, 443)

    asyncio.run(program())


def test_a_lookup_works_where_no_thread_can_be_started(monkeypatch) -> None:
    """At the end of the interpreter for instance."""

    def refuse(*_: object) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr("_thread.start_new_thread", refuse)
    assert look_up("127.0.0.1", 443, 30.0)[0][4] == ("127.0.0.1", 443)
    with pytest.raises(OSError, match=r"."):
        look_up("no-such-host.invalid", 443, 30.0)


class Resolved:
    """The running event loop, where a name has the addresses that a test gives it, each with a port of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, addresses) -> None:
        self._loop = loop
        self._addresses = {f"127.0.0.{number}": address for number, address in enumerate(addresses, 2)}

    def __getattr__(self, name: str):
        return getattr(self._loop, name)

    async def getaddrinfo(self, *_: object, **__: object) -> list[object]:
        return [info((host, 1)) for host in self._addresses]

    def create_connection(self, protocol, host: str, _: int):
        return self._loop.create_connection(protocol, *self._addresses[host])


@pytest.fixture(params=["asyncio", "uvloop"])
def dial(request, monkeypatch):
    """Connect in an event loop to a name with these addresses; return the one that was taken."""
    factory = None if request.param == "asyncio" else pytest.importorskip("uvloop").new_event_loop

    async def program(addresses, seconds: float) -> tuple[str, int]:
        loop = Resolved(asyncio.get_running_loop(), addresses)
        monkeypatch.setattr(asyncio, "get_running_loop", lambda: loop)
        async with asyncio.timeout(seconds):
            connection = await aio_connection.dial("api.example", 443)
        peer = connection._transport.get_extra_info("peername")
        connection.abort()
        await asyncio.sleep(0)
        return peer

    def run(*addresses, seconds: float = 30.0) -> tuple[str, int]:
        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(program(addresses, seconds))

    return run


def test_event_loops_try_addresses_beside_each_other(dial, listener, dead_address, refusing_address) -> None:
    """A dead address hides no other; the first that answers wins."""
    assert dial(dead_address, refusing_address, listener.getsockname()) == listener.getsockname()


def test_in_event_loops_dead_addresses_together_take_no_longer_than_one(dial, dead_address) -> None:
    """The caller's limit is for all of them, and leaves no socket open."""
    with pytest.raises(TimeoutError):
        dial(*[dead_address] * 4, seconds=0.2)


def test_in_event_loops_an_address_that_refuses_does_not_end_the_wait_for_others(dial, dead_address) -> None:
    """The one before it may still answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        refusing = listener.getsockname()
    with pytest.raises(TimeoutError):
        dial(dead_address, refusing, seconds=0.6)


def test_in_event_loops_addresses_that_refuse_are_reported_by_the_last_error(dial, refusing_address) -> None:
    """A name without addresses is an error of its own."""
    with pytest.raises(ConnectionRefusedError):
        dial(refusing_address, refusing_address)
    with pytest.raises(OSError, match="no address"):
        dial()


def test_a_connection_that_comes_too_late_is_closed(dial, listener) -> None:
    """Two addresses may answer in the same moment: one connection is taken, and the other leaves nothing behind."""
    real = asyncio.wait

    async def both(tasks, **_: object):
        return await real(tasks) if len(tasks) == 2 else await real(tasks, timeout=0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "wait", both)
        assert dial(listener.getsockname(), listener.getsockname()) == listener.getsockname()
    for _ in range(2):
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(30)
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1) == b""
