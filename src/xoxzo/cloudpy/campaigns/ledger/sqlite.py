"""A ledger in one SQLite file."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import threading
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from xoxzo.cloudpy.campaigns.ledger import schema
from xoxzo.cloudpy.campaigns.ledger.claims import Claiming
from xoxzo.cloudpy.campaigns.ledger.outcomes import Noting
from xoxzo.cloudpy.campaigns.ledger.queries import Reading
from xoxzo.cloudpy.campaigns.ledger.rows import write_value
from xoxzo.cloudpy.campaigns.records import State, Tally, Unsettled
from xoxzo.cloudpy.errors import CampaignError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

    from xoxzo.cloudpy.campaigns.records import Recipient

_GROUP = 1000
_WITNESSES = 100


class SqliteLedger(Claiming, Noting, Reading):
    """Recipients, claims and outcomes in a file that its owner alone may read.

    Any number of processes may look, take delivery reports and leave wishes; one may run.

    Args:
        path: the file.
        create: make it; it must not be there.

    Raises:
        CampaignError: it cannot be opened, or is something else.
    """

    def __init__(self, path: str | os.PathLike[str], *, create: bool = False) -> None:
        self.path = Path(path)
        self._mutex = threading.RLock()
        self._connection = schema.connect(self.path, create=create)
        self._lock: schema.Lock | None = None
        # Whether commits wait for the disk, and whether one that did not is still to be taken along.
        self._waits, self._riding = True, False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def lock(self) -> None:
        """Keep every other run away, until this ledger is closed.

        Raises:
            CampaignError: another process is running the campaign.
        """
        if self._lock is None:
            self._lock = schema.Lock(self.path)

    def is_locked_elsewhere(self) -> bool:
        """Whether another process, or another ledger of this one, runs the campaign."""
        if self._lock is None:
            try:
                schema.Lock(self.path).release()
            except CampaignError:
                return True
        return False

    def close(self) -> None:
        """Give the file up. Closing twice does nothing."""
        with self._mutex:
            self._connection.close()
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """Hold the file for one transaction; wait up to ten seconds for another's.

        Args:
            durable: whether it outlives a power cut when it has ended. Else it outlives the process only, until the
                next durable one takes it along.
        """
        with self._mutex:
            try:
                self._wait_for_disk(durable)
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                    if durable and self._riding:
                        # A transaction that writes nothing would take nothing along.
                        write_value(self._connection, "carried", True)
                    self._connection.execute("COMMIT")
                    self._riding = not durable
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise CampaignError(f"the ledger {self.path} cannot be written: {error}") from error

    def _wait_for_disk(self, wanted: bool) -> None:
        if wanted is not self._waits:
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if wanted else 'NORMAL'}")
            self._waits = wanted

    def get(self, name: str) -> Any:  # noqa: ANN401 - what was put there
        """Return a value that describes the campaign, or ``None``."""
        with self._mutex:
            row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, values: Mapping[str, Any]) -> None:
        """Keep values that describe the campaign, all or none."""
        rows = [(name, json.dumps(value, ensure_ascii=False)) for name, value in values.items()]
        with self.transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    def add(self, recipients: Iterable[Recipient]) -> Iterator[Recipient]:
        """Add recipients, numbered from 1 in their order, and yield those whose number is there already."""
        if self.get("sealed"):
            raise CampaignError("recipients cannot be added to a campaign that is complete")
        group: list[Recipient] = []
        for recipient in recipients:
            group.append(recipient)
            if len(group) == _GROUP:
                yield from self._add(group)
                group = []
        yield from self._add(group)

    def _add(self, group: list[Recipient]) -> list[Recipient]:
        repeated = []
        with self.transaction() as connection:
            n = connection.execute("SELECT coalesce(max(n), 0) FROM recipient").fetchone()[0]
            for one in group:
                variables = json.dumps(one.variables, ensure_ascii=False) if one.variables else "{}"
                cost = None if one.cost is None else str(one.cost)
                row = (n + 1, one.number, variables, one.parts, cost, one.zone, one.line)
                if connection.execute("INSERT OR IGNORE INTO recipient VALUES (?,?,?,?,?,?,?)", row).rowcount:
                    n += 1
                else:
                    repeated.append(one)
        return repeated

    def seal(self) -> None:
        """Close the list of recipients; without it a campaign cannot run."""
        with self._mutex:
            total = self._connection.execute("SELECT count(*) FROM recipient").fetchone()[0]
            zones = [row[0] for row in self._connection.execute("SELECT DISTINCT zone FROM recipient")]
        self.put({"sealed": True, "total": total, "zones": zones})

    def unknown(self) -> Iterator[Unsettled]:
        """Return those of whom nobody knows whether they were sent to."""
        with self._mutex:
            rows = self._connection.execute(
                "SELECT n, began, ended, error FROM pending WHERE state = ? ORDER BY n", (State.UNKNOWN,)
            ).fetchall()
        return (Unsettled(*row) for row in rows)

    def known(self, since: float) -> Iterator[tuple[int, float]]:
        """Return who was surely sent to from a moment on, and the last ones before it, with the times."""
        at, before = 2**62, _WITNESSES
        # From the newest on: what is written down has the order of time, but for what waited in a group.
        while before > 0:
            with self._mutex:
                rows = self._connection.execute(
                    "SELECT ident, n, at FROM outcome WHERE ident < ? AND state = ? AND claim > 0"
                    " ORDER BY ident DESC LIMIT ?",
                    (at, State.SENT, _GROUP),
                ).fetchall()
            if not rows:
                return
            for _, n, when in rows:
                before -= when < since
                yield n, when
            at = rows[-1][0]

    def latest(self) -> float:
        """Return the latest time that stands in the ledger: time must not go back between runs."""
        with self._mutex:
            row = self._connection.execute(
                "SELECT max(coalesce((SELECT at FROM outcome ORDER BY ident DESC LIMIT 1), 0),"
                " coalesce((SELECT at FROM claim ORDER BY ident DESC LIMIT 1), 0))"
            ).fetchone()
        return float(row[0])

    def sent(self) -> Iterator[tuple[int, str]]:
        """Return who was sent to and has no last word yet, with the msgid or callid."""
        at = 0
        while True:
            with self._mutex:
                rows = self._connection.execute(
                    "SELECT o.ident, o.n, o.msgid FROM outcome o WHERE o.ident > ? AND o.state = ? AND o.msgid != ''"
                    " AND o.ident = (SELECT max(ident) FROM outcome WHERE n = o.n) ORDER BY o.ident LIMIT ?",
                    (at, State.SENT, _GROUP),
                ).fetchall()
            if not rows:
                return
            yield from ((n, msgid) for _, n, msgid in rows)
            at = rows[-1][0]

    def suppress(self, numbers: Iterable[str]) -> int:
        """Leave numbers out from now on; return how many are new. Only their hashes are kept."""
        with self.transaction() as connection:
            rows = [(self.hash(number),) for number in numbers]
            return sum(connection.execute("INSERT OR IGNORE INTO suppression VALUES (?)", row).rowcount for row in rows)

    def hash(self, number: str) -> bytes:
        """Return what stands for a number in the list of those to be left out."""
        return hmac.digest(str(self.get("salt")).encode(), number.encode(), hashlib.sha256)[:16]

    def tally(self) -> Tally:
        """Return the figures."""
        with self._mutex:
            counts = {State(state): count for state, count in self._connection.execute("SELECT * FROM tally") if count}
            flying = self._connection.execute("SELECT coalesce(sum(remaining), 0) FROM claim WHERE remaining > 0")
            in_flight = flying.fetchone()[0]
        total = self.get("total") or 0
        # Waiting is everybody of whom nothing else is known, whether they were tried before or not.
        # A report may come before the answer of its own message: then that one is counted as in flight, too.
        counts[State.WAITING] = max(0, total - in_flight - sum(counts.values()))
        return Tally(
            total=total,
            counts=counts,
            in_flight=in_flight,
            reserved=Decimal(self.get("reserved") or 0),
            charged=Decimal(self.get("charged") or 0),
        )
