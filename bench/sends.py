"""What one send costs on a kept TLS connection, against bare httpx2 making the same POST."""

import asyncio
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import trustme

from xoxzo.cloudpy import AsyncClient, Client, XoxzoClient

ROUNDS, CALLS, IN_FLIGHT = 15, 150, 64
MESSAGE = {"recipient": "+818011112222", "sender": "Shop", "message": "こんにちは"}
GOAL = "goal: at most 1.25"


def measure() -> Iterator[str]:
    """Compare CPU time per call, in interleaved rounds."""
    with server() as url:
        yield from one_after_another(url)
        yield from asyncio.run(many_at_once(url))


@contextmanager
def server() -> Iterator[str]:
    """Run the other side, with a certificate that everybody here trusts."""
    authority = trustme.CA()
    with tempfile.TemporaryDirectory() as folder:
        certificate = Path(folder, "server.pem")
        issued = authority.issue_cert("127.0.0.1")
        certificate.write_bytes(issued.private_key_and_cert_chain_pem.bytes())
        authority.cert_pem.write_to_path(Path(folder, "ca.pem"))
        os.environ["SSL_CERT_FILE"] = str(Path(folder, "ca.pem"))
        command = [sys.executable, "-m", "bench.peer", str(certificate)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield f"https://127.0.0.1:{process.stdout.readline().strip()}"
            finally:
                process.terminate()


def one_after_another(url: str) -> Iterator[str]:
    """Sequential sends by the modern and the classic face."""
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    with httpx2.Client(verify=context) as bare, Client(sid="a", auth_token="b", base_url=url) as client:
        classic = XoxzoClient("a", "b", url)
        faces: dict[str, Callable[[], object]] = {
            "bare": lambda: bare.post(f"{url}/sms/messages/", data=MESSAGE, auth=("a", "b")).json(),
            "Client": lambda: client.sms.send(**MESSAGE),
            "XoxzoClient": lambda: classic.send_sms(**MESSAGE),
        }
        spent: dict[str, list[float]] = {name: [] for name in faces}
        for call in faces.values():
            call()
        for _ in range(ROUNDS):
            for name, call in faces.items():
                began = time.process_time()
                for _ in range(CALLS):
                    call()
                spent[name].append((time.process_time() - began) / CALLS)
    yield from report(spent, "one after another")


async def many_at_once(url: str) -> list[str]:
    """Sends with many in flight over ten connections."""
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    limits = httpx2.Limits(max_connections=10)
    async with (
        httpx2.AsyncClient(verify=context, limits=limits) as bare,
        AsyncClient(sid="a", auth_token="b", base_url=url) as client,
    ):

        async def plain() -> object:
            return (await bare.post(f"{url}/sms/messages/", data=MESSAGE, auth=("a", "b"))).json()

        faces: dict[str, Callable[[], Awaitable[object]]] = {
            "bare": plain,
            "AsyncClient": lambda: client.sms.send(**MESSAGE),
        }
        spent: dict[str, list[float]] = {name: [] for name in faces}
        for _ in range(ROUNDS):
            for name, call in faces.items():
                began = time.process_time()
                for _ in range(CALLS // IN_FLIGHT + 1):
                    await asyncio.gather(*(call() for _ in range(IN_FLIGHT)))
                spent[name].append((time.process_time() - began) / (CALLS // IN_FLIGHT + 1) / IN_FLIGHT)
    return list(report(spent, f"{IN_FLIGHT} in flight"))


def report(spent: dict[str, list[float]], how: str) -> Iterator[str]:
    """Print the ratio of each to bare httpx2."""
    bare = statistics.median(spent.pop("bare"))
    for name, rounds in spent.items():
        mine = statistics.median(rounds)
        yield (
            f"{name}, {how}: {mine / bare:.2f} × bare httpx2 ({mine * 1e6:.0f} against {bare * 1e6:.0f} µs of CPU for a"
            f" send; {GOAL})"
        )
