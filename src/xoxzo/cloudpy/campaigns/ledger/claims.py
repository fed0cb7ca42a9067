"""Claim recipients in SQLite, and find what an ended run has left claimed."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

from xoxzo.cloudpy.campaigns.ledger.schema import (
    RECIPIENT_COLUMNS,
    add_to_count,
    read_recipient,
    read_value,
    write_value,
)
from xoxzo.cloudpy.campaigns.records import Claim, Recipient, State

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable


class ClaimBuilder:
    """One claim in the making, within its transaction.

    Args:
        connection: the ledger's.
        hash_number: returns what stands for a number in the suppression list.
        now: the time.
        budget: estimated credits that must not be exceeded.
        quiet_until: returns until when a time zone has quiet hours.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        hash_number: Callable[[str], bytes],
        now: float,
        budget: Decimal | None,
        quiet_until: Callable[[str | None], float | None] | None,
    ) -> None:
        self._connection = connection
        self._hash_number = hash_number
        self._now = now
        self._quiet_until = quiet_until
        self._budget = budget
        self._has_suppressions = connection.execute("SELECT 1 FROM suppression LIMIT 1").fetchone() is not None
        self._reserved = Decimal(read_value(connection, "reserved") or 0)
        self._taken: list[Recipient] = []
        self._skipped = 0
        self._over_budget = False

    def build(self, epoch: int, limit: int, hold_back: int) -> Claim:
        """Take recipients that are due for another attempt, then the next ones of the list, and store the claim."""
        has_retries = self._take_retries(limit)
        first, last = self._take_next(limit - len(self._taken), hold_back)
        ident = 0
        if self._taken:
            # Only a range without gaps can be stored by its ends.
            is_range = not has_retries and len(self._taken) == last - first + 1
            members = None if is_range else json.dumps([one.n for one in self._taken])
            row = (epoch, self._now, first, last, members, len(self._taken))
            ident = int(self._connection.execute("INSERT INTO claim VALUES (NULL,?,?,?,?,?,?)", row).lastrowid or 0)
            write_value(self._connection, "reserved", str(self._reserved))
        total = int(read_value(self._connection, "total") or 0)
        due = self._connection.execute("SELECT min(retry_at) FROM pending WHERE state = ?", (State.WAITING,))
        wake = due.fetchone()[0]
        return Claim(
            ident,
            tuple(self._taken),
            self._skipped,
            more=last < total or wake is not None,
            wake=wake,
            over_budget=self._over_budget,
        )

    def _take_retries(self, limit: int) -> bool:
        """Take recipients that wait for another attempt and are due; return whether any was taken."""
        rows = self._connection.execute(
            f"SELECT {RECIPIENT_COLUMNS} FROM pending JOIN recipient USING (n)"  # noqa: S608
            " WHERE state = ? AND retry_at <= ? ORDER BY n LIMIT ?",
            (State.WAITING, self._now, limit),
        ).fetchall()
        for row in rows:
            one = read_recipient(row)
            if self._is_excluded(one):
                continue
            if not self._take(one):
                break
            self._connection.execute("DELETE FROM pending WHERE n = ?", (one.n,))
        return bool(self._taken)

    def _take_next(self, limit: int, hold_back: int) -> tuple[int, int]:
        """Take the next recipients of the list; return the range that they are in."""
        cursor = int(read_value(self._connection, "cursor") or 0)
        end = min(cursor + limit, int(read_value(self._connection, "total") or 0) - hold_back)
        if self._over_budget or end <= cursor:
            return cursor + 1, cursor
        rows = self._connection.execute(
            f"SELECT {RECIPIENT_COLUMNS} FROM recipient WHERE n > ? AND n <= ? ORDER BY n",  # noqa: S608
            (cursor, end),
        ).fetchall()
        last = cursor
        for row in rows:
            one = read_recipient(row)
            if not self._is_excluded(one) and not self._take(one):
                break
            last = one.n
        write_value(self._connection, "cursor", last)
        return cursor + 1, last

    def _take(self, one: Recipient) -> bool:
        """Take a recipient if the budget allows it; return whether it does."""
        cost = one.cost or Decimal(0)
        if self._budget is not None and self._reserved + cost > self._budget:
            self._over_budget = True
            return False
        self._reserved += cost
        self._taken.append(one)
        return True

    def _is_excluded(self, one: Recipient) -> bool:
        """Skip a suppressed recipient, and postpone one that has quiet hours; return whether it was either."""
        if self._has_suppressions and self._is_suppressed(one):
            self._skipped += 1
            self._connection.execute("DELETE FROM pending WHERE n = ?", (one.n,))
            self._connection.execute(
                "INSERT INTO outcome VALUES (NULL,?,0,?,'','suppressed',?,0,NULL)", (one.n, State.SKIPPED, self._now)
            )
            add_to_count(self._connection, State.SKIPPED, 1)
            return True
        until = self._quiet_until(one.zone) if self._quiet_until is not None else None
        if until is None:
            return False
        self._connection.execute(
            "INSERT OR REPLACE INTO pending VALUES (?,?,?,0,0,'quiet_hours')", (one.n, State.WAITING, until)
        )
        return True

    def _is_suppressed(self, one: Recipient) -> bool:
        found = self._connection.execute(
            "SELECT 1 FROM suppression WHERE hash = ?", (self._hash_number(one.number),)
        ).fetchone()
        return found is not None


