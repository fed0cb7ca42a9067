"""The engine's store in an SQLite file, for one process alone: what each record is as a row, and its transactions."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
from msgspec.structs import fields

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.common.sqlite_files import connect, create_private_file, enable_wal
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.engine import SavedState
from xoxzo.cloudpy.simulator.engine.outcome_rules import OutcomeRule
from xoxzo.cloudpy.simulator.engine.records import accounts, traffic
from xoxzo.cloudpy.simulator.engine.rules import NotSaved, Reason

KINDS: dict[type, tuple[str, Callable[[Any], object]]] = {
    accounts.Account: ("account", attrgetter("sid", "token")),
    traffic.Message: ("message", attrgetter("msgid")),
    traffic.Call: ("call", attrgetter("callid")),
    traffic.Conference: ("conference", attrgetter("conferenceid")),
    accounts.SubscribedNumber: ("line", attrgetter("kind", "uid")),
    accounts.Template: ("template", attrgetter("ident")),
    accounts.Website: ("website", attrgetter("sid", "token", "website")),
    accounts.Otp: ("otp", attrgetter("msgid")),
    traffic.CallbackDelivery: ("delivery", attrgetter("kind", "ident")),
    OutcomeRule: ("rule", attrgetter("ident")),
    accounts.RegisteredSender: ("sender", attrgetter("digits")),
    traffic.InboundSms: ("reply", attrgetter("ident")),
    traffic.CallbackAttempt: ("attempt", attrgetter("kind", "ident", "attempt")),
}
"""The table of each type of record, and its unique key among records of its type.

They are in the order in which they can be read: what refers to others comes after them.
"""

# A delivery that was under way is not any more when it is read again.
_NOT_SAVED = {"under_way"}
_REFERRING = {"account", "owner", "legs"}
_hints = cache(get_type_hints)
Row = tuple[str, str, str | None]
"""Table, key and JSON of a record; ``None`` in place of the JSON deletes it."""


def _row(record: object, *, saved: bool) -> Row:
    table, key = KINDS[type(record)]
    return table, json.dumps(key(record)), _encode(_fields_of(record)) if saved else None


def _encode(value: object) -> str:
    try:
        return msgspec.json.encode(value, enc_hook=_fields_of_reason).decode()
    except UnicodeEncodeError:  # a text may hold half a surrogate pair, which no UTF-8 can: it has to be escaped
        return json.dumps(msgspec.to_builtins(value, enc_hook=_fields_of_reason))


def _fields_of_reason(reason: Reason) -> dict[str, object]:
    return {"template": reason.template, "values": reason.values}


def _with_reasons(plain: dict[str, Any]) -> Any:  # noqa: ANN401 - the fields as they are, or a reason
    return Reason(plain["template"], **plain["values"]) if plain.keys() == {"template", "values"} else plain


def _fields_of(record: object) -> dict[str, Any]:
    """Return the fields of a record: in place of an account its key, and the calls of a conference written out."""
    made: type = type(record)
    names, referring = _names(made)
    plain = {name: getattr(record, name) for name in names}
    for name in referring:
        value = plain[name]
        legs = isinstance(value, tuple)
        plain[name] = [_fields_of(call) for call in value] if legs else value and (value.sid, value.token)
    return plain


@cache
def _names(made: type) -> tuple[list[str], list[str]]:
    """Return the fields of a record that are written, and those of them that refer to other records."""
    names = [field.name for field in fields(made) if field.name not in _NOT_SAVED]
    return names, [name for name in names if name in _REFERRING]


def _record(
    record_type: type,
    plain: dict[str, Any],
    account: Callable[[str, str], accounts.Account],
    leg: Callable[[dict[str, Any]], traffic.Call],
) -> Any:  # noqa: ANN401 - of that type
    """Return the record of a row, from its JSON; raise `LookupError`, `ValueError` or `TypeError` for a bad field."""
    values: dict[str, Any] = {}
    for name, value in plain.items():
        if name in {"account", "owner"}:
            values[name] = account(*value)
        elif name == "legs":
            values[name] = tuple(map(leg, value))
        else:
            values[name] = msgspec.convert(value, _hints(record_type)[name])
    return record_type(**values)


SCHEMA = 2
"""Counts changes of the tables; a file with a higher one is not touched."""

_APPLICATION_ID = 0x586F787A
"""SQLite's `application_id`: "Xoxz"."""

