"""How many modules one send passes through."""

from __future__ import annotations

import asyncio

from faulty_server import FaultyServer, reply
from walks import passed_modules

from xoxzo.cloudpy import AsyncClient, Client

OK = reply(201, '[{"msgid": "m1"}]')
MESSAGE = {"recipient": "+818011112222", "sender": "Shop", "message": "こんにちは"}


def test_a_send_passes_at_most_ten_modules() -> None:
    """From the resource to the socket and back, over a connection that is open."""
    with FaultyServer(OK) as server, Client(sid="a", auth_token="b", base_url=server.url) as client:
        client.sms.send(**MESSAGE)
        with passed_modules() as modules:
            client.sms.send(**MESSAGE)
    assert {"client/_sync/sms.py", "transports/threads.py"} < set(modules) - {"write"}
    assert len(set(modules) - {"write"}) <= 10, modules


def test_an_asynchronous_send_passes_at_most_ten_modules() -> None:
    """In an event loop, too."""

    async def program(url: str) -> list[str]:
        async with AsyncClient(sid="a", auth_token="b", base_url=url) as client:
            await client.sms.send(**MESSAGE)
            with passed_modules() as modules:
                await client.sms.send(**MESSAGE)
        return modules

    with FaultyServer(OK) as server:
        modules = asyncio.run(program(server.url))
    assert {"client/_async/sms.py", "transports/aio.py"} < set(modules) - {"write"}
    assert len(set(modules) - {"write"}) <= 10, modules
