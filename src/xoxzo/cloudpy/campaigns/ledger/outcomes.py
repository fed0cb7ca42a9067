"""Record outcomes in SQLite: read once what is known, decide about each outcome, write once."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

from xoxzo.cloudpy.campaigns.ledger.schema import add_to_count, read_value, write_value
from xoxzo.cloudpy.campaigns.records import Outcome, State

if TYPE_CHECKING:
    import sqlite3

# The estimated credits are released when nothing was sent.
_NOT_SENT = frozenset({State.WAITING, State.REJECTED, State.SKIPPED})
_PENDING = frozenset({State.WAITING, State.UNKNOWN})


def record_outcomes(connection: sqlite3.Connection, outcomes: list[Outcome]) -> list[bool]:
    """Append outcomes within a transaction; return of each whether it changed its recipient's state."""
    batch = _OutcomeBatch(connection, outcomes)
    changed = [batch.add(outcome) for outcome in outcomes]
    batch.write()
    return changed


class _OutcomeBatch:
    """Several outcomes in one transaction."""

    def __init__(self, connection: sqlite3.Connection, outcomes: list[Outcome]) -> None:
        self._connection = connection
        positions = (json.dumps([outcome.n for outcome in outcomes]),)
        # CROSS JOIN: look each of them up, and never scan all earlier outcomes.
        self._states = {
            n: State(state)
            for n, state in connection.execute(
                "SELECT n, state FROM json_each(?) CROSS JOIN outcome ON n = value ORDER BY ident", positions
            )
        }
        self._pending = {
            n for (n,) in connection.execute("SELECT n FROM json_each(?) CROSS JOIN pending ON n = value", positions)
        }
        self._cursor: int | None = None
        self._rows: list[tuple[object, ...]] = []
        # By position the new row of `pending`, or nothing where a row has to go.
        self._pending_rows: dict[int, tuple[object, ...] | None] = {}
        self._claims: Counter[int] = Counter()
        self._counts: Counter[State] = Counter()
        self._released = Decimal(0)
        self._charged = Decimal(0)

    def add(self, outcome: Outcome) -> bool:
        """Decide what an outcome changes; return whether it changes its recipient's state."""
        n, claim, state = outcome.n, outcome.claim, outcome.state
        before, changed = self._states.get(n), True
        if claim:
            self._claims[claim] += 1
        if before is not None:
            changed = before.can_change(state)
            if not changed:
                if not claim:
                    return False
                # A message that was reported before its own response came keeps the report, and gets its msgid.
                state = before
        elif not claim and not self._was_claimed(n):
            # Whatever was reported, this campaign has not sent it: it is still to be sent.
            return False
        cost = None if outcome.cost is None else str(outcome.cost)
        # As a plain number: sqlite3 would search an adapter for anything else, for each row.
        self._rows.append((n, claim, int(state), outcome.ident, outcome.error, outcome.at, outcome.began, cost))
        self._states[n] = state
        self._count(outcome, before, state)
        if state in _PENDING:
            self._pending_rows[n] = (n, state, outcome.retry_at, outcome.began, outcome.at, outcome.error)
        elif n in self._pending or n in self._pending_rows:
            self._pending_rows[n] = None
        return changed

    def _was_claimed(self, n: int) -> bool:
        if self._cursor is None:
            self._cursor = int(read_value(self._connection, "cursor") or 0)
        return n <= self._cursor

    def _count(self, outcome: Outcome, before: State | None, after: State) -> None:
        if before is not None:
            self._counts[before] -= 1
        self._counts[after] += 1
        if outcome.cost:
            self._charged += outcome.cost
        if after in _NOT_SENT and (outcome.claim > 0 or before == State.UNKNOWN):
            row = self._connection.execute("SELECT cost FROM recipient WHERE n = ?", (outcome.n,)).fetchone()
            self._released += Decimal(row[0]) if row is not None and row[0] is not None else Decimal(0)

    def write(self) -> None:
        """Write everything."""
        self._connection.executemany("INSERT INTO outcome VALUES (NULL,?,?,?,?,?,?,?,?)", self._rows)
        for n, row in self._pending_rows.items():
            if row is None:
                self._connection.execute("DELETE FROM pending WHERE n = ?", (n,))
            else:
                self._connection.execute("INSERT OR REPLACE INTO pending VALUES (?,?,?,?,?,?)", row)
        self._connection.executemany(
            "UPDATE claim SET remaining = remaining - ? WHERE ident = ?",
            [(count, claim) for claim, count in self._claims.items()],
        )
        for state, change in self._counts.items():
            if change:
                add_to_count(self._connection, state, change)
        if self._released:
            reserved = Decimal(read_value(self._connection, "reserved") or 0)
            write_value(self._connection, "reserved", str(reserved - self._released))
        if self._charged:
            charged = Decimal(read_value(self._connection, "charged") or 0)
            write_value(self._connection, "charged", str(charged + self._charged))
