"""What it costs to receive a callback, without the delivery log and with it."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from xoxzo.cloudpy.callbacks import Callbacks, DeliveryLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUNDS, CALLS = 5, 400
FORM = {"content-type": "application/x-www-form-urlencoded"}
FIELDS = {
    "status": "DELIVERED",
    "recipient": "+818011112222",
    "sender": "Shop",
    "sent_time": "2026-11-24 08:45:22",
    "cost": 10,
    "tags": "booking-1,spring",
}


def measure() -> Iterator[str]:
    """Measure CPU time, which waiting for the disk is no part of."""
    callbacks = Callbacks("a secret of the bench", "https://shop.example/xoxzo")
    requests = [
        (callbacks.url("delivery-report", f"booking-{number}"), urlencode({"msgid": f"m{number}", **FIELDS}).encode())
        for number in range(ROUNDS * CALLS)
    ]
    receive = microseconds(lambda url, body: callbacks.receive("POST", url, FORM, body), requests)
    with tempfile.TemporaryDirectory() as folder, DeliveryLog(Path(folder) / "log.db") as log:
        logged = microseconds(lambda url, body: log.record(callbacks.receive("POST", url, FORM, body)), requests)
    yield f"callbacks, receive: {receive:.0f} µs of CPU (goal: at most 100)"
    yield f"callbacks, receive and log: {logged:.0f} µs of CPU, {logged / receive:.1f} × (goal: at most 1,000 µs)"


def microseconds(call: Callable[[str, bytes], object], requests: list[tuple[str, bytes]]) -> float:
    """Give the CPU time of one call in the best of several rounds, each over requests of its own."""
    best = float("inf")
    for begin in range(0, len(requests), CALLS):
        began = time.process_time()
        for url, body in requests[begin : begin + CALLS]:
            call(url, body)
        best = min(best, time.process_time() - began)
    return best / CALLS * 1e6
