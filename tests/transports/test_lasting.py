"""A library that does not survive the thread that loaded it is loaded in one that lasts."""

import subprocess
import sys
import threading

import pytest

from xoxzo.cloudpy.transports.lasting import load

PROGRAM = """
import asyncio, threading

async def main():
    from xoxzo.cloudpy import AsyncClient, ConnectionFailed
    from xoxzo.cloudpy.transports.fast import AsyncFastTransport

    transport = AsyncFastTransport(max_connections=3)
    client = AsyncClient(sid="s", auth_token="t", base_url="http://127.0.0.1:1", transport=transport, max_retries=0)
    try:
        await client.account.credits()
    except ConnectionFailed:
        print("not there")
    await client.close()
    await transport.close()

for _ in range(4):
    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    thread.join()
"""


def test_the_fast_transport_may_be_used_first_in_a_thread_that_ends() -> None:
    """The process goes on; pyreqwest alone would have it crash at the second or third thread."""
    told = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (0, "not there\n" * 4), told.stderr


SLOWLY = """
import asyncio, socket, threading, time
from asyncio.selector_events import BaseSelectorEventLoop
from xoxzo.cloudpy import AsyncClient, ResponseLost
from xoxzo.cloudpy.transports.fast import AsyncFastTransport

wake = BaseSelectorEventLoop._write_to_self

def slowly(loop):
    wake(loop)
    if threading.get_ident() != threading.main_thread().ident:
        time.sleep(0.3)
        print("awoken\\n", end="", flush=True)

BaseSelectorEventLoop._write_to_self = slowly

async def main():
    server = socket.create_server(("127.0.0.1", 0))
    server.setblocking(False)
    url = f"http://127.0.0.1:{server.getsockname()[1]}"
    client = AsyncClient(sid="s", auth_token="t", base_url=url, transport=AsyncFastTransport(), max_retries=0)
    call = asyncio.ensure_future(client.account.credits())
    # What fails only now is waited for, so the loop has to be awoken.
    connection, _ = await asyncio.get_running_loop().sock_accept(server)
    connection.close()
    try:
        await call
    except ResponseLost:
        print("lost\\n", end="", flush=True)

asyncio.run(main())
"""


def test_a_program_may_end_while_the_library_still_wakes_its_loop() -> None:
    """The interpreter waits for the library's thread, which alone would have the process killed in its last moment."""
    told = subprocess.run([sys.executable, "-c", SLOWLY], capture_output=True, text=True, check=False)
    assert (told.returncode, set(told.stdout.splitlines())) == (0, {"lost", "awoken"}), told.stderr


def test_what_is_not_there_is_told_where_it_was_wanted() -> None:
    """In the main thread and in another one alike; a module that is loaded already needs no thread."""
    load("json")
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        load("no_such_module")
    errors: list[str | None] = []

    def work() -> None:
        load("json")
        try:
            load("no_such_module")
        except ModuleNotFoundError as error:
            errors.append(error.name)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert errors == ["no_such_module"]