def expire_claims(connection: sqlite3.Connection, now: float) -> None:
    """Make recipients unknown that earlier runs have claimed without recording an outcome."""
    claims = connection.execute("SELECT ident, at, first, last, members FROM claim WHERE remaining > 0").fetchall()
    for ident, at, first, last, members in claims:
        for n in json.loads(members) if members else range(first, last + 1):
            recorded = connection.execute("SELECT 1 FROM outcome WHERE n = ? AND claim = ?", (n, ident)).fetchone()
            if recorded is None:
                _make_unknown(connection, n, ident, at, now)
        connection.execute("UPDATE claim SET remaining = 0 WHERE ident = ?", (ident,))


def expire_all(connection: sqlite3.Connection, began: float, now: float) -> int:
    """Make all recipients unknown that may have been sent to since the last records were lost; return how many.

    Args:
        connection: within a transaction.
        began: since when records may be missing, in seconds since 1970.
        now: the time.
    """
    expire_claims(connection, now)
    cursor = int(read_value(connection, "cursor") or 0)
    reserved = Decimal(read_value(connection, "reserved") or 0)
    rows = connection.execute(
        "SELECT n, cost FROM recipient WHERE n > ? OR n IN (SELECT n FROM pending WHERE state = ?)",
        (cursor, State.WAITING),
    ).fetchall()
    for n, cost in rows:
        _make_unknown(connection, n, 0, began, now, error="wal_lost")
        reserved += Decimal(cost or 0)
    write_value(connection, "cursor", read_value(connection, "total"))
    write_value(connection, "reserved", str(reserved))
    return len(rows)


def _make_unknown(
    connection: sqlite3.Connection, n: int, claim: int, began: float, now: float, *, error: str = "process_ended"
) -> None:
    """Record that an outcome is unknown, unless a delivery report has shown it."""
    reported = connection.execute(
        "SELECT state FROM outcome WHERE n = ? AND claim = 0 ORDER BY ident DESC", (n,)
    ).fetchone()
    if reported is not None and State(reported[0]).is_sent:
        return
    connection.execute(
        "INSERT INTO outcome VALUES (NULL,?,?,?,'',?,?,?,NULL)", (n, claim, State.UNKNOWN, error, now, began)
    )
    connection.execute("INSERT OR REPLACE INTO pending VALUES (?,?,0,?,?,?)", (n, State.UNKNOWN, began, now, error))
    add_to_count(connection, State.UNKNOWN, 1)
