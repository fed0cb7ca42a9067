"""Decide what happens to an incident: pure functions of its state, its policy and the time.

An incident belongs to one group of alerts. It is *open* until a person acknowledges it, it is resolved, or all rounds
of its policy are done. An answered call acknowledges the version that was known when it was placed. Alerts that join
the group make a new version: during the escalation, those who got an SMS get another one, and the escalation goes on;
after an acknowledgement, or after the last round, the escalation starts again.

Each attempt has a key of its own, made of its position in the escalation and the person. An attempt that was not sent
is tried again with the same key; an SMS that may have been sent is never sent again. A call that may have been placed
counts as unanswered: one more call does less harm than a missing one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from xoxzo.cloudpy.integrations.alertmanager.config.settings import EscalationPolicy
from xoxzo.cloudpy.integrations.alertmanager.incidents import (
    ACKNOWLEDGEABLE,
    MAYBE_SENT,
    Alert,
    Incident,
    Kind,
    Notification,
    NotificationAttempt,
    Outcome,
    Phase,
    Verdict,
)

QuietUntil = Callable[[str], float | None]

# The wait after a call with an unknown outcome, while the phone may be ringing.
_UNKNOWN_CALL_SECONDS = 120.0
# The wait before the next round if the last one notified no one.
_UNREACHED_ROUND_SECONDS = 300.0
_BEGINNING = {"round": 1, "rounds_done": 0, "step": 0, "tries": 0, "reached": False}
_MIN_RETRY_SECONDS, _MAX_RETRY_SECONDS = 5.0, 60.0


def apply_notification(
    incident: Incident | None,
    notification: Notification,
    select_policy: Callable[[Sequence[Alert]], str | None],
    now: float,
    new: Incident,
) -> tuple[Incident | None, Verdict]:
    """Return the incident after a notification at `now` (seconds since 1970), and the notification's effect.

    `incident` is the latest one of the group, and `new` is opened if that is resolved or missing. `select_policy`
    returns the name of the policy for alerts, or ``None`` if no route matches.
    """
    firing = notification.firing
    if incident is None or incident.phase in {Phase.RESOLVED, Phase.CLOSED}:
        if not firing:
            return incident, Verdict.IGNORED
        policy = select_policy(firing)
        if policy is None:
            return incident, Verdict.UNROUTED
        opened = replace(new, policy=policy, alerts=firing, truncated=notification.truncated_alerts, due=now)
        return replace(opened, opened=now, notified=now), Verdict.OPENED
    incident = replace(incident, notified=now)
    if notification.status == "resolved" and not firing:
        return replace(incident, phase=Phase.RESOLVED, not_before=0.0, failures=0), Verdict.RESOLVED
    known = {alert.identity: alert.starts_at for alert in incident.alerts}
    # Two Prometheus servers report different start times for the same alert; Alertmanager keeps the earlier one.
    is_news = any(alert.identity not in known or alert.starts_at > known[alert.identity] for alert in firing)
    alerts = firing
    if notification.truncated_alerts or not firing:
        alerts = tuple({alert.identity: alert for alert in (*incident.alerts, *firing)}.values())
    # Of the alerts that were left out, those that are known are named.
    incident = replace(
        incident, alerts=alerts, truncated=max(0, notification.truncated_alerts - (len(alerts) - len(firing)))
    )
    if not is_news:
        return incident, Verdict.REPEAT
    policy = select_policy(alerts) or incident.policy
    updated = replace(incident, version=incident.version + 1)
    if incident.phase is Phase.OPEN and policy == incident.policy:
        return updated, Verdict.NEWS
    return _restart(replace(updated, policy=policy), now), Verdict.NEWS


def acknowledge(incident: Incident, by: str, now: float, *, version: int | None = None) -> Incident:
    """Return an incident after an acknowledgement; one of an earlier `version` than the latest starts it again."""
    if incident.phase not in ACKNOWLEDGEABLE:
        return incident
    if version is not None and version < incident.version:
        return _restart(incident, now)
    return replace(incident, phase=Phase.ACKNOWLEDGED, acknowledged_by=by)


def next_attempts(
    incident: Incident,
    policy: EscalationPolicy,
    attempts: Iterable[NotificationAttempt],
    quiet_until: QuietUntil,
    now: float,
) -> tuple[NotificationAttempt, ...] | float | None:
    """Return the attempts to make at `now`; or the time at which to call this again; or ``None`` if nothing is left.

    None of the `attempts` so far may be in flight. `quiet_until` returns the end of a person's quiet hours, or ``None``
    outside of them. Times are seconds since 1970.
    """
    made = {attempt.key: attempt for attempt in attempts}
    if now < incident.not_before:
        return incident.not_before
    if incident.phase is Phase.RESOLVED and policy.resolved:
        notified = dict.fromkeys(attempt.person for attempt in made.values() if attempt.outcome in MAYBE_SENT)
        return _allowed([_attempt(incident, Kind.RESOLVED, person, now) for person in notified], made, quiet_until)
    if incident.phase is not Phase.OPEN:
        return None
    if incident.version > incident.announced:
        messages = [
            attempt
            for attempt in made.values()
            if attempt.run == incident.run and attempt.kind in {Kind.SMS, Kind.NEWS} and attempt.outcome in MAYBE_SENT
        ]
        up_to_date = {attempt.person for attempt in messages if attempt.version == incident.version}
        outdated = dict.fromkeys(attempt.person for attempt in messages if attempt.person not in up_to_date)
        news = _allowed([_attempt(incident, Kind.NEWS, person, now) for person in outdated], made, quiet_until)
        if isinstance(news, tuple):
            return news
    if now < incident.due:
        return incident.due
    step = policy.steps[min(incident.step, len(policy.steps) - 1)]
    return _allowed([_attempt(incident, Kind(step.method), person, now) for person in step.to], made, quiet_until)


def apply_outcomes(
    incident: Incident, policy: EscalationPolicy, attempts: Sequence[NotificationAttempt], now: float
) -> Incident:
    """Return an incident, which may have changed meanwhile, after all attempts of `next_attempts` have an outcome."""
    first = attempts[0]
    outcomes = {attempt.outcome for attempt in attempts}
    maybe_sent = not outcomes.isdisjoint(MAYBE_SENT)
    failed = not maybe_sent and Outcome.UNSENT in outcomes
    failures = incident.failures + 1 if failed else 0
    pause = min(_MAX_RETRY_SECONDS, _MIN_RETRY_SECONDS * 2.0 ** (min(failures, 10) - 1))
    incident = replace(incident, failures=failures, not_before=now + pause if failed else 0.0)
    answerer = next((attempt.person for attempt in attempts if attempt.outcome is Outcome.ANSWERED), None)
    if answerer is not None and first.run == incident.run:
        return acknowledge(incident, answerer, now, version=first.version)
    if failed or incident.phase is not Phase.OPEN or first.run != incident.run:
        return incident
    if first.kind is Kind.NEWS:
        return replace(incident, announced=max(incident.announced, first.version))
    if (first.round, first.step, first.tries) != (incident.round, incident.step, incident.tries):
        return incident
    return _advance(incident, policy, now, outcomes, maybe_sent=maybe_sent)


def _advance(
    incident: Incident, policy: EscalationPolicy, now: float, outcomes: Iterable[Outcome], *, maybe_sent: bool
) -> Incident:
    """Return an incident after its current step: with the next try, step or round, or at its end."""
    step = policy.steps[min(incident.step, len(policy.steps) - 1)]
    wait = 0.0
    if maybe_sent:
        unknown_call = step.method == "call" and Outcome.UNKNOWN in outcomes
        wait = max(step.wait, _UNKNOWN_CALL_SECONDS) if unknown_call else step.wait
    reached = incident.reached or maybe_sent
    if maybe_sent and incident.tries < step.repeats:
        return replace(incident, tries=incident.tries + 1, due=now + wait, reached=reached)
    if incident.step + 1 < len(policy.steps):
        return replace(incident, step=incident.step + 1, tries=0, due=now + wait, reached=reached)
    rounds_done = incident.rounds_done + reached
    if rounds_done >= policy.rounds:
        return replace(incident, phase=Phase.ENDED, rounds_done=rounds_done)
    due = now + (wait if reached else _UNREACHED_ROUND_SECONDS)
    return replace(incident, round=incident.round + 1, rounds_done=rounds_done, step=0, tries=0, due=due, reached=False)


def _allowed(
    attempts: Sequence[NotificationAttempt], made: Mapping[str, NotificationAttempt], quiet_until: QuietUntil
) -> tuple[NotificationAttempt, ...] | float | None:
    """Return the attempts that are neither made nor in quiet hours; else the first end of quiet hours, or ``None``."""
    remaining = [one for one in attempts if one.key not in made or made[one.key].outcome is Outcome.UNSENT]
    ends = {one.person: quiet_until(one.person) for one in remaining}
    allowed = tuple(one for one in remaining if ends[one.person] is None)
    return allowed or min((end for end in ends.values() if end is not None), default=None)


def _attempt(incident: Incident, kind: Kind, person: str, now: float) -> NotificationAttempt:
    position = f"{incident.run}-{incident.round}-{incident.step + 1}-{incident.tries + 1}"
    position = {Kind.NEWS: f"{incident.run}-news{incident.version}", Kind.RESOLVED: "resolved"}.get(kind, position)
    progress = {name: getattr(incident, name) for name in ("run", "version", "round", "step", "tries")}
    key = f"{incident.ident}-{position}-{person}"
    return NotificationAttempt(key=key, incident=incident.ident, kind=kind, person=person, at=now, **progress)


def _restart(incident: Incident, now: float) -> Incident:
    changes = {"run": incident.run + 1, "announced": incident.version, "due": now, "acknowledged_by": ""}
    return replace(incident, phase=Phase.OPEN, **changes, **_BEGINNING)
