"""The campaigns in a PostgreSQL database, and the tables that they share."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from psycopg.errors import UniqueViolation

from xoxzo.cloudpy.campaigns.ledger import statements
from xoxzo.cloudpy.campaigns.ledger.opt_outs import CONTACT_TABLES, TABLES
from xoxzo.cloudpy.campaigns.ledger.postgresql import LOCK_SPACE, PostgresqlLedger
from xoxzo.cloudpy.campaigns.ledger.postgresql_connection import (
    COMMON,
    Connection,
    PostgresqlContacts,
    PostgresqlOptOuts,
    connected,
    schema_of,
)
from xoxzo.cloudpy.campaigns.ledger.stores import DRAFT_SECONDS, CampaignStore, check_name
from xoxzo.cloudpy.errors import CampaignError

_VERSION = 4
_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE campaign (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT UNIQUE,
        created DOUBLE PRECISION NOT NULL)""",
        f"{statements.ACCOUNT_TABLE} WITH (fillfactor = 50)",
    ),
    tuple(table.format(bytes="BYTEA") for table in TABLES),
    tuple(table.format(bytes="BYTEA", options="") for table in CONTACT_TABLES),
    # To look for a contact before it is added takes as long as to add it, and of several the latest counts.
    ("ALTER TABLE contact DROP CONSTRAINT contact_pkey", "CREATE INDEX contact_hash ON contact (hash)"),
)
"""What brings the common schema from each version to the next one."""


class PostgresqlStore(CampaignStore):
    """Keeps campaigns in a database. See ``CampaignStore`` for its methods."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.opt_outs = PostgresqlOptOuts(self._connect)
        self.contacts = PostgresqlContacts(self._connect)

    def names(self) -> Iterator[str]:
        with self._connect() as connection:
            rows = connection.execute('SELECT name FROM campaign WHERE name IS NOT NULL ORDER BY name COLLATE "C"')
            yield from (name for (name,) in rows.fetchall())

    def _find(self, name: str) -> int | None:
        check_name(name)
        with self._connect() as connection:
            row = connection.execute("SELECT id FROM campaign WHERE name = %s", (name,)).fetchone()
        return None if row is None else int(row[0])

    def _open(self, place: int, name: str, *, create: bool = False) -> PostgresqlLedger:
        return PostgresqlLedger(self.address, place, name, create=create)

    def _begin(self, name: str) -> int:  # noqa: ARG002 - a draft has none
        now = time.time()
        with self._connect() as connection:
            old = "SELECT id FROM campaign WHERE name IS NULL AND created < %s"
            for (draft,) in connection.execute(old, (now - DRAFT_SECONDS,)).fetchall():
                _drop(connection, draft)
            found = connection.execute("INSERT INTO campaign (created) VALUES (%s) RETURNING id", (now,))
            return int(found.fetchall()[0][0])

    def _publish(self, draft: int, name: str) -> bool:
        with self._connect() as connection, suppress(UniqueViolation):
            connection.execute("UPDATE campaign SET name = %s WHERE id = %s", (name, draft))
            return True
        return False

    def _delete(self, place: int) -> None:
        with self._connect() as connection:
            _drop(connection, place)

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        with connected(self.address, COMMON) as connection:
            _prepare(connection)
            yield connection


def _prepare(connection: Connection) -> None:
    """Create the common tables, or bring those of an earlier version up to date; one process at a time does so."""
    found = connection.execute("SELECT to_regclass('xoxzo_campaigns.version')").fetchone()
    with connection.transaction():
        if found is None or found[0] is None:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_SPACE,))
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {COMMON}")
            connection.execute("CREATE TABLE IF NOT EXISTS version (number BIGINT NOT NULL)")
        version = _version(connection)
        if version == _VERSION:
            return
        if version > _VERSION:
            raise CampaignError(
                "newer_version", "the campaigns in this database are of a newer version of xoxzo-cloudpy: install that"
            )
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_SPACE,))
        for number in range(_version(connection), _VERSION):
            for statement in _MIGRATIONS[number]:
                connection.execute(statement.encode())
            connection.execute("INSERT INTO version VALUES (%s)", (number + 1,))


def _version(connection: Connection) -> int:
    row = connection.execute("SELECT max(number) FROM version").fetchone()
    return int(row[0] or 0) if row is not None else 0


def _drop(connection: Connection, ident: int) -> None:
    connection.execute(f"DROP SCHEMA IF EXISTS {schema_of(ident)} CASCADE")
    connection.execute("DELETE FROM campaign WHERE id = %s", (ident,))
