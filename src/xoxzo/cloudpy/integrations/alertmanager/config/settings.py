"""The values of the settings file."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import msgspec

from xoxzo.cloudpy.text import estimate

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns.schedule import Schedule

Method = Literal["sms", "call"]
DEFAULT_LISTEN = ("127.0.0.1", 9095)
"""The host and the port of the server."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A person who can be notified.

    Attributes:
        name: the name in the file and in log lines.
        number: the number, in E.164.
        country: the number's country as ISO 3166-1 alpha-2, or ``None``.
        zone: the time zone of their quiet hours; ``None`` for the zone of the quiet hours.
    """

    name: str
    number: str
    country: str | None = None
    zone: str | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of an escalation policy.

    Attributes:
        to: the names of the people, who are notified at the same time.
        method: ``sms`` or ``call``.
        wait: seconds after each message or call until the next one.
        repeats: how many times the step is repeated before the next step.
    """

    to: tuple[str, ...]
    method: Method
    wait: float
    repeats: int


class Quiet(msgspec.Struct, frozen=True, kw_only=True):
    """The quiet hours, in which no notification is sent.

    Attributes:
        hours: the hours, and the time zone of people without one of their own.
        break_through: the severities for which people are notified nevertheless.
    """

    hours: Schedule
    break_through: frozenset[str] = frozenset()


class EscalationPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """An escalation policy: one of ``[lists]`` in the file.

    Attributes:
        name: the name in the file.
        steps: the steps in order; the first begins at once.
        rounds: how many times all steps are repeated without an acknowledgement.
        resolved: whether all who were notified get an SMS when the group is resolved.
        quiet: the quiet hours, or ``None``.
    """

    name: str
    steps: tuple[Step, ...]
    rounds: int = 1
    resolved: bool = False
    quiet: Quiet | None = None

    @property
    def people(self) -> tuple[str, ...]:
        """The names of all people in its steps, each once."""
        return tuple(dict.fromkeys(name for step in self.steps for name in step.to))


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Selects a policy for alerts.

    Attributes:
        policy: the name of the policy.
        match: the accepted values of each label; empty for every alert.
    """

    policy: str
    match: dict[str, tuple[str, ...]] = {}


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """A dead man's switch: people are notified when nothing was heard for a while.

    Attributes:
        name: the name in the file.
        policy: the escalation policy that is started.
        timeout: seconds without a heartbeat until then; only the time in which the receiver runs counts.
        match: the labels of the alert that is a heartbeat, as in `Route`; empty if it comes to ``/heartbeat/NAME``.
    """

    name: str
    policy: str
    timeout: float
    match: dict[str, tuple[str, ...]] = {}


class Grafana(msgspec.Struct, frozen=True, kw_only=True):
    """The names of the headers in which Grafana signs its requests.

    Attributes:
        signature_header: holds the HMAC-SHA256 of the body in hexadecimal.
        timestamp_header: holds the time that is signed, too; ``""`` if Grafana sends none.
    """

    signature_header: str = "X-Grafana-Alerting-Signature"
    timestamp_header: str = ""


class SpendLimit(msgspec.Struct, frozen=True, kw_only=True):
    """What may be sent in any 60 minutes; the rest waits.

    Attributes:
        messages: the number of SMS and calls.
        credits: their estimated cost, or ``None`` for no limit.
        sms_price: credits for each SMS part, if yours differ from the published price.
        call_price: credits for each call.
    """

    messages: int = 60
    credits: Decimal | None = None
    sms_price: Decimal | None = None
    call_price: Decimal = Decimal(0)

    def message_cost(self, message: str, country: str | None) -> Decimal:
        """Return the estimated cost of an SMS in credits; 0 if no price is known."""
        return estimate(message, country or "ZZ", price=self.sms_price).credits or Decimal(0)

    def parts_cost(self, parts: int, country: str | None) -> Decimal:
        """Return the estimated cost of SMS parts in credits; 0 if no price is known."""
        return parts * (estimate("", country or "ZZ", price=self.sms_price).price or Decimal(0))


class TemplateText(msgspec.Struct, frozen=True, kw_only=True):
    """An approved SMS template, for accounts that may not send free texts (API section 3).

    Attributes:
        ident: the template's number.
        variables: for each placeholder of the template, a text with placeholders of `message_text`.
    """

    ident: int
    variables: dict[str, str] = {}


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """The texts; `message_text` describes their placeholders.

    Attributes:
        sms: the SMS for firing alerts.
        call: what a call speaks.
        resolved: the SMS for a resolved group.
        max_parts: the most SMS parts of a message.
        sms_template: the template that replaces ``sms``, or ``None``.
        resolved_template: the template that replaces ``resolved``, or ``None``.
    """

    sms: str
    call: str
    resolved: str
    max_parts: int = 2
    sms_template: TemplateText | None = None
    resolved_template: TemplateText | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings.

    Attributes:
        sender: the sender of SMS.
        caller: the caller's number of calls.
        language: ``ja`` or ``en``: the language of calls, and of the default texts.
        people: the people by name.
        policies: the escalation policies by name.
        routes: the routes in order; the first that matches any firing alert of a group selects the policy.
        texts: the texts.
        spend_limit: what may be sent in any 60 minutes.
        severity_label: the label that holds the severity.
        talk: seconds from which a call counts as answered.
        listen: the host and the port of the server.
        state: the path of the state file, or ``None`` for the default.
        public_url: the URL under which phones and Xoxzo reach the server; ``""`` for none.
        dial_in: the number of ours that acknowledges when a person calls it; ``""`` for none.
        heartbeats: the dead man's switches by name.
        grafana: how Grafana signs.
    """

    sender: str
    caller: str
    language: Literal["ja", "en"]
    people: dict[str, Person]
    policies: dict[str, EscalationPolicy]
    routes: tuple[Route, ...]
    texts: Texts
    spend_limit: SpendLimit = SpendLimit()
    severity_label: str = "severity"
    talk: float = 0.0
    listen: tuple[str, int] = DEFAULT_LISTEN
    state: str | None = None
    public_url: str = ""
    dial_in: str = ""
    heartbeats: dict[str, Heartbeat] = {}
    grafana: Grafana = Grafana()
