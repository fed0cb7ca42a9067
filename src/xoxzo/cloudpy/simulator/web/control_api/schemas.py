"""The bodies of the control API's requests and responses. Each description of a field is part of the document."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from xoxzo.cloudpy.simulator.commands.faults import ALL_ENDPOINTS, Fault
from xoxzo.cloudpy.simulator.queries.results import CallRecord, ReceivedSms

SubscribedNumber = Annotated[
    str, Meta(description="A subscribed number, with or without its +.", examples=["815000000001"])
]
Token = Annotated[str | None, Meta(description="Needed for an account that was never charged.")]


class EmptyBody(Struct):
    """An empty object: what changes something has to be JSON, which no web page can post to another site."""


class IncomingCall(Struct):
    """An incoming call."""

    din: SubscribedNumber
    caller: Annotated[str | None, Meta(description="The calling number, in E.164; null withholds it.")] = None
    sid: Annotated[str | None, Meta(description="Whose number it must be; anybody's by default.")] = None


class DialNumber(Struct):
    """A call from a phone to a dial-in number."""

    din: SubscribedNumber
    anonymous: Annotated[bool, Meta(description="Withhold the phone's number.")] = False


class WriteSms(Struct):
    """An SMS from a phone to a receiving number."""

    sin: SubscribedNumber
    text: Annotated[str, Meta(description="1 to 660 characters.")]


class Delay(Struct):
    """A delay."""

    seconds: Annotated[float, Meta(description="Of the simulator's clock, at most a year.")]


class Advance(Struct):
    """Time to advance the clock by; all fields are added."""

    seconds: int | float = 0
    minutes: int | float = 0
    hours: int | float = 0
    days: int | float = 0


class NewRule(Struct):
    """A rule for the outcome of messages or calls."""

    pattern: Annotated[str, Meta(description="A number or its beginning, with the +; empty for all.")]
    outcome: Annotated[
        str, Meta(description="For sms: deliver, fail, hold, delay. For call: answer, decline, ignore, fail, hold.")
    ]
    kind: Literal["sms", "call"] = "sms"
    seconds: Annotated[float, Meta(description="How much longer it takes.")] = 0.0


class NewFault(Struct):
    """A fault."""

    kind: Annotated[str, Meta(description="How; see the page on the simulator.", examples=["lose_reply"])]
    endpoint: Annotated[
        str | None, Meta(description="A method and a path; * for all.", examples=["POST /sms/messages/"])
    ] = ALL_ENDPOINTS
    chance: Annotated[float | None, Meta(description="Above 0 and at most 1.")] = None
    times: Annotated[int | None, Meta(description="How many requests it hits; any number by default.")] = None
    seconds: Annotated[float | None, Meta(description="How long it takes, where it takes time.")] = None


class AddCredits(Struct):
    """Credits to add."""

    amount: Annotated[float, Meta(description="Above 0.")]
    token: Token = None


class SetVerified(Struct):
    """Whether an account may subscribe numbers."""

    verified: bool = True
    token: Token = None


class SetFreeForm(Struct):
    """Whether an account may send texts of its own."""

    allowed: bool = True
    token: Token = None


class NewSender(Struct):
    """A K-premium sender."""

    sender: Annotated[str, Meta(description="1 to 15 digits.")]


class Completed(Struct):
    """The command was carried out."""

    status: str = "ok"


class Health(Struct):
    """The health of the simulator."""

    status: str
    time: str
    """The present on its clock, `YYYY-MM-DD HH:MM:SS` in UTC."""
    instance: str
    """Tells this simulator from any other."""


class ClockState(Struct):
    """The state of the clock."""

    time: str
    """`YYYY-MM-DD HH:MM:SS` in UTC."""
    stopped: bool
    next_due: str | None
    """When something happens next by itself."""


class PhoneState(Struct):
    """What a phone received."""

    number: str
    messages: list[ReceivedSms]
    calls: list[CallRecord]


class CallbackAttemptState(Struct):
    """A try to deliver a callback."""

    kind: str
    ident: str
    url: str
    attempt: int
    at: str
    """When it ended, `YYYY-MM-DD HH:MM:SS` in UTC."""
    status: int | None
    error: str | None
    outcome: str
    content_type: str
    body: str
    answer: str
    answer_headers: tuple[tuple[str, str], ...]


class FaultsState(Struct):
    """The faults that are on, and how often each kind has hit."""

    faults: list[Fault]
    counts: dict[str, int]


class SendersState(Struct):
    """The K-premium senders."""

    senders: list[str]
    any: bool
    """Whether any is taken, registered or not."""
