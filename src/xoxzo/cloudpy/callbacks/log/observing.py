"""What can be learnt from a callback, from a send and from an answer of the API."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from xoxzo.cloudpy.callbacks.events import CallEnded, DeliveryReport, Event, IncomingCall, LinkClicked
from xoxzo.cloudpy.callbacks.log.entries import Kind, Observation
from xoxzo.cloudpy.models import Call, CallStatus, Conference, Message, SentMessage, StartedCall, StartedConference

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

CONFERENCE_OVER = CallStatus.ANSWERED.value
"""A conference has no status of its own; over, it counts as answered, and what became of each call is in its legs."""


_DIGITS = 15
_PLACES = 6


def from_event(event: Event, at: datetime) -> Observation | None:
    """Return what a callback tells, or ``None`` for an incoming call, which is no message and is never repeated."""
    match event:
        case DeliveryReport():
            return Observation(
                kind="sms",
                source="delivery-report",
                at=at,
                ident=event.msgid,
                reference=event.reference,
                status=event.status.value,
                final=event.status.is_final,
                cost=_credits(event.cost),
            )
        case LinkClicked():
            return Observation(kind="sms", source="link-clicked", at=at, ident=event.msgid, reference=event.reference)
        case CallEnded():
            kind: Kind = "conference" if event.conferenceid else "call"
            status = CONFERENCE_OVER if event.conferenceid else event.status.value
            return Observation(
                kind=kind,
                source="call-ended",
                at=at,
                ident=event.conferenceid or event.callid,
                reference=event.reference,
                status=status,
                final=bool(event.conferenceid) or event.status.is_final,
                cost=_credits(event.cost),
            )
        case IncomingCall():
            return None
        case _:
            # It has no id, so the same SMS is known by all that it says; the text itself is not kept.
            told = [event.sender, event.recipient, event.text, event.received_time]
            ident = sha256(msgspec.json.encode(told)).hexdigest()
            return Observation(kind="incoming-sms", source="incoming-sms", at=at, ident=ident, final=True)


def from_sent(sent: SentMessage | StartedCall | StartedConference, reference: str | None, at: datetime) -> Observation:
    """Return what a send or a call tells that has just been made."""
    kind: Kind
    if isinstance(sent, SentMessage):
        kind, ident = "sms", sent.msgid
    elif isinstance(sent, StartedCall):
        kind, ident = "call", sent.callid
    else:
        kind, ident = "conference", sent.conferenceid
    return Observation(kind=kind, source="sent", at=at, ident=ident, reference=reference or sent.reference)


def from_answer(answer: Message | Call | Conference, at: datetime) -> Observation:
    """Return what the API tells when it is asked."""
    kind: Kind
    if isinstance(answer, Message):
        kind, ident, status, final = "sms", answer.msgid, answer.status.value, answer.status.is_final
    elif isinstance(answer, Call):
        kind, ident, status, final = "call", answer.callid, answer.status.value, answer.status.is_final
    else:
        final = answer.end_time is not None
        kind, ident, status = "conference", answer.conferenceid, CONFERENCE_OVER if final else ""
    return Observation(
        kind=kind, source="asked", at=at, ident=ident, status=status, final=final, cost=_credits(answer.cost)
    )


def _credits(cost: Decimal | None) -> str:
    # Written out, a number such as 1E+999999 would be a megabyte long.
    if cost is None or not -_DIGITS < cost.adjusted() < _DIGITS:
        return ""
    return format(round(cost, _PLACES).normalize(), "f")
