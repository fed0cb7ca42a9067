"""How what is learnt joins what is known. Pure: both storages follow these rules.

Reports are repeated, come late, out of order, before the send has returned, or never (API sections 10 and 15.63).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from xoxzo.cloudpy.callbacks.log.entries import Entry, Note, Observation, Recorded
from xoxzo.cloudpy.errors import CallbackRejected

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_NOTES = 50
"""Lines of one history; what is told after them still moves the status, but fills no disk."""

LONGEST_ACT = timedelta(seconds=60)
"""Whoever has begun to act on a callback and has not ended by then has died, and the next repeat is acted on."""

_RANKS = {"": 0, "QUEUED": 2, "DELIVERING": 3, "IN PROGRESS": 3}
_UNKNOWN = 1
_FINAL = 4


def choose(entries: Sequence[Entry], seen: Observation) -> Entry | None:
    """Return the entry that an observation is about, or ``None`` for a new one.

    Args:
        entries: those that have its id or its reference.
        seen: the observation.

    Raises:
        CallbackRejected: it names one message and came to the URL of another (403).
    """
    by_ident = next((entry for entry in entries if seen.ident and entry.ident == seen.ident), None)
    ours = [entry for entry in entries if seen.reference is not None and entry.reference == seen.reference]
    if by_ident is not None:
        strange = seen.reference is not None and by_ident.reference not in {None, seen.reference}
        if strange and seen.source != "sent":
            raise CallbackRejected("the callback is about another message than its URL was made for", 403)
        return by_ident
    if not seen.ident:
        return next((entry for entry in ours if entry.sent), ours[0] if ours else None)
    if seen.source not in {"sent", "asked"} and any(entry.sent for entry in ours):
        raise CallbackRejected("the callback is about another message than its URL was made for", 403)
    return next((entry for entry in ours if not entry.ident), None)


def merge(entry: Entry | None, seen: Observation) -> Recorded:
    """Return an entry with an observation in it.

    Args:
        entry: what was known, or ``None``.
        seen: what was learnt.

    Raises:
        CallbackRejected: somebody is acting on the same callback now; it shall come again (503).
    """
    known = entry or Entry(kind=seen.kind, created=seen.at, updated=seen.at)
    if seen.source == "sent" and not known.sent and known.reference not in {None, seen.reference}:
        # All that is known came to the URL of another message: none of it counts.
        known = Entry(kind=known.kind, created=known.created, updated=known.updated, row=known.row)
    moved = _rank(seen.status, final=seen.final) > _rank(known.status, final=known.final)
    history, note, new = _note(known.history, seen, moved=moved)
    merged = replace(
        known,
        ident=known.ident or seen.ident,
        reference=seen.reference if seen.source == "sent" or known.reference is None else known.reference,
        status=seen.status if moved else known.status,
        final=known.final or seen.final,
        sent=known.sent or seen.source == "sent",
        clicked=known.clicked or seen.source == "link-clicked",
        # At first the server says 0 (API section 1.7).
        cost=seen.cost if seen.cost.strip("0.") or not known.cost else known.cost,
        updated=max(known.updated, seen.at),
        history=history,
    )
    return Recorded(new=new, moved=moved, entry=merged, note=note)


def disowned(entries: Sequence[Entry], seen: Observation) -> list[Entry]:
    """Return, without their reference, the entries that a send shows to have been somebody else's.

    Before a send has returned, a report with any id may come to its URL; the send then tells which id is its own.
    """
    if seen.source != "sent" or seen.reference is None or not seen.ident:
        return []
    wrong = (entry for entry in entries if entry.reference == seen.reference and not entry.sent)
    return [replace(entry, reference=None) for entry in wrong if entry.ident not in {"", seen.ident}]


def _rank(status: str, *, final: bool) -> int:
    return _FINAL if final else _RANKS.get(status, _UNKNOWN)


def finished(entry: Entry, note: Note, *, done: bool) -> Entry:
    """Return an entry in which one callback was acted on, or was not and shall count as new when it comes again."""
    history = tuple(
        replace(one, begun=None, done=one.done or done) if _same(one, note) else one for one in entry.history
    )
    return replace(entry, history=history)


def _note(history: tuple[Note, ...], seen: Observation, *, moved: bool) -> tuple[tuple[Note, ...], Note, bool]:
    begun = seen.at if seen.acting else None
    for place, note in enumerate(history):
        if _same(note, seen):
            if seen.acting and note.begun is not None and seen.at - note.begun < LONGEST_ACT:
                raise CallbackRejected("the same callback is being handled now", 503)
            again = replace(note, times=note.times + 1)
            if not note.done:
                again = replace(again, begun=begun, done=not seen.acting)
            return (*history[:place], again, *history[place + 1 :]), again, not note.done
    note = Note(at=seen.at, source=seen.source, status=seen.status, applied=moved, begun=begun, done=not seen.acting)
    return ((*history, note) if len(history) < MOST_NOTES else history), note, len(history) < MOST_NOTES or moved


def _same(note: Note, other: Note | Observation) -> bool:
    return (note.source, note.status) == (other.source, other.status)
