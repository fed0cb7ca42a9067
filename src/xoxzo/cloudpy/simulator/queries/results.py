"""Records as plain values: messages, calls and replies alike, as a list shows them, and each kind by itself."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar

from msgspec import Struct

from xoxzo.cloudpy.simulator.engine.outcome_rules import OutcomeRule as OutcomeRule  # noqa: PLC0414 - others get it here
from xoxzo.cloudpy.simulator.engine.records import traffic
from xoxzo.cloudpy.simulator.engine.records.traffic import CallbackAttempt as CallbackAttempt  # noqa: PLC0414 - others get it here
from xoxzo.cloudpy.simulator.engine.rules import format_time

T = TypeVar("T")

ResultKind = Literal["sms", "call", "reply"]

R = TypeVar("R", bound=traffic.Traffic)

_AUDIBLE = frozenset({"say", "playback"})
"""Steps of a call that speak or play something."""


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


class ResultPage(Struct, Generic[T], frozen=True):
    """Some of many."""

    items: tuple[T, ...]
    next: int | None
    """What `before` has to be for the next page; ``None`` when this is the last."""


def result_from(record: traffic.Traffic) -> SearchResult:
    """Return a message, a call or a reply as found."""
    kind: ResultKind
    duration = 0
    # Searches make very many: of three values at most no tuple is built.
    if isinstance(record, traffic.Message):
        kind, ident, at = "sms", record.msgid, record.sent
        sender, recipient, tags = record.shown_sender, record.request.recipient, record.request.tags
        text, cost, parts = record.text, record.cost, record.parts
    elif isinstance(record, traffic.InboundSms):
        kind, ident, at = "reply", record.ident, record.at
        sender, recipient, tags = record.sender, record.recipient, ()
        text, cost, parts = record.text, record.cost, 1
    else:
        kind, ident, at = "call", record.callid, record.started
        # The API takes a caller's number without its +.
        sender, tags = f"+{record.caller}" if record.caller[:1].isdigit() else record.caller, record.tags
        said = (step.facts["text" if step.name == "say" else "url"] for step in record.steps if step.name in _AUDIBLE)
        text, recipient = record.content or " ".join(map(str, said)), record.recipient
        cost, parts, duration = record.charged, 0, record.duration
    status, serial, sid = record.status, record.serial, record.account.sid
    return SearchResult(kind, ident, serial, at, status, sender, recipient, text, tags, cost, parts, sid, duration)


def newest_first(records: Iterable[R], before: int | None = None) -> list[R]:
    """Return the records whose serial numbers are below `before`, the highest first.

    Only calls may be in another order: a transfer shows a call on the phone that it reached later than others which
    began later.
    """
    newest = list(records)[::-1]
    if newest and isinstance(newest[0], traffic.Call):
        newest.sort(key=lambda record: -record.serial)
    return newest if before is None else newest[bisect_right(newest, -before, key=lambda record: -record.serial) :]


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


def call_record(call: traffic.Call) -> CallRecord:
    """Return a call with its steps."""
    steps = ({"at": format_time(step.at), "name": step.name, **step.facts} for step in call.steps)
    return CallRecord(
        call.callid, call.direction, call.caller or None, call.recipient, call.status, call.duration, tuple(steps)
    )
