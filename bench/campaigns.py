"""What the ledger of a campaign costs, in time and in memory."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from pyreqwest.client import ClientBuilder

from bench.sends import server, trusted
from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns import Campaign, Content, Limits, State
from xoxzo.cloudpy.campaigns.ledger.base import ClaimRequest
from xoxzo.cloudpy.campaigns.records import Outcome
from xoxzo.cloudpy.campaigns.sending.run_thread import fast_loop_factory
from xoxzo.cloudpy.transports.aio import AsyncHttpTransport

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from xoxzo.cloudpy.protocols import Progress, Request, TimeBudget

ROUNDS = 9
# In flight and in each round: against our own server, which is what limits there; against nginx as campaigns do it when
# nobody says otherwise, and with many in flight.
LOADS = {"our own server": [(64, 10_000)], "nginx": [(Limits().concurrency, 10_000), (64, 10_000)]}
# What is wanted of a campaign, and what bare pyreqwest did on the machine on which that was set.
GOAL, BARE = 6_000, 10_600
GROUP = 1_000
RECORDS = 200
MANY, FEW = 1_000_000, 10_000
CONTENT = Content(kind="text", sender="Shop", message="こんにちは")


def measure() -> Iterator[str]:
    """Compare a campaign with the same sends without a ledger, and a million recipients with ten thousand."""
    for name, other_side in (("our own server", server), ("nginx", nginx)):
        if name == "nginx" and shutil.which("nginx", path="/usr/sbin:" + os.environ["PATH"]) is None:
            yield "campaign against nginx: nginx is not installed"
            continue
        for in_flight, messages in LOADS[name]:
            # The loop is the one that a campaign makes for itself.
            runner = asyncio.Runner(loop_factory=fast_loop_factory())
            with other_side() as url, tempfile.TemporaryDirectory() as folder, runner:
                yield f"{runner.run(_rates(url, Path(folder), in_flight, messages))}, against {name}"
    peaks = {}
    for count in (FEW, MANY):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "bench.campaigns", str(count), folder]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        peaks[count] = float(output[0])
        if count == MANY:
            yield (
                f"campaign, {count:,} recipients from cp932, created, half sent, settled by a list of half of them and "
                f"reported on: {output[0]} MB at most (goal: 120), {peaks[count] / peaks[FEW]:.2f} × that for {FEW:,} "
                f"(goal: 1.2); {output[1]} s to create, {output[3]} s to settle, {output[4]} s to report"
            )
            yield f"campaign, half-done million: {output[2]} ms from opening to the first send (goal: 300), empty list"


NGINX = """\
daemon off; worker_processes 1; pid {folder}/pid; error_log stderr error;
events {{ worker_connections 256; }}
http {{
    access_log off; keepalive_requests 1000000; client_body_temp_path {folder}/body; proxy_temp_path {folder}/p;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.pem;
        ssl_protocols TLSv1.3; default_type application/json;
        location / {{ return 201 '[{{"msgid": "VncyEuDbojkzRJ2GlKP3USB7C5F6atp1"}}]'; }}
    }}
}}
"""


@contextmanager
def nginx() -> Iterator[str]:
    """Run nginx, which answers every request as Xoxzo answers a send."""
    with trusted() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        Path(folder, "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
        program = shutil.which("nginx", path="/usr/sbin:" + os.environ["PATH"])
        with subprocess.Popen([program, "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]) as process:
            give_up = time.monotonic() + 10
            while time.monotonic() < give_up:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.05)
            try:
                yield f"https://127.0.0.1:{port}"
            finally:
                process.terminate()


async def _rates(url: str, folder: Path, in_flight: int, messages: int) -> str:
    """Compare a campaign, the same sends without its ledger, and bare pyreqwest, in turns.

    Of rates the best turn counts, of ratios the median one: what is compared is measured within the same seconds.
    """
    bare, loose, durable = [], [], []
    transport = AsyncHttpTransport(max_connections=in_flight)
    builder = ClientBuilder().max_connections(in_flight).pool_max_idle_per_host(in_flight)
    async with (
        AsyncClient(sid="a", auth_token="b", base_url=url, transport=transport) as client,
        builder.build() as library,
    ):

        async def by_pyreqwest(n: int) -> None:
            message = {
                "recipient": f"+8190{10000000 + n}",
                "sender": "Shop",
                "message": CONTENT.message,
                "tags": f"x-{n}",
            }
            request = library.post(f"{url}/sms/messages/").basic_auth("a", "b").form(message)
            await (await request.build().send()).json()

        async def by_client(n: int) -> None:
            await client.sms.send(
                recipient=f"+8190{10000000 + n}", sender=CONTENT.sender, message=CONTENT.message, reference=f"x-{n}"
            )

        for turn in range(ROUNDS):
            bare.append(await _rate(by_pyreqwest, in_flight, messages))
            loose.append(await _rate(by_client, in_flight, messages))
            rows = ({"tel": f"090{10000000 + n}"} for n in range(messages))
            with Campaign.create(f"c{turn}", rows, CONTENT, store=folder) as campaign:
                began = time.perf_counter()
                await campaign.run_async(client, Limits(concurrency=in_flight))
                durable.append(messages / (time.perf_counter() - began))
    await transport.close()
    return (
        f"campaign, durable, {in_flight} in flight: {max(durable):,.0f} messages/s, {_ratio(durable, loose):.2f} × the "
        f"same without a ledger (goal: 0.80), {_ratio(durable, bare):.2f} × bare pyreqwest (goal: {GOAL / BARE:.2f}, "
        f"which is {GOAL:,} where that does {BARE:,}; here it did {max(bare):,.0f})"
    )


def _ratio(some: list[float], others: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(some, others, strict=True))


async def _rate(send: Callable[[int], Awaitable[None]], in_flight: int, messages: int) -> float:
    """Return the messages a second with many in flight."""
    numbers = iter(range(messages))

    async def work() -> None:
        for n in numbers:
            await send(n)

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(in_flight)))
    return messages / (time.perf_counter() - began)


class Stub:
    """Xoxzo, as far as a campaign of the bench needs it: it takes messages, and lists as many as were taken."""

    def __init__(self, uid: str, listed: int) -> None:
        self.asked = asyncio.Event()
        self.first = 0.0
        self._uid = uid
        self._listed = listed

    async def send(self, request: Request, _patience: TimeBudget, progress: Progress) -> Answer:
        progress.write_started = True
        # As any network would, it lets others have their turn.
        await asyncio.sleep(0)
        if request.method == "GET":
            return Answer(200, self._list())
        self.first = self.first or time.perf_counter()
        self.asked.set()
        return Answer(201, iter([b'[{"msgid": "VncyEuDbojkzRJ2GlKP3USB7C5F6atp1"}]']))

    def _list(self) -> Iterator[bytes]:
        yield b"[" if self._listed else b"[]"
        for n in range(self._listed, 0, -1):
            comma = b"," if n > 1 else b"]"
            yield (
                b'{"msgid": "m%031d", "url": "https://api.example/sms/messages/x/", "recipient": "+819011112222", '
                b'"sender": "Shop", "status": "DELIVERED", "sent_time": "2026-11-24 01:02:03", "cost": 10, '
                b'"tags": ["%s-%d"]}%s' % (n, self._uid.encode(), n, comma)
            )

    async def close(self) -> None:
        pass


class Answer:
    def __init__(self, status: int, pieces: Iterator[bytes]) -> None:
        self.status = status
        self.headers: dict[str, str] = {}
        self._pieces = pieces

    async def read(self, _patience: TimeBudget) -> bytes:
        await asyncio.sleep(0)
        return b"".join(islice(self._pieces, RECORDS))

    async def close(self) -> None:
        pass


def main(count: int, folder: Path) -> None:
    """Lead a campaign of so many people through its life and print peak memory and how long its steps took."""
    path = folder / "people.csv"
    with path.open("w", encoding="cp932") as file:
        file.write("お名前,携帯\n")
        for n in range(count):
            file.write(f"山田太郎,0{7 + n // 9_000_000 % 3}0-{1000 + n // 10000 % 9000:04}-{n % 10000:04}\n")
    began = time.perf_counter()
    Campaign.create("many", path, CONTENT, store=folder).close()
    created = time.perf_counter() - began
    with Campaign.open("many", store=folder) as campaign:
        uid = campaign.reference_prefix
        ledger, now = campaign.ledger, time.time() - 3600
        for turn in range(max(1, count // 2 // GROUP)):
            claim = ledger.claim(ClaimRequest(ident=turn + 1, limit=GROUP, limits=Limits(canaries=0)))
            ledger.record(
                [Outcome(one.n, claim.ident, State.SENT, f"m{one.n:031}", "", now, now) for one in claim.recipients]
            )
            now += 0.1
        # A run that crashed: what it claimed last is unknown.
        ledger.claim(ClaimRequest(ident=2**40, limit=100))
    began = time.perf_counter()
    with Campaign.open("many", store=folder) as campaign:
        # It reads the sent list first, which takes as long as the list is: so here it is empty.
        stub = Stub(uid, 0)
        asyncio.run(_until_first(campaign, stub))
        restart = stub.first - began
        stub = Stub(uid, count // 2)
        began = time.perf_counter()
        client = AsyncClient(sid="a", auth_token="b", base_url="http://localhost", transport=stub)
        asyncio.run(campaign.settle(client, settle=1.0))
        settled = time.perf_counter() - began
        began = time.perf_counter()
        campaign.render_report()
        reported = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{peak:.0f} {created:.1f} {restart * 1000:.0f} {settled:.1f} {reported:.1f}")


async def _until_first(campaign: Campaign, stub: Stub) -> None:
    client = AsyncClient(sid="a", auth_token="b", base_url="http://localhost", transport=stub)
    task = asyncio.create_task(campaign.run_async(client, Limits(concurrency=10)))
    await stub.asked.wait()
    campaign.stop()
    await task


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
