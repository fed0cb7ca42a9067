"""What happens to an incident: pure functions of its state, its list and the time.

An incident belongs to one group of alerts. It is *open* until somebody acknowledges it, all is well again, or its list
has come to its end. An answered call acknowledges what was known when it was placed. Alerts that join the group are
*news*: while the escalation goes on, those who were told by SMS are told once more, and it is not set back; after an
acknowledgement, or at the list's end, it begins anew.

Each message has a key of its own, made of the place in the escalation and the person. What is known not to have gone is
tried again under the same key; what may have gone is never sent again. A call in doubt counts as one that nobody
answered: a phone that rings once more does less harm than one that never rang.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from xoxzo.cloudpy.integrations.alertmanager.records import GONE, Deed, Incident, Kind, Outcome, Phase, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from xoxzo.cloudpy.integrations.alertmanager.payload import Alert, Notification
    from xoxzo.cloudpy.integrations.alertmanager.settings import Plan

    Asleep = Callable[[str], float | None]

DOUBTED_CALL = 120.0
"""Seconds for which a phone that may be ringing is left alone."""
NOBODY_REACHED = 300.0
"""Seconds until a list is begun again of which nobody could be reached at all."""
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 60.0


def hear(
    before: Incident | None, told: Notification, choose: Callable[[Sequence[Alert]], str | None], now: float, ident: str
) -> tuple[Incident | None, Verdict]:
    """Take a notification.

    Args:
        before: the latest incident of the group.
        told: the notification.
        choose: finds the list of alerts.
        now: the time.
        ident: the id of an incident that is opened.
    """
    firing = told.firing
    if before is None or before.phase in {Phase.RESOLVED, Phase.CLOSED}:
        if not firing:
            return before, Verdict.IGNORED
        plan = choose(firing)
        if plan is None:
            return before, Verdict.UNROUTED
        opened = Incident(ident=ident, key=told.key, plan=plan, alerts=firing, opened=now, heard=now, due=now)
        return opened, Verdict.OPENED
    before = _change(before, heard=now)
    if told.status == "resolved":
        return _change(before, phase=Phase.RESOLVED, held=0.0, failures=0), Verdict.RESOLVED
    known = {alert.identity: alert.starts_at for alert in before.alerts}
    # Two Prometheis tell the same alert with two beginnings, of which Alertmanager comes to keep the earlier one.
    fresh = any(alert.identity not in known or alert.starts_at > known[alert.identity] for alert in firing)
    alerts = _joined(before.alerts, firing) if told.truncated_alerts or not firing else firing
    if not fresh:
        return _change(before, alerts=alerts), Verdict.REPEAT
    plan = choose(alerts) or before.plan
    after = _change(before, alerts=alerts, version=before.version + 1)
    if before.phase is Phase.OPEN and plan == before.plan:
        return after, Verdict.NEWS
    return _anew(_change(after, plan=plan), now), Verdict.NEWS


def acknowledge(incident: Incident, by: str, now: float, *, version: int | None = None) -> Incident:
    """Note that somebody takes care.

    Args:
        incident: the state.
        by: who.
        now: the time.
        version: the news that they know of, all by default; what they cannot know of is told from the first step on.
    """
    if incident.phase not in {Phase.OPEN, Phase.ENDED}:
        return incident
    if version is not None and version < incident.version:
        return _anew(incident, now)
    return _change(incident, phase=Phase.ACKNOWLEDGED, by=by)


def upcoming(
    incident: Incident, plan: Plan, deeds: Iterable[Deed], asleep: Asleep, now: float
) -> tuple[Deed, ...] | float | None:
    """Say what is to be done.

    Args:
        incident: the state.
        plan: its list.
        deeds: everything that was done for it; nothing may be under way.
        asleep: says until when a person must be left alone.
        now: the time.

    Returns:
        What is to go out now; or the time at which to ask again; or ``None`` when there is nothing to wait for.
    """
    done = {deed.key: deed for deed in deeds}
    if now < incident.held:
        return incident.held
    if incident.phase is Phase.RESOLVED and plan.resolved:
        told = dict.fromkeys(deed.person for deed in done.values() if deed.outcome in GONE)
        return _awake([_deed(incident, Kind.RESOLVED, person, now) for person in told], done, asleep)
    if incident.phase is not Phase.OPEN:
        return None
    if incident.version > incident.told:
        texted = [deed for deed in done.values() if _is_text(deed, incident.run)]
        aware = {deed.person for deed in texted if deed.version == incident.version}
        behind = dict.fromkeys(deed.person for deed in texted if deed.person not in aware)
        found = _awake([_deed(incident, Kind.NEWS, person, now) for person in behind], done, asleep)
        if isinstance(found, tuple):
            return found
    if now < incident.due:
        return incident.due
    step = plan.steps[min(incident.step, len(plan.steps) - 1)]
    return _awake([_deed(incident, Kind(step.method), person, now) for person in step.to], done, asleep)


def after(incident: Incident, plan: Plan, done: Sequence[Deed], now: float) -> Incident:
    """Take what became of the deeds that `upcoming` asked for.

    Args:
        incident: the state as it is now; it may have changed while they were under way.
        plan: its list.
        done: them, none of them under way.
        now: the time.
    """
    first = done[0]
    outcomes = {deed.outcome for deed in done}
    gone = not outcomes.isdisjoint(GONE)
    failed = not gone and Outcome.UNSENT in outcomes
    failures = incident.failures + 1 if failed else 0
    incident = _change(incident, failures=failures, held=now + _pause(failures) if failed else 0.0)
    answerer = next((deed.person for deed in done if deed.outcome is Outcome.ANSWERED), None)
    if answerer is not None and first.run == incident.run:
        return acknowledge(incident, answerer, now, version=first.version)
    if failed or incident.phase is not Phase.OPEN or first.run != incident.run:
        return incident
    if first.kind is Kind.NEWS:
        return _change(incident, told=max(incident.told, first.version))
    if (first.lap, first.step, first.tries) != (incident.lap, incident.step, incident.tries):
        return incident
    return _advance(incident, plan, now, outcomes, gone=gone)


def _advance(incident: Incident, plan: Plan, now: float, outcomes: Iterable[Outcome], *, gone: bool) -> Incident:
    step = plan.steps[min(incident.step, len(plan.steps) - 1)]
    wait = 0.0
    if gone:
        in_doubt = step.method == "call" and Outcome.DOUBT in outcomes
        wait = max(step.wait, DOUBTED_CALL) if in_doubt else step.wait
    reached = incident.reached or gone
    if gone and incident.tries < step.repeats:
        return _change(incident, tries=incident.tries + 1, due=now + wait, reached=reached)
    if incident.step + 1 < len(plan.steps):
        return _change(incident, step=incident.step + 1, tries=0, due=now + wait, reached=reached)
    spent = incident.spent + reached
    if spent >= plan.rounds:
        return _change(incident, phase=Phase.ENDED, spent=spent)
    due = now + (wait if reached else NOBODY_REACHED)
    return _change(incident, lap=incident.lap + 1, spent=spent, step=0, tries=0, due=due, reached=False)


def _is_text(deed: Deed, run: int) -> bool:
    return deed.run == run and deed.kind in {Kind.SMS, Kind.NEWS} and deed.outcome in GONE


def _awake(wanted: Sequence[Deed], done: Mapping[str, Deed], asleep: Asleep) -> tuple[Deed, ...] | float | None:
    """Return those that may go out, or when the first of those who sleep wakes up, or ``None`` without any."""
    left = [one for one in wanted if one.key not in done or done[one.key].outcome is Outcome.UNSENT]
    wakes = {one.person: asleep(one.person) for one in left}
    awake = tuple(one for one in left if wakes[one.person] is None)
    return awake or min((wake for wake in wakes.values() if wake is not None), default=None)


def _deed(incident: Incident, kind: Kind, person: str, now: float) -> Deed:
    place = {
        Kind.NEWS: f"{incident.run}-news{incident.version}",
        Kind.RESOLVED: "resolved",
    }.get(kind, f"{incident.run}-{incident.lap}-{incident.step + 1}-{incident.tries + 1}")
    return Deed(
        key=f"{incident.ident}-{place}-{person}",
        incident=incident.ident,
        run=incident.run,
        version=incident.version,
        lap=incident.lap,
        step=incident.step,
        tries=incident.tries,
        kind=kind,
        person=person,
        at=now,
    )


def _anew(incident: Incident, now: float) -> Incident:
    return _change(
        incident,
        phase=Phase.OPEN,
        run=incident.run + 1,
        told=incident.version,
        lap=1,
        spent=0,
        step=0,
        tries=0,
        due=now,
        reached=False,
        by="",
    )


def _joined(before: Sequence[Alert], firing: Sequence[Alert]) -> tuple[Alert, ...]:
    return tuple({alert.identity: alert for alert in (*before, *firing)}.values())


def _pause(failures: int) -> float:
    return float(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (min(failures, 10) - 1)))


def _change(incident: Incident, **changes: object) -> Incident:
    return msgspec.structs.replace(incident, **changes)
