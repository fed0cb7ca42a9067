"""Turn callbacks, sends and API records into observations, and merge these into entries. Pure functions.

Reports may come twice, late, out of order, before the send has returned, or never (API sections 10 and 15.63). Both
storages follow these rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from xoxzo.cloudpy.callbacks.events import CallEnded, DeliveryReport, Event, IncomingCall, LinkClicked
from xoxzo.cloudpy.callbacks.log.entries import Entry, Kind, Note, Recorded, Source
from xoxzo.cloudpy.errors import CallbackRejected
from xoxzo.cloudpy.models import (
    Call,
    CallStatus,
    Conference,
    Message,
    MessageStatus,
    SentMessage,
    StartedCall,
    StartedConference,
)

MAX_NOTES = 50
"""Notes of one entry. Later reports still change the status, but do not lengthen the history."""

MAX_PROCESSING = timedelta(seconds=60)
"""A callback that was not finished after this time counts as new again: the process that began it has died."""

CONFERENCE_ENDED = CallStatus.ANSWERED.value
"""The status of a conference that is over: it has none of its own, and each call's outcome stands in its legs."""

_FINAL_STATUSES: dict[Kind, frozenset[str]] = {
    "sms": frozenset(status.value for status in MessageStatus if status.is_final),
    "call": frozenset(status.value for status in CallStatus if status.is_final),
    "conference": frozenset({CONFERENCE_ENDED}),
    # It has no status, and no later report.
    "incoming-sms": frozenset({""}),
}
_STATUS_RANKS = {"": 0, "QUEUED": 2, "DELIVERING": 3, "IN PROGRESS": 3}
_UNKNOWN_STATUS_RANK = 1
_FINAL_RANK = 4
_MAX_COST_DIGITS = 15
_COST_DECIMALS = 6


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of information about a message or call.

    The fields are those of `Entry` and `Note`; `processing` is whether the caller will process it, and call `finished`.
    """

    kind: Kind
    source: Source
    at: datetime
    ident: str = ""
    reference: str | None = None
    status: str = ""
    cost: str = ""
    processing: bool = False

    @property
    def final(self) -> bool:
        """Whether the status is final."""
        return self.status in _FINAL_STATUSES[self.kind]


def from_event(event: Event, at: datetime) -> Observation | None:
    """Return the observation of a callback; ``None`` for an incoming call, which is not logged."""
    match event:
        case DeliveryReport():
            return Observation(
                kind="sms",
                source="delivery-report",
                at=at,
                ident=event.msgid,
                reference=event.reference,
                status=event.status.value,
                cost=_format_cost(event.cost),
            )
        case LinkClicked():
            return Observation(kind="sms", source="link-clicked", at=at, ident=event.msgid, reference=event.reference)
        case CallEnded():
            return Observation(
                kind="conference" if event.conferenceid else "call",
                source="call-ended",
                at=at,
                ident=event.conferenceid or event.callid,
                reference=event.reference,
                status=CONFERENCE_ENDED if event.conferenceid else event.status.value,
                cost=_format_cost(event.cost),
            )
        case IncomingCall():
            return None
        case _:
            # An incoming SMS has no id: a hash of its content recognises repeats without storing the content.
            content = [event.sender, event.recipient, event.message, event.received_time]
            ident = sha256(msgspec.json.encode(content)).hexdigest()
            return Observation(kind="incoming-sms", source="incoming-sms", at=at, ident=ident)


def from_sent(sent: SentMessage | StartedCall | StartedConference, reference: str | None, at: datetime) -> Observation:
    """Return the observation of a send or a call that has just been made."""
    kind: Kind
    if isinstance(sent, SentMessage):
        kind, ident = "sms", sent.msgid
    elif isinstance(sent, StartedCall):
        kind, ident = "call", sent.callid
    else:
        kind, ident = "conference", sent.conferenceid
    return Observation(kind=kind, source="sent", at=at, ident=ident, reference=reference or sent.reference)


def from_record(record: Message | Call | Conference, at: datetime) -> Observation:
    """Return the observation of a record that the API returned."""
    kind: Kind
    if isinstance(record, Message):
        kind, ident, status = "sms", record.msgid, record.status.value
    elif isinstance(record, Call):
        kind, ident, status = "call", record.callid, record.status.value
    else:
        status = "" if record.end_time is None else CONFERENCE_ENDED
        kind, ident = "conference", record.conferenceid
    cost = _format_cost(record.cost)
    return Observation(kind=kind, source="asked", at=at, ident=ident, status=status, cost=cost)


def select_entry(entries: Sequence[Entry], observation: Observation) -> Entry | None:
    """Return the entry with an observation's id or reference that it belongs to, or ``None`` for a new one.

    Raises:
        CallbackRejected: the callback is about another message than its URL was made for (403).
    """
    reference, ident = observation.reference, observation.ident
    same_ident = next((entry for entry in entries if ident and entry.ident == ident), None)
    same_reference = [entry for entry in entries if reference is not None and entry.reference == reference]
    if same_ident is not None:
        differs = reference is not None and same_ident.reference not in {None, reference}
        if differs and observation.source != "sent":
            raise CallbackRejected("the callback is about another message than its URL was made for", 403)
        return same_ident
    if not ident:
        return next((entry for entry in same_reference if entry.sent), same_reference[0] if same_reference else None)
    if observation.source not in {"sent", "asked"} and any(entry.sent for entry in same_reference):
        raise CallbackRejected("the callback is about another message than its URL was made for", 403)
    return next((entry for entry in same_reference if not entry.ident), None)


def merge(entry: Entry | None, observation: Observation) -> Recorded:
    """Merge an observation into an entry; ``None`` makes a new one.

    Raises:
        CallbackRejected: the same callback is being processed (503), so that Xoxzo sends it again.
    """
    known = entry or Entry(kind=observation.kind, created=observation.at, updated=observation.at)
    is_send = observation.source == "sent"
    if is_send and not known.sent and known.reference not in {None, observation.reference}:
        # Everything recorded so far came to the URL of another message, so none of it counts.
        known = Entry(kind=known.kind, created=known.created, updated=known.updated, row=known.row)
    moved = _rank(observation.status, final=observation.final) > _rank(known.status, final=known.final)
    history, note, new = _add_note(known.history, observation, moved=moved)
    merged = replace(
        known,
        ident=known.ident or observation.ident,
        reference=observation.reference if is_send or known.reference is None else known.reference,
        status=observation.status if moved else known.status,
        final=known.final or observation.final,
        sent=known.sent or is_send,
        clicked=known.clicked or observation.source == "link-clicked",
        # The server reports 0 at first (API section 1.7).
        cost=observation.cost if observation.cost.strip("0.") or not known.cost else known.cost,
        updated=max(known.updated, observation.at),
        history=history,
    )
    return Recorded(new=new, moved=moved, entry=merged, note=note)


def disowned(entries: Sequence[Entry], observation: Observation) -> list[Entry]:
    """Return, without their reference, the entries that a send proves to belong to another message.

    Before a send has returned, a forged report with any id may come to its URL. The send then says which id is right.
    """
    if observation.source != "sent" or observation.reference is None or not observation.ident:
        return []
    unproven = (entry for entry in entries if entry.reference == observation.reference and not entry.sent)
    return [replace(entry, reference=None) for entry in unproven if entry.ident not in {"", observation.ident}]


def finished(entry: Entry, note: Note, *, done: bool) -> Entry:
    """Return an entry in which the processing of a note's callback has ended; if not `done`, a repeat counts as new."""
    history = tuple(
        replace(one, begun=None, done=one.done or done) if _is_same(one, note) else one for one in entry.history
    )
    return replace(entry, history=history)


