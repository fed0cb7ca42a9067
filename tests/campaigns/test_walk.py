"""How many modules a message of a campaign passes through, from the ledger to the socket and back."""

from __future__ import annotations

import asyncio
from itertools import groupby
from typing import TYPE_CHECKING

from faulty_server import FaultyServer, reply
from walks import passed_modules

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns import Campaign, Content, Limits

if TYPE_CHECKING:
    from pathlib import Path

OK = reply(201, '[{"msgid": "m1"}]')
CONTENT = Content(kind="text", sender="Shop", message="こんにちは")
PEOPLE = [{"tel": f"0901234567{n}"} for n in range(10)]


def test_a_message_passes_at_most_fifteen_modules(tmp_path: Path) -> None:
    """From one message of a claim to the next, over a connection that is open."""

    async def program(url: str) -> list[str]:
        async with AsyncClient(sid="a", auth_token="b", base_url=url) as client:
            with Campaign.create("c", PEOPLE, CONTENT, store=tmp_path) as campaign, passed_modules() as modules:
                await campaign.run_async(client, Limits(concurrency=1))
        return modules

    with FaultyServer(OK) as server:
        modules = asyncio.run(program(server.url))
    messages = [list(group) for is_write, group in groupby(modules, "write".__eq__) if not is_write]
    assert len(messages) == len(PEOPLE) + 1
    # Some of them come after a claim, or with what is done regularly.
    walk = min(messages[1:-1], key=len)
    assert {"campaigns/sending/sender.py", "transports/aio_connection.py"} < set(walk)
    assert len(set(walk)) <= 15, walk
    assert len(walk) - 1 <= 60, walk
