"""Ledgers in PostgreSQL, which the workers of many machines share, and their store.

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
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import msgspec
import psycopg
from psycopg.errors import UndefinedTable, UniqueViolation

from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.ledger import base, opt_outs, postgresql_connection as pg, queries, statements, stores
from xoxzo.cloudpy.campaigns.records import Claim, Outcome, Recipient
from xoxzo.cloudpy.errors import CampaignError

_TYPES = {"serial": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "bytes": "BYTEA"}
_VERSION = 4
_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE campaign (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT UNIQUE,
        created DOUBLE PRECISION NOT NULL)""",
        f"{statements.ACCOUNT_TABLE} WITH (fillfactor = 50)",
    ),
    tuple(table.format(bytes="BYTEA") for table in opt_outs.TABLES),
    tuple(table.format(bytes="BYTEA", options="") for table in opt_outs.CONTACT_TABLES),
    # To look for a contact before it is added takes as long as to add it, and of several the latest counts.
    ("ALTER TABLE contact DROP CONSTRAINT contact_pkey", "CREATE INDEX contact_hash ON contact (hash)"),
)
"""What brings the common schema from each version to the next one."""
_RECONNECT_SECONDS = 0.2
_OUTAGE_SECONDS = 120.0
_CLOCK_READINGS = 3
_LOCK_SPACE = 0x786F78 << 32
_SEATS = 1024
_CONTACTS = 1


