"""Select the escalation policy of alerts, and check quiet hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xoxzo.cloudpy.integrations.alertmanager.config.settings import EscalationPolicy, Route, Settings
    from xoxzo.cloudpy.integrations.alertmanager.incidents import Alert


def select_policy(routes: Iterable[Route], alerts: Iterable[Alert]) -> str | None:
    """Return the policy of the first route that matches any of the alerts, or ``None``."""
    firing = tuple(alerts)
    return next((route.policy for route in routes if any(matches(route, alert) for alert in firing)), None)


def matches(route: Route, alert: Alert) -> bool:
    """Return whether each label of a route has one of the accepted values; a missing label is empty."""
    return all(alert.labels.get(label, "") in values for label, values in route.match.items())


def severities(settings: Settings, alerts: Iterable[Alert]) -> tuple[str, ...]:
    """Return the severities of alerts, each once; those that break through quiet hours come first."""
    found = dict.fromkeys(alert.labels.get(settings.severity_label, "") for alert in alerts)
    urgent = {name for policy in settings.policies.values() if policy.quiet for name in policy.quiet.break_through}
    return tuple(sorted((name for name in found if name), key=lambda name: name not in urgent))


def quiet_until(
    settings: Settings, policy: EscalationPolicy, alerts: Iterable[Alert], person: str, now: float
) -> float | None:
    """Return the end of a person's quiet hours (seconds since 1970), or ``None`` if the person may be notified now.

    The policy's quiet hours apply; the severity of a firing alert may break through them.
    """
    if policy.quiet is None or not policy.quiet.break_through.isdisjoint(severities(settings, alerts)):
        return None
    return policy.quiet.hours.until(settings.people[person].zone, now)
