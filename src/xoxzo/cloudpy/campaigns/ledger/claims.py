"""Taking recipients for sending, and finding what a run that died has left behind."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.campaigns.records import Claim, Recipient, State
from xoxzo.cloudpy.errors import CampaignError

from .rows import COLUMNS, read_recipient, read_value, tick, write_value

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from contextlib import AbstractContextManager

_DIED = "the run died before it could tell"


class Claiming:
    """The part of the SQLite ledger that claims."""

    if TYPE_CHECKING:

        def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
            """Hold the file for one transaction."""

        def hash(self, number: str) -> bytes:
            """Return what stands for a number in the list of those to be left out."""

    def begin(self, now: float) -> int:
        """Begin a run and return its epoch. Whatever an earlier one left claimed becomes unknown."""
        with self.transaction() as connection:
            if not read_value(connection, "sealed"):
                raise CampaignError("the campaign was not completed when it was created: create it anew")
            epoch = int(read_value(connection, "epoch") or 0) + 1
            write_value(connection, "epoch", epoch)
            lapsed = connection.execute("SELECT ident, at, first, last, members FROM claim WHERE remaining > 0")
            for ident, at, first, last, members in lapsed.fetchall():
                for n in json.loads(members) if members else range(first, last + 1):
                    if _is_open(connection, n, ident):
                        _lose(connection, n, ident, at, now)
                connection.execute("UPDATE claim SET remaining = 0 WHERE ident = ?", (ident,))
        return epoch

    def claim(
        self,
        epoch: int,
        limit: int,
        now: float,
        *,
        hold: int = 0,
        budget: Decimal | None = None,
        asleep: Callable[[str | None], float | None] | None = None,
    ) -> Claim:
        """Take up to ``limit`` recipients for sending, on disk before this returns."""
        with self.transaction() as connection:
            if read_value(connection, "epoch") != epoch:
                raise CampaignError("another run has taken this campaign over")
            taking = _Taking(connection, self.hash, now, budget, asleep)
            members = taking.again(limit)
            first, last = taking.first_time(limit - len(members), hold)
            return taking.finish(epoch, members, first, last)


class _Taking:
    """One claim in the making, inside its transaction."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        hashed: Callable[[str], bytes],
        now: float,
        budget: Decimal | None,
        asleep: Callable[[str | None], float | None] | None,
    ) -> None:
        self._connection = connection
        self._hash = hashed
        self._now = now
        self._asleep = asleep
        self._budget = budget
        self._suppresses = connection.execute("SELECT 1 FROM suppression LIMIT 1").fetchone() is not None
        self.reserved = Decimal(read_value(connection, "reserved") or 0)
        self.taken: list[Recipient] = []
        self.skipped = 0
        self.over_budget = False

    def again(self, limit: int) -> list[int]:
        """Take those that wait for another try and are due."""
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM pending JOIN recipient USING (n) WHERE state = ? AND retry_at <= ?"  # noqa: S608
            " ORDER BY n LIMIT ?",
            (State.WAITING, self._now, limit),
        ).fetchall()
        members = []
        for row in rows:
            one = read_recipient(row)
            fate = self._fate(one)
            if fate is False:
                break
            if fate is True:
                members.append(one.n)
                self._connection.execute("DELETE FROM pending WHERE n = ?", (one.n,))
        return members

    def first_time(self, limit: int, hold: int) -> tuple[int, int]:
        """Take the next ones of the list; return the stretch that they lie in."""
        cursor = int(read_value(self._connection, "cursor") or 0)
        most = min(cursor + limit, int(read_value(self._connection, "total") or 0) - hold)
        if self.over_budget or most <= cursor:
            return cursor + 1, cursor
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM recipient WHERE n > ? AND n <= ? ORDER BY n",  # noqa: S608
            (cursor, most),
        ).fetchall()
        last = cursor
        for row in rows:
            if self._fate(read_recipient(row)) is False:
                break
            last = row[0]
        write_value(self._connection, "cursor", last)
        return cursor + 1, last

    def _fate(self, one: Recipient) -> bool | None:
        """Take one: true; leave it out, or for later: ``None``; stop here: false."""
        if (
            self._suppresses
            and self._connection.execute(
                "SELECT 1 FROM suppression WHERE hash = ?", (self._hash(one.number),)
            ).fetchone()
        ):
            self._skip(one)
            return None
        until = self._asleep(one.zone) if self._asleep is not None else None
        if until is not None:
            self._connection.execute(
                "INSERT OR REPLACE INTO pending VALUES (?,?,?,0,0,'quiet hours')", (one.n, State.WAITING, until)
            )
            return None
        cost = one.cost or Decimal(0)
        if self._budget is not None and self.reserved + cost > self._budget:
            self.over_budget = True
            return False
        self.reserved += cost
        self.taken.append(one)
        return True

    def _skip(self, one: Recipient) -> None:
        self.skipped += 1
        self._connection.execute("DELETE FROM pending WHERE n = ?", (one.n,))
        self._connection.execute(
            "INSERT INTO outcome VALUES (NULL,?,0,?,'','on the suppression list',?,0,NULL)",
            (one.n, State.SKIPPED, self._now),
        )
        tick(self._connection, State.SKIPPED, 1)

    def finish(self, epoch: int, members: list[int], first: int, last: int) -> Claim:
        """Write the claim and tell what is left."""
        ident = 0
        if self.taken:
            # Only a stretch that was taken whole can be told by its ends.
            whole = not members and len(self.taken) == last - first + 1
            listed = None if whole else json.dumps([one.n for one in self.taken])
            row = (epoch, self._now, first, last, listed, len(self.taken))
            ident = int(self._connection.execute("INSERT INTO claim VALUES (NULL,?,?,?,?,?,?)", row).lastrowid or 0)
            write_value(self._connection, "reserved", str(self.reserved))
        total = int(read_value(self._connection, "total") or 0)
        due = self._connection.execute("SELECT min(retry_at) FROM pending WHERE state = ?", (State.WAITING,))
        wake = due.fetchone()[0]
        return Claim(
            ident,
            tuple(self.taken),
            self.skipped,
            more=last < total or wake is not None,
            wake=wake,
            over_budget=self.over_budget,
        )


def _is_open(connection: sqlite3.Connection, n: int, claim: int) -> bool:
    found: Any = connection.execute("SELECT 1 FROM outcome WHERE n = ? AND claim = ?", (n, claim)).fetchone()
    return found is None


def _lose(connection: sqlite3.Connection, n: int, claim: int, began: float, now: float) -> None:
    """Note that nobody knows what became of one; a report that came all the same has the last word."""
    told = connection.execute(
        "SELECT state FROM outcome WHERE n = ? AND claim = 0 ORDER BY ident DESC", (n,)
    ).fetchone()
    if told is not None and State(told[0]).is_sent:
        return
    connection.execute(
        "INSERT INTO outcome VALUES (NULL,?,?,?,'',?,?,?,NULL)", (n, claim, State.UNKNOWN, _DIED, now, began)
    )
    connection.execute("INSERT OR REPLACE INTO pending VALUES (?,?,0,?,?,?)", (n, State.UNKNOWN, began, now, _DIED))
    tick(connection, State.UNKNOWN, 1)