class PostgresqlLedger(base.Ledger):
    """One campaign in a database, by its number in it, for any number of workers. See `Ledger` for its methods."""

    blocks = True
    _claiming = (*statements.CLAIM[:-2], statements.ADD_CONTACTS, *statements.CLAIM[-2:])
    _forget_unsent = statements.DELETE_CONTACTS

    def __init__(self, address: str, ident: int, name: str, *, create: bool = False) -> None:
        common = partial(pg.connected, address, pg.COMMON)
        self.opt_outs, self.contacts = pg.PostgresqlOptOuts(common), pg.PostgresqlContacts(common)
        self._schemas = address, pg.schema_of(ident), pg.COMMON
        self._ident = ident
        self._name = name
        self._mutex = threading.RLock()
        self._read_mutex = threading.RLock()
        self._writing: pg.Connection | None = None
        self._reading: pg.Connection | None = None
        self._lock = ""
        self._is_closed = False
        self._statements = pg.PreparedStatements()
        # What a crash of the server may have taken: recorded, and not yet followed by a durable commit.
        self._volatile: list[Outcome] = []
        if create:
            # Rows that are updated all the time keep free space beside them, so that no index has to change.
            often = "progress", "pending", "claim", "tally"
            create_all = (
                f"CREATE SCHEMA {pg.schema_of(ident)}",
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
                self._check_lock(self._change([(f"SELECT {function}({self._lock_key()})", None)], lock=False)[-1])
                self._lock = function

    def _check_lock(self, rows: list[tuple[Any, ...]]) -> None:
        if not rows[0][0]:
            raise CampaignError("already_running", "{name}: another process is running this campaign", name=self._name)

    def _lock_key(self, seat: int = 0) -> int:
        return _LOCK_SPACE + self._ident * _SEATS + seat

    def claim(self, request: base.ClaimRequest) -> Claim:
        with self._mutex:
            while True:
                try:
                    return super().claim(request)
                except psycopg.OperationalError:
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

    def _change(self, change: base.Change, *, durable: bool = True, lock: bool = True) -> list[list[tuple[Any, ...]]]:
        """Run the statements as one message, and again after a lost connection: all but a claim may be repeated."""
        is_claim = any(values and "claim" in values and "lease" in values for _, values in change)
        give_up = time.monotonic() + _OUTAGE_SECONDS
        with self._mutex:
            while True:
                try:
                    if self._writing is None:
                        self._writing = self._reconnect()
                    results = self._send(self._writing, change, durable=durable, lock=lock)
                except psycopg.Error as error:
                    self._drop_connection()
                    is_lost = isinstance(error, psycopg.OperationalError)
                    if not is_lost or self._is_closed or time.monotonic() >= give_up:
                        raise pg.cannot_be_used(error) from error
                    if is_claim:
                        raise
                    time.sleep(random.uniform(0.5, 1.5) * _RECONNECT_SECONDS)  # noqa: S311
                else:
                    if durable:
                        self._volatile.clear()
                    return results

    def _reconnect(self) -> pg.Connection:
        connection = pg.connect(*self._schemas)
        if self._lock:
            # A restart of the server, or of what is between, has released it.
            self._check_lock(connection.execute(f"SELECT {self._lock}({self._lock_key()})".encode()).fetchall())
        if self._volatile:
            rows = [base.outcome_row(one) for one in {(one.n, one.claim): one for one in self._volatile}.values()]
            again: base.Change = [(statement, None) for statement in statements.START]
            again += [(statements.ADD_OUTCOMES, rows), *((statement, None) for statement in statements.APPLY)]
            self._send(connection, again, durable=True, lock=True)
            self._volatile.clear()
        return connection

    def _drop_connection(self) -> None:
        connection, self._writing = self._writing, None
        self._statements.names.clear()
        if connection is not None:
            connection.close()

    def _send(
        self, connection: pg.Connection, change: base.Change, *, durable: bool, lock: bool
    ) -> list[list[tuple[Any, ...]]]:
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
                    message.append(f"SELECT pg_advisory_xact_lock({_LOCK_SPACE + _CONTACTS})")
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
                        self._reading = pg.connect(*self._schemas)
                    return self._reading.execute(ready, parameters or None).fetchall()
                except psycopg.Error as error:
                    # A connection that was idle may have been lost meanwhile.
                    connection, self._reading = self._reading, None
                    if connection is not None:
                        connection.close()
                    if is_last or not isinstance(error, psycopg.OperationalError):
                        reason = pg.reason_of(error)
                        raise CampaignError(
                            "cannot_be_read", "{name} cannot be read: {error}", name=self._name, error=reason
                        ) from error
        raise AssertionError  # the loop returns or raises

    def _add(self, recipients: Iterable[Recipient]) -> Iterator[Recipient]:
        first = int(self._fetch("SELECT coalesce(max(n), 0) FROM recipient")[0][0])
        with self._connection() as connection, connection.cursor() as cursor:
            with cursor.copy(f"COPY recipient ({statements.RECIPIENT_COLUMNS}) FROM STDIN") as copy:
                for n, one in enumerate(recipients, first + 1):
                    copy.write_row(queries.recipient_row(n, one))
            columns = statements.RECIPIENT_COLUMNS
            numbered = f"SELECT {columns}, row_number() OVER (PARTITION BY number ORDER BY n) AS place FROM recipient"
            repeated = cursor.execute(f"SELECT {columns} FROM ({numbered}) AS r WHERE place > 1 ORDER BY n").fetchall()
            if repeated:
                kept = columns.replace("n,", "row_number() OVER (ORDER BY n) AS n,", 1)
                cursor.execute(
                    f"CREATE TABLE kept AS SELECT {kept} FROM ({numbered}) AS r WHERE place = 1;"
                    " DROP TABLE recipient; ALTER TABLE kept RENAME TO recipient".encode()
                )
        yield from (queries.read_recipient((0, *row[1:])) for row in repeated)

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
    def _connection(self) -> Iterator[pg.Connection]:
        """Yield a connection for work that takes long: no time limit ends it."""
        with pg.connected(*self._schemas) as connection:
            connection.execute("SET idle_in_transaction_session_timeout = 0")
            yield connection


class PostgresqlStore(stores.CampaignStore):
    """Keeps campaigns in a database. See ``CampaignStore`` for its methods."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.opt_outs = pg.PostgresqlOptOuts(self._connect)
        self.contacts = pg.PostgresqlContacts(self._connect)

    def names(self) -> Iterator[str]:
        with self._connect() as connection:
            rows = connection.execute('SELECT name FROM campaign WHERE name IS NOT NULL ORDER BY name COLLATE "C"')
            yield from (name for (name,) in rows.fetchall())

    def _find(self, name: str) -> int | None:
        stores.check_name(name)
        with self._connect() as connection:
            row = connection.execute("SELECT id FROM campaign WHERE name = %s", (name,)).fetchone()
        return None if row is None else int(row[0])

    def _open(self, place: int, name: str, *, create: bool = False) -> PostgresqlLedger:
        return PostgresqlLedger(self.address, place, name, create=create)

    def _begin(self, name: str) -> int:  # noqa: ARG002 - a draft has none
        now = time.time()
        with self._connect() as connection:
            old = "SELECT id FROM campaign WHERE name IS NULL AND created < %s"
            drafts = connection.execute(old, (now - stores.DRAFT_SECONDS,)).fetchall()
            new = "INSERT INTO campaign (created) VALUES (%s) RETURNING id"
            [(ident,)] = connection.execute(new, (now,)).fetchall()
        for (draft,) in drafts:
            self._delete(draft)
        return int(ident)

    def _publish(self, draft: int, name: str) -> bool:
        with self._connect() as connection, suppress(UniqueViolation):
            connection.execute("UPDATE campaign SET name = %s WHERE id = %s", (name, draft))
            return True
        return False

    def _delete(self, place: int) -> None:
        with self._connect() as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {pg.schema_of(place)} CASCADE")
            connection.execute("DELETE FROM campaign WHERE id = %s", (place,))

    @contextmanager
    def _connect(self) -> Iterator[pg.Connection]:
        with pg.connected(self.address, pg.COMMON) as connection:
            _prepare(connection)
            yield connection


def _prepare(connection: pg.Connection) -> None:
    """Create the common tables, or bring those of an earlier version up to date; one process at a time does so."""
    select = f"SELECT coalesce(max(number), 0) FROM {pg.COMMON}.version"
    version = 0
    with suppress(UndefinedTable):
        [(version,)] = connection.execute(select).fetchall()
    if version > _VERSION:
        raise CampaignError(
            "newer_version", "the campaigns in this database are of a newer version of xoxzo-cloudpy: install that"
        )
    if version == _VERSION:
        return
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK_SPACE,))
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {pg.COMMON}")
        connection.execute("CREATE TABLE IF NOT EXISTS version (number BIGINT NOT NULL)")
        [(version,)] = connection.execute(select).fetchall()
        for number in range(version, _VERSION):
            for statement in _MIGRATIONS[number]:
                connection.execute(statement.encode())
            connection.execute("INSERT INTO version VALUES (%s)", (number + 1,))
