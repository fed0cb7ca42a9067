"""Many sends through a seeded mix of all faults, and what everybody has counted afterwards."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qs
from urllib.request import urlopen

from xoxzo.cloudpy import APIError, Client
from xoxzo.cloudpy.simulator import Settings, Simulator, SteppedClock
from xoxzo.cloudpy.simulator.commands.faults import CALLBACK_KINDS, KINDS
from xoxzo.cloudpy.simulator.engine.context import OutboundResult

PRICE, CREDITS = 10, 10**9
URL = "http://127.0.0.1:9/report"
MIXED = [kind for kind in KINDS if kind != "refuse"]
"""All kinds but the one that has no chance: a closed port."""
OF_REQUESTS = sorted(set(MIXED) - CALLBACK_KINDS)
AFTER = ("error_after", "lose_reply", "slow", "truncate")
"""Faults behind which a message has gone out."""
SEEN = {
    "RateLimited": ("throttled",),
    "ServerError": ("error", "error_after"),
    "TimedOut": ("hang", "slow"),
    "ResponseLost": ("drop", "lose_reply"),
    "UnexpectedResponse": ("truncate",),
}
"""What a client makes of each."""


@dataclass
class Counts:
    """What was counted by whom; the keys are phones, but for errors and reports."""

    sent: Counter[str] = field(default_factory=Counter)
    """Sends that the client knows to have gone out."""
    maybe_sent: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    posted: Counter[str] = field(default_factory=Counter)
    """Reports of each message that arrived."""
    inboxes: Counter[str] = field(default_factory=Counter)
    listed: Counter[str] = field(default_factory=Counter)
    reported: set[str] = field(default_factory=set)
    """Messages of which a report was to be posted."""
    spent: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    metrics: dict[str, float] = field(default_factory=dict)


def play(seed: int, sends: int) -> Counts:
    """Send so many messages, let everything arrive, and count.

    Each kind of fault hits about one in twenty; every third send asks for a report, and some are looked at afterwards.
    """
    chance = random.Random(seed)
    settings = Settings(seed=seed, credits=CREDITS, list_cap=sends, max_callbacks=2 * sends)
    simulator, counts = Simulator(settings, clock=SteppedClock()), Counts()
    phones = [f"+8180111122{number:02}" for number in range(20)]
    for kind in MIXED:
        simulator.faults.add(kind, chance=0.05, seconds=30)
    with Client(
        sid="a", auth_token="b", max_retries=0, timeout=1, deadline=10, transport=simulator.transport()
    ) as client:
        for number in range(sends):
            phone = chance.choice(phones)
            try:
                client.sms.send(
                    recipient=phone, sender="Shop", message="Hi", callback_url=URL if number % 3 == 0 else None
                )
                counts.sent[phone] += 1
            except APIError as error:
                counts.errors[type(error).__name__] += 1
                counts.maybe_sent[phone] += error.maybe_sent
            if number % 50 == 0:
                pass_time(simulator, counts, chance.uniform(0, 2))
        for _ in range(5):
            pass_time(simulator, counts, 60)
        counts.faults = Counter(simulator.faults.counts)
        simulator.faults.all_normal()
        counts.listed = Counter(message.recipient for message in client.sms.list())
        counts.spent = int(CREDITS - client.account.credits().credits)
    counts.inboxes = Counter({phone: len(simulator.phone(phone).inbox) for phone in phones})
    counts.reported = {
        message.msgid for message in simulator.engine.sms.messages.values() if message.request.callback_url
    }
    with simulator.serve() as server, urlopen(f"{server.url}/_simulator/metrics", timeout=30) as answer:
        counts.metrics = read(answer.read().decode())
    return counts


def pass_time(simulator: Simulator, counts: Counts, seconds: float) -> None:
    """Let time pass, and be the one to whom reports are posted."""
    engine = simulator.engine
    engine.clock.move_to(engine.clock.now() + seconds)
    while taken := engine.take_outbound():
        for outgoing in taken:
            assert outgoing.url == URL
            counts.posted[parse_qs(outgoing.body.decode())["msgid"][0]] += 1
            with engine:
                outgoing.on_result(OutboundResult(200))


def read(text: str) -> dict[str, float]:
    """Read metrics in Prometheus's format: each name with the value of its label, and the number."""
    found = re.findall(r'^xoxzo_simulator_(\w+)\{\w+="([^"]*)"\} (\S+)$', text, re.MULTILINE)
    return {f"{name} {label}": float(number) for name, label, number in found}


def objections(counts: Counts) -> list[str]:
    """Return what does not fit together; nothing should."""
    sent, faults, metrics = counts.inboxes.total(), counts.faults, counts.metrics
    hits = {kind: faults[kind] for kind in OF_REQUESTS}
    posted, twice, lost = counts.posted.total(), faults["callback_twice"], faults["callback_lost"]
    checks = {
        "a phone and the sent list": counts.inboxes == counts.listed,
        "phones and money": sent * PRICE == counts.spent,
        "phones and metrics": metrics.get("messages DELIVERED") == sent,
        "a phone and what its sender knows": all(
            counts.sent[phone] <= count <= counts.sent[phone] + counts.maybe_sent[phone]
            for phone, count in counts.inboxes.items()
        ),
        "phones and faults": sent == counts.sent.total() + sum(hits[kind] for kind in AFTER),
        "errors and faults": counts.errors
        == Counter({name: sum(hits[kind] for kind in kinds) for name, kinds in SEEN.items()}),
        "faults and metrics": {kind: metrics.get(f"faults_total {kind}") for kind in MIXED} == faults,
        "reports and messages": counts.posted.keys() <= counts.reported,
        "reports and faults": posted == len(counts.reported) + twice - lost,
        "reports that came twice, or never": (
            sum(count > 1 for count in counts.posted.values()),
            len(counts.reported) - len(counts.posted),
        )
        == (twice, lost),
        "reports and metrics": metrics.get("callback_attempts delivered") == len(counts.reported),
        "kinds that never hit": all(faults[kind] for kind in MIXED),
    }
    return [name for name, right in checks.items() if not right]
