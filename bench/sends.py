"""What one send costs on a kept TLS connection, against bare HTTP libraries making the same POST and a peer's kit.

All run interleaved, round by round, in one process against one server, so only the ratios mean anything.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import httpx2
import trustme
from pyreqwest.client import ClientBuilder, SyncClientBuilder
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client as TwilioClient

from xoxzo.cloudpy import AsyncClient, Client, XoxzoClient

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

ROUNDS, CALLS, IN_FLIGHT = 15, 150, 64
MESSAGE = {"recipient": "+818011112222", "sender": "Shop", "message": "こんにちは"}
TWILIO_MESSAGE = {"to": "+818011112222", "from_": "Shop", "body": "こんにちは"}
TWILIO_HOST = "https://api.twilio.com"
HTTPX2, PYREQWEST, AIOHTTP, TWILIO = "bare httpx2", "bare pyreqwest", "bare aiohttp", "twilio"

# What each client is compared with, and the goal: at most so many times its CPU, or at least so many times its speed.
CPU_GOALS = {
    "Client": {HTTPX2: 0.35, PYREQWEST: 1.2, TWILIO: 0.2},
    "XoxzoClient": {HTTPX2: 0.35},
    "AsyncClient": {AIOHTTP: 0.3, TWILIO: 0.25},
}
SPEED_GOALS = {"AsyncClient": {PYREQWEST: 1.2}}

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
    ):
        classic = XoxzoClient("a", "b", url)
        twilio = TwilioClient("a", "b", http_client=_twilio_http(TwilioHttpClient, url))
        address = f"{url}/sms/messages/"
        calls: dict[str, Callable[[], object]] = {
            HTTPX2: lambda: httpx.post(address, data=MESSAGE, auth=("a", "b")).json(),
            PYREQWEST: lambda: pyreqwest.post(address).basic_auth("a", "b").form(MESSAGE).build().send().json(),
            TWILIO: lambda: twilio.messages.create(**TWILIO_MESSAGE),
            "Client": lambda: client.sms.send(**MESSAGE),
            "XoxzoClient": lambda: classic.send_sms(**MESSAGE),
        }
        took: Took = {name: [] for name in calls}
        for call in calls.values():
            call()
        for _ in range(ROUNDS):
            for name, call in calls.items():
                with noted(took[name], CALLS):
                    for _ in range(CALLS):
                        call()
    yield from report(took, "one after another")


async def many_at_once(url: str) -> list[str]:
    """Sends with many in flight, each over a connection of its own, as campaigns do."""
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    twilio_http = _twilio_http(AsyncTwilioHttpClient, url)
    # Its own session trusts what was trusted when aiohttp was imported.
    await twilio_http.session.close()
    twilio_http.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT, ssl=context))
    async with (
        ClientBuilder().max_connections(IN_FLIGHT).build() as pyreqwest,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT, ssl=context)) as session,
        twilio_http,
        AsyncClient(sid="a", auth_token="b", base_url=url, max_connections=IN_FLIGHT) as client,
    ):
        twilio = TwilioClient("a", "b", http_client=twilio_http)
        address, authentication = f"{url}/sms/messages/", aiohttp.BasicAuth("a", "b")

        async def by_pyreqwest() -> object:
            return await (await pyreqwest.post(address).basic_auth("a", "b").form(MESSAGE).build().send()).json()

        async def by_aiohttp() -> object:
            async with session.post(address, data=MESSAGE, auth=authentication) as response:
                return await response.json()

        calls: dict[str, Callable[[], Awaitable[object]]] = {
            PYREQWEST: by_pyreqwest,
            AIOHTTP: by_aiohttp,
            TWILIO: lambda: twilio.messages.create_async(**TWILIO_MESSAGE),
            "AsyncClient": lambda: client.sms.send(**MESSAGE),
        }
        took: Took = {name: [] for name in calls}
        waves = CALLS // IN_FLIGHT + 1
        for round_number in range(ROUNDS + 1):
            for name, call in calls.items():
                # The first round opens connections.
                with noted(took[name] if round_number else [], waves * IN_FLIGHT):
                    for _ in range(waves):
                        await asyncio.gather(*(call() for _ in range(IN_FLIGHT)))
    return list(report(took, f"{IN_FLIGHT} in flight"))


def _twilio_http(kind, url: str):
    """Make an HTTP client of twilio's kit that talks to the server here: the kit itself knows only its own host."""

    class Here(kind):
        def request(self, method, url_there, *rest, **more):
            return super().request(method, url_there.replace(TWILIO_HOST, url), *rest, **more)

    return Here()


@contextmanager
def noted(rounds: list[tuple[float, float]], calls: int) -> Iterator[None]:
    """Note what each of so many calls took."""
    cpu, wall = time.process_time(), time.perf_counter()
    yield
    rounds.append(((time.process_time() - cpu) / calls, (time.perf_counter() - wall) / calls))


def report(took: Took, how: str) -> Iterator[str]:
    """Print the ratio of each client to what it is compared with."""
    cpu = {name: statistics.median(cpu for cpu, _ in rounds) for name, rounds in took.items()}
    speed = {name: 1 / statistics.median(wall for _, wall in rounds) for name, rounds in took.items()}
    for name in took:
        for bare, goal in CPU_GOALS.get(name, {}).items():
            yield (
                f"{name}, {how}: {cpu[name] / cpu[bare]:.2f} × {bare} ({cpu[name] * 1e6:.0f} against"
                f" {cpu[bare] * 1e6:.0f} µs of CPU for a send; goal: at most {goal})"
            )
        for bare, goal in SPEED_GOALS.get(name, {}).items():
            yield (
                f"{name}, {how}: {speed[name] / speed[bare]:.2f} × {bare} ({speed[name]:.0f} against"
                f" {speed[bare]:.0f} sends a second; goal: at least {goal})"
            )
