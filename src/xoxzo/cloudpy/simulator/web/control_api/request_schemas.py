"""The bodies of the control API's requests. Each description of a field is part of the document."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from xoxzo.cloudpy.simulator.commands.faults import ALL_ENDPOINTS

Number = Annotated[str, Meta(description="In E.164, with its +.", examples=["+819000001234"])]
SubscribedNumber = Annotated[
    str, Meta(description="A subscribed number, with or without its +.", examples=["815000000001"])
]
Token = Annotated[str | None, Meta(description="Needed for an account that was never charged.")]


class EmptyBody(Struct):
    """An empty object: what changes something has to be JSON, which no web page can post to another site."""


class IncomingCall(Struct):
    """Who calls which number."""

    din: SubscribedNumber
    caller: Annotated[str | None, Meta(description="The calling number, in E.164; null withholds it.")] = None
    sid: Annotated[str | None, Meta(description="Whose number it must be; anybody's by default.")] = None


class DialNumber(Struct):
    """Which number a phone dials."""

    din: SubscribedNumber
    anonymous: Annotated[bool, Meta(description="Withhold the phone's number.")] = False


class WriteSms(Struct):
    """What a phone writes, and to which receiving number."""

    sin: SubscribedNumber
    text: Annotated[str, Meta(description="1 to 660 characters.")]


class Delay(Struct):
    """How much later."""

    seconds: Annotated[float, Meta(description="Of the simulator's clock, at most a year.")]


class Advance(Struct):
    """How far; all are added."""

    seconds: int | float = 0
    minutes: int | float = 0
    hours: int | float = 0
    days: int | float = 0


class NewRule(Struct):
    """What becomes of messages or calls."""

    pattern: Annotated[str, Meta(description="A number or its beginning, with the +; empty for all.")]
    outcome: Annotated[
        str, Meta(description="For sms: deliver, fail, hold, delay. For call: answer, decline, ignore, fail, hold.")
    ]
    kind: Literal["sms", "call"] = "sms"
    seconds: Annotated[float, Meta(description="How much longer it takes.")] = 0.0


class NewFault(Struct):
    """What goes wrong."""

    kind: Annotated[str, Meta(description="How; see the page on the simulator.", examples=["lose_reply"])]
    endpoint: Annotated[
        str | None, Meta(description="A method and a path; * for all.", examples=["POST /sms/messages/"])
    ] = ALL_ENDPOINTS
    chance: Annotated[float | None, Meta(description="Above 0 and at most 1.")] = None
    times: Annotated[int | None, Meta(description="How many requests it hits; any number by default.")] = None
    seconds: Annotated[float | None, Meta(description="How long it takes, where it takes time.")] = None


class AddCredits(Struct):
    """How many credits."""

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
