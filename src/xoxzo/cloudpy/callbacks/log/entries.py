"""The delivery log's values, the interface of its storage, and the rules that merge observations into entries.

Reports may come twice, late, out of order, before the send has returned, or never (API sections 10 and 15.63). The
rules are pure functions, which every storage follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Literal, Protocol

import msgspec
from msgspec.structs import replace

from xoxzo.cloudpy import models
from xoxzo.cloudpy.callbacks.events import CallEnded, DeliveryReport, IncomingSMS, LinkClicked
from xoxzo.cloudpy.errors import CallbackRejected

Kind = Literal["sms", "call", "conference", "incoming-sms"]
Source = Literal["sent", "delivery-report", "call-ended", "link-clicked", "incoming-sms", "asked"]


MAX_NOTES = 50
"""Notes of one entry. Later reports still change the status, but do not lengthen the history."""

MAX_PROCESSING = timedelta(seconds=60)
"""A callback that was not finished after this time counts as new again: the process that began it has died."""

CONFERENCE_ENDED = models.CallStatus.ANSWERED.value
"""The status of a conference that is over: it has none of its own, and each call's outcome stands in its legs."""

_FINAL_STATUSES: dict[Kind, frozenset[str]] = {
    "sms": frozenset(status.value for status in models.MessageStatus if status.is_final),
    "call": frozenset(status.value for status in models.CallStatus if status.is_final),
    "conference": frozenset({CONFERENCE_ENDED}),
    # It has no status, and no later report.
    "incoming-sms": frozenset({""}),
}
_STATUS_RANKS = {"": 0, "QUEUED": 2, "DELIVERING": 3, "IN PROGRESS": 3}
"""Statuses as they follow each other; an unknown one has rank 1."""
_FINAL_RANK = 4
_SUBJECTS: dict[type, tuple[Source, Kind, str]] = {
    models.SentMessage: ("sent", "sms", "msgid"),
    models.StartedCall: ("sent", "call", "callid"),
    models.StartedConference: ("sent", "conference", "conferenceid"),
    DeliveryReport: ("delivery-report", "sms", "msgid"),
    LinkClicked: ("link-clicked", "sms", "msgid"),
    CallEnded: ("call-ended", "call", "callid"),
    models.Message: ("asked", "sms", "msgid"),
    models.Call: ("asked", "call", "callid"),
    models.Conference: ("asked", "conference", "conferenceid"),
}
"""Where an observation comes from, its kind, and the field with its id, by the class of what was observed."""
_MAX_COST_DIGITS = 15
_COST_DECIMALS = 6


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an entry's history.

    Attributes:
        at: when it was first recorded, in UTC.
        source: where the information came from: ``sent`` (our own send), the purpose of a callback, or ``asked`` (a
            request to the API).
        status: the reported status; ``""`` for none.
        applied: whether it changed the entry's status.
        times: how many times the same was reported.
        begun: when its processing began; ``None`` while it is not being processed.
        done: whether it was processed.
    """

    at: datetime
    source: Source
    status: str = ""
    applied: bool = False
    times: int = 1
    begun: datetime | None = None
    done: bool = True


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One message or call with its history.

    Attributes:
        kind: ``sms``, ``call``, ``conference`` or ``incoming-sms``.
        ident: the msgid, callid or conferenceid; ``""`` while unknown.
        reference: the reference of its callback URL, or ``None``.
        status: the latest status; ``""`` while unknown. It never moves backwards.
        final: whether the status is final.
        sent: whether our own send was recorded, which proves that the id and the reference belong together.
        clicked: whether its tracked link was opened.
        cost: credits as text; ``""`` while unknown.
        created: when it was first recorded, in UTC.
        updated: when it was last updated, in UTC.
        history: one note for each different report, oldest first.
        row: the storage's key; ``None`` before it was saved.
    """

    kind: Kind
    ident: str = ""
    reference: str | None = None
    status: str = ""
    final: bool = False
    sent: bool = False
    clicked: bool = False
    cost: str = ""
    created: datetime
    updated: datetime
    history: tuple[Note, ...] = ()
    row: int | None = None


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """The result of recording a callback.

    Attributes:
        new: whether it is not a repeat. Process it only then, because Xoxzo may post a callback several times.
        moved: whether it changed the status.
        entry: the message or call afterwards.
        note: the line of the history that records this callback.
    """

    new: bool
    moved: bool
    entry: Entry
    note: Note


