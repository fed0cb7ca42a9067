"""Clients that travel to other processes."""

from __future__ import annotations

import asyncio
import copy
import pickle
import ssl
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from faulty_server import FaultyServer, reply

from xoxzo.cloudpy import AsyncClient, Attempt, Client
from xoxzo.cloudpy.errors import ConfigurationError

MADE_UP = {"sid": "sid", "auth_token": "token"}
CREDITS = reply(200, '{"credits": 7}')


def balance(client: Client) -> str:
    """Ask for the balance with a client that came from elsewhere."""
    with client:
        return str(client.account.credits().credits)


def ignore(event: Attempt) -> None:
    """A hook that can be pickled: it is found by its name."""


def test_a_client_works_in_another_process() -> None:
    """A client is sent to a process pool with its settings; connections are opened there."""
    with (
        FaultyServer(CREDITS, CREDITS) as server,
        Client(**MADE_UP, base_url=server.url, rate=100, on_event=ignore) as client,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
    ):
        assert client.account.credits().credits == 7
        assert pool.submit(balance, client).result() == "7"
    first, second = (request.lower() for request in server.requests)
    lines = [line for line in first.split(b"\r\n") if not line.startswith(b"x-request-id")]
    assert all(line in second for line in lines)


def test_everything_travels_but_the_connections() -> None:
    """A copy has the same settings and options, and is closed by itself."""
    with Client(
        **MADE_UP,
        base_url="https://host",
        timeout=(1, 2),
        deadline=3,
        max_retries=4,
        rate=5,
        max_connections=6,
        proxy="http://proxy.example:3128",
        allowed_recipients=["+81"],
        default_headers={"x-team": "shop"},
        on_event=[ignore],
    ) as client:
        other = pickle.loads(pickle.dumps(client.with_options(deadline=7)))
        settings, copied = client._driver.settings, other._driver.settings
    assert other._driver.holder.options == client._driver.holder.options
    for name in settings.__struct_fields__:
        if name not in {"rate_limiter", "deadline"}:
            assert getattr(copied, name) == getattr(settings, name), name
    assert copied.deadline == 7
    assert [copied.rate_limiter.reserve(0.0) for _ in range(2)] == [0.0, 0.2]
    with other:
        assert other.base_url == "https://host"


def test_an_asynchronous_client_travels_too() -> None:
    """A copy of an AsyncClient works in another event loop."""

    async def ask(client: AsyncClient) -> str:
        async with client:
            return str((await client.account.credits()).credits)

    with FaultyServer(CREDITS) as server:
        client = AsyncClient(**MADE_UP, base_url=server.url)
        assert asyncio.run(ask(pickle.loads(pickle.dumps(client)))) == "7"


def test_a_copy_is_independent() -> None:
    """Closing a copy leaves the other open."""
    with FaultyServer(CREDITS) as server, Client(**MADE_UP, base_url=server.url) as client:
        copy.copy(client).close()
        assert client.account.credits().credits == 7


class ShopClient(Client):
    """A client with something of its own."""

    def __init__(self, shop: str) -> None:
        super().__init__(**MADE_UP)
        self.shop = shop


def test_what_a_subclass_adds_travels() -> None:
    """An attribute of a subclass is in the copy."""
    with ShopClient("Kobe") as client, pickle.loads(pickle.dumps(client)) as other:
        assert (type(other), other.shop) == (ShopClient, "Kobe")


class Carrier:
    """A transport of a user's own."""

    def send(self, request: object, budget: object, progress: object) -> None:
        raise AssertionError

    def close(self) -> None:
        pass


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize("options", [{"transport": Carrier()}, {"ssl_context": ssl.create_default_context()}])
def test_what_belongs_to_one_process_cannot_travel(kind, options) -> None:
    """A transport or context of the program's own is refused with what to do."""
    client = kind(**MADE_UP, **options)
    with pytest.raises(ConfigurationError, match="make it where it is used"):
        pickle.dumps(client)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_closed_client_cannot_travel(kind) -> None:
    """What is closed stays closed."""
    client = kind(**MADE_UP)
    closing = client.close()
    if closing is not None:
        asyncio.run(closing)
    with pytest.raises(ConfigurationError, match="closed"):
        pickle.dumps(client)
