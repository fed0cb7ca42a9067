"""Query a ledger in SQLite page by page: a million recipients need no more memory than a thousand."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.campaigns.ledger.schema import RECIPIENT_COLUMNS, read_recipient
from xoxzo.cloudpy.campaigns.records import REPORTED, Recipient, RecipientStatus, Remaining, State, Tally, Unsettled

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

_PAGE_ROWS = 1000
_WITNESSES = 100
_FINAL = frozenset({State.DELIVERED, State.FAILED})
_FIRST = 3
_NOT_SENT_YET = "n > ? OR n IN (SELECT n FROM pending WHERE state = ?)"


class LedgerQueries:
    """The methods of a ledger that only read. A subclass runs their statements, and hashes numbers."""

    _mutex: threading.RLock
    _fetch: Callable[..., list[tuple[Any, ...]]]
    """Runs a statement with its parameters, alone on the connection, and returns all rows."""
    _hash: Callable[[str], bytes]
    """Returns what stands for a number in the suppression list."""

    def get(self, name: str) -> Any:  # noqa: ANN401 - what was stored
        """Return a value that describes the campaign, or ``None``."""
        rows = self._fetch("SELECT value FROM meta WHERE name = ?", name)
        return json.loads(rows[0][0]) if rows else None

    def recipients(self, first: int = 1, last: int | None = None) -> Iterator[Recipient]:
        """Return recipients by position."""
        end = last if last is not None else 2**62
        while first <= end:
            rows = self._fetch(
                f"SELECT {RECIPIENT_COLUMNS} FROM recipient WHERE n BETWEEN ? AND ? ORDER BY n LIMIT ?",  # noqa: S608
                first,
                end,
                _PAGE_ROWS,
            )
            if not rows:
                return
            yield from map(read_recipient, rows)
            first = rows[-1][0] + 1

    def remaining(self) -> Remaining:
        """Return what is still to be sent."""
        cursor = int(self.get("cursor") or 0)
        counts: defaultdict[tuple[int, str | None], int] = defaultdict(int)
        groups = f"SELECT parts, cost, count(*) FROM recipient WHERE {_NOT_SENT_YET} GROUP BY parts, cost"  # noqa: S608
        for parts, cost, count in self._fetch(groups, cursor, State.WAITING):
            counts[parts, cost] = count
        suppressed = 0
        first: list[Recipient] = []
        has_suppressions = bool(self._fetch("SELECT 1 FROM suppression LIMIT 1"))
        for one in self._not_sent_yet(cursor):
            if has_suppressions and self._fetch("SELECT 1 FROM suppression WHERE hash = ?", self._hash(one.number)):
                counts[one.parts, None if one.cost is None else str(one.cost)] -= 1
                suppressed += 1
            elif len(first) < _FIRST:
                first.append(one)
            elif not has_suppressions:
                break
        by_parts: defaultdict[int, int] = defaultdict(int)
        costs: defaultdict[int, Decimal] = defaultdict(Decimal)
        for (parts, cost), count in counts.items():
            if count:
                by_parts[parts] += count
                costs[parts] += Decimal(cost or 0) * count
        return Remaining(
            count=sum(by_parts.values()),
            parts=dict(by_parts),
            cost=sum(costs.values(), Decimal(0)),
            costs=dict(costs),
            unpriced=sum(count for (_, cost), count in counts.items() if cost is None),
            suppressed=suppressed,
            first=tuple(first),
        )

    def _not_sent_yet(self, cursor: int) -> Iterator[Recipient]:
        yield from self.recipients(cursor + 1)
        for (n,) in self._fetch("SELECT n FROM pending WHERE state = ? AND n <= ?", State.WAITING, cursor):
            yield from self.recipients(n, n)

    def recipient_statuses(self) -> Iterator[RecipientStatus]:
        """Return the status of each recipient, in the order of the list."""
        claims = self._fetch("SELECT first, last FROM claim WHERE remaining > 0")
        for one in self.recipients():
            rows = self._fetch(
                "SELECT state, msgid, error, at, began, cost, claim FROM outcome WHERE n = ? ORDER BY ident", one.n
            )
            if rows:
                yield _status(one, rows)
            else:
                in_flight = any(first <= one.n <= last for first, last in claims)
                yield RecipientStatus(recipient=one, state=State.WAITING, error="in flight" if in_flight else "")

    def unknown(self) -> Iterator[Unsettled]:
        """Return the recipients whose outcome is unknown."""
        rows = self._fetch("SELECT n, began, ended, error FROM pending WHERE state = ? ORDER BY n", State.UNKNOWN)
        return (Unsettled(*row) for row in rows)

    def confirmed_sends(self, since: float) -> Iterator[tuple[int, float]]:
        """Return who was certainly sent to from a moment on, and the last ones before it, with the times."""
        ident, before = 2**62, _WITNESSES
        # From the newest on: outcomes are in the order of time, except within a group that was recorded together.
        while before > 0:
            rows = self._fetch(
                "SELECT ident, n, at FROM outcome WHERE ident < ? AND state = ? AND claim > 0 ORDER BY ident DESC"
                " LIMIT ?",
                ident,
                State.SENT,
                _PAGE_ROWS,
            )
            if not rows:
                return
            for _, n, at in rows:
                before -= at < since
                yield n, at
            ident = rows[-1][0]

    def without_final_status(self) -> Iterator[tuple[int, str]]:
        """Return who was sent to and has no final status yet, with the msgid or callid."""
        ident = 0
        while True:
            rows = self._fetch(
                "SELECT o.ident, o.n, o.msgid FROM outcome o WHERE o.ident > ? AND o.state = ? AND o.msgid != ''"
                " AND o.ident = (SELECT max(ident) FROM outcome WHERE n = o.n) ORDER BY o.ident LIMIT ?",
                ident,
                State.SENT,
                _PAGE_ROWS,
            )
            if not rows:
                return
            yield from ((n, msgid) for _, n, msgid in rows)
            ident = rows[-1][0]

    def latest_time(self) -> float:
        """Return the latest time in the ledger."""
        rows = self._fetch(
            "SELECT max(coalesce((SELECT at FROM outcome ORDER BY ident DESC LIMIT 1), 0),"
            " coalesce((SELECT at FROM claim ORDER BY ident DESC LIMIT 1), 0))"
        )
        return float(rows[0][0])

    def tally(self) -> Tally:
        """Return the totals."""
        with self._mutex:
            counts = {State(state): count for state, count in self._fetch("SELECT state, count FROM tally") if count}
            in_flight = self._fetch("SELECT coalesce(sum(remaining), 0) FROM claim WHERE remaining > 0")[0][0]
            total, reserved, charged = (self.get(name) or 0 for name in ("total", "reserved", "charged"))
        # All recipients without another state are waiting, whether they were tried before or not.
        # A report may come before the response of its own message: then that one is counted as in flight, too.
        counts[State.WAITING] = max(0, total - in_flight - sum(counts.values()))
        return Tally(
            total=total, counts=counts, in_flight=in_flight, reserved=Decimal(reserved), charged=Decimal(charged)
        )


def _status(one: Recipient, rows: list[tuple[Any, ...]]) -> RecipientStatus:
    state = State(rows[-1][0])
    costs = [Decimal(row[5]) for row in rows if row[5] is not None]
    accepted = next((row[3] for row in rows if State(row[0]).is_sent and row[6]), None)
    reported = next((row[3] for row in rows if row[2] == REPORTED and State(row[0]) in _FINAL), None)
    return RecipientStatus(
        recipient=one,
        state=state,
        ident=next((row[1] for row in reversed(rows) if row[1]), ""),
        error="" if state.is_sent else rows[-1][2],
        began=next((row[4] for row in reversed(rows) if row[4]), 0.0),
        sent=next((row[3] for row in rows if State(row[0]).is_sent), 0.0),
        ended=next((row[3] for row in rows if State(row[0]) in _FINAL), 0.0),
        took=None if accepted is None or reported is None else max(0.0, reported - accepted),
        charged=costs[-1] if costs else None,
    )
