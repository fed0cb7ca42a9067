"""Ledgers in PostgreSQL, which the workers of many machines share.

Each campaign has a schema of its own, so that its list is loaded before it is indexed, and removed at once. A further
schema lists the campaigns and holds what the campaigns of one account share: send times and pauses.
"""

from __future__ import annotations

# ruff: noqa: S608 - made of constants; what varies is a parameter
import random
import secrets
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import msgspec
import psycopg

from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.ledger import statements
from xoxzo.cloudpy.campaigns.ledger.base import Change, ClaimRequest, Ledger, outcome_row
from xoxzo.cloudpy.campaigns.ledger.postgresql_connection import (
    COMMON,
    Connection,
    PostgresqlContacts,
    PostgresqlOptOuts,
    PreparedStatements,
    cannot_be_used,
    connect,
    connected,
    reason_of,
    schema_of,
)
from xoxzo.cloudpy.campaigns.ledger.queries import read_recipient, recipient_row
from xoxzo.cloudpy.campaigns.records import Claim, Outcome, Recipient
from xoxzo.cloudpy.errors import CampaignError

_TYPES = {"serial": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "bytes": "BYTEA"}
_RECONNECT_SECONDS = 0.2
_OUTAGE_SECONDS = 120.0
_CLOCK_READINGS = 3
LOCK_SPACE = 0x786F78 << 32
_SEATS = 1024
_CONTACTS = 1