class LogStorage(Protocol):
    """Stores entries. A ``with transaction():`` block is atomic, and no two of them run at the same time."""

    def transaction(self) -> AbstractContextManager[None]:
        """Begin an exclusive transaction that ends with the block."""

    def find(self, kind: Kind, ident: str, reference: str | None) -> list[Entry]:
        """Return the entries of a kind with this id, unless it is empty, or this reference, unless it is ``None``."""

    def save(self, entry: Entry) -> None:
        """Insert an entry, or replace the one with the same ``row``."""

    def unfinished(self, before: datetime) -> Iterator[Entry]:
        """Return the entries with an id and without a final status that were last updated before a time."""

    def purge(self, before: datetime) -> int:
        """Delete the entries that were last updated before a time, and return their number."""

    def close(self) -> None:
        """Close whatever is open. Closing twice does nothing."""


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


Sent = models.SentMessage | models.StartedCall | models.StartedConference
Record = models.Message | models.Call | models.Conference
Observed = Sent | Record | DeliveryReport | LinkClicked | CallEnded | IncomingSMS


def observe(found: Observed, at: datetime, reference: str | None = None, *, processing: bool = False) -> Observation:
    """Return the observation of a send, a callback or a record of the API; `reference` is of a send without one."""
    if isinstance(found, IncomingSMS):
        # It has no id: a hash of its content recognises repeats without storing the content.
        content = [found.sender, found.recipient, found.message, found.received_time]
        ident = sha256(msgspec.json.encode(content)).hexdigest()
        return Observation(kind="incoming-sms", source="incoming-sms", at=at, ident=ident, processing=processing)
    source, kind, field = _SUBJECTS[type(found)]
    ident, status = getattr(found, field), getattr(found, "status", "")
    if isinstance(found, CallEnded) and found.conferenceid:
        kind, ident, status = "conference", found.conferenceid, CONFERENCE_ENDED
    elif isinstance(found, models.Conference) and found.end_time is not None:
        status = CONFERENCE_ENDED
    return Observation(
        kind=kind,
        source=source,
        at=at,
        ident=ident,
        reference=reference or getattr(found, "reference", None),
        status=str(status),
        cost=_format_cost(getattr(found, "cost", None)),
        processing=processing,
    )


def select_entry(entries: Sequence[Entry], observation: Observation) -> Entry | None:
    """Return the entry with an observation's id or reference that it belongs to, or ``None`` for a new one.

    ``CallbackRejected`` (403) if the callback is about another message than its URL was made for.
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

    ``CallbackRejected`` (503) if the same callback is being processed, so that Xoxzo sends it again.
    """
    known = entry or Entry(kind=observation.kind, created=observation.at, updated=observation.at)
    is_send = observation.source == "sent"
    if is_send and not known.sent and known.reference not in {None, observation.reference}:
        # Everything recorded so far came to the URL of another message, so none of it counts.
        known = Entry(kind=known.kind, created=known.created, updated=known.updated, row=known.row)
    before, now = (_FINAL_RANK if one.final else _STATUS_RANKS.get(one.status, 1) for one in (known, observation))
    moved = now > before
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


def _add_note(
    history: tuple[Note, ...], observation: Observation, *, moved: bool
) -> tuple[tuple[Note, ...], Note, bool]:
    """Return the history with an observation in it, its note, and whether it is new."""
    begun, done = (observation.at, False) if observation.processing else (None, True)
    for position, note in enumerate(history):
        if _is_same(note, observation):
            if begun is not None and note.begun is not None and begun - note.begun < MAX_PROCESSING:
                raise CallbackRejected("the same callback is being processed", 503)
            repeated = replace(note, times=note.times + 1)
            if not note.done:
                repeated = replace(repeated, begun=begun, done=done)
            return (*history[:position], repeated, *history[position + 1 :]), repeated, not note.done
    source, status = observation.source, observation.status
    note = Note(at=observation.at, source=source, status=status, applied=moved, begun=begun, done=done)
    fits = len(history) < MAX_NOTES
    return ((*history, note) if fits else history), note, fits or moved


def _is_same(note: Note, other: Note | Observation) -> bool:
    return (note.source, note.status) == (other.source, other.status)


def _format_cost(cost: Decimal | None) -> str:
    # Written out, a number such as 1E+999999 would have a million digits.
    if cost is None or not -_MAX_COST_DIGITS < cost.adjusted() < _MAX_COST_DIGITS:
        return ""
    return format(round(cost, _COST_DECIMALS).normalize(), "f")
