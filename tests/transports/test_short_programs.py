"""Short programs in Python's development mode: they end without a warning and without an ignored exception."""

from __future__ import annotations

import subprocess
import sys

import pytest
from behaviour_steps import play
from behaviour_table import GOOD
from faulty_server import FaultyServer

SMS = 'recipient="+818011112222", sender="Shop", message="hello"'
PROGRAMS = {
    "threads": f"""
from xoxzo.cloudpy import Client
with Client(sid="s", auth_token="t", base_url=sys.argv[1]) as client:
    print(client.sms.send({SMS}).msgid)
""",
    "threads, closed at the end of the module": f"""
from xoxzo.cloudpy import Client
client = Client(sid="s", auth_token="t", base_url=sys.argv[1])
print(client.sms.send({SMS}).msgid)
client.close()
""",
    "asyncio": f"""
import asyncio
from xoxzo.cloudpy import AsyncClient
async def main():
    asyncio.get_running_loop().slow_callback_duration = 60  # this machine may be busy
    async with AsyncClient(sid="s", auth_token="t", base_url=sys.argv[1]) as client:
        print((await client.sms.send({SMS})).msgid)
asyncio.run(main())
""",
    "asyncio, cancelled": f"""
import asyncio
from xoxzo.cloudpy import AsyncClient
async def main():
    asyncio.get_running_loop().slow_callback_duration = 60  # this machine may be busy
    async with AsyncClient(sid="s", auth_token="t", base_url=sys.argv[1]) as client:
        for pause in (0, 0.001, 0.003):
            task = asyncio.create_task(client.sms.send({SMS}))
            await asyncio.sleep(pause)
            task.cancel()
            await asyncio.wait([task])
        print((await client.sms.send({SMS})).msgid)
asyncio.run(main())
""",
    "classic": """
from xoxzo.cloudpy import XoxzoClient
print(XoxzoClient("s", "t", sys.argv[1]).send_sms("hello", "+818011112222", "Shop").messages[0]["msgid"])
""",
    "an exception": f"""
from xoxzo.cloudpy import Client
client = Client(sid="s", auth_token="t", base_url=sys.argv[1])
try:
    with client:
        print(client.sms.send({SMS}).msgid)
        raise SystemExit
finally:
    del client
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_ends_quietly(name) -> None:
    """Nothing is written to standard error, whatever the program has left to the interpreter's end."""
    with FaultyServer(play((GOOD,))) as server:
        program = [sys.executable, "-X", "dev", "-W", "error", "-c", f"import sys{PROGRAMS[name]}", server.url]
        done = subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("hello\n", "", 0)
