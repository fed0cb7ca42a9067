"""A ledger in one SQLite file."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any

from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.ledger import base, files, queries, statements
from xoxzo.cloudpy.campaigns.ledger.opt_outs import SqliteContacts, SqliteOptOuts, hash_number
from xoxzo.cloudpy.campaigns.records import Claim, Recipient, Remaining
from xoxzo.cloudpy.common.sqlite_files import FileLock
from xoxzo.cloudpy.errors import CampaignError

_VERSION = 5
_TYPES = {"serial": "INTEGER PRIMARY KEY", "bytes": "BLOB", "now": ":now", "hash": "hash_number(r.number)"}
_TABLES = (
    *(statement.format(**_TYPES) for statement in statements.TABLES),
    statements.ACCOUNT_TABLE,
    "CREATE UNIQUE INDEX recipient_n ON recipient (n)",
    "CREATE UNIQUE INDEX recipient_number ON recipient (number)",
)
# In blocks: to begin a statement takes longer than to add a row.
_BLOCK_ROWS = 50
_ROW = "(?,?,?,?,?,?,?,?,?)"
_ADD_OUTCOME, _ADD_BLOCK = (
    statements.ADD_OUTCOMES.format(rows=",".join([_ROW] * rows), whole="") for rows in (1, _BLOCK_ROWS)
)
_GROUP_ROWS = 1000


class SqliteLedger(base.Ledger):
    """Recipients, claims and outcomes in a file that only its owner can read. See `Ledger` for its methods.

    Any number of processes may query it, record delivery reports and request a pause; one may run.

    Raises:
        CampaignError: it cannot be opened, is something else, or its ``-wal`` file is missing (see `replace_wal`).
    """

    opt_outs: SqliteOptOuts
    contacts: SqliteContacts
    blocks = False
    _is_disposable = False

    def __init__(self, path: str | os.PathLike[str], *, create: bool = False, without_wal: bool = False) -> None:
        # The lock and the other files are beside the file itself, and not beside a link to it.
        self.path = Path(path).resolve()
        self._mutex = threading.RLock()
        self._connection = files.open_ledger(self.path, _TABLES, _VERSION, create=create, without_wal=without_wal)
        self._locks: list[FileLock] = []
        self._closing = ExitStack()
        self._closing.callback(files.close_ledger, self._connection, self.path, self._locks, os.getpid())
        # At the end of the program, too: a ledger that is never closed must not keep its mark.
        self._close = weakref.finalize(self, self._closing.close)
        self.clock = SteadyClock()
        self.clock = SteadyClock(self.latest_time())
        self.opt_outs, self.contacts = SqliteOptOuts(self.path.parent), SqliteContacts(self.path.parent)
        self._contacts: sqlite3.Connection | None = None
        self._attached: set[str] = set()
        self._note: files.ClaimNote | None = None
        self._attach("opt_outs", self.opt_outs)
        self._connection.create_function("hash_number", 1, hash_number, deterministic=True)

    def _attach(self, name: str, tables: SqliteOptOuts | SqliteContacts) -> None:
        # Read-only: else each transaction of a campaign would lock them for all others.
        if name not in self._attached:
            with tables.open():
                self._connection.execute(f"ATTACH ? AS {name}", (f"{tables.path.as_uri()}?mode=ro",))
            self._attached.add(name)

    @contextmanager
    def _changing_contacts(self, *, sorted_: bool = False) -> Iterator[sqlite3.Connection]:
        """Lock the contacts around a change of the ledger, and commit after it.

        They are in a file of their own, and a crash may come between the two commits: then there is a contact too many
        of somebody who was not sent to, or one too few of a claim that nobody has.
        """
        try:
            if self._contacts is None:
                self._contacts = self._closing.enter_context(closing(self.contacts.connect()))
                if self._is_disposable:
                    self._contacts.execute("PRAGMA synchronous = OFF")
            try:
                self.contacts.lock(self._contacts, sorted_=sorted_)
                yield self._contacts
                self._contacts.execute("COMMIT")
            finally:
                if self._contacts.in_transaction:
                    self._contacts.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise self.contacts.cannot_be_used(error) from error

    def claim(self, request: base.ClaimRequest) -> Claim:
        claim = None
        with self._mutex:
            try:
                if request.limits.not_within:
                    self._attach("contacts", self.contacts)
                    # Of two campaigns that look for each other's contacts at once, the second sees the first's.
                    with self._changing_contacts(sorted_=True) as contacts:
                        claim = super().claim(request)
                        self._add_contacts(contacts, claim)
                else:
                    claim = super().claim(request)
                    if claim.recipients:
                        with self._changing_contacts() as contacts:
                            self._add_contacts(contacts, claim)
            except CampaignError:
                if claim is not None:
                    self.give_back(claim.ident)
                raise
            if claim.recipients and self._note is not None:
                self._note.write(claim.now, self.next_n(), self.get("first_seed"))
            return claim

    def _add_contacts(self, contacts: sqlite3.Connection, claim: Claim) -> None:
        if claim.recipients:
            hashes = b"".join([hash_number(one.number) for one in claim.recipients])
            contacts.execute(self.contacts.ADD, (hashes, str(self.get("uid")), self.clock.wall()))

    def remaining(self, not_within: float | None = None) -> Remaining:
        if not_within:
            self.contacts.sort()
            self._attach("contacts", self.contacts)
        return super().remaining(not_within)

    def join(self, account: str) -> None:
        self.lock()
        super().join(account)
        self._end_leases()  # an earlier run of this ledger may have left some, if it could not write
        self._begin()

    def lock(self) -> None:
        if not self._locks:
            self._acquire_lock()
            self._end_leases()
            self._compare_with_note()

    def _compare_with_note(self) -> None:
        """Make unknown who may have been sent to since this copy of the ledger was made, if there was a newer one."""
        uid = self.get("uid")
        if uid is None or self._is_disposable:
            return
        self._note = self._closing.enter_context(closing(files.ClaimNote(uid)))
        at, last, seed = self._note.read()
        next_n, latest = self._fetch("SELECT next_n, (SELECT max(at) FROM claim) FROM progress")[0]
        if at > (latest or 0.0):
            # With other ones chosen to be the first, positions do not say who was sent to.
            last = last if seed == str(self.get("first_seed")) else int(self.get("total"))
            self.put({"newer_copy": (0.0, next_n)})
            self.catch_up(last, latest or self.created())

    def _acquire_lock(self) -> None:
        self._locks.append(files.acquire_lock(self.path))
        files.create_reserve(self.path)
        self.put({files.MARK: time.time()})
        # The mark has to be in the file itself. The other file stays, so that it is seen to be there.
        self.checkpoint("FULL")

    def _end_leases(self) -> None:
        # The lock shows that every process with a claim has ended.
        if self._fetch("SELECT 1 FROM claim WHERE remaining > 0 LIMIT 1"):
            self._change([("UPDATE claim SET lease_until = {now} - 0.000001 WHERE remaining > 0", None)])
            self.sweep()

    def is_locked_elsewhere(self) -> bool:
        return not self._locks and files.is_locked(self.path)

    def take_seat(self, seats: int) -> bool:  # noqa: ARG002 - a file has one
        try:
            self.lock()
        except CampaignError:
            return False
        return True

    def free_seats(self, seats: int) -> int:
        return 0 if self._locks or self.is_locked_elsewhere() else min(seats, 1)

    def close(self) -> None:
        with self._mutex:
            self._close()

    def checkpoint(self, mode: str = "TRUNCATE") -> None:
        with self._mutex:
            try:
                self._connection.execute(f"PRAGMA main.wal_checkpoint({mode})").fetchall()
            except sqlite3.Error as error:
                raise self._cannot_be_written(error) from error

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """Run one transaction; wait up to ten seconds for another process's.

        If it is not durable, it survives the process, and a power cut only after the next durable one.
        """
        with self._mutex:
            try:
                self._set_durable(durable)
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                    self._connection.execute("COMMIT")
                finally:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise self._cannot_be_written(error) from error

    def make_disposable(self) -> None:
        """Wait for the disk no more: for a ledger that is deleted in the end."""
        self._connection.execute("PRAGMA synchronous = OFF")
        self._is_disposable = True

    def _set_durable(self, wanted: bool) -> None:
        if not self._is_disposable:
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if wanted else 'NORMAL'}")

    def _cannot_be_written(self, error: sqlite3.Error) -> CampaignError:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
            files.free_reserve(self.path)
        return CampaignError(
            "cannot_be_written", "the ledger {path} cannot be written: {error}", path=self.path, error=error
        )

    def _fetch(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - SQLite's
        if "{now}" in statement:
            now = self.clock.now()
            statement = statement.replace("{now}", repr(now)).replace("{ahead}", repr(now - self.clock.wall()))
        with self._mutex:
            try:
                return self._connection.execute(statement.replace("{hash}", _TYPES["hash"]), parameters).fetchall()
            except sqlite3.Error as error:
                raise CampaignError(
                    "cannot_be_read", "the ledger {path} cannot be read: {error}", path=self.path, error=error
                ) from error

    def _change(self, change: base.Change, *, durable: bool = True) -> list[list[tuple[Any, ...]]]:
        if all(statement is not statements.UNSENT for statement, _ in change):
            return self._run(change, durable=durable)
        results: list[list[tuple[Any, ...]]] = []
        with self._mutex:
            try:
                # Locked first: nobody may claim and contact somebody again whose contact is still to be deleted.
                with self._changing_contacts() as contacts:
                    results = self._run(change, durable=durable)
                    uid = str(self.get("uid"))
                    hashes = b"".join(number for (number,) in results[0])
                    contacts.execute(self.contacts.ADD, (hashes, uid, 0.0))
            except CampaignError as error:
                # What has become of recipients counts more than a contact too many.
                if error.code != "contacts_failed":
                    raise
            return results or self._run(change, durable=durable)

    def _run(self, change: base.Change, *, durable: bool) -> list[list[tuple[Any, ...]]]:
        results = []
        with self.transaction(durable=durable) as connection:
            now = {"now": self.clock.now()}
            now["ahead"] = now["now"] - self.clock.wall()
            for statement, values in change:
                if isinstance(values, list):
                    blocks = len(values) - len(values) % _BLOCK_ROWS
                    for first in range(0, blocks, _BLOCK_ROWS):
                        connection.execute(_ADD_BLOCK, [*chain.from_iterable(values[first : first + _BLOCK_ROWS])])
                    connection.executemany(_ADD_OUTCOME, values[blocks:])
                    continue
                ready = (
                    statement.replace("{now}", ":now").replace("{ahead}", ":ahead").replace("{hash}", _TYPES["hash"])
                )
                cursor = connection.execute(ready, now if values is None else values | now)
                if cursor.description is not None:
                    results.append(cursor.fetchall())
        return results

    def _add(self, recipients: Iterable[Recipient]) -> Iterator[Recipient]:
        every = iter(recipients)
        while group := list(islice(every, _GROUP_ROWS)):
            repeated = []
            with self.transaction() as connection:
                n = connection.execute("SELECT coalesce(max(n), 0) FROM recipient").fetchone()[0]
                for one in group:
                    row = queries.recipient_row(n + 1, one)
                    if connection.execute("INSERT OR IGNORE INTO recipient VALUES (?,?,?,?,?,?,?)", row).rowcount:
                        n += 1
                    else:
                        repeated.append(one)
            yield from repeated

    def replace_wal(self) -> int:
        """Continue without a lost ``-wal`` file: make unknown who may have been sent to since then; return how many."""
        if not files.is_wal_lost(self._connection, self.path):
            return 0
        self._locks.append(files.acquire_lock(self.path))
        values = {"began": float(self.get(files.MARK) or 0), "last": self.get("total") or 0}
        return int(self._change([(statement, values) for statement in statements.LOSE_RECORDS])[-1][0][0])
