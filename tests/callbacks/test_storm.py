"""Many messages with repeated, delayed, reordered, lost and forged reports: the log is right in the end.

There are 2,000 of them in `make test`, and 10,000 in `make check`.
"""

from __future__ import annotations

import heapq
import random
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from rotation import selected_count
from without_coverage import uncounted

from xoxzo.cloudpy import CallbackRejected, Client, SentMessage
from xoxzo.cloudpy.callbacks import Callbacks, DeliveryLog, Entry
from xoxzo.cloudpy.simulator import Settings, Simulator, SteppedClock
from xoxzo.cloudpy.simulator.engine.context import OutboundRequest, OutboundResult

MESSAGES = selected_count(10_000, 2_000)
RANKS = {"": 0, "QUEUED": 1, "DELIVERING": 2, "DELIVERED": 3, "FAIL": 3}
# The simulator's numbers that fail and that stay switched off, among others that are reached.
PHONES = ["+819000000001", "+819000000002", *(f"+8180111122{number:02}" for number in range(20))]


class Storm:
    """A faulty network between the simulator and the receiver."""

    def __init__(self, seed: int, log: DeliveryLog) -> None:
        self.chance = random.Random(seed)
        self.callbacks = Callbacks("a secret of the tests", "https://shop.example")
        self.log = log
        self.ranks: dict[str, int] = {}
        self.refused = 0
        self.lost = 0
        self._later: list[tuple[int, int, OutboundRequest]] = []
        self._number = 0

    def take(self, simulator: Simulator, now: int) -> None:
        """Accept a report of the simulator: the response may be lost, and the report may come later or twice."""
        for outgoing in simulator.engine.take_outbound():
            if self.chance.random() < 0.1:
                # To Xoxzo it looks delivered, and it never comes again.
                self.lost += 1
            else:
                for _ in range(1 + (self.chance.random() < 0.3)):
                    self._number += 1
                    when = now + int(self.chance.expovariate(1 / 400))
                    heapq.heappush(self._later, (when, self._number, outgoing))
            outgoing.on_result(OutboundResult(status=200))

    def deliver(self, now: int) -> None:
        """Deliver the reports that are due."""
        while self._later and self._later[0][0] <= now:
            outgoing = heapq.heappop(self._later)[2]
            self.post(outgoing.url, outgoing.body)
            if self.chance.random() < 0.05:
                self.forge(outgoing.body)

    def post(self, url: str, body: bytes) -> None:
        """Deliver one report, and check that no status moves backwards."""
        recorded = self.log.record(self.callbacks.receive("POST", url, {}, body))
        assert recorded is not None
        entry = recorded.entry
        rank = RANKS[entry.status]
        assert rank >= self.ranks.get(entry.ident, 0)
        self.ranks[entry.ident] = rank

    def forge(self, body: bytes) -> None:
        """Deliver a report about one message to the URL of another."""
        victim = f"booking-{self.chance.randrange(100)}"
        msgid = parse_qs(body.decode())["msgid"][0]
        entry = self.log.get(msgid=msgid)
        assert entry is not None
        if entry.reference == victim:
            return
        try:
            self.post(self.callbacks.url("delivery-report", victim), body)
        except CallbackRejected:
            self.refused += 1


def entries(log: DeliveryLog, msgids: list[str]) -> list[Entry]:
    """Return the status of each message in the log."""
    found = [log.get(msgid=msgid) for msgid in msgids]
    assert None not in found
    return [entry for entry in found if entry]


def truth(simulator: Simulator, msgid: str) -> str:
    """Return the status of a message in the simulator."""
    with simulator.engine as engine:
        return str(engine.sms.messages[msgid].status)


@pytest.mark.parametrize("seed", [5])
def test_storm(seed: int, tmp_path: Path) -> None:
    """In the end, the log has the same status as the simulator for every message."""
    with uncounted():
        play(seed, tmp_path / "storm.db")


def play(seed: int, path: Path) -> None:
    """Send, deliver the reports, and compare."""
    clock = SteppedClock()
    simulator = Simulator(Settings(seed=seed, credits=10**9), clock=clock)
    transport = simulator.transport()
    with Client(sid="me", auth_token="secret", transport=transport) as client, DeliveryLog(path) as log:
        # Nothing dies here, so no disk has to be waited for.
        log.storage._connect().execute("PRAGMA synchronous = OFF")
        storm = Storm(seed, log)
        returned: list[tuple[int, str, SentMessage]] = []
        msgids: list[str] = []
        for number in range(MESSAGES):
            sent = client.sms.send(
                recipient=storm.chance.choice(PHONES),
                sender="Shop",
                message="Hi",
                reference=f"booking-{number}",
                callbacks=storm.callbacks,
            )
            msgids.append(sent.msgid)
            # Some sends return to their program only after their report has come.
            heapq.heappush(returned, (number + int(storm.chance.expovariate(1 / 20)), sent.msgid, sent))
            clock.move_to(clock.now() + 0.01)
            storm.take(simulator, number)
            storm.deliver(number)
            while returned and returned[0][0] <= number:
                log.sent(heapq.heappop(returned)[2])
        for _, _, sent in returned:
            log.sent(sent)
        clock.move_to(clock.now() + 60)
        storm.take(simulator, MESSAGES)
        storm.deliver(10**9)
        before = sum(entry.status != truth(simulator, entry.ident) for entry in entries(log, msgids))
        list(log.catch_up(client, quiet_for=timedelta(seconds=-1)))

        received = entries(log, msgids)
        assert [entry.reference for entry in received] == [f"booking-{number}" for number in range(MESSAGES)]
        assert [entry.status for entry in received] == [truth(simulator, msgid) for msgid in msgids]
        assert {entry.status for entry in received} == {"DELIVERED", "FAIL", "DELIVERING"}
        assert before
        assert storm.lost
        assert storm.refused
