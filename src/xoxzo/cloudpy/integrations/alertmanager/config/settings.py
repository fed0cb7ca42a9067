"""The values of the settings file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from xoxzo.cloudpy.campaigns.limits import Schedule
from xoxzo.cloudpy.integrations.alertmanager.incidents import Alert
from xoxzo.cloudpy.text import estimate

Method = Literal["sms", "call"]
DEFAULT_LISTEN = ("127.0.0.1", 9095)
"""The host and the port of the server."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A person who can be notified."""

    name: str
    """The name in the file and in log lines."""
    number: str
    """The number, in E.164."""
    country: str | None = None
    """The number's country as ISO 3166-1 alpha-2, or ``None``."""
    zone: str | None = None
    """The time zone of their quiet hours; ``None`` for the zone of the quiet hours."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of an escalation policy."""

    to: tuple[str, ...]
    """The names of the people, who are notified at the same time."""
    method: Method
    """``sms`` or ``call``."""
    wait: float
    """Seconds after each message or call until the next one."""
    repeats: int
    """How many times the step is repeated before the next step."""


class Quiet(msgspec.Struct, frozen=True, kw_only=True):
    """The quiet hours, in which no notification is sent."""

    hours: Schedule
    """The hours, and the time zone of people without one of their own."""
    break_through: frozenset[str] = frozenset()
    """The severities for which people are notified nevertheless."""


class EscalationPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """An escalation policy: one of ``[lists]`` in the file."""

    name: str
    """The name in the file."""
    steps: tuple[Step, ...]
    """The steps in order; the first begins at once."""
    rounds: int = 1
    """How many times all steps are repeated without an acknowledgement."""
    resolved: bool = False
    """Whether all who were notified get an SMS when the group is resolved."""
    quiet: Quiet | None = None
    """The quiet hours, or ``None``."""

    @property
    def people(self) -> tuple[str, ...]:
        """The names of all people in its steps, each once."""
        return tuple(dict.fromkeys(name for step in self.steps for name in step.to))


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Selects a policy for alerts."""

    policy: str
    """The name of the policy."""
    match: dict[str, tuple[str, ...]] = {}
    """The accepted values of each label; empty for every alert."""

    def matches(self, alert: Alert) -> bool:
        """Return whether each label has one of the accepted values; a missing label is empty."""
        return all(alert.labels.get(label, "") in values for label, values in self.match.items())


class Heartbeat(Route, frozen=True, kw_only=True):
    """A dead man's switch: its list starts when no signal has come for a while.

    The signal is an alert that matches or, if no labels are given, ``/heartbeat/NAME``.
    """

    name: str
    """The name in the file."""
    timeout: float
    """Seconds without a heartbeat until then; only the time in which the receiver runs counts."""


class Grafana(msgspec.Struct, frozen=True, kw_only=True):
    """The names of the headers in which Grafana signs its requests."""

    signature_header: str = "X-Grafana-Alerting-Signature"
    """Holds the HMAC-SHA256 of the body in hexadecimal."""
    timestamp_header: str = ""
    """Holds the time that is signed, too; ``""`` if Grafana sends none."""


class SpendLimit(msgspec.Struct, frozen=True, kw_only=True):
    """What may be sent in any 60 minutes; the rest waits."""

    messages: int = 60
    """The number of SMS and calls."""
    credits: Decimal | None = None
    """Their estimated cost, or ``None`` for no limit."""
    sms_price: Decimal | None = None
    """Credits for each SMS part, if yours differ from the published price."""
    call_price: Decimal = Decimal(0)
    """Credits for each call."""

    def message_cost(self, message: str, country: str | None) -> Decimal:
        """Return the estimated cost of an SMS in credits; 0 if no price is known."""
        return estimate(message, country or "ZZ", price=self.sms_price).credits or Decimal(0)

    def parts_cost(self, parts: int, country: str | None) -> Decimal:
        """Return the estimated cost of SMS parts in credits; 0 if no price is known."""
        return parts * (estimate("", country or "ZZ", price=self.sms_price).price or Decimal(0))


class TemplateText(msgspec.Struct, frozen=True, kw_only=True):
    """An approved SMS template, for accounts that may not send free texts (API section 3)."""

    ident: int
    """The template's number."""
    variables: dict[str, str] = {}
    """For each placeholder of the template, a text with placeholders of `message_text`."""


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """The texts; `message_text` describes their placeholders."""

    sms: str
    """The SMS for firing alerts."""
    call: str
    """What a call speaks."""
    resolved: str
    """The SMS for a resolved group."""
    max_parts: int = 2
    """The most SMS parts of a message."""
    sms_template: TemplateText | None = None
    """The template that replaces ``sms``, or ``None``."""
    resolved_template: TemplateText | None = None
    """The template that replaces ``resolved``, or ``None``."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings."""

    sender: str
    """The sender of SMS."""
    caller: str
    """The caller's number of calls."""
    language: Literal["ja", "en"]
    """``ja`` or ``en``: the language of calls, and of the default texts."""
    people: dict[str, Person]
    """The people by name."""
    policies: dict[str, EscalationPolicy]
    """The escalation policies by name."""
    routes: tuple[Route, ...]
    """The routes in order; the first that matches any firing alert of a group selects the policy."""
    texts: Texts
    """The texts."""
    spend_limit: SpendLimit = SpendLimit()
    """What may be sent in any 60 minutes."""
    severity_label: str = "severity"
    """The label that holds the severity."""
    talk: float = 0.0
    """Seconds from which a call counts as answered."""
    listen: tuple[str, int] = DEFAULT_LISTEN
    """The host and the port of the server."""
    state: str | None = None
    """The path of the state file, or ``None`` for the default."""
    public_url: str = ""
    """The URL under which phones and Xoxzo reach the server; ``""`` for none."""
    dial_in: str = ""
    """The number of ours that acknowledges when a person calls it; ``""`` for none."""
    heartbeats: dict[str, Heartbeat] = {}
    """The dead man's switches by name."""
    grafana: Grafana = Grafana()
    """How Grafana signs."""

    def select_policy(self, alerts: Sequence[Alert]) -> str | None:
        """Return the policy of the first route that matches any of the alerts, or ``None``."""
        return next((route.policy for route in self.routes if any(map(route.matches, alerts))), None)

    def severities(self, alerts: Iterable[Alert]) -> tuple[str, ...]:
        """Return the severities of alerts, each once; those that break through quiet hours come first."""
        found = dict.fromkeys(alert.labels.get(self.severity_label, "") for alert in alerts)
        urgent = {name for policy in self.policies.values() if policy.quiet for name in policy.quiet.break_through}
        return tuple(sorted((name for name in found if name), key=lambda name: name not in urgent))

    def quiet_until(self, policy: EscalationPolicy, alerts: Iterable[Alert], person: str, now: float) -> float | None:
        """Return the end of a person's quiet hours (seconds since 1970), or ``None`` if the person may be notified now.

        The policy's quiet hours apply; the severity of a firing alert may break through them.
        """
        if policy.quiet is None or not policy.quiet.break_through.isdisjoint(self.severities(alerts)):
            return None
        return policy.quiet.hours.until(self.people[person].zone, now)
