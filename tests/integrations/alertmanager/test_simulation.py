"""Simulated nights on call, with random alerts, faults, crashes and acknowledgements: the promises hold."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from alertmanager_simulation import NOON, SATO, SUZUKI, TANAKA, FakeXoxzo, OnCall, alert, settings

from xoxzo.cloudpy.integrations.alertmanager import escalation, next_step, receiver, senders
from xoxzo.cloudpy.integrations.alertmanager.config.settings import Settings
from xoxzo.cloudpy.integrations.alertmanager.incidents import Outcome, Phase

HOUR = 3600.0
quiet_until = Settings.quiet_until  # as it is without the planted mistake
MAX_MESSAGES = 12


@pytest.fixture(autouse=True)
def long_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sleep for hours at once, because nobody sets this clock."""
    monkeypatch.setattr(receiver, "_MAX_SLEEP_SECONDS", 6 * HOUR)


@dataclass
class Night:
    """The broken promises of one night; all lists are empty if there are none."""

    duplicates: list[str] = field(default_factory=list)
    after_the_end: list[str] = field(default_factory=list)
    in_quiet_hours: list[str] = field(default_factory=list)
    over_the_limit: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not (self.duplicates or self.after_the_end or self.in_quiet_hours or self.over_the_limit or self.lost)


def play(seed: int, folder: Path) -> Night:
    """Simulate one night with crashes and restarts, and check what the phones received."""
    rng = random.Random(seed)
    quiet = {"hours": rng.choice(("13:00-18:00", "22:00-07:00")), "break_through": ["critical"]}
    given = settings(quiet=quiet, spend_limit={"messages": MAX_MESSAGES})
    answering = {number: "ANSWERED" for number in (TANAKA, SUZUKI, SATO) if rng.random() < 0.2}
    xoxzo = FakeXoxzo(rng, rng.choice((0.0, 0.1, 0.4)), answering, ring_seconds=rng.choice((5.0, 60.0)))
    on_call = OnCall(folder / str(seed), given, xoxzo)
    night = Night()
    ended: dict[str, float] = {}
    severe: dict[str, list[tuple[float, bool]]] = {}
    for _ in range(rng.randrange(4, 14)):
        _act(on_call, rng, ended, severe)
        on_call.wait(rng.choice((0.05, 1, 30, 200, 1000, 4000)))
        if rng.random() < 0.25:
            rng.choice((on_call.crash, on_call.stop))()
            on_call.start()
    xoxzo.fault_rate = 0.0
    on_call.wait(40 * HOUR)
    _check(on_call, night, ended, severe)
    on_call.stop()
    on_call.loop.close()
    return night


def _act(on_call: OnCall, rng: random.Random, ended: dict[str, float], severe: dict) -> None:
    open_ = on_call.store.incidents(Phase.OPEN, Phase.ENDED)
    if open_ and rng.random() < 0.3:
        ident = rng.choice(open_).ident
        on_call.acknowledge(ident)
        ended[ident] = on_call.now
        return
    severity = rng.choice(("critical", "page", "warning"))
    names = rng.sample("ABC", rng.randrange(1, 4))
    resolved = rng.random() < 0.2
    alerts = [alert(name, severity=severity, resolved=resolved) for name in names]
    verdict, ident = on_call.notify(*alerts, group=rng.choice("xy"))
    if not ident or verdict == "ignored":
        return
    if verdict in {"opened", "news"}:
        ended.pop(ident, None)
    if resolved:
        ended[ident] = on_call.now
    else:
        severe.setdefault(ident, []).append((on_call.now, severity == "critical"))


def _check(on_call: OnCall, night: Night, ended: dict[str, float], severe: dict) -> None:
    received = on_call.xoxzo.received
    night.duplicates += [name for name, count in Counter(one.reference for one in received).items() if count > 1]
    people = {person.number: name for name, person in on_call.settings.people.items()}
    for one in received:
        ident = one.reference.partition("-")[0]
        # A message that was in flight may still arrive.
        if ident in ended and one.at > ended[ident] + 0.2 and "-resolved-" not in one.reference:
            night.after_the_end.append(one.reference)
        critical = any(was for at, was in severe[ident] if at <= one.at)
        policy = on_call.settings.policies["office"]
        # A message that was in flight when quiet hours began may still arrive.
        hours = [quiet_until(on_call.settings, policy, (), people[one.number], at) for at in (one.at - 0.2, one.at)]
        if not critical and None not in hours:
            night.in_quiet_hours.append(one.reference)
    times = [one.at for one in received]
    night.over_the_limit += [
        one.reference for one in received if sum(one.at - HOUR + 1 < at <= one.at for at in times) > MAX_MESSAGES
    ]
    for incident in on_call.store.incidents(Phase.OPEN):
        night.lost.append(incident.ident)
    for incident in on_call.store.incidents(Phase.ENDED):
        outcomes = {attempt.outcome for attempt in on_call.store.attempts(incident.ident)}
        if outcomes.isdisjoint({Outcome.SENT, Outcome.UNKNOWN, Outcome.UNANSWERED}):
            night.lost.append(incident.ident)


@pytest.mark.parametrize("part", range(2))
def test_nights(part: int, tmp_path: Path) -> None:
    """No duplicates, nothing after the end, nothing in quiet hours, never over the limit, and nothing lost."""
    bad = {seed: night for seed in range(part * 14, part * 14 + 14) if not (night := play(seed, tmp_path)).is_good}
    assert bad == {}


def _unsent(error: BaseException) -> Outcome:
    return Outcome.UNSENT


def _ignore_acknowledgement(incident: object, by: str, now: float, *, version: int | None = None) -> object:
    return incident


def _start_without_incidents(self: receiver.Receiver) -> None:
    self._duties = []


@pytest.mark.parametrize(
    ("place", "mistake", "found"),
    [
        ((senders, "outcome_of"), _unsent, "duplicates"),
        ((escalation, "acknowledge"), _ignore_acknowledgement, "after_the_end"),
        ((receiver.Receiver, "start"), _start_without_incidents, "lost"),
        ((Settings, "quiet_until"), lambda *_, **__: None, "in_quiet_hours"),
        ((next_step, "blocked_until"), lambda *_: None, "over_the_limit"),
    ],
)
def test_mistakes_are_found(
    place: tuple[object, str], mistake: object, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each planted mistake breaks a promise within some nights, so the simulation finds such mistakes."""
    monkeypatch.setattr(*place, mistake)
    assert any(getattr(play(seed, tmp_path), found) for seed in range(60))


def test_noon() -> None:
    """The simulated clock starts at noon in Tokyo."""
    assert NOON % 86_400 == 3 * HOUR