_NOT_OURS = ("not_a_database", "{path} is not a database of the simulator")
_DAMAGED = ("damaged_database", "{path} is damaged")
_FAILED = ("database_failed", "cannot {action} {path}: {problem}")
_BY_SQLITE_CODE = {
    sqlite3.SQLITE_BUSY: ("database_in_use", "{path} is in use by another simulator"),
    sqlite3.SQLITE_NOTADB: _NOT_OURS,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
}

# The rows of a table in the order in which they were made: `number` grows, and an update leaves it as it is.
_TABLES = [
    f"CREATE TABLE IF NOT EXISTS {table} (number INTEGER PRIMARY KEY, id TEXT UNIQUE, record TEXT)"
    for table, _ in KINDS.values()
]
_TABLES += ["CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value ANY)"]


class DatabaseStore:
    """Keeps an engine's state in an SQLite file, for one process at a time."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._connection: sqlite3.Connection | None = None

    def begin(self) -> tuple[int, SavedState | None]:
        """Open the file if need be, count a generation, and return it with what was saved; else `SimulatorError`."""
        with self._translate_errors("read"):
            meta = dict(self._open_connection().execute("SELECT name, value FROM meta"))
        generation = int(meta.get("generation", -1)) + 1
        self._write((), {"generation": generation})
        saved = SavedState(meta["moment"], int(meta["templates"])) if "moment" in meta else None
        return generation, saved

    def load(
        self, account: Callable[[str, str], accounts.Account], restore: Mapping[type, Callable[[Any], object]]
    ) -> list[traffic.Call]:
        """Read all records and hand each to the function for its type, or raise `SimulatorError`."""
        calls: dict[str, traffic.Call] = {}
        other_legs: dict[str, traffic.Call] = {}

        def leg(plain: dict[str, Any]) -> traffic.Call:
            callid = plain["callid"]
            if callid in calls:
                return calls[callid]
            return other_legs.setdefault(callid, _record(traffic.Call, plain, account, leg))

        for record_type, (table, _) in KINDS.items():
            for key, text in self._rows(table):
                try:
                    plain = json.loads(text, object_hook=_with_reasons)
                    found = _record(record_type, plain, account, leg)
                    restore[record_type](found)
                except (LookupError, ValueError, TypeError, AttributeError) as error:
                    facts = {"path": str(self._path), "table": table, "key": key, "problem": type(error).__name__}
                    template = N_("{path} is damaged: {table} {key}: {problem}")
                    raise SimulatorError("damaged_row", template, **facts) from None
                if isinstance(found, traffic.Call):
                    calls[found.callid] = found
        return list(other_legs.values())

    def save(self, changes: Mapping[object, bool], saved: SavedState, *, wipe: bool) -> None:
        """Write what changed in one transaction; it is on disk when this returns. Else raise `NotSaved`."""
        rows = [_row(changed, saved=is_saved) for changed, is_saved in changes.items()]
        self._write(rows, {"moment": saved.moment, "templates": saved.templates}, wipe=wipe)

    def close(self) -> None:
        """Close the file, so that another simulator can have it; twice is fine."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open_connection(self) -> sqlite3.Connection:
        """Return the open database; the first call opens and checks it, or raises `SimulatorError`."""
        if self._connection is None:
            with self._translate_errors("open"):
                self._connection = self._open()
        return self._connection

    def _rows(self, table: str) -> Iterator[tuple[str, str]]:
        """Yield the keys and records of a table, the oldest first."""
        with self._translate_errors("read"):
            yield from self._open_connection().execute(f"SELECT id, record FROM {table} ORDER BY number")  # noqa: S608 - ours

    def _write(self, rows: Iterable[Row], meta: Mapping[str, float], *, wipe: bool = False) -> None:
        """Write rows and `meta` in one transaction, in place of all rows if `wipe`, or raise `NotSaved`."""
        connection = self._open_connection()
        with self._translate_errors("write"):
            try:
                connection.execute("BEGIN IMMEDIATE")
                _write_rows(connection, rows, meta, wipe=wipe)
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # SQLite may have rolled back by itself
                    connection.execute("ROLLBACK")
                raise

    def _open(self) -> sqlite3.Connection:
        create_private_file(self._path)
        # The engine's lock serialises threads, and no other process may open the file: there is nothing to wait for.
        connection = connect(self._path, timeout_seconds=0)
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            needs_tables = self._check(connection)
            # Only the owner may read texts, numbers and tokens; SQLite gives its other files the same mode.
            for path in (self._path, Path(f"{self._path}-wal")):
                if path.exists() and path.stat().st_mode & 0o077:
                    path.chmod(0o600)
            enable_wal(connection)
            connection.execute("PRAGMA synchronous=FULL")
            if needs_tables:
                meta = f"PRAGMA application_id={_APPLICATION_ID}", f"PRAGMA user_version={SCHEMA}"
                for statement in ("BEGIN IMMEDIATE", *_TABLES, *meta, "COMMIT"):
                    connection.execute(statement)
        except BaseException:
            connection.close()
            raise
        return connection

    def _check(self, connection: sqlite3.Connection) -> bool:
        """Return whether tables must be made; refuse a file that is not empty, not the simulator's, or damaged."""
        [application] = connection.execute("PRAGMA application_id").fetchone()
        [schema] = connection.execute("PRAGMA user_version").fetchone()
        [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not (application or schema or tables):
            return True
        if application != _APPLICATION_ID:
            raise SimulatorError(*_NOT_OURS, path=str(self._path))
        if schema > SCHEMA:
            template = N_("{path} was written by a newer version of the simulator")
            raise SimulatorError("newer_database", template, path=str(self._path))
        [state] = connection.execute("PRAGMA quick_check(1)").fetchone()
        if state != "ok":
            raise SimulatorError(*_DAMAGED, path=str(self._path))
        return bool(schema < SCHEMA)

    @contextmanager
    def _translate_errors(self, action: str) -> Iterator[None]:
        """Turn SQLite's errors and the file system's into `NotSaved`."""
        path = str(self._path)
        try:
            yield
        except sqlite3.DatabaseError as error:
            primary = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the higher bits tell details
            if primary in _BY_SQLITE_CODE:
                raise NotSaved(*_BY_SQLITE_CODE[primary], path=path) from None
            raise NotSaved(*_FAILED, action=action, path=path, problem=str(error)) from None
        except OSError as error:
            raise NotSaved(*_FAILED, action=action, path=path, problem=error.strerror) from None


def _write_rows(connection: sqlite3.Connection, rows: Iterable[Row], meta: Mapping[str, float], *, wipe: bool) -> None:
    if wipe:
        for table, _ in KINDS.values():
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
    for (table, is_saved), alike in groupby(rows, lambda row: (row[0], row[2] is not None)):
        if is_saved:
            connection.executemany(
                f"INSERT INTO {table} (id, record) VALUES (?, ?) "  # noqa: S608 - our own names
                "ON CONFLICT (id) DO UPDATE SET record = excluded.record",
                (row[1:] for row in alike),
            )
        else:
            connection.executemany(f"DELETE FROM {table} WHERE id = ?", (row[1:2] for row in alike))  # noqa: S608
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())