def _rank(status: str, *, final: bool) -> int:
    return _FINAL_RANK if final else _STATUS_RANKS.get(status, _UNKNOWN_STATUS_RANK)


def _add_note(
    history: tuple[Note, ...], observation: Observation, *, moved: bool
) -> tuple[tuple[Note, ...], Note, bool]:
    """Return the history with an observation in it, its note, and whether it is new."""
    begun = observation.at if observation.processing else None
    for position, note in enumerate(history):
        if _is_same(note, observation):
            if begun is not None and note.begun is not None and begun - note.begun < MAX_PROCESSING:
                raise CallbackRejected("the same callback is being processed", 503)
            repeated = replace(note, times=note.times + 1)
            if not note.done:
                repeated = replace(repeated, begun=begun, done=not observation.processing)
            return (*history[:position], repeated, *history[position + 1 :]), repeated, not note.done
    note = Note(
        at=observation.at,
        source=observation.source,
        status=observation.status,
        applied=moved,
        begun=begun,
        done=not observation.processing,
    )
    fits = len(history) < MAX_NOTES
    return ((*history, note) if fits else history), note, fits or moved


def _is_same(note: Note, other: Note | Observation) -> bool:
    return (note.source, note.status) == (other.source, other.status)


def _format_cost(cost: Decimal | None) -> str:
    # Written out, a number such as 1E+999999 would have a million digits.
    if cost is None or not -_MAX_COST_DIGITS < cost.adjusted() < _MAX_COST_DIGITS:
        return ""
    return format(round(cost, _COST_DECIMALS).normalize(), "f")
