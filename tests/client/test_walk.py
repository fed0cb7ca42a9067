"""How many modules one send passes through."""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from faulty_server import FaultyServer, reply

from xoxzo.cloudpy import AsyncClient, Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

OK = reply(201, '[{"msgid": "m1"}]')
MESSAGE = {"recipient": "+818011112222", "sender": "Shop", "message": "こんにちは"}


@contextmanager
def passed_modules() -> Iterator[set[str]]:
    """Collect the modules of the package whose functions are called."""
    modules: set[str] = set()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and "/xoxzo/cloudpy/" in (path := frame.f_code.co_filename.replace("\\", "/")):
            modules.add(path.rpartition("/xoxzo/cloudpy/")[2])

    sys.setprofile(note)
    try:
        yield modules
    finally:
        sys.setprofile(None)


def test_a_send_passes_at_most_ten_modules() -> None:
    """From the resource to the socket and back, over a connection that is open."""
    with FaultyServer(OK) as server, Client(sid="a", auth_token="b", base_url=server.url) as client:
        client.sms.send(**MESSAGE)
        with passed_modules() as modules:
            client.sms.send(**MESSAGE)
    assert {"client/resources/_sync/sms.py", "transports/threads.py"} < modules
    assert len(modules) <= 10, sorted(modules)


def test_an_asynchronous_send_passes_at_most_ten_modules() -> None:
    """In an event loop, too."""

    async def program(url: str) -> set[str]:
        async with AsyncClient(sid="a", auth_token="b", base_url=url) as client:
            await client.sms.send(**MESSAGE)
            with passed_modules() as modules:
                await client.sms.send(**MESSAGE)
        return modules

    with FaultyServer(OK) as server:
        modules = asyncio.run(program(server.url))
    assert {"client/resources/_async/sms.py", "transports/aio.py"} < modules
    assert len(modules) <= 10, sorted(modules)
