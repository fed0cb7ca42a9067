"""From a callback's fields to its value, one function for each purpose (API section 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.callbacks import reading
from xoxzo.cloudpy.callbacks.events import CallEnded, DeliveryReport, Event, IncomingCall, IncomingSMS, LinkClicked
from xoxzo.cloudpy.callbacks.tokens import Purpose
from xoxzo.cloudpy.errors import CallbackRejected
from xoxzo.cloudpy.models import CallStatus, MessageStatus
from xoxzo.cloudpy.operations import replies

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_IDENT = 128
"""Characters of an id; Xoxzo's have 36 at most (API section 1.8)."""
LONGEST_STATUS = 64
"""Characters of a status that are kept; Xoxzo's have 11 at most (API sections 2.2 and 5.2)."""

_Fields = dict[str, Any]


def interpret(purpose: Purpose, reference: str | None, raw: _Fields) -> Event:
    """Return the value that a callback's fields stand for.

    Args:
        purpose: what its URL was made for.
        reference: what the URL was bound to.
        raw: the fields as they came.

    Raises:
        CallbackRejected: nothing in it says what it is about.
    """
    return _READERS[purpose](reference, raw)


def _delivery_report(reference: str | None, raw: _Fields) -> DeliveryReport:
    msgid = _ident(raw, "msgid")
    _require_subject(reference, msgid, "msgid")
    return DeliveryReport(
        reference=reference,
        msgid=msgid,
        status=MessageStatus(replies.text(raw, "status")[:LONGEST_STATUS]),
        recipient=replies.text(raw, "recipient"),
        sender=replies.text(raw, "sender"),
        sent_time=replies.stamp(raw, "sent_time"),
        cost=replies.amount(raw, "cost"),
        parts=reading.whole(raw, "parts"),
        tags=reading.tags(raw),
        raw=raw,
    )


def _call_ended(reference: str | None, raw: _Fields) -> CallEnded:
    callid, conferenceid = _ident(raw, "callid"), _ident(raw, "conferenceid")
    _require_subject(reference, callid or conferenceid, "callid")
    return CallEnded(
        reference=reference,
        callid=callid,
        conferenceid=conferenceid,
        status=CallStatus(replies.text(raw, "status")[:LONGEST_STATUS]),
        recipient=replies.text(raw, "recipient"),
        caller=replies.text(raw, "caller"),
        start_time=replies.stamp(raw, "start_time"),
        end_time=replies.stamp(raw, "end_time"),
        duration=reading.whole(raw, "duration") or 0,
        cost=replies.amount(raw, "cost"),
        tags=reading.tags(raw),
        raw=raw,
    )


def _link_clicked(reference: str | None, raw: _Fields) -> LinkClicked:
    msgid = _ident(raw, "msgid")
    _require_subject(reference, msgid, "msgid")
    # Either a flat record, or a message's status with the click inside: which of them is not known.
    inner = raw.get("link_tracking")
    click = inner if isinstance(inner, dict) else raw
    return LinkClicked(
        reference=reference,
        msgid=msgid,
        recipient=replies.text(raw, "recipient"),
        link=replies.text(click, "link"),
        shortlink=replies.text(click, "shortlink"),
        accessed_on=replies.stamp(click, "accessed_on"),
        tags=reading.tags(raw),
        raw=raw,
    )


def _incoming_call(reference: str | None, raw: _Fields) -> IncomingCall:
    caller = reading.number(replies.text(raw, "caller"))
    return IncomingCall(
        reference=reference,
        # Withheld, it is empty or missing (API section 15.51), or a word.
        caller=caller if caller.startswith("+") else None,
        recipient=reading.number(replies.text(raw, "recipient")),
        raw=raw,
    )


def _incoming_sms(reference: str | None, raw: _Fields) -> IncomingSMS:
    return IncomingSMS(
        reference=reference,
        sender=reading.number(_first(raw, "sender", "caller", "from")),
        recipient=reading.number(_first(raw, "recipient", "sin", "to")),
        text=_first(raw, "message", "text", "body"),
        received_time=next(
            (found for name in ("received_time", "sent_time", "time") if (found := replies.stamp(raw, name))), None
        ),
        raw=raw,
    )


def _first(raw: _Fields, *names: str) -> str:
    return next((value for name in names if (value := replies.text(raw, name))), "")


def _ident(raw: _Fields, field: str) -> str:
    ident = replies.text(raw, field)
    if len(ident) > LONGEST_IDENT:
        raise CallbackRejected(f"the {field} is longer than any")
    return ident


def _require_subject(reference: str | None, ident: str, field: str) -> None:
    if reference is None and not ident:
        raise CallbackRejected(f"the callback has no {field}, and its URL was made for nothing in particular")


_READERS: dict[Purpose, Callable[[str | None, _Fields], Event]] = {
    Purpose.DELIVERY_REPORT: _delivery_report,
    Purpose.CALL_ENDED: _call_ended,
    Purpose.LINK_CLICKED: _link_clicked,
    Purpose.INCOMING_CALL: _incoming_call,
    Purpose.INCOMING_SMS: _incoming_sms,
}
