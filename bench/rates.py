"""Measure the rate that several workers keep together while the server stalls and refuses: a part of `make soak`."""

from __future__ import annotations

import asyncio
import sys
import time
from bisect import bisect_left
from contextlib import suppress
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
WORKERS, RATE, SECONDS = 4, 200, 16
# Counted from the first request: the server is silent for two seconds; later it refuses for half a second.
STALL, REFUSAL = (4.0, 6.0), (9.0, 9.5)
ANSWER_SECONDS = 0.02
# What is silent or refused, what is made up for it, and what begins and ends, is no steady second.
STEADY = ((1.0, 3.5), (7.5, 9.0), (11.5, SECONDS - 2.0))
GOAL_STEADY, GOAL_WORST = 0.02, 1.05
WORKER = """
import sys
from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns import Campaign, Limits
import asyncio
async def main(url, store):
    async with AsyncClient(sid="a", auth_token="b", base_url=url) as client:
        with Campaign.open("rates", store=store) as campaign:
            await campaign.run_async(client, Limits(rate=%d, settle=1.0, stop_share=1.0), shared=True)
asyncio.run(main(*sys.argv[1:]))
"""


class Server:
    """Takes messages as Xoxzo does, and notes when each came."""

    def __init__(self) -> None:
        self.arrived: list[float] = []
        self.has_begun = asyncio.Event()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A worker's connections end with it.
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._serve(reader, writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
            await reader.readexactly(length)
            status, headers, body = "200 OK", "", b"[]"
            if head.startswith(b"POST"):
                self.arrived.append(time.monotonic())
                self.has_begun.set()
                status, body = "201 Created", b'[{"msgid": "m%031d"}]' % len(self.arrived)
                since = self.arrived[-1] - self.arrived[0]
                if REFUSAL[0] <= since < REFUSAL[1]:
                    status, headers, body = "429 Too Many Requests", "retry-after: 1\r\n", b"{}"
                await asyncio.sleep(STALL[1] - since if STALL[0] <= since < STALL[1] else ANSWER_SECONDS)
            writer.write(f"HTTP/1.1 {status}\r\n{headers}content-length: {len(body)}\r\n\r\n".encode() + body)


async def _run(store: str) -> list[float]:
    server = Server()
    async with await asyncio.start_server(server.take, "127.0.0.1", 0) as serving:
        url = f"http://127.0.0.1:{serving.sockets[0].getsockname()[1]}"
        command = [sys.executable, "-c", WORKER % RATE, url, store]
        workers = [await asyncio.create_subprocess_exec(*command) for _ in range(WORKERS)]
        await server.has_begun.wait()
        await asyncio.sleep(SECONDS)
        for worker in workers:
            worker.kill()
            await worker.wait()
    return [at - server.arrived[0] for at in server.arrived if at - server.arrived[0] < SECONDS]


def keep_rate() -> bool:
    """Send with several workers, print the rate that they kept, and return whether it was too far from the limit."""
    sys.path.insert(0, str(REPOSITORY / "tests" / "support"))
    from database_servers import postgresql_cluster

    from xoxzo.cloudpy.campaigns import Campaign, Content

    with postgresql_cluster() as cluster, cluster.new_database() as store:
        rows = ({"tel": f"090{10000000 + n}"} for n in range(RATE * SECONDS * 2))
        with Campaign.create("rates", rows, Content(kind="text", sender="Shop", message="a"), store=store) as campaign:
            campaign.ledger.put({"state": "running"})
        arrived = asyncio.run(_run(store))
    steady = [
        (bisect_left(arrived, ends) - bisect_left(arrived, begins)) / (ends - begins) / RATE for begins, ends in STEADY
    ]
    worst, at = max((bisect_left(arrived, one + 1.0) - place, one) for place, one in enumerate(arrived))
    print(
        f"{WORKERS} workers, {RATE}/s, a stall and a 429: {', '.join(f'{share:.3f}' for share in steady)} × the limit",
        end="",
    )
    print(
        f" while steady (goal: within {GOAL_STEADY:.0%}); {worst / RATE:.3f} × in the worst second, from {at:.2f} s on",
        end="",
    )
    print(f" (goal: {GOAL_WORST})")
    return worst > GOAL_WORST * RATE or any(abs(share - 1) > GOAL_STEADY for share in steady)


if __name__ == "__main__":
    sys.exit(keep_rate())
