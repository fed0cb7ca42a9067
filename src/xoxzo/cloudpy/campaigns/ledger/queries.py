"""Looking through a whole ledger: what is left, and everybody's state, for plans, exports and reports."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from xoxzo.cloudpy.campaigns.records import State

from .rows import COLUMNS, read_recipient, read_value

if TYPE_CHECKING:
    import sqlite3
    import threading
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from xoxzo.cloudpy.campaigns.records import Recipient

_GROUP = 1000


class Remaining(msgspec.Struct, frozen=True, kw_only=True):
    """What is still to be sent."""

    count: int
    parts: dict[int, int]
    cost: Decimal
    costs: dict[int, Decimal]
    unpriced: int
    suppressed: int


class RecipientStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where one recipient stands. A ``repr`` shows no number.

    Attributes:
        recipient: who.
        state: where.
        ident: the msgid or callid.
        error: why, for what went wrong.
        began: when the last try began, in seconds since 1970; 0 when there was none.
        sent: when Xoxzo had taken it; 0 when it has not.
        ended: when its last word was learnt; 0 while there is none.
        charged: credits that were charged, where they are known.
    """

    recipient: Recipient
    state: State
    ident: str
    error: str
    began: float
    sent: float
    ended: float
    charged: Decimal | None


class Reading:
    """The part of the SQLite ledger that looks through all of it."""

    if TYPE_CHECKING:
        _connection: sqlite3.Connection
        _mutex: threading.RLock

        def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
            """Hold the file for one transaction."""

        def hash(self, number: str) -> bytes:
            """Return what stands for a number in the list of those to be left out."""

    def recipients(self, first: int = 1, last: int | None = None) -> Iterator[Recipient]:
        """Return recipients by their places, in flat memory."""
        for row in self._pages(f"SELECT {COLUMNS} FROM recipient", first, last):  # noqa: S608
            yield read_recipient(row)

    def left(self) -> Remaining:
        """Reckon what is still to be sent."""
        with self._mutex:
            cursor = int(read_value(self._connection, "cursor") or 0)
            rows = self._connection.execute(
                "SELECT parts, cost, count(*) FROM recipient WHERE n > ? OR n IN"
                " (SELECT n FROM pending WHERE state = ?) GROUP BY parts, cost",
                (cursor, State.WAITING),
            ).fetchall()
            suppresses = self._connection.execute("SELECT 1 FROM suppression LIMIT 1").fetchone()
        parts: dict[int, int] = {}
        costs: dict[int, Decimal] = {}
        for number, cost, count in rows:
            parts[number] = parts.get(number, 0) + count
            costs[number] = costs.get(number, Decimal(0)) + Decimal(cost or 0) * count
        return Remaining(
            count=sum(parts.values()),
            parts=parts,
            cost=sum(costs.values(), Decimal(0)),
            costs=costs,
            unpriced=sum(count for _, cost, count in rows if cost is None),
            suppressed=self._suppressed(cursor) if suppresses else 0,
        )

    def _suppressed(self, cursor: int) -> int:
        found = 0
        for one in self.recipients(cursor + 1):
            with self._mutex:
                row = self._connection.execute("SELECT 1 FROM suppression WHERE hash = ?", (self.hash(one.number),))
                found += row.fetchone() is not None
        return found

    def recipient_statuses(self) -> Iterator[RecipientStatus]:
        """Return everybody's state, in the order of the list and in flat memory."""
        with self._mutex:
            claims = self._connection.execute("SELECT first, last FROM claim WHERE remaining > 0").fetchall()
        for one in self.recipients():
            with self._mutex:
                rows = self._connection.execute(
                    "SELECT state, msgid, error, at, began, cost FROM outcome WHERE n = ? ORDER BY ident", (one.n,)
                ).fetchall()
            yield _standing(one, rows, flying=any(first <= one.n <= last for first, last in claims))

    def purge(self) -> int:
        """Remove numbers, variables and ids and keep the figures; overwrite them in the file.

        Returns:
            How many recipients were made nameless.
        """
        with self.transaction() as connection:
            connection.execute("UPDATE outcome SET msgid = ''")
            connection.execute("DELETE FROM suppression")
            return connection.execute("UPDATE recipient SET number = n, variables = '{}', line = 0").rowcount

    def _pages(self, select: str, first: int, last: int | None) -> Iterator[tuple[Any, ...]]:
        at, end = first, last if last is not None else 2**62
        while at <= end:
            with self._mutex:
                rows = self._connection.execute(
                    f"{select} WHERE n BETWEEN ? AND ? ORDER BY n LIMIT {_GROUP}", (at, end)
                ).fetchall()
            if not rows:
                return
            yield from rows
            at = rows[-1][0] + 1


def _standing(one: Recipient, rows: list[tuple[Any, ...]], *, flying: bool) -> RecipientStatus:
    if not rows:
        why = "in flight" if flying else ""
        return RecipientStatus(
            recipient=one, state=State.WAITING, ident="", error=why, began=0, sent=0, ended=0, charged=None
        )
    state = State(rows[-1][0])
    costs = [Decimal(row[5]) for row in rows if row[5] is not None]
    return RecipientStatus(
        recipient=one,
        state=state,
        ident=next((row[1] for row in reversed(rows) if row[1]), ""),
        error="" if state.is_sent else rows[-1][2],
        began=next((row[4] for row in reversed(rows) if row[4]), 0.0),
        sent=next((row[3] for row in rows if State(row[0]).is_sent), 0.0),
        ended=next((row[3] for row in rows if State(row[0]) in {State.DELIVERED, State.FAILED}), 0.0),
        charged=costs[-1] if costs else None,
    )
