"""What a file of settings for `xoxzo alertmanager` leads to: for whoever wrote it, before anything goes out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from xoxzo.cloudpy.integrations.alertmanager import routing, wording
from xoxzo.cloudpy.integrations.alertmanager.payload import Alert
from xoxzo.cloudpy.masking import mask_number
from xoxzo.cloudpy.text import measure

from .widths import pad, width
from .words import plural, tr

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xoxzo.cloudpy.integrations.alertmanager.settings import Plan, Settings, Step

    Line = tuple[str, str]
    """A heading, empty where the one before goes on, and what stands beside it."""

_IDENT = "K7QD"


def describe(settings: Settings) -> list[str]:
    """Say who is told when, for every list, and the text of a made-up alert."""
    return _laid_out([*_people_and_lists(settings), *_texts(settings, [_made_up(settings)])])


def show(settings: Settings, alerts: Sequence[Alert]) -> list[str]:
    """Say what a notification of these firing alerts would lead to."""
    name = routing.choose(settings.routes, alerts)
    if name is None:
        return [tr("no route fits: nobody would be told")]
    lines = list(_timeline(settings.plans[name]))
    quiet = settings.plans[name].quiet
    if quiet is not None:
        broken = quiet.break_through.intersection(routing.severities(settings, alerts))
        said = (
            tr("breaks through the quiet hours {hours}")
            if broken
            else tr("waits for the end of the quiet hours {hours}")
        )
        lines.append(("", said.format(hours=quiet.hours.hours)))
    return _laid_out([*lines, *_texts(settings, alerts)])


def _laid_out(lines: Sequence[Line]) -> list[str]:
    widest = max(width(heading) for heading, _ in lines)
    return [f"{pad(heading, widest)}  {said}" for heading, said in lines]


def _people_and_lists(settings: Settings) -> Iterator[Line]:
    for person in settings.people.values():
        yield tr("person"), " ".join(filter(None, (person.name, mask_number(person.number), person.zone)))
    for route in settings.routes:
        wanted = " ".join(f"{label}={'|'.join(values)}" for label, values in route.match.items())
        yield tr("route"), f"{wanted or tr('everything else')} → {route.plan}"
    if all(route.match for route in settings.routes):
        yield (
            tr("warning"),
            tr("an alert that fits none of the routes is told to nobody: end with a route without match"),
        )
    for plan in settings.plans.values():
        if plan.name not in {route.plan for route in settings.routes}:
            yield tr("warning"), tr("no route leads to {name}", name=plan.name)
        yield from _timeline(plan)


def _texts(settings: Settings, alerts: Sequence[Alert]) -> Iterator[Line]:
    said = wording.message(settings, _IDENT, alerts, resolved=False)
    if said.template is None:
        yield "SMS", said.text
        parts = measure(said.text).parts or 0
        length = plural("{count} part of at most {most}", "{count} parts of at most {most}", parts)
        costs = sorted({settings.brake.cost(said.text, person.country) for person in settings.people.values()} - {0})
        between = f"{costs[0]}–{costs[-1]}" if len(costs) > 1 else f"{costs[0]}" if costs else ""
        cost = tr(", about {cost} credits each", cost=between) if costs else ""
        yield "", length.format(count=parts, most=settings.texts.max_parts) + cost
    else:
        yield "SMS", tr("template {number}", number=said.template)
        yield from (("", f"{name} = {value}") for name, value in said.variables.items())
    if settings.caller:
        yield tr("call"), wording.spoken(settings, _IDENT, alerts)


def _timeline(plan: Plan) -> Iterator[Line]:
    rounds = tr(", {count} times", count=plan.rounds) if plan.rounds > 1 else ""
    until = tr("{list}{rounds}, until somebody acknowledges or all is well", list=plan.name, rounds=rounds)
    yield tr("list"), until
    steps, at = [], 0.0
    for step in plan.steps:
        steps.append((tr("after {time}", time=_time(at)) if at else tr("at once"), _deed(step)))
        at += step.wait * (step.repeats + 1)
    if plan.resolved:
        steps.append((tr("in the end"), tr("SMS to all who were told, when all is well")))
    widest = max(width(when) for when, _ in steps)
    for when, deed in steps:
        yield "", f"{pad(when, widest)}  {deed}"


def _deed(step: Step) -> str:
    people = tr(", ").join(step.to)
    deed = tr("SMS to {people}", people=people) if step.method == "sms" else tr("call {people}", people=people)
    if not step.repeats:
        return deed
    return deed + tr(", up to {count} times, {time} apart", count=step.repeats + 1, time=_time(step.wait))


def _time(seconds: float) -> str:
    minutes = seconds / 60
    if minutes == int(minutes):
        return tr("{count} min", count=f"{minutes:g}")
    return tr("{count} s", count=f"{seconds:g}")


def _made_up(settings: Settings) -> Alert:
    severity = next(
        (value for route in settings.routes for value in route.match.get(settings.severity_label, ())), "critical"
    )
    return Alert(
        status="firing",
        labels={"alertname": "HostDown", "instance": "web-1", settings.severity_label: severity},
        annotations={"summary": "web-1 has not answered for five minutes"},
        starts_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