class PostgresqlLedger(Ledger):
    """One campaign in a database, by its number in it, for any number of workers. See `Ledger` for its methods."""

    blocks = True
    _claiming = (*statements.CLAIM[:-2], statements.ADD_CONTACTS, *statements.CLAIM[-2:])
    _forget_unsent = statements.DELETE_CONTACTS

    def __init__(self, address: str, ident: int, name: str, *, create: bool = False) -> None:
        common = partial(connected, address, COMMON)
        self.opt_outs, self.contacts = PostgresqlOptOuts(common), PostgresqlContacts(common)
        self._schemas = address, schema_of(ident), COMMON
        self._ident = ident
        self._name = name
        self._mutex = threading.RLock()
        self._read_mutex = threading.RLock()
        self._writing: Connection | None = None
        self._reading: Connection | None = None
        self._lock = ""
        self._is_closed = False
        self._statements = PreparedStatements()
        # What a crash of the server may have taken: recorded, and not yet followed by a durable commit.
        self._volatile: list[Outcome] = []
        if create:
            # Rows that are updated all the time keep free space beside them, so that no index has to change.
            often = "progress", "pending", "claim", "tally"
            create_all = (
                f"CREATE SCHEMA {schema_of(ident)}",
                *(statement.format(**_TYPES) for statement in statements.TABLES),
                *(f"ALTER TABLE {table} SET (fillfactor = 50)" for table in often),
            )
            self._change([(statement, None) for statement in create_all], lock=False)
        # It agrees with the database's clock, and is behind it by less than an answer takes: of a few, the fastest one.
        monotonic = SteadyClock().monotonic
        offset = max(float(self._fetch("SELECT {now}")[0][0]) - monotonic() for _ in range(_CLOCK_READINGS))
        self.clock = SteadyClock(wall=lambda: monotonic() + offset)

    def close(self) -> None:
        self._is_closed = True
        with self._mutex, self._read_mutex:
            for connection in (self._writing, self._reading):
                if connection is not None:
                    connection.close()
            self._writing = self._reading = None

    def lock(self) -> None:
        self._take_lock("pg_try_advisory_lock")

    def join(self, account: str) -> None:
        is_first = not self._lock and not self.is_locked_elsewhere()
        super().join(account)
        if is_first:
            self._begin()
        self._take_lock("pg_try_advisory_lock_shared")

    def leave(self) -> None:
        with self._mutex:
            if self._lock and self._writing is not None:
                self._change([(f"SELECT pg_advisory_unlock_shared({self._lock_key()})", None)], lock=False)
            self._lock = ""

    def take_seat(self, seats: int) -> bool:
        for seat in range(1, min(seats, _SEATS - 1) + 1):
            if self._change([(f"SELECT pg_try_advisory_lock({self._lock_key(seat)})", None)], lock=False)[-1][0][0]:
                return True
        return False

    def free_seats(self, seats: int) -> int:
        last = min(seats, _SEATS - 1)
        return last - self._count_locks(1, last)

    def is_locked_elsewhere(self) -> bool:
        return not self._lock and self._count_locks(0, 0) > 0

    def _count_locks(self, first: int, last: int) -> int:
        # To try a lock would take it for an instant, in which a worker would find it taken.
        key = "(CAST(classid AS BIGINT) << 32) + CAST(objid AS BIGINT)"
        database = "(SELECT oid FROM pg_database WHERE datname = current_database())"
        keys = self._lock_key(first), self._lock_key(last)
        where = f"locktype = 'advisory' AND objsubid = 1 AND database = {database} AND {key} BETWEEN ? AND ?"
        return int(self._fetch(f"SELECT count(DISTINCT objid) FROM pg_locks WHERE {where}", *keys)[0][0])

    def _take_lock(self, function: str) -> None:
        with self._mutex:
            if self._lock != function:
                self._change([], lock=False)
                self._acquire(self._writing, function)
                self._lock = function

    def _acquire(self, connection: Connection | None, function: str) -> None:
        row = None if connection is None else connection.execute(f"SELECT {function}({self._lock_key()})").fetchone()
        if row is None or not row[0]:
            raise CampaignError("already_running", "{name}: another process is running this campaign", name=self._name)

    def _lock_key(self, seat: int = 0) -> int:
        return LOCK_SPACE + self._ident * _SEATS + seat

    def claim(self, request: ClaimRequest) -> Claim:
        with self._mutex:
            while True:
                try:
                    return super().claim(request)
                except _AnswerLostError:
                    # It may have been committed: its recipients are given back, since none was started.
                    self.give_back(request.ident)
                    request = msgspec.structs.replace(request, ident=secrets.randbits(61) + 1)

    def record(
        self, outcomes: Iterable[Outcome], *, results: str = "", last_error: str = "", durable: bool = True
    ) -> int:
        batch = list(outcomes)
        with self._mutex:
            changed = super().record(batch, results=results, last_error=last_error, durable=durable)
            if not durable:
                self._volatile += batch
            return changed

    def _change(self, change: Change, *, durable: bool = True, lock: bool = True) -> list[list[tuple[Any, ...]]]:
        """Run the statements as one message, and again after a lost connection: all but a claim may be repeated."""
        is_claim = any(values and "claim" in values and "lease" in values for _, values in change)
        give_up = time.monotonic() + _OUTAGE_SECONDS
        with self._mutex:
            while True:
                try:
                    if self._writing is None:
                        self._writing = self._reconnect()
                    results = self._send(self._writing, change, durable=durable, lock=lock)
                except psycopg.OperationalError as error:
                    self._drop_connection()
                    if self._is_closed or time.monotonic() >= give_up:
                        raise cannot_be_used(error) from error
                    if is_claim:
                        raise _AnswerLostError from error
                    time.sleep(random.uniform(0.5, 1.5) * _RECONNECT_SECONDS)  # noqa: S311
                except psycopg.Error as error:
                    self._drop_connection()
                    raise cannot_be_used(error) from error
                else:
                    if durable:
                        self._volatile.clear()
                    return results

    def _reconnect(self) -> Connection:
        connection = connect(*self._schemas)
        if self._lock:
            # A restart of the server, or of what is between, has released it.
            self._acquire(connection, self._lock)
        if self._volatile:
            rows = [outcome_row(one) for one in {(one.n, one.claim): one for one in self._volatile}.values()]
            again: Change = [(statement, None) for statement in statements.START]
            again += [(statements.ADD_OUTCOMES, rows), *((statement, None) for statement in statements.APPLY)]
            self._send(connection, again, durable=True, lock=True)
            self._volatile.clear()
        return connection

    def _drop_connection(self) -> None:
        connection, self._writing = self._writing, None
        self._statements.forget()
        if connection is not None:
            connection.close()

    def _send(
        self, connection: Connection, change: Change, *, durable: bool, lock: bool
    ) -> list[list[tuple[Any, ...]]]:
        if not change:
            return []
        with psycopg.ClientCursor(connection) as cursor:
            message = []
            if not durable:
                message.append("SELECT set_config('synchronous_commit', 'off', true)")
            if lock:
                # A statement that waits for a lock sees what was there before it waited: so this one does nothing else.
                message.append("SELECT 1 FROM progress FOR UPDATE")
                accounts = {
                    values["account"] for _, values in change if isinstance(values, dict) and "account" in values
                }
                message += [
                    cursor.mogrify("SELECT 1 FROM account WHERE id = %s FOR UPDATE", (one,)) for one in accounts
                ]
                if any("FROM contact c" in statement for statement, _ in change):
                    # Of two campaigns that look for each other's contacts at once, the second sees those of the first.
                    message.append(f"SELECT pg_advisory_xact_lock({LOCK_SPACE + _CONTACTS})")
            skipped = len(message)
            message += [
                self._statements.render(cursor, *one) if lock else self._statements.fill_in(one[0]) for one in change
            ]
            cursor.execute("; ".join(message).encode())
            results, place = [], 0
            while True:
                if cursor.description is not None and place >= skipped:
                    results.append(cursor.fetchall())
                place += 1
                if not cursor.nextset():
                    return results

    def _fetch(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - psycopg's
        ready = self._statements.fill_in(statement).replace("?", "%s")
        with self._read_mutex:
            for is_last in (False, True):
                try:
                    if self._reading is None:
                        self._reading = connect(*self._schemas)
                    return self._reading.execute(ready, parameters or None).fetchall()
                except psycopg.Error as error:
                    # A connection that was idle may have been lost meanwhile.
                    connection, self._reading = self._reading, None
                    if connection is not None:
                        connection.close()
                    if is_last or not isinstance(error, psycopg.OperationalError):
                        raise CampaignError(
                            "cannot_be_read", "{name} cannot be read: {error}", name=self._name, error=reason_of(error)
                        ) from error
        raise AssertionError  # the loop returns or raises

    def _add(self, recipients: Iterable[Recipient]) -> Iterator[Recipient]:
        first = int(self._fetch("SELECT coalesce(max(n), 0) FROM recipient")[0][0])
        with self._connection() as connection, connection.cursor() as cursor:
            with cursor.copy(f"COPY recipient ({statements.RECIPIENT_COLUMNS}) FROM STDIN") as copy:
                for n, one in enumerate(recipients, first + 1):
                    copy.write_row(recipient_row(n, one))
            columns = statements.RECIPIENT_COLUMNS
            numbered = f"SELECT {columns}, row_number() OVER (PARTITION BY number ORDER BY n) AS place FROM recipient"
            repeated = cursor.execute(f"SELECT {columns} FROM ({numbered}) AS r WHERE place > 1 ORDER BY n").fetchall()
            if repeated:
                kept = columns.replace("n,", "row_number() OVER (ORDER BY n) AS n,", 1)
                cursor.execute(
                    f"CREATE TABLE kept AS SELECT {kept} FROM ({numbered}) AS r WHERE place = 1;"
                    " DROP TABLE recipient; ALTER TABLE kept RENAME TO recipient".encode()
                )
        yield from (read_recipient((0, *row[1:])) for row in repeated)

    def seal(self) -> None:
        with self._connection() as connection:
            connection.execute(
                "ALTER TABLE recipient ADD PRIMARY KEY (n); CREATE INDEX recipient_number ON recipient (number)"
            )
            connection.execute("ANALYZE recipient")
        super().seal()

    def purge(self) -> int:
        count = super().purge()
        with self._connection() as connection:
            for table in ("outcome", "recipient"):
                # Without it the old rows would stay in the files.
                connection.execute(f"VACUUM FULL {table}")
        return count

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """Yield a connection for work that takes long: no time limit ends it."""
        with connected(*self._schemas) as connection:
            connection.execute("SET idle_in_transaction_session_timeout = 0")
            yield connection


class _AnswerLostError(Exception):
    """The connection was lost while the answer to a claim was awaited."""
