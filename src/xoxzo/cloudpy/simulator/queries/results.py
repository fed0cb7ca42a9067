"""Records as plain values: messages, calls and replies alike, as a list shows them, and each kind by itself."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar

from msgspec import Struct

from xoxzo.cloudpy.simulator.engine.outcome_rules import OutcomeRule as OutcomeRule  # noqa: PLC0414 - others get it here
from xoxzo.cloudpy.simulator.engine.records.accounts import Template
from xoxzo.cloudpy.simulator.engine.records.traffic import (
    Call,
    CallbackAttempt as CallbackAttempt,  # noqa: PLC0414 - others get it here
    InboundSms,
    Message,
)
from xoxzo.cloudpy.simulator.engine.rules import format_time

T = TypeVar("T")

ResultKind = Literal["sms", "call", "reply"]

_AUDIBLE_STEPS = frozenset({"say", "playback"})
"""Steps of a call that play or speak something."""


Record = TypeVar("Record", Message, Call, InboundSms)


class SearchResult(Struct, frozen=True):
    """A message, a call or a reply."""

    kind: ResultKind
    """`sms` to a phone, `call` in either direction, or `reply`: an SMS from a phone to a receiving number."""
    ident: str
    serial: int
    """Its place in the order of everything; a cursor for the next page."""
    at: float
    """When it began, seconds since 1970 on the simulator's clock."""
    status: str
    sender: str
    """Who sent or called; empty where the number is withheld."""
    recipient: str
    text: str
    """The text of a message, or what a call speaks and the URLs that it plays, answered or not."""
    tags: tuple[str, ...]
    cost: Decimal
    parts: int
    """Parts of a message; 0 for a call."""
    sid: str
    """Whose it is."""
    duration: int = 0
    """Seconds of talk."""


class MessageFields:
    """A message as predicates see it: one object for all messages, which saves making a `SearchResult` of each."""

    __slots__ = ("ident", "kind", "recipient", "sender", "status", "tags", "text")

    def at(self, message: Message) -> MessageFields:
        """Become a message."""
        request = message.request
        self.kind: ResultKind = "sms"
        self.ident, self.status, self.text = message.msgid, message.status, message.text
        self.sender, self.recipient, self.tags = message.shown_sender, request.recipient, request.tags
        return self


class ResultPage(Struct, Generic[T], frozen=True):
    """Some of many."""

    items: tuple[T, ...]
    next: int | None
    """What `before` has to be for the next page; ``None`` when this is the last."""


def from_message(message: Message) -> SearchResult:
    """Return a message as found."""
    return SearchResult(
        "sms",
        message.msgid,
        message.serial,
        message.sent,
        message.status,
        message.shown_sender,
        message.request.recipient,
        message.text,
        message.request.tags,
        message.cost,
        message.parts,
        message.account.sid,
    )


def from_call(call: Call) -> SearchResult:
    """Return a call as found."""
    audible = (
        step.facts["text" if step.name == "say" else "url"] for step in call.steps if step.name in _AUDIBLE_STEPS
    )
    return SearchResult(
        "call",
        call.callid,
        call.serial,
        call.started,
        call.status,
        with_plus(call.caller),
        call.recipient,
        call.content or " ".join(map(str, audible)),
        call.tags,
        call.charged,
        0,
        call.account.sid,
        call.duration,
    )


def from_reply(reply: InboundSms) -> SearchResult:
    """Return a reply as found."""
    return SearchResult(
        "reply",
        reply.ident,
        reply.serial,
        reply.at,
        reply.status,
        reply.sender,
        reply.recipient,
        reply.text,
        (),
        reply.cost,
        1,
        reply.account.sid,
    )


def with_plus(caller: str) -> str:
    """Return who calls as a phone shows it: the API takes a caller's number without its +."""
    return f"+{caller}" if caller[:1].isdigit() else caller


def result_from(record: Message | Call | InboundSms) -> SearchResult:
    """Return any of them as found."""
    match record:
        case Message():
            return from_message(record)
        case Call():
            return from_call(record)
        case _:
            return from_reply(record)


def newest_first(records: Iterable[Record]) -> list[Record]:
    """Return records in the reverse of their order."""
    return list(records)[::-1]


def by_serial(calls: Iterable[Call]) -> list[Call]:
    """Return calls, those with the highest serial number first.

    A transfer shows a call on the phone that it reached later than others which began later.
    """
    return sorted(calls, key=lambda call: -call.serial)


def below(records: list[Record], before: int | None) -> list[Record]:
    """Return what has a lower serial number than `before`, of records whose highest stands first."""
    return records if before is None else records[bisect_right(records, -before, key=lambda record: -record.serial) :]


class ReceivedSms(Struct, frozen=True):
    """An SMS that was sent to a phone; `sender` is what the phone shows."""

    msgid: str
    sender: str
    text: str
    parts: int
    status: str


class SentReply(Struct, frozen=True):
    """An SMS that was written on a phone, to a receiving number."""

    ident: str
    sin: str
    """The receiving number, with its +."""
    text: str
    status: str
    """`RECEIVED`, or `NO ACTION URL` or `NO CREDITS`, when no callback was sent."""


class CallRecord(Struct, frozen=True, rename={"callid": "id"}):
    """A call as it stood at one moment; `steps` lists what happened, first to last."""

    callid: str
    direction: str
    caller: str | None
    recipient: str
    status: str
    duration: int
    steps: tuple[dict[str, Any], ...]


class TemplateRecord(Struct, frozen=True):
    """A template as the person who approves it sees it (API section 3)."""

    id: int
    sid: str
    """Whose it is."""
    name: str
    approved_content: str | None
    pending_content: str | None
    status: Literal["APPROVED", "PENDING"]


def sms_record(message: Message) -> ReceivedSms:
    """Return a message as its phone shows it."""
    return ReceivedSms(message.msgid, message.shown_sender, message.text, message.parts, message.status)


def reply_record(reply: InboundSms) -> SentReply:
    """Return what a phone wrote."""
    return SentReply(reply.ident, reply.recipient, reply.text, reply.status)


def call_record(call: Call) -> CallRecord:
    """Return a call with its steps."""
    steps = ({"at": format_time(step.at), "name": step.name, **step.facts} for step in call.steps)
    return CallRecord(
        call.callid, call.direction, call.caller or None, call.recipient, call.status, call.duration, tuple(steps)
    )


def template_record(template: Template) -> TemplateRecord:
    """Return a template with its owner."""
    return TemplateRecord(
        template.ident,
        template.account.sid,
        template.name,
        template.approved_content,
        template.pending_content,
        template.status,
    )
