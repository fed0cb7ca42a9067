"""Ten thousand messages whose reports are repeated, delayed, reordered, lost and forged: the log tells the truth."""

import heapq
import random
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from counting import uncounted

from xoxzo.cloudpy import CallbackRejected, Client, SentMessage
from xoxzo.cloudpy.callbacks import Callbacks, DeliveryLog, Entry
from xoxzo.cloudpy.simulator import Settings, Simulator, SteppedClock
from xoxzo.cloudpy.simulator.engine.context import OutboundRequest, OutboundResult

MESSAGES = 10_000
RANKS = {"": 0, "QUEUED": 1, "DELIVERING": 2, "DELIVERED": 3, "FAIL": 3}
# The simulator's numbers that fail and that stay switched off, among others that are reached.
PHONES = ["+819000000001", "+819000000002", *(f"+8180111122{number:02}" for number in range(20))]


class Storm:
    """The network between the simulator and the receiver, and everything that can go wrong in it."""

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
        """Take what the simulator posts: some of it is lost on the way back, most comes some time, some twice."""
        for outgoing in simulator.engine.take_outbound():
            if self.chance.random() < 0.1:
                # To Xoxzo it looks delivered, and it never comes again.
                self.lost += 1
            else:
                for _ in range(1 + (self.chance.random() < 0.3)):
                    self._number += 1
                    when = now + int(self.chance.expovariate(1 / 400))
                    heapq.heappush(self._later, (when, self._number, outgoing))
            simulator.engine.complete_outbound(outgoing, OutboundResult(status=200))

    def deliver(self, now: int) -> None:
        """Deliver what is due by now."""
        while self._later and self._later[0][0] <= now:
            outgoing = heapq.heappop(self._later)[2]
            self.post(outgoing.url, outgoing.body)
            if self.chance.random() < 0.05:
                self.forge(outgoing.body)

    def post(self, url: str, body: bytes) -> None:
        """Let one report come in, and see that no status goes backwards."""
        recorded = self.log.record(self.callbacks.receive("POST", url, {}, body))
        assert recorded is not None
        entry = recorded.entry
        rank = RANKS[entry.status]
        assert rank >= self.ranks.get(entry.ident, 0)
        self.ranks[entry.ident] = rank

    def forge(self, body: bytes) -> None:
        """Let a report about one message come to the URL of another that was sent."""
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
    """Return what the log knows of each message."""
    found = [log.get(msgid=msgid) for msgid in msgids]
    assert None not in found
    return [entry for entry in found if entry]


def truth(simulator: Simulator, msgid: str) -> str:
    """Return what became of a message."""
    with simulator.engine as engine:
        return str(engine.sms.messages[msgid].status)


@pytest.mark.parametrize("seed", [5])
def test_storm(seed: int, tmp_path: Path) -> None:
    """However reports come, in the end the log knows of each message what the simulator knows."""
    with uncounted():
        play(seed, tmp_path / "storm.db")


def play(seed: int, path: Path) -> None:
    """Send, let the reports come, and compare."""
    clock = SteppedClock()
    simulator = Simulator(Settings(seed=seed, credits=10**9), clock=clock)
    transport = simulator.transport()
    with (
        Client(sid="me", auth_token="secret", transport=transport) as client,
        DeliveryLog(path) as log,
    ):
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

        told = entries(log, msgids)
        assert [entry.reference for entry in told] == [f"booking-{number}" for number in range(MESSAGES)]
        assert [entry.status for entry in told] == [truth(simulator, msgid) for msgid in msgids]
        assert {entry.status for entry in told} == {"DELIVERED", "FAIL", "DELIVERING"}
        assert before
        assert storm.lost
        assert storm.refused
