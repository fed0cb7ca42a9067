"""Writing down what became of recipients."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

from xoxzo.cloudpy.campaigns.records import Outcome, State
from xoxzo.cloudpy.campaigns.rules import may_follow
from xoxzo.cloudpy.errors import CampaignError

from .rows import read_value, tick, write_value

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

# Estimated credits are given back when nothing was sent.
_FREE = frozenset({State.WAITING, State.REJECTED, State.SKIPPED})


class Noting:
    """The part of the SQLite ledger that takes outcomes."""

    if TYPE_CHECKING:

        def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
            """Hold the file for one transaction."""

    def note(self, outcomes: Iterable[Outcome], epoch: int | None = None) -> list[bool]:
        """Append outcomes in one transaction; say of each whether it changed its recipient's state."""
        with self.transaction() as connection:
            if epoch is not None and read_value(connection, "epoch") != epoch:
                raise CampaignError("another run has taken this campaign over")
            writing = _Writing(connection)
            changed = [writing.write(outcome) for outcome in outcomes]
            writing.finish()
        return changed


class _Writing:
    """Several outcomes in one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._claims: Counter[int] = Counter()
        self._counts: Counter[State] = Counter()
        self._freed = Decimal(0)
        self._charged = Decimal(0)

    def write(self, outcome: Outcome) -> bool:
        last = self._connection.execute(
            "SELECT state, claim FROM outcome WHERE n = ? ORDER BY ident DESC LIMIT 1", (outcome.n,)
        ).fetchone()
        before = None if last is None else State(last[0])
        if outcome.claim:
            self._claims[outcome.claim] += 1
        if before is None and not outcome.claim and not self._was_claimed(outcome.n):
            # Whatever was told, this campaign has not sent it: it is still to come.
            return False
        changed = may_follow(before, outcome.state)
        # A message that was reported before its own answer came keeps that report, and gets its msgid.
        state = outcome.state if changed or before is None else before
        if not changed and not outcome.claim:
            return False
        cost = None if outcome.cost is None else str(outcome.cost)
        self._connection.execute(
            "INSERT INTO outcome VALUES (NULL,?,?,?,?,?,?,?,?)",
            (outcome.n, outcome.claim, state, outcome.ident, outcome.error, outcome.at, outcome.began, cost),
        )
        self._count(outcome, before, state)
        self._keep(outcome, state)
        return changed

    def _was_claimed(self, n: int) -> bool:
        return n <= int(read_value(self._connection, "cursor") or 0)

    def _count(self, outcome: Outcome, before: State | None, after: State) -> None:
        if before is not None:
            self._counts[before] -= 1
        self._counts[after] += 1
        self._charged += outcome.cost or Decimal(0)
        held = outcome.claim > 0 or before == State.UNKNOWN
        if held and after in _FREE:
            row = self._connection.execute("SELECT cost FROM recipient WHERE n = ?", (outcome.n,)).fetchone()
            self._freed += Decimal(row[0]) if row is not None and row[0] is not None else Decimal(0)

    def _keep(self, outcome: Outcome, state: State) -> None:
        if state in {State.WAITING, State.UNKNOWN}:
            self._connection.execute(
                "INSERT OR REPLACE INTO pending VALUES (?,?,?,?,?,?)",
                (outcome.n, state, outcome.retry_at, outcome.began, outcome.at, outcome.error),
            )
        else:
            self._connection.execute("DELETE FROM pending WHERE n = ?", (outcome.n,))

    def finish(self) -> None:
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
