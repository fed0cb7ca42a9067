"""What the file of settings says, as plain values."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import msgspec

from xoxzo.cloudpy.text import estimate

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns.quiet_hours import QuietHours

Method = Literal["sms", "call"]


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who can be reached.

    Attributes:
        name: as the file calls them; log lines use it.
        number: in E.164.
        country: where the number belongs, as ISO 3166-1 alpha-2, or ``None``.
        zone: the time zone that their quiet hours go by, or ``None`` for that of the quiet hours.
    """

    name: str
    number: str
    country: str | None = None
    zone: str | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of an escalation.

    Attributes:
        to: the names of those whom it reaches, all at once.
        method: ``sms`` or ``call``.
        wait: seconds after each message or call until the next one, whoever gets that.
        repeats: how often it is repeated before the next step.
    """

    to: tuple[str, ...]
    method: Method
    wait: float
    repeats: int


class Quiet(msgspec.Struct, frozen=True, kw_only=True):
    """When people are left alone.

    Attributes:
        hours: the hours, and the zone of everybody who has none of their own.
        break_through: severities that wake people all the same.
    """

    hours: QuietHours
    break_through: frozenset[str] = frozenset()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """An escalation list.

    Attributes:
        name: as the file calls it.
        steps: in their order; the first begins at once.
        rounds: how often the whole list is gone through while nobody acknowledges.
        resolved: whether those who were told get an SMS when all is well again.
        quiet: its quiet hours, or ``None``.
    """

    name: str
    steps: tuple[Step, ...]
    rounds: int = 1
    resolved: bool = False
    quiet: Quiet | None = None

    @property
    def people(self) -> tuple[str, ...]:
        """The names of all whom it may reach, each once."""
        return tuple(dict.fromkeys(name for step in self.steps for name in step.to))


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Which alerts take a list.

    Attributes:
        plan: the list's name.
        match: values by label, one of which each label must have; empty for every alert.
    """

    plan: str
    match: dict[str, tuple[str, ...]] = {}


class Brake(msgspec.Struct, frozen=True, kw_only=True):
    """What may go out in any sixty minutes; the rest waits.

    Attributes:
        messages: SMS and calls together.
        credits: what they may cost, as far as can be told beforehand, or ``None``.
        sms_price: credits for each part, where yours differ from the published.
        call_price: credits for each call.
    """

    messages: int = 60
    credits: Decimal | None = None
    sms_price: Decimal | None = None
    call_price: Decimal = Decimal(0)

    def cost(self, text: str, country: str | None) -> Decimal:
        """Return what an SMS is reckoned with, 0 where no price is known."""
        return estimate(text, country or "ZZ", price=self.sms_price).credits or Decimal(0)

    def most(self, parts: int, country: str | None) -> Decimal:
        """Return what an SMS of so many parts is reckoned with, 0 where no price is known."""
        return parts * (estimate("", country or "ZZ", price=self.sms_price).price or Decimal(0))


class TemplateText(msgspec.Struct, frozen=True, kw_only=True):
    """A text that Xoxzo has approved, for accounts that may not send free ones (API section 3).

    Attributes:
        ident: the template's number.
        variables: for each of its placeholders a text with ours in it; see `wording`.
    """

    ident: int
    variables: dict[str, str] = {}


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """What is said; see `wording` for the placeholders.

    Attributes:
        sms: of an alert.
        call: spoken.
        resolved: when all is well again.
        max_parts: the most SMS parts that a message may take.
        sms_template: what is sent in place of ``sms``, or ``None``.
        resolved_template: what is sent in place of ``resolved``, or ``None``.
    """

    sms: str
    call: str
    resolved: str
    max_parts: int = 2
    sms_template: TemplateText | None = None
    resolved_template: TemplateText | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the file says.

    Attributes:
        sender: of SMS.
        caller: the number that calls show.
        language: ``ja`` or ``en``: of spoken texts and of the texts that are not given.
        people: by name.
        plans: the escalation lists by name.
        routes: in their order; the first that fits any firing alert decides.
        texts: what is said.
        brake: how much may go out.
        severity_label: the label that holds the severity.
        talk: seconds of talk from which on a call counts as answered.
        listen: host and port.
        state: the file that remembers incidents, or ``None`` for the usual place.
    """

    sender: str
    caller: str
    language: Literal["ja", "en"]
    people: dict[str, Person]
    plans: dict[str, Plan]
    routes: tuple[Route, ...]
    texts: Texts
    brake: Brake = Brake()
    severity_label: str = "severity"
    talk: float = 0.0
    listen: tuple[str, int] = ("127.0.0.1", 9095)
    state: str | None = None
