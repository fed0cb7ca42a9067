"""The values of the delivery log, and the interface of its storage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Literal, Protocol

import msgspec

Kind = Literal["sms", "call", "conference", "incoming-sms"]
Source = Literal["sent", "delivery-report", "call-ended", "link-clicked", "incoming-sms", "asked"]


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
