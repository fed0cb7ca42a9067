"""The deadline holds while a connection is made: dead addresses, a slow lookup, a proxy that hangs."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import pytest
from faulty_server import FaultyServer, hang

from xoxzo.cloudpy import AsyncClient, Client, TimedOut

OPTIONS = {"sid": "sid", "auth_token": "token", "deadline": 0.2, "timeout": 30.0}
SMS = {"recipient": "+818011112222", "sender": "Shop", "message": "hello"}


@pytest.fixture(params=["threads", "asyncio"])
def fail(request):
    """Send by a client with a short deadline; return the error and how long it took."""

    def by_threads(url: str) -> TimedOut:
        with Client(base_url=url, **OPTIONS) as client, pytest.raises(TimedOut) as caught:
            client.sms.send(**SMS)
        return caught.value

    async def by_asyncio(url: str, lookups: threading.Event | None) -> TimedOut:
        async with AsyncClient(base_url=url, **OPTIONS) as client:
            with pytest.raises(TimedOut) as caught:
                await client.sms.send(**SMS)
        if lookups is not None:
            # An event loop waits at its end for the thread of a lookup: that is what cannot be interrupted.
            lookups.set()
        return caught.value

    def run(url: str, lookups: threading.Event | None = None) -> tuple[TimedOut, float]:
        began = time.monotonic()
        error = by_threads(url) if request.param == "threads" else asyncio.run(by_asyncio(url, lookups))
        return error, time.monotonic() - began

    return run


def check(error: TimedOut, took: float) -> None:
    assert error.phase in {"connect", "deadline"}
    assert error.maybe_sent is False
    assert 0.15 < took < 25, "the connect time-out alone is thirty seconds"


def test_a_name_with_four_dead_addresses(fail, monkeypatch) -> None:
    """They are not waited for one after another."""
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        dead = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{number}", port)) for number in range(1, 5)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: dead)
        check(*fail(f"https://api.example.test:{port}"))
        for filler in fillers:
            filler.close()


def test_a_slow_lookup(fail, monkeypatch) -> None:
    """The operating system's lookup cannot be interrupted: it goes on in its thread, and the call ends on time."""
    lookups = threading.Event()

    def slow(*_: object, **__: object) -> list[object]:
        lookups.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    check(*fail("https://api.example.test", lookups))
    lookups.set()


def test_a_proxy_that_never_answers_connect(fail, monkeypatch) -> None:
    """The tunnel is part of connecting."""
    with FaultyServer(hang) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        check(*fail("https://api.example.test"))


def test_a_server_that_never_answers_the_tls_greeting(fail) -> None:
    """So is the TLS handshake."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        check(*fail(f"https://127.0.0.1:{listener.getsockname()[1]}"))
