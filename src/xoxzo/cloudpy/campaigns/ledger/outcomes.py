"""Writing down what became of recipients."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

from xoxzo.cloudpy.campaigns.records import Outcome, State
from xoxzo.cloudpy.errors import CampaignError

from .rows import read_value, tick, write_value

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

# Estimated credits are given back when nothing was sent.
_FREE = frozenset({State.WAITING, State.REJECTED, State.SKIPPED})
_OPEN = frozenset({State.WAITING, State.UNKNOWN})


class Noting:
    """The part of the SQLite ledger that takes outcomes."""

    if TYPE_CHECKING:

        def transaction(self, *, durable: bool = True) -> AbstractContextManager[sqlite3.Connection]:
            """Hold the file for one transaction."""

    def note(self, outcomes: Iterable[Outcome], epoch: int | None = None, *, durable: bool = True) -> list[bool]:
        """Append outcomes in one transaction; say of each whether it changed its recipient's state."""
        outcomes = list(outcomes)
        with self.transaction(durable=durable) as connection:
            if epoch is not None and read_value(connection, "epoch") != epoch:
                raise CampaignError("another run has taken this campaign over")
            writing = _Writing(connection, outcomes)
            changed = [writing.take(outcome) for outcome in outcomes]
            writing.finish()
        return changed


class _Writing:
    """Several outcomes in one transaction: read once what is known, decide about each, write once."""

    def __init__(self, connection: sqlite3.Connection, outcomes: list[Outcome]) -> None:
        self._connection = connection
        asked = (json.dumps([outcome.n for outcome in outcomes]),)
        # CROSS JOIN: look each of them up, and never read the whole of what was written before.
        self._states = {
            n: State(state)
            for n, state in connection.execute(
                "SELECT n, state FROM json_each(?) CROSS JOIN outcome ON n = value ORDER BY ident", asked
            )
        }
        self._pending = {
            n for (n,) in connection.execute("SELECT n FROM json_each(?) CROSS JOIN pending ON n = value", asked)
        }
        self._cursor: int | None = None
        self._rows: list[tuple[object, ...]] = []
        # For whoever has to be looked at again the row, else nothing.
        self._looks: dict[int, tuple[object, ...] | None] = {}
        self._claims: Counter[int] = Counter()
        self._counts: Counter[State] = Counter()
        self._freed = Decimal(0)
        self._charged = Decimal(0)

    def take(self, outcome: Outcome) -> bool:
        """Decide what an outcome changes; return whether that is its recipient's state."""
        n, claim, state = outcome.n, outcome.claim, outcome.state
        before, changed = self._states.get(n), True
        if claim:
            self._claims[claim] += 1
        if before is not None:
            changed = before.can_change(state)
            if not changed:
                if not claim:
                    return False
                # A message that was reported before its own answer came keeps that report, and gets its msgid.
                state = before
        elif not claim and not self._was_claimed(n):
            # Whatever was told, this campaign has not sent it: it is still to come.
            return False
        cost = None if outcome.cost is None else str(outcome.cost)
        # As a plain number: the database's module would look for an adapter of anything else, with each of them.
        self._rows.append((n, claim, int(state), outcome.ident, outcome.error, outcome.at, outcome.began, cost))
        self._states[n] = state
        self._count(outcome, before, state)
        self._keep(outcome, state)
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
        if after in _FREE and (outcome.claim > 0 or before == State.UNKNOWN):
            row = self._connection.execute("SELECT cost FROM recipient WHERE n = ?", (outcome.n,)).fetchone()
            self._freed += Decimal(row[0]) if row is not None and row[0] is not None else Decimal(0)

    def _keep(self, outcome: Outcome, state: State) -> None:
        n = outcome.n
        if state in _OPEN:
            self._looks[n] = (n, state, outcome.retry_at, outcome.began, outcome.at, outcome.error)
        elif n in self._pending or n in self._looks:
            self._looks[n] = None

    def finish(self) -> None:
        """Write everything."""
        self._connection.executemany("INSERT INTO outcome VALUES (NULL,?,?,?,?,?,?,?,?)", self._rows)
        for n, row in self._looks.items():
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
                tick(self._connection, state, change)
        if self._freed:
            reserved = Decimal(read_value(self._connection, "reserved") or 0)
            write_value(self._connection, "reserved", str(reserved - self._freed))
        if self._charged:
            charged = Decimal(read_value(self._connection, "charged") or 0)
            write_value(self._connection, "charged", str(charged + self._charged))
