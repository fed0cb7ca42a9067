"""Query a ledger page by page: a million recipients need no more memory than a thousand."""

from __future__ import annotations

# ruff: noqa: S608 - made of constants; what varies is a parameter
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

from xoxzo.cloudpy.campaigns.ledger import statements
from xoxzo.cloudpy.campaigns.records import (
    REPORTED,
    OptedOut,
    Recipient,
    RecipientStatus,
    Remaining,
    State,
    Tally,
    Unsettled,
)
from xoxzo.cloudpy.common.masking import mask_number

MICRO = 1_000_000
"""Costs are stored as millionths of a credit, which both databases count exactly."""
_PAGE_ROWS = 1000
_MAX_N = 2**62
_WITNESSES = 100
_FINAL = frozenset({State.DELIVERED, State.FAILED})
_FIRST = 3
_NOT_SENT_YET = "n > ? OR n IN (SELECT n FROM pending WHERE state = ?)"


class LedgerQueries:
    """The methods of a ledger that only read. A subclass runs their statements."""

    _fetch: Callable[..., list[tuple[Any, ...]]]
    """Runs a statement with its parameters, and returns all rows."""

    def get(self, name: str) -> Any:  # noqa: ANN401 - what was stored
        """Return a value that describes the campaign, or ``None``."""
        rows = self._fetch("SELECT value FROM meta WHERE name = ?", name)
        return json.loads(rows[0][0]) if rows else None

    def created(self) -> float:
        """Return when the campaign was created, in seconds since 1970; 0 where that was not stored."""
        return float(self.get("created") or 0)

    def recipients(self, first: int = 1, last: int = _MAX_N) -> Iterator[Recipient]:
        """Return recipients by position, in constant memory."""
        while first <= last and (page := self._page(first, last)):
            yield from page
            first = page[-1].n + 1

    def _page(self, first: int, last: int = _MAX_N) -> list[Recipient]:
        select = f"SELECT {statements.RECIPIENT_COLUMNS} FROM recipient WHERE n BETWEEN ? AND ? ORDER BY n LIMIT ?"
        return list(map(read_recipient, self._fetch(select, first, last, _PAGE_ROWS)))

    def remaining(self, not_within: float | None = None) -> Remaining:
        """Return what is still to be sent, without those whom other campaigns have contacted within some seconds."""
        contacted = statements.contacted_within(not_within)
        waiting = self.next_n(), int(State.WAITING)
        why = f"CASE WHEN {statements.SUPPRESSED} THEN 'suppressed' WHEN {contacted} THEN 'contacted' ELSE '' END"
        groups = self._fetch(
            f"SELECT parts, cost, {why} AS why, count(*) FROM recipient r WHERE {_NOT_SENT_YET}"
            " GROUP BY parts, cost, why",
            *waiting,
        )
        left_out, by_parts = Counter[str](), Counter[int]()
        costs: defaultdict[int, Decimal] = defaultdict(Decimal)
        for parts, cost, reason, count in groups:
            left_out[reason] += count
            if not reason:
                by_parts[parts] += count
                costs[parts] += (credits_of(cost) or Decimal(0)) * count
        first = self._fetch(
            f"SELECT {statements.RECIPIENT_COLUMNS} FROM recipient r WHERE ({_NOT_SENT_YET})"
            f" AND NOT {statements.LEFT_OUT.replace('{contacted}', contacted)} ORDER BY n LIMIT {_FIRST}",
            *waiting,
        )
        opted_out = self._fetch(
            f"SELECT r.line, r.number, s.since, s.source FROM recipient r, {statements.OPT_OUTS} AND ({_NOT_SENT_YET})"
            f" ORDER BY r.n LIMIT {_FIRST}",
            *waiting,
        )
        return Remaining(
            recipients=left_out[""],
            parts=dict(by_parts),
            cost=sum(costs.values(), Decimal(0)),
            costs=dict(costs),
            unpriced=sum(count for _parts, cost, reason, count in groups if cost is None and not reason),
            suppressed=left_out["suppressed"],
            contacted=left_out["contacted"],
            first=tuple(map(read_recipient, first)),
            opted_out=tuple(OptedOut(line, mask_number(number), *more) for line, number, *more in opted_out),
        )

    def next_n(self) -> int:
        """Return the position up to which recipients were claimed."""
        return int(self._fetch("SELECT next_n FROM progress")[0][0])

    def find(self, number: str) -> int | None:
        """Return the position of a number in E.164, or ``None``."""
        rows = self._fetch("SELECT n FROM recipient WHERE number = ?", number)
        return int(rows[0][0]) if rows else None

    def recipient_statuses(self) -> Iterator[RecipientStatus]:
        """Return the state of each recipient, in the order of the list and in constant memory."""
        opted_out = (
            f"SELECT r.n, s.since, s.source FROM recipient r, {statements.OPT_OUTS}"
            " AND r.n BETWEEN ? AND ? ORDER BY s.since"
        )
        has_opt_outs = self._fetch("SELECT 1 FROM opt_out LIMIT 1")
        claims = self._fetch("SELECT first, last FROM claim WHERE remaining > 0")
        first = 1
        while page := self._page(first):
            last = page[-1].n
            rows = self._fetch(
                "SELECT n, state, msgid, error, at, began, cost, claim FROM outcome WHERE n BETWEEN ? AND ?"
                " ORDER BY n, ident",
                first,
                last,
            )
            outcomes = {n: [row[1:] for row in group] for n, group in groupby(rows, itemgetter(0))}
            clicks = dict(self._fetch("SELECT n, at FROM click WHERE n BETWEEN ? AND ?", first, last))
            opt_outs = {n: more for n, *more in self._fetch(opted_out, first, last)} if has_opt_outs else {}
            for one in page:
                more: dict[str, Any] = {}
                if one.n in opt_outs:
                    more["opted_out"], more["opt_out_source"] = opt_outs[one.n]
                if one.n in clicks:
                    more["clicked"] = clicks[one.n]
                if one.n in outcomes:
                    yield _status(one, outcomes[one.n], more)
                else:
                    error = "in flight" if any(begin <= one.n <= end for begin, end in claims) else ""
                    yield RecipientStatus(recipient=one, state=State.WAITING, error=error, **more)
            first = last + 1

    def unknown(self) -> Iterator[Unsettled]:
        """Return the recipients whose outcome is unknown."""
        rows = self._fetch("SELECT n, began, ended, error FROM pending WHERE state = ? ORDER BY n", int(State.UNKNOWN))
        return (Unsettled(*row) for row in rows)

    def confirmed_sends(self, since: float) -> Iterator[tuple[int, float]]:
        """Return who was certainly sent to from a moment on, and the last ones before it, with the times."""
        # Workers record late what they knew early, so the order of recording is not that of time.
        select = "SELECT n, at FROM outcome WHERE at < ? AND state = ? AND claim > 0 ORDER BY at DESC LIMIT ?"
        yield from self._fetch(select, since, int(State.SENT), _WITNESSES)
        ident = 0
        select = "SELECT ident, n, at FROM outcome WHERE ident > ? AND at >= ? AND state = ? AND claim > 0"
        while rows := self._fetch(f"{select} ORDER BY ident LIMIT ?", ident, since, int(State.SENT), _PAGE_ROWS):
            yield from (row[1:] for row in rows)
            ident = rows[-1][0]

    def without_final_status(self, *, or_click: bool = False) -> Iterator[tuple[int, str]]:
        """Return who was sent to and has no final status yet, with the msgid or callid; on request, or no click."""
        states = int(State.SENT), int(State.DELIVERED if or_click else State.SENT)
        select = (
            "SELECT o.ident, o.n, (SELECT max(msgid) FROM outcome WHERE n = o.n) FROM outcome o"
            " WHERE o.ident > ? AND o.state IN (?, ?) AND o.ident = (SELECT max(ident) FROM outcome WHERE n = o.n)"
            " AND NOT EXISTS (SELECT 1 FROM click WHERE n = o.n AND o.state <> ?) ORDER BY o.ident LIMIT ?"
        )
        ident = 0
        while rows := self._fetch(select, ident, *states, int(State.SENT), _PAGE_ROWS):
            yield from ((n, msgid) for _, n, msgid in rows if msgid)
            ident = rows[-1][0]

    def latest_time(self) -> float:
        """Return the latest time in the ledger: time must not go back between runs."""
        return float(self._fetch("SELECT CASE WHEN now > last_sent THEN now ELSE last_sent END FROM progress")[0][0])

    def tally(self) -> Tally:
        """Return the totals."""
        # One statement, so that all are of one moment.
        rows = self._fetch(
            "SELECT state, count, total, reserved, charged,"
            " (SELECT coalesce(sum(remaining), 0) FROM claim WHERE remaining > 0) FROM tally, progress"
        )
        counts = {State(row[0]): row[1] for row in rows if row[1]}
        total, reserved, charged, in_flight = rows[0][2:]
        counts.pop(State.WAITING, None)
        # All recipients without another state are waiting, whether they were tried before or not.
        # A report may come before the response of its own message: then that one is counted as in flight, too.
        counts[State.WAITING] = max(0, total - int(in_flight) - sum(counts.values()))
        return Tally(
            total=total,
            counts=counts,
            in_flight=int(in_flight),
            reserved=credits_of(reserved) or Decimal(0),
            charged=credits_of(charged) or Decimal(0),
        )


def credits_of(micro: int | None) -> Decimal | None:
    """Return credits from their millionths."""
    return None if micro is None else Decimal(micro) / MICRO


def read_recipient(row: tuple[Any, ...]) -> Recipient:
    """Read a recipient from its row, with the columns in the order of `RECIPIENT_COLUMNS`."""
    n, number, variables, parts, cost, zone, line = row
    return Recipient(n, number, json.loads(variables) if variables != "{}" else {}, parts, credits_of(cost), zone, line)


def recipient_row(n: int, one: Recipient) -> tuple[Any, ...]:
    """Return the row of a recipient at a position."""
    variables = json.dumps(one.variables, ensure_ascii=False) if one.variables else "{}"
    return n, one.number, variables, one.parts, None if one.cost is None else int(one.cost * MICRO), one.zone, one.line


def _status(one: Recipient, rows: list[tuple[Any, ...]], more: dict[str, Any]) -> RecipientStatus:
    state = State(rows[-1][0])
    costs = [row[5] for row in rows if row[5] is not None]
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
        charged=credits_of(costs[-1]) if costs else None,
        **more,
    )
