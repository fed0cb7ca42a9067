"""What one send costs on a kept TLS connection, against bare httpx2 and bare pyreqwest making the same POST."""

from __future__ import annotations

import asyncio
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import trustme
from pyreqwest.client import ClientBuilder, SyncClientBuilder

from xoxzo.cloudpy import AsyncClient, Client, XoxzoClient
from xoxzo.cloudpy.transports.aio import AsyncHttpTransport
from xoxzo.cloudpy.transports.threads import HttpTransport

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

ROUNDS, CALLS, IN_FLIGHT = 15, 150, 64
MESSAGE = {"recipient": "+818011112222", "sender": "Shop", "message": "こんにちは"}
# What each face is compared with, and the goal: CPU for a send at most so many times, or calls a second at least.
CPU_GOALS = {
    "Client": ("bare httpx2", 1.25),
    "XoxzoClient": ("bare httpx2", 1.25),
    "AsyncClient": ("bare httpx2", 1.25),
    "Client, HttpTransport": ("bare pyreqwest", 1.5),
}
SPEED_GOALS = {"AsyncClient, AsyncHttpTransport": ("bare pyreqwest", 0.75)}

Took = dict[str, list[tuple[float, float]]]
"""For each face and round, the CPU and the time that one send took, in seconds."""


def measure() -> Iterator[str]:
    """Compare CPU time per call, in interleaved rounds."""
    with server() as url:
        yield from one_after_another(url)
        yield from asyncio.run(many_at_once(url))


@contextmanager
def trusted() -> Iterator[Path]:
    """Give a folder with a certificate, ``server.pem``, that everybody here trusts."""
    authority = trustme.CA()
    with tempfile.TemporaryDirectory() as folder:
        issued = authority.issue_cert("127.0.0.1")
        Path(folder, "server.pem").write_bytes(issued.private_key_and_cert_chain_pem.bytes())
        authority.cert_pem.write_to_path(Path(folder, "ca.pem"))
        os.environ["SSL_CERT_FILE"] = os.environ["REQUESTS_CA_BUNDLE"] = str(Path(folder, "ca.pem"))
        yield Path(folder)


@contextmanager
def server() -> Iterator[str]:
    """Run the other side."""
    with trusted() as folder:
        command = [sys.executable, "-m", "bench.peer", str(folder / "server.pem")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield f"https://127.0.0.1:{process.stdout.readline().strip()}"
            finally:
                process.terminate()


def one_after_another(url: str) -> Iterator[str]:
    """Sequential sends by the modern and the classic client."""
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    with (
        httpx2.Client(verify=context) as httpx,
        SyncClientBuilder().build() as pyreqwest,
        Client(sid="a", auth_token="b", base_url=url) as client,
        closing(HttpTransport()) as transport,
        Client(sid="a", auth_token="b", base_url=url, transport=transport) as fast,
    ):
        classic = XoxzoClient("a", "b", url)
        address = f"{url}/sms/messages/"
        faces: dict[str, Callable[[], object]] = {
            "bare httpx2": lambda: httpx.post(address, data=MESSAGE, auth=("a", "b")).json(),
            "bare pyreqwest": lambda: pyreqwest.post(address).basic_auth("a", "b").form(MESSAGE).build().send().json(),
            "Client": lambda: client.sms.send(**MESSAGE),
            "XoxzoClient": lambda: classic.send_sms(**MESSAGE),
            "Client, HttpTransport": lambda: fast.sms.send(**MESSAGE),
        }
        took: Took = {name: [] for name in faces}
        for call in faces.values():
            call()
        for _ in range(ROUNDS):
            for name, call in faces.items():
                with noted(took[name], CALLS):
                    for _ in range(CALLS):
                        call()
    yield from report(took, "one after another")


async def many_at_once(url: str) -> list[str]:
    """Sends with many in flight: over ten connections by httpx2, each over its own by pyreqwest, as campaigns do."""
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    transport = AsyncHttpTransport(max_connections=IN_FLIGHT)
    async with (
        httpx2.AsyncClient(verify=context, limits=httpx2.Limits(max_connections=10)) as httpx,
        ClientBuilder().max_connections(IN_FLIGHT).build() as pyreqwest,
        AsyncClient(sid="a", auth_token="b", base_url=url) as client,
        AsyncClient(sid="a", auth_token="b", base_url=url, transport=transport) as fast,
    ):
        address = f"{url}/sms/messages/"

        async def by_httpx() -> object:
            return (await httpx.post(address, data=MESSAGE, auth=("a", "b"))).json()

        async def by_pyreqwest() -> object:
            return await (await pyreqwest.post(address).basic_auth("a", "b").form(MESSAGE).build().send()).json()

        faces: dict[str, Callable[[], Awaitable[object]]] = {
            "bare httpx2": by_httpx,
            "bare pyreqwest": by_pyreqwest,
            "AsyncClient": lambda: client.sms.send(**MESSAGE),
            "AsyncClient, AsyncHttpTransport": lambda: fast.sms.send(**MESSAGE),
        }
        took: Took = {name: [] for name in faces}
        waves = CALLS // IN_FLIGHT + 1
        for _ in range(ROUNDS):
            for name, call in faces.items():
                with noted(took[name], waves * IN_FLIGHT):
                    for _ in range(waves):
                        await asyncio.gather(*(call() for _ in range(IN_FLIGHT)))
    await transport.close()
    return list(report(took, f"{IN_FLIGHT} in flight"))


@contextmanager
def noted(rounds: list[tuple[float, float]], calls: int) -> Iterator[None]:
    """Note what each of so many calls took."""
    cpu, wall = time.process_time(), time.perf_counter()
    yield
    rounds.append(((time.process_time() - cpu) / calls, (time.perf_counter() - wall) / calls))


def report(took: Took, how: str) -> Iterator[str]:
    """Print the ratio of each face to what it is compared with."""
    cpu = {name: statistics.median(cpu for cpu, _ in rounds) for name, rounds in took.items()}
    speed = {name: 1 / statistics.median(wall for _, wall in rounds) for name, rounds in took.items()}
    for name in took:
        if name in CPU_GOALS:
            bare, goal = CPU_GOALS[name]
            yield (
                f"{name}, {how}: {cpu[name] / cpu[bare]:.2f} × {bare} ({cpu[name] * 1e6:.0f} against"
                f" {cpu[bare] * 1e6:.0f} µs of CPU for a send; goal: at most {goal})"
            )
        if name in SPEED_GOALS:
            bare, goal = SPEED_GOALS[name]
            yield (
                f"{name}, {how}: {speed[name] / speed[bare]:.2f} × {bare} ({speed[name]:.0f} against"
                f" {speed[bare]:.0f} sends a second; goal: at least {goal})"
            )
