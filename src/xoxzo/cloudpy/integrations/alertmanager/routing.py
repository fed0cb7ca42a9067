"""Which list an incident takes, and how severe it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xoxzo.cloudpy.integrations.alertmanager.payload import Alert
    from xoxzo.cloudpy.integrations.alertmanager.settings import Plan, Route, Settings


def choose(routes: Iterable[Route], alerts: Iterable[Alert]) -> str | None:
    """Return the list of the first route that fits any of the alerts, or ``None``."""
    given = tuple(alerts)
    return next((route.plan for route in routes if any(fits(route, alert) for alert in given)), None)


def fits(route: Route, alert: Alert) -> bool:
    """Say whether an alert has one of the wanted values at every label of a route; a missing label is empty."""
    return all(alert.labels.get(label, "") in values for label, values in route.match.items())


def severities(settings: Settings, alerts: Iterable[Alert]) -> tuple[str, ...]:
    """Return the severities of alerts, each once: those that break through quiet hours first."""
    found = dict.fromkeys(alert.labels.get(settings.severity_label, "") for alert in alerts)
    urgent = {name for plan in settings.plans.values() if plan.quiet for name in plan.quiet.break_through}
    return tuple(sorted((name for name in found if name), key=lambda name: name not in urgent))


def asleep(settings: Settings, plan: Plan, alerts: Iterable[Alert], person: str, now: float) -> float | None:
    """Say until when somebody must be left alone, or ``None`` when they may be reached now.

    Args:
        settings: who they are.
        plan: whose quiet hours hold.
        alerts: those that fire: one that is severe enough breaks through.
        person: the name.
        now: seconds since 1970.
    """
    if plan.quiet is None or not plan.quiet.break_through.isdisjoint(severities(settings, alerts)):
        return None
    return plan.quiet.hours.until(settings.people[person].zone, now)
