"""How long the server takes for each page of the console when 100,000 messages are kept, and what open pages cost."""

from __future__ import annotations

import asyncio
import base64
import statistics
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from xoxzo.cloudpy.simulator import Settings, Simulator, SteppedClock
from xoxzo.cloudpy.simulator.api.http import ApiRequest
from xoxzo.cloudpy.simulator.web.app import Application
from xoxzo.cloudpy.simulator.web.live_streams import ChangeStream, Streams

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT, PHONES, ROUNDS, SENDS, OPEN = 100_000, 5_000, 7, 5_000, 10
FIRST = "+818000000000"
PAGES = {
    "/": "phones",
    f"/console/phones/%2B{FIRST[1:]}": "one phone",
    "/console/messages": "timeline",
    "/console/messages?q=status:delivered": "a search that all fit",
    "/console/messages?q=nothing-has-this": "a search that none fits",
    "/console/messages?q=to:%2B818000004711": "a search for a number",
    "/console/carrier": "carrier actions",
    "/console/office": "Xoxzo actions",
    "/console/faults": "faults",
    "/console/clock": "clock",
    "/console/overview": "overview",
}


def measure() -> Iterator[str]:
    """Fill a simulator, open each page, and send with and without open pages."""
    simulator = Simulator(Settings(seed=1, max_messages=2 * KEPT, credits=10**9), clock=SteppedClock())
    send(simulator, KEPT)
    simulator.engine.clock.move_to(simulator.engine.clock.now() + 60)
    simulator.phone(FIRST).inbox  # noqa: B018 - the messages are delivered when the engine is looked at
    msgid = next(iter(simulator.engine.sms.messages))
    for path, name in {**PAGES, f"/console/messages/{msgid}": "one message"}.items():
        took = asyncio.run(page(simulator, path))
        yield f"console, {KEPT:,} messages kept, {name}: {took:.0f} ms (goal: 150 at most)"
    simulator.carrier.add_rule("", "hold")
    send(simulator, KEPT)
    simulator.engine.clock.move_to(simulator.engine.clock.now() + 60)
    simulator.phone(FIRST).inbox  # noqa: B018
    took = asyncio.run(page(simulator, "/console/carrier"))
    yield f"console, {KEPT:,} messages held, carrier actions: {took:.0f} ms (goal: 150 at most)"
    alone, watched = asyncio.run(with_streams(simulator))
    yield f"console, sends with {OPEN} pages open: {watched / alone:.2f} × the time of sends with none"


def send(simulator: Simulator, count: int) -> float:
    """Send messages straight into the API; return the seconds that took."""
    headers = {
        b"authorization": b"Basic " + base64.b64encode(b"sid:token"),
        b"content-type": b"application/x-www-form-urlencoded",
    }
    began = time.perf_counter()
    for index in range(count):
        fields = {"recipient": f"+8180{index % PHONES:08}", "sender": "Shop", "message": f"message {index}"}
        body = urlencode(fields).encode()
        assert simulator.api.handle(ApiRequest("POST", b"/sms/messages/", b"", headers, body, None)).status == 201
    return time.perf_counter() - began


async def page(simulator: Simulator, path: str) -> float:
    """Return the milliseconds that a page takes, the median after a first look."""
    app = Application(simulator)
    path, _, query = path.partition("?")
    times = []

    async def receive() -> dict:
        return {"type": "http.request", "body": b""}

    async def take(message: dict) -> None:
        assert message.get("status", 200) == 200

    for _ in range(ROUNDS + 1):
        headers = [(b"host", b"127.0.0.1")]
        scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "headers": headers}
        began = time.perf_counter()
        await app({**scope, "query_string": query.encode()}, receive, take)
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:]) * 1000


async def with_streams(simulator: Simulator) -> tuple[float, float]:
    """Return the seconds of sends without a page that follows, and with some; each the median of several."""
    alone, watched = [], []
    hub = Streams(simulator)
    for _ in range(ROUNDS):
        alone.append(send(simulator, SENDS))
        streams = [ChangeStream(["sms", "call"]) for _ in range(OPEN)]
        assert all(map(hub.open, streams))
        watched.append(send(simulator, SENDS))
        for stream in streams:
            hub.close(stream)
    return statistics.median(alone), statistics.median(watched)
