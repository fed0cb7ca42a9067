"""What the ledger of a campaign costs, in time and in memory."""

import asyncio
import contextlib
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.sends import server, trusted
from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns import Campaign, Content, Limits
from xoxzo.cloudpy.transports.fast import AsyncFastTransport

ROUNDS, MESSAGES, IN_FLIGHT = 3, 6_000, 64
MANY, FEW = 1_000_000, 10_000
CONTENT = Content(kind="text", sender="Shop", words="こんにちは")


def measure() -> Iterator[str]:
    """Compare a campaign with the same sends without a ledger, and a million recipients with ten thousand."""
    for name, other_side in (("our own server", server), ("nginx", nginx)):
        if name == "nginx" and shutil.which("nginx", path="/usr/sbin:" + os.environ["PATH"]) is None:
            yield "campaign against nginx: nginx is not installed"
            continue
        with other_side() as url, tempfile.TemporaryDirectory() as folder:
            yield f"{asyncio.run(_rates(url, Path(folder)))}, against {name}"
    peaks = {}
    for count in (FEW, MANY):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "bench.campaigns", str(count), folder]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        peaks[count] = float(told[0])
        if count == MANY:
            yield (
                f"campaign, {count:,} recipients from cp932: {told[1]} s to create, {told[0]} MB at most (goal: 120), "
                f"{peaks[count] / peaks[FEW]:.2f} × that for {FEW:,} (goal: 1.2)"
            )
            yield f"campaign, half-done million: {told[2]} ms from opening to the first claim (goal: 300 to the send)"


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


async def _rates(url: str, folder: Path) -> str:
    bare, durable = [], []
    transport = AsyncFastTransport(max_connections=IN_FLIGHT)
    async with AsyncClient(sid="a", auth_token="b", base_url=url, transport=transport) as client:
        for turn in range(ROUNDS):
            began = time.perf_counter()
            numbers = iter(range(MESSAGES))

            async def work(numbers: Iterator[int] = numbers) -> None:
                for n in numbers:
                    await CONTENT.send(client, f"+8190{10000000 + n}", {}, reference=f"x-{n}")

            await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
            bare.append(MESSAGES / (time.perf_counter() - began))
            rows = ({"tel": f"090{10000000 + n}"} for n in range(MESSAGES))
            with Campaign.create(f"c{turn}", rows, CONTENT, folder=folder) as campaign:
                began = time.perf_counter()
                await campaign.run_async(client, Limits(concurrency=IN_FLIGHT))
                durable.append(MESSAGES / (time.perf_counter() - began))
    await transport.close()
    ratio = max(durable) / max(bare)
    return (
        f"campaign, durable, {IN_FLIGHT} in flight: {max(durable):,.0f} messages/s, {ratio:.2f} × the same without a "
        f"ledger (goal: 0.75; against nginx 6,000)"
    )


def main(count: int, folder: Path) -> None:
    """Create a campaign of so many people and print peak memory, seconds, and how fast a half-done one claims."""
    path = folder / "people.csv"
    with path.open("w", encoding="cp932") as file:
        file.write("お名前,携帯\n")
        for n in range(count):
            file.write(f"山田太郎,0{7 + n // 9_000_000 % 3}0-{1000 + n // 10000 % 9000:04}-{n % 10000:04}\n")
    began = time.perf_counter()
    Campaign.create("many", path, CONTENT, folder=folder).close()
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with Campaign.open("many", folder=folder) as campaign:
        # As a run leaves it that has got half-way; no outcome is looked at again when another begins.
        campaign.ledger.put({"cursor": count // 2})
    began = time.perf_counter()
    with Campaign.open("many", folder=folder) as campaign:
        campaign.ledger.lock()
        campaign.ledger.claim(campaign.ledger.begin(time.time()), 10, time.time())
    print(f"{peak:.0f} {took:.1f} {(time.perf_counter() - began) * 1000:.0f}")
    os.sync()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
