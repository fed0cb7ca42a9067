"""Many nights on call: random alerts, faults, deaths, answers and acknowledgements, held against the promises."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from on_call import NOON, SATO, SUZUKI, TANAKA, OnCall, Phones, alert, settings

from xoxzo.cloudpy.integrations.alertmanager import braking, escalation, receiver, routing, sending
from xoxzo.cloudpy.integrations.alertmanager.records import Outcome, Phase
from xoxzo.cloudpy.integrations.alertmanager.routing import asleep

HOUR = 3600.0
BRAKE = 12


@pytest.fixture(autouse=True)
def deep_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sets the clock here, so nobody has to look at it every minute."""
    monkeypatch.setattr(receiver, "_LONGEST_SLEEP", 6 * HOUR)


@dataclass
class Night:
    """What was found wrong with one night; all empty when nothing was."""

    doubled: list[str] = field(default_factory=list)
    after_the_end: list[str] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)
    over_the_brake: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)

    @property
    def is_quiet(self) -> bool:
        return not (self.doubled or self.after_the_end or self.woken or self.over_the_brake or self.forgotten)


def play(seed: int, folder: Path) -> Night:
    """Play one night to its end, deaths and restarts included, and look at what reached the phones."""
    chance = random.Random(seed)
    quiet = {"hours": chance.choice(("13:00-18:00", "22:00-07:00")), "break_through": ["critical"]}
    given = settings(quiet=quiet, brake={"messages": BRAKE})
    answering = {number: "ANSWERED" for number in (TANAKA, SUZUKI, SATO) if chance.random() < 0.2}
    phones = Phones(chance, chance.choice((0.0, 0.1, 0.4)), answering, ringing=chance.choice((5.0, 60.0)))
    world = OnCall(folder / str(seed), given, phones)
    night = Night()
    ended: dict[str, float] = {}
    severe: dict[str, list[tuple[float, bool]]] = {}
    for _ in range(chance.randrange(4, 14)):
        _act(world, chance, ended, severe)
        world.wait(chance.choice((0.05, 1, 30, 200, 1000, 4000)))
        if chance.random() < 0.25:
            chance.choice((world.die, world.stop))()
            world.start()
    phones.trouble = 0.0
    world.wait(40 * HOUR)
    _look(world, night, ended, severe)
    world.stop()
    world.loop.close()
    return night


def _act(world: OnCall, chance: random.Random, ended: dict[str, float], severe: dict) -> None:
    open_ = world.store.incidents(Phase.OPEN, Phase.ENDED)
    if open_ and chance.random() < 0.3:
        ident = chance.choice(open_).ident
        world.acknowledge(ident)
        ended[ident] = world.now
        return
    severity = chance.choice(("critical", "page", "warning"))
    names = chance.sample("ABC", chance.randrange(1, 4))
    resolved = chance.random() < 0.2
    told = [alert(name, severity=severity, resolved=resolved) for name in names]
    verdict, ident = world.hear(*told, group=chance.choice("xy"))
    if not ident or verdict == "ignored":
        return
    if verdict in {"opened", "news"}:
        ended.pop(ident, None)
    if resolved:
        ended[ident] = world.now
    else:
        severe.setdefault(ident, []).append((world.now, severity == "critical"))


def _look(world: OnCall, night: Night, ended: dict[str, float], severe: dict) -> None:
    reached = world.phones.reached
    night.doubled += [name for name, count in Counter(one.reference for one in reached).items() if count > 1]
    people = {person.number: person for person in world.settings.people.values()}
    for one in reached:
        ident = one.reference.partition("-")[0]
        # What was on its way already, a tenth of a second, may still arrive.
        if ident in ended and one.at > ended[ident] + 0.2 and "-resolved-" not in one.reference:
            night.after_the_end.append(one.reference)
        critical = any(was for at, was in severe[ident] if at <= one.at)
        plan = world.settings.plans["office"]
        # What was on its way when the hours began may still arrive.
        name = people[one.number].name
        hours = [asleep(world.settings, plan, (), name, at) for at in (one.at - 0.2, one.at)]
        if not critical and None not in hours:
            night.woken.append(one.reference)
    times = [one.at for one in reached]
    night.over_the_brake += [
        one.reference for one in reached if sum(one.at - HOUR + 1 < at <= one.at for at in times) > BRAKE
    ]
    for incident in world.store.incidents(Phase.OPEN):
        night.forgotten.append(incident.ident)
    for incident in world.store.incidents(Phase.ENDED):
        outcomes = {deed.outcome for deed in world.store.deeds(incident.ident)}
        if outcomes.isdisjoint({Outcome.SENT, Outcome.DOUBT, Outcome.UNANSWERED}):
            night.forgotten.append(incident.ident)


@pytest.mark.parametrize("part", range(2))
def test_nights(part: int, tmp_path: Path) -> None:
    """No message twice, nothing after an end, nobody woken against the hours, never over the brake, nothing lost."""
    bad = {seed: night for seed in range(part * 14, part * 14 + 14) if not (night := play(seed, tmp_path)).is_quiet}
    assert bad == {}


def _unsent(error: BaseException) -> Outcome:
    return Outcome.UNSENT


def _deaf(incident: object, by: str, now: float, *, version: int | None = None) -> object:
    return incident


def _begin_afresh(self: receiver.Receiver) -> None:
    self._keeping = asyncio.create_task(self._keep_house())


@pytest.mark.parametrize(
    ("place", "mistake", "found"),
    [
        ((sending, "judge"), _unsent, "doubled"),
        ((escalation, "acknowledge"), _deaf, "after_the_end"),
        ((receiver.Receiver, "start"), _begin_afresh, "forgotten"),
        ((routing, "asleep"), lambda *_: None, "woken"),
        ((braking, "holds"), lambda *_: None, "over_the_brake"),
    ],
)
def test_mistakes_are_found(
    place: tuple[object, str], mistake: object, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of some planted mistakes breaks a promise within some nights, or the nights would prove nothing."""
    monkeypatch.setattr(*place, mistake)
    assert any(getattr(play(seed, tmp_path), found) for seed in range(60))


def test_noon() -> None:
    """The nights begin when the tests think that they do."""
    assert NOON % 86_400 == 3 * HOUR
