"""The tables of the settings file, as its keys name them. `loading` reads them, and checks them against each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, field
from msgspec.structs import force_setattr

from xoxzo.cloudpy import phone
from xoxzo.cloudpy.campaigns.limits import Schedule
from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.integrations.alertmanager.config.toml_values import Credits, Named, Seconds, Table, TextList
from xoxzo.cloudpy.integrations.alertmanager.incidents import Alert
from xoxzo.cloudpy.text import estimate

Method = Literal["sms", "call"]
DEFAULT_LISTEN = "127.0.0.1:9095"
_DEFAULT_WAITS_AND_REPEATS = {"sms": (Seconds(300), 0), "call": (Seconds(120), 2)}
_MIN_HEARTBEAT_SECONDS = 60


class Person(Table, frozen=True):
    """A person who can be notified: in the file a table, or only the number."""

    number: str
    """The number, in E.164; in the file with + and its country code, or as within Japan."""
    zone: str = ""
    """The time zone of their quiet hours; ``""`` for the zone of the quiet hours."""

    @classmethod
    def expand(cls, value: Any) -> Any:  # noqa: ANN401 - any TOML value
        """Return the table of a person with only a number."""
        return {"number": value} if isinstance(value, str) else value

    def __post_init__(self) -> None:
        if self.zone:
            # Only to check the zone.
            Schedule(quiet="00:00-01:00", zone=self.zone)

    @property
    def country(self) -> str | None:
        """The number's country as ISO 3166-1 alpha-2, or ``None``."""
        return phone.parse(self.number, test_numbers=True).country


class Step(Table, frozen=True):
    """One step of an escalation policy."""

    to: TextList
    """The names of the people, who are notified at the same time."""
    method: Method
    wait: Seconds = Seconds(-1)
    """Seconds after each message or call until the next one; by default 300 after an SMS, and 120 after a call."""
    repeats: Annotated[int, Meta(ge=0, le=100)] = -1
    """How many times the step is repeated before the next step; by default 0 with SMS, and 2 with calls."""

    def __post_init__(self) -> None:
        if not self.to or len(set(self.to)) != len(self.to):
            raise InvalidArgument("to", "must name people, each once")
        wait, repeats = _DEFAULT_WAITS_AND_REPEATS[self.method]
        force_setattr(self, "wait", self.wait if self.wait >= 0 else wait)
        force_setattr(self, "repeats", self.repeats if self.repeats >= 0 else repeats)


class Quiet(Table, frozen=True):
    """The quiet hours, in which no notification is sent."""

    hours: str
    """The hours, such as ``22:00-07:00``."""
    zone: str = "Asia/Tokyo"
    """The time zone of people without one of their own."""
    break_through: TextList = TextList()
    """The severities for which people are notified nevertheless."""

    def __post_init__(self) -> None:
        try:
            self.until("", 0.0)
        except InvalidArgument as error:
            name = "zone" if error.field == "zone" else "hours"
            raise InvalidArgument(name, error.template, error.fields) from None

    def until(self, zone: str, now: float) -> float | None:
        """Return the end of quiet hours in a time zone, or ``None`` outside of them; times in seconds since 1970."""
        return Schedule(quiet=self.hours, zone=self.zone).until(zone, now)


class EscalationPolicy(Table, frozen=True):
    """An escalation policy: one of ``[lists]`` in the file."""

    steps: tuple[Step, ...] = ()
    """The steps in order; the first begins at once."""
    rounds: Annotated[int, Meta(ge=1, le=100)] = 1
    """How many times all steps are repeated without an acknowledgement."""
    resolved: bool = False
    """Whether all who were notified get an SMS when the group is resolved."""
    quiet: Quiet | None = None
    """The quiet hours; ``None`` for none, and in the file for those of all lists."""

    @classmethod
    def expand(cls, value: Any) -> Any:  # noqa: ANN401 - any TOML value
        """Replace ``quiet = false`` by a table without hours."""
        is_never_quiet = isinstance(value, dict) and value.get("quiet") is False
        return {**value, "quiet": {"hours": ""}} if is_never_quiet else value

    def __post_init__(self) -> None:
        if not self.steps:
            raise InvalidArgument("steps", "must have at least one step")

    @property
    def people(self) -> tuple[str, ...]:
        """The names of all people in its steps, each once."""
        return tuple(dict.fromkeys(name for step in self.steps for name in step.to))


class Route(Table, frozen=True):
    """Selects a policy for alerts."""

    policy: str = field(name="list")
    match: Named[TextList] = Named()
    """The accepted values of each label; empty for every alert."""

    def matches(self, alert: Alert) -> bool:
        """Return whether each label has one of the accepted values; a missing label is empty."""
        return all(alert.labels.get(label, "") in values for label, values in self.match.items())


