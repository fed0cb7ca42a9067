"""Store the delivery log in one SQLite file."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from xoxzo.cloudpy.callbacks.log.entries import Entry, Kind, Note
from xoxzo.cloudpy.common import forks
from xoxzo.cloudpy.common.sqlite_files import WrongSchemaError, open_database
from xoxzo.cloudpy.errors import ConfigurationError

_SCHEMA = (
    """CREATE TABLE delivery (row INTEGER PRIMARY KEY, kind TEXT NOT NULL, ident TEXT NOT NULL, reference TEXT,
    status TEXT NOT NULL, final INTEGER NOT NULL, sent INTEGER NOT NULL, clicked INTEGER NOT NULL,
    cost TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL, history TEXT NOT NULL)""",
    "CREATE UNIQUE INDEX delivery_ident ON delivery (kind, ident) WHERE ident != ''",
    "CREATE INDEX delivery_reference ON delivery (reference) WHERE reference IS NOT NULL",
    "CREATE INDEX delivery_updated ON delivery (updated)",
    "CREATE INDEX delivery_unfinished ON delivery (updated) WHERE NOT final",
)
_COLUMNS = Entry.__struct_fields__
_SCHEMA_VERSION = 1

_encode = msgspec.json.Encoder().encode
_history = msgspec.json.Decoder(tuple[Note, ...]).decode


class SqliteStorage:
    """Stores entries in a file that only its owner can read; threads and processes may share it.

    At the end of a transaction its data is on disk: Xoxzo does not repeat a callback that was answered with 200.
    ``:memory:`` stores everything in this process, for tests.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._process = 0
        with self._lock:
            self._connect()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Begin an exclusive transaction; wait up to ten seconds for the transaction of another process."""
        with self._lock:
            connection = self._connect()
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                yield

    def find(self, kind: Kind, ident: str, reference: str | None) -> list[Entry]:
        """Return the entries of a kind with this id or this reference."""
        # Two queries, each by its index: one with OR would read the entire table.
        found: list[Entry] = []
        if ident:
            # SQLite uses the partial index only if the query repeats its condition.
            found += self._select("kind = ? AND ident = ? AND ident != ''", kind, ident)
        if reference is not None:
            found += self._select("reference = ? AND kind = ?", reference, kind)
        return list({entry.row: entry for entry in found}.values())

    def save(self, entry: Entry) -> None:
        """Insert an entry, or replace the one with the same ``row``."""
        times = {"created": entry.created.timestamp(), "updated": entry.updated.timestamp()}
        values = {**msgspec.structs.asdict(entry), **times, "history": _encode(entry.history).decode()}
        marks = ", ".join(f":{name}" for name in _COLUMNS)
        with self._lock:
            statement = f"INSERT OR REPLACE INTO delivery ({', '.join(_COLUMNS)}) VALUES ({marks})"  # noqa: S608
            self._connect().execute(statement, values)

    def unfinished(self, before: datetime) -> Iterator[Entry]:
        """Return the entries with an id and without a final status that were last updated before a time."""
        return iter(self._select("NOT final AND ident != '' AND updated < ? ORDER BY updated", before.timestamp()))

    def updated_since(self, begin: datetime) -> Iterator[Entry]:
        """Return the entries that were last updated at a time or later, oldest first."""
        return iter(self._select("updated >= ? ORDER BY updated", begin.timestamp()))

    def purge(self, before: datetime) -> int:
        """Delete the entries that were last updated before a time, and overwrite their bytes in the file."""
        with self.transaction():
            return self._connect().execute("DELETE FROM delivery WHERE updated < ?", (before.timestamp(),)).rowcount

    def close(self) -> None:
        """Close the file. Closing twice does nothing."""
        with self._lock:
            if self._connection is not None and self._process == forks.pid:
                self._connection.close()
            self._connection = None

    def _select(self, where: str, *values: object) -> list[Entry]:
        with self._lock:
            statement = f"SELECT {', '.join(_COLUMNS)} FROM delivery WHERE {where}"  # noqa: S608
            return [_entry(row) for row in self._connect().execute(statement, values)]

    def _connect(self) -> sqlite3.Connection:
        # SQLite connections must not be used after a fork; the parent's stays open for the parent.
        if self._connection is None or self._process != forks.pid:
            try:
                self._connection = open_database(self._path, _SCHEMA, _SCHEMA_VERSION)
            except WrongSchemaError:
                raise ConfigurationError("{path} is not a delivery log of this version", path=self._path) from None
            except (OSError, sqlite3.Error) as error:
                raise ConfigurationError(
                    "the delivery log {path} cannot be opened: {why}", path=self._path, why=error
                ) from error
            self._process = forks.pid
        return self._connection


def _entry(row: tuple[Any, ...]) -> Entry:
    values = dict(zip(_COLUMNS, row, strict=True))
    flags = {name: bool(values[name]) for name in ("final", "sent", "clicked")}
    times = {name: datetime.fromtimestamp(values[name], UTC) for name in ("created", "updated")}
    return Entry(**{**values, **flags, **times, "history": _history(values["history"])})
