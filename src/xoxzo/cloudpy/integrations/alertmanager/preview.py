"""What a file of settings leads to, in plain lines: for whoever wrote it, before anything goes out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from xoxzo.cloudpy.integrations.alertmanager import routing, wording
from xoxzo.cloudpy.integrations.alertmanager.payload import Alert
from xoxzo.cloudpy.masking import mask_number
from xoxzo.cloudpy.text import measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xoxzo.cloudpy.integrations.alertmanager.settings import Plan, Settings, Step

_IDENT = "K7QD"


def describe(settings: Settings) -> Iterator[str]:
    """Yield who is told when, for every list, and the text of a made-up alert."""
    for person in settings.people.values():
        yield f"person   {person.name} {mask_number(person.number)}" + (f" {person.zone}" if person.zone else "")
    for route in settings.routes:
        wanted = " ".join(f"{label}={'|'.join(values)}" for label, values in route.match.items())
        yield f"route    {wanted or 'everything else'} → {route.plan}"
    if all(route.match for route in settings.routes):
        yield "warning  an alert that fits none of the routes is told to nobody: end with a route without match"
    for plan in settings.plans.values():
        if plan.name not in {route.plan for route in settings.routes}:
            yield f"warning  no route leads to {plan.name}"
        yield from _timeline(plan)
    yield from texts(settings, [_made_up(settings)])


def texts(settings: Settings, alerts: Sequence[Alert]) -> Iterator[str]:
    """Yield what would be said of alerts, with parts and cost."""
    said = wording.message(settings, _IDENT, alerts, resolved=False)
    if said.template is None:
        costs = {settings.brake.cost(said.text, person.country) for person in settings.people.values()} - {0}
        cost = f", about {'/'.join(str(cost) for cost in sorted(costs))} credits" if costs else ""
        yield f"SMS      {said.text}"
        yield f"         {measure(said.text).parts} part(s) of at most {settings.texts.max_parts}{cost}"
    else:
        yield f"SMS      template {said.template}"
        yield from (f"         {name} = {value}" for name, value in said.variables.items())
    if settings.caller:
        yield f"call     {wording.spoken(settings, _IDENT, alerts)}"


def show(settings: Settings, alerts: Sequence[Alert]) -> Iterator[str]:
    """Yield what a notification of these firing alerts would lead to."""
    name = routing.choose(settings.routes, alerts)
    if name is None:
        yield "no route fits: nobody would be told"
        return
    yield from _timeline(settings.plans[name])
    quiet = settings.plans[name].quiet
    if quiet is not None:
        broken = quiet.break_through.intersection(routing.severities(settings, alerts))
        yield f"         {'breaks through' if broken else 'waits for the end of'} the quiet hours {quiet.hours.hours}"
    yield from texts(settings, alerts)


def _timeline(plan: Plan) -> Iterator[str]:
    rounds = f", {plan.rounds} times" if plan.rounds > 1 else ""
    yield f"list     {plan.name}{rounds}, until somebody acknowledges or all is well"
    at = 0.0
    for step in plan.steps:
        yield f"  {_after(at):<12} {_deed(step)}"
        at += step.wait * (step.repeats + 1)
    if plan.resolved:
        yield "  in the end   SMS to all who were told, when all is well"


def _deed(step: Step) -> str:
    verb = "SMS to" if step.method == "sms" else "call"
    again = f", up to {step.repeats + 1} times, {_time(step.wait)} apart" if step.repeats else ""
    return f"{verb} {', '.join(step.to)}{again}"


def _after(seconds: float) -> str:
    return f"after {_time(seconds)}" if seconds else "at once"


def _time(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:g} min" if minutes == int(minutes) else f"{seconds:g} s"


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