class Heartbeat(Route, frozen=True):
    """A dead man's switch: its list starts when no signal has come for a while.

    The signal is an alert that matches or, if no labels are given, ``/heartbeat/NAME``.
    """

    timeout: Seconds = Seconds(600)
    """Seconds without a heartbeat until then; only the time in which the receiver runs counts."""

    def __post_init__(self) -> None:
        if self.timeout < _MIN_HEARTBEAT_SECONDS:
            raise InvalidArgument("timeout", "must be at least {least} s", least=_MIN_HEARTBEAT_SECONDS)


class Grafana(Table, frozen=True):
    """The names of the headers in which Grafana signs its requests."""

    signature_header: str = "X-Grafana-Alerting-Signature"
    """Holds the HMAC-SHA256 of the body in hexadecimal."""
    timestamp_header: str = ""
    """Holds the time that is signed, too; ``""`` if Grafana sends none."""


class SpendLimit(Table, frozen=True):
    """What may be sent in any 60 minutes; the rest waits."""

    messages: Annotated[int, Meta(ge=1, le=100_000)] = 0
    """The number of SMS and calls; by default 60, or as many people as the largest list has."""
    credits: Credits | None = None
    """Their estimated cost, or ``None`` for no limit."""
    sms_price: Credits | None = None
    """Credits for each SMS part, if yours differ from the published price."""
    call_price: Credits | None = None
    """Credits for each call; ``None`` counts as 0."""

    def message_cost(self, message: str, country: str | None) -> Decimal:
        """Return the estimated cost of an SMS in credits; 0 if no price is known."""
        return estimate(message, country or "ZZ", price=self.sms_price).credits or Decimal(0)

    def parts_cost(self, parts: int, country: str | None) -> Decimal:
        """Return the estimated cost of SMS parts in credits; 0 if no price is known."""
        return parts * (estimate("", country or "ZZ", price=self.sms_price).price or Decimal(0))


class TemplateText(Table, frozen=True):
    """An approved SMS template, for accounts that may not send free texts (API section 3)."""

    ident: Annotated[int, Meta(ge=1, le=2**31)] = field(name="id")
    variables: Named[str] = Named()
    """For each placeholder of the template, a text with placeholders of `message_text`."""


class Texts(Table, frozen=True):
    """The texts of SMS for firing alerts, of calls, and of SMS for a resolved group; or the templates of the SMS.

    `message_text` describes the placeholders, and has the texts that ``None`` stands for.
    """

    sms: str | None = None
    call: str | None = None
    resolved: str | None = None
    max_parts: Annotated[int, Meta(ge=1, le=10)] = 2
    """The most SMS parts of a message."""
    sms_template: TemplateText | None = None
    resolved_template: TemplateText | None = None


class Settings(Table, frozen=True):
    """The settings."""

    sender: str = ""
    caller: str = ""
    """The caller's number of calls."""
    language: Literal["en", "ja"] = "en"
    """The language of calls, and of the default texts."""
    people: Named[Person] = Named()
    policies: Named[EscalationPolicy] = field(name="lists", default=Named())
    routes: tuple[Route, ...] = ()
    """The routes in order; the first that matches any firing alert of a group selects the policy."""
    quiet: Quiet | None = None
    """The quiet hours of lists without any of their own, or ``None``."""
    texts: Texts = Texts()
    spend_limit: SpendLimit = SpendLimit()
    severity_label: str = "severity"
    talk: Seconds = Seconds(0)
    """Seconds from which a call counts as answered."""
    listen: str = DEFAULT_LISTEN
    """The host and the port of the server."""
    state: str = ""
    """The path of the state file; ``""`` for the default."""
    public_url: str = ""
    """The URL under which phones and Xoxzo reach the server; ``""`` for none."""
    dial_in: str = ""
    """The number of ours that acknowledges when a person calls it; ``""`` for none."""
    heartbeats: Named[Heartbeat] = Named()
    grafana: Grafana = Grafana()

    def select_policy(self, alerts: Sequence[Alert]) -> str | None:
        """Return the policy of the first route that matches any of the alerts, or ``None``."""
        return next((route.policy for route in self.routes if any(map(route.matches, alerts))), None)

    def severities(self, alerts: Iterable[Alert]) -> tuple[str, ...]:
        """Return the severities of alerts, each once; those that break through quiet hours come first."""
        found = dict.fromkeys(alert.labels.get(self.severity_label, "") for alert in alerts)
        urgent = {name for policy in self.policies.values() if policy.quiet for name in policy.quiet.break_through}
        return tuple(sorted((name for name in found if name), key=lambda name: name not in urgent))

    def quiet_until(self, policy: EscalationPolicy, alerts: Iterable[Alert], person: str, now: float) -> float | None:
        """Return the end of a person's quiet hours, or ``None`` if they do not apply; times are seconds since 1970."""
        if policy.quiet is None or any(name in policy.quiet.break_through for name in self.severities(alerts)):
            return None
        return policy.quiet.until(self.people[person].zone, now)
