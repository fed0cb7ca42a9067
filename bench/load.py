"""The callers: many connections in a process of their own, each sending prebuilt bytes as soon as it was answered."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from urllib.parse import urlencode

FORM = urlencode({"recipient": "+818011112222", "sender": "Shop", "message": "ご予約は明日18時です。"}).encode()
REQUEST = (
    b"POST /sms/messages/ HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Basic YTpi\r\n"
    b"content-type: application/x-www-form-urlencoded\r\ncontent-length: %d\r\n\r\n" % len(FORM)
) + FORM
CREATED = b"HTTP/1.1 201"


class Caller(asyncio.Protocol):
    """One kept connection with one request in flight.

    Args:
        counts: How many answers all callers have seen.
    """

    def __init__(self, counts: list[int]) -> None:
        self._counts = counts
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        transport.write(REQUEST)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found or len(body) < int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]):
            return
        if not head.startswith(CREATED):
            raise SystemExit(f"a send was answered with {head!r}")
        self._answer = b""
        self._counts[0] += 1
        self._transport.write(REQUEST)


async def main(port: int, in_flight: int, warming: float, seconds: float) -> None:
    """Send; print how many were answered a second once it was warm."""
    counts = [0]
    loop = asyncio.get_running_loop()
    transports = [
        (await loop.create_connection(lambda: Caller(counts), "127.0.0.1", port))[0] for _ in range(in_flight)
    ]
    await asyncio.sleep(warming)
    before, began, busy = counts[0], time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - began
    print(json.dumps({"rate": (counts[0] - before) / took, "busy": (time.process_time() - busy) / took}), flush=True)
    for transport in transports:
        transport.abort()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
