"""What a delivery log holds, and where it may be held."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

Kind = Literal["sms", "call", "conference", "incoming-sms"]
Source = Literal["sent", "delivery-report", "call-ended", "link-clicked", "incoming-sms", "asked"]


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a history.

    Attributes:
        at: when it was first noted, in UTC.
        source: how it was learnt: from our own send, from a callback, or by asking the API.
        status: the status that it told; ``""`` when it told none.
        applied: whether it moved the status.
        times: how often the same was told.
        begun: when somebody began to act on it; ``None`` when nobody is at it.
        done: whether it was acted on.
    """

    at: datetime
    source: Source
    status: str = ""
    applied: bool = False
    times: int = 1
    begun: datetime | None = None
    done: bool = True


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One message or call, with its whole history.

    Attributes:
        kind: what it is.
        ident: its msgid, callid or conferenceid; ``""`` while unknown.
        reference: what its callback URL was bound to, or ``None``.
        status: where it is; ``""`` while unknown. It never goes backwards.
        final: whether the last word has been said.
        sent: whether our own send told of it, so that its id and its reference surely belong together.
        clicked: whether its tracked link was opened.
        cost: credits as text; ``""`` while unknown.
        created: when it was first heard of, in UTC.
        updated: when something was last told of it, in UTC.
        history: what was told, in the order in which it came.
        row: the storage's own key; ``None`` before it was saved.
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


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was learnt, whatever it was learnt from.

    Attributes:
        kind: what it is about.
        source: how it was learnt.
        at: when, in UTC.
        ident: the id that it names, or ``""``.
        reference: the reference that it surely belongs to, or ``None``.
        status: the status that it tells, or ``""``.
        final: whether that status is the last word.
        cost: credits as text, or ``""``.
        acting: whether somebody will act on it, and say when that is done.
    """

    kind: Kind
    source: Source
    at: datetime
    ident: str = ""
    reference: str | None = None
    status: str = ""
    final: bool = False
    cost: str = ""
    acting: bool = False


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a callback that was recorded.

    Attributes:
        new: whether it told anything that was not known; act on it only then, since Xoxzo repeats itself.
        moved: whether it moved the status.
        entry: the message or call as it stands now.
        note: the line of its history that this callback has.
    """

    new: bool
    moved: bool
    entry: Entry
    note: Note


class LogStorage(Protocol):
    """Keeps entries. Whatever is done inside one ``with transaction():`` happens wholly or not at all, and alone."""

    def transaction(self) -> AbstractContextManager[None]:
        """Begin a transaction that nobody else's can come between; end it at the end of the block."""

    def find(self, kind: Kind, ident: str, reference: str | None) -> list[Entry]:
        """Return the entries of a kind that have this id, if it is not empty, or this reference, if there is one."""

    def save(self, entry: Entry) -> None:
        """Add an entry, or replace the one that has the same ``row``."""

    def unfinished(self, before: datetime) -> Iterator[Entry]:
        """Return the entries with an id and without a final status that were last updated before a moment."""

    def purge(self, before: datetime) -> int:
        """Remove the entries that were last updated before a moment, and return how many those were."""

    def close(self) -> None:
        """Give up what the storage holds open. Closing twice does nothing."""
