"""Preview what a settings file of `xoxzo alertmanager` does, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from xoxzo.cloudpy.cli.core.i18n import _, ngettext
from xoxzo.cloudpy.cli.core.output.terminal import pad, width
from xoxzo.cloudpy.common.masking import mask_number
from xoxzo.cloudpy.integrations.alertmanager import acknowledgement, message_text
from xoxzo.cloudpy.integrations.alertmanager.config.settings import EscalationPolicy, Settings
from xoxzo.cloudpy.integrations.alertmanager.incidents import Alert, Incident, Notification
from xoxzo.cloudpy.text import measure

Line = tuple[str, str]
"""A heading, empty when the previous one continues, and its text."""
_IDENT = "K7QD"


def describe(settings: Settings) -> list[str]:
    """Describe who is notified when, for each list, and the text of a sample alert."""
    severities = [value for route in settings.routes for value in route.match.get(settings.severity_label, ())]
    sample = Alert(
        status="firing",
        labels={"alertname": "HostDown", "instance": "web-1", settings.severity_label: [*severities, "critical"][0]},
        annotations={"summary": "web-1 has not answered for five minutes"},
        starts_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return _aligned([*_people_and_lists(settings), *_texts(settings, [sample])])


def describe_notification(settings: Settings, notification: Notification) -> list[str]:
    """Describe what a notification does."""
    alerts = notification.firing
    name = settings.select_policy(alerts)
    if name is None:
        return [_("no route matches: nobody would be notified")]
    lines = list(_timeline(name, settings.policies[name]))
    quiet = settings.policies[name].quiet
    if quiet is not None:
        broken = set(quiet.break_through).intersection(settings.severities(alerts))
        sentence = (
            _("breaks through the quiet hours {hours}") if broken else _("waits for the end of the quiet hours {hours}")
        )
        lines.append(("", sentence.format(hours=quiet.hours)))
    return _aligned([*lines, *_texts(settings, alerts, notification.truncated_alerts)])


def _aligned(lines: Sequence[Line]) -> list[str]:
    widest = max(width(heading) for heading, _text in lines)
    return [f"{pad(heading, widest)}  {sentence}" for heading, sentence in lines]


def _people_and_lists(settings: Settings) -> Iterator[Line]:
    for name, person in settings.people.items():
        yield _("person"), " ".join(filter(None, (name, mask_number(person.number), person.zone)))
    for route in settings.routes:
        yield _("route"), f"{_labels(route.match) or _('everything else')} → {route.policy}"
    if all(route.match for route in settings.routes):
        yield _("warning"), _("an alert that matches no route notifies nobody: end with a route without match")
    for name, policy in settings.policies.items():
        if name not in {route.policy for route in settings.routes}:
            yield _("warning"), _("no route leads to {name}", name=name)
        yield from _timeline(name, policy)
    for name, heartbeat in settings.heartbeats.items():
        where = _labels(heartbeat.match) or f"POST /heartbeat/{name}"
        after = _("none for {time}", time=_time(heartbeat.timeout))
        yield _("heartbeat"), f"{name}: {where}; {after} → {heartbeat.policy}"


def _labels(match: Mapping[str, Sequence[str]]) -> str:
    return " ".join(f"{label}={'|'.join(values)}" for label, values in match.items())


def _texts(settings: Settings, alerts: Sequence[Alert], truncated: int = 0) -> Iterator[Line]:
    # Any key: only the length of the link matters.
    incident = Incident(ident=_IDENT, group_key="", policy="", alerts=tuple(alerts), truncated=truncated)
    signed = msgspec.structs.replace(incident, secret=_IDENT)
    link = acknowledgement.link(settings, signed, next(iter(settings.people)))
    content = message_text.render_sms(settings, incident, link=link)
    if content.template is None:
        yield "SMS", content.message
        parts = measure(content.message).parts or 0
        countries = {person.country for person in settings.people.values()}
        costs = sorted({settings.spend_limit.message_cost(content.message, country) for country in countries} - {0})
        between = "–".join(map(str, sorted({*costs[:1], *costs[-1:]})))
        cost = _(", about {cost} credits each", cost=between) if costs else ""
        most = settings.texts.max_parts
        length = ngettext("{count} part of at most {most}", "{count} parts of at most {most}", parts, most=most)
        yield "", length + cost
    else:
        yield "SMS", _("template {number}", number=content.template)
        yield from (("", f"{name} = {value}") for name, value in content.variables.items())
    if settings.caller:
        yield _("call"), message_text.render_call(settings, incident).message


def _timeline(name: str, policy: EscalationPolicy) -> Iterator[Line]:
    rounds = _(", {count} times", count=policy.rounds) if policy.rounds > 1 else ""
    until = _("{list}{rounds}, until it is acknowledged or resolved", list=name, rounds=rounds)
    yield _("list"), until
    steps, at = [], 0.0
    for step in policy.steps:
        people = _(", ").join(step.to)
        action = _("SMS to {people}", people=people) if step.method == "sms" else _("call {people}", people=people)
        if step.repeats:
            action += _(", up to {count} times, {time} apart", count=step.repeats + 1, time=_time(step.wait))
        steps.append((_("after {time}", time=_time(at)) if at else _("at once"), action))
        at += step.wait * (step.repeats + 1)
    if policy.resolved:
        steps.append((_("in the end"), _("SMS to all who were notified, when it is resolved")))
    widest = max(width(when) for when, _action in steps)
    for when, action in steps:
        yield "", f"{pad(when, widest)}  {action}"


def _time(seconds: float) -> str:
    if seconds % 60:
        return _("{count} s", count=f"{seconds:g}")
    return _("{count} min", count=f"{seconds / 60:g}")
