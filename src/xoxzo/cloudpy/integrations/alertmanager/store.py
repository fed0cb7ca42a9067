"""Store incidents and notification attempts in one SQLite file, which only its owner can read."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Self

import msgspec

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.common.sqlite_files import IN_MEMORY, FileLock, FileLockedError, WrongSchemaError, open_database
from xoxzo.cloudpy.common.user_files import state_folder
from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.integrations.alertmanager.incidents import Incident, NotificationAttempt, Outcome, Phase

_SCHEMA_VERSION = 2
HOUR_SECONDS = 3600.0
_SCHEMA = (
    """CREATE TABLE incident (ident TEXT PRIMARY KEY, group_key TEXT NOT NULL, phase TEXT NOT NULL,
    opened REAL NOT NULL, notified REAL NOT NULL, state BLOB NOT NULL)""",
    "CREATE INDEX incident_group ON incident (group_key, opened)",
    """CREATE TABLE attempt (key TEXT PRIMARY KEY, incident TEXT NOT NULL, run INTEGER NOT NULL,
    version INTEGER NOT NULL, round INTEGER NOT NULL, step INTEGER NOT NULL, tries INTEGER NOT NULL,
    kind TEXT NOT NULL, person TEXT NOT NULL, outcome TEXT NOT NULL, at REAL NOT NULL, callid TEXT NOT NULL,
    credits TEXT NOT NULL)""",
    "CREATE INDEX attempt_incident ON attempt (incident)",
    "CREATE INDEX attempt_at ON attempt (at)",
    "CREATE TABLE heartbeat (name TEXT PRIMARY KEY, at REAL NOT NULL, silent REAL NOT NULL)",
)
_COLUMNS = ", ".join(NotificationAttempt.__struct_fields__)
# Attempts that were not sent do not count.
_COUNTED = f"outcome NOT IN ('{Outcome.UNSENT}', '{Outcome.REFUSED}')"


def default_path() -> Path:
    """Return the default path."""
    return state_folder() / "alertmanager.db"


class Store:
    """Stores incidents and attempts. Several processes may read and acknowledge; only one may send, from one thread.

    The path ``:memory:`` stands for no file; without `create`, the file must exist. `ConfigurationError` says why a
    file cannot be used.
    """

    def __init__(self, path: str | os.PathLike[str], *, create: bool = True) -> None:
        self.path = Path(path)
        self._lock: FileLock | None = None
        self._in_memory = str(path) == IN_MEMORY
        try:
            if create and not self._in_memory:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._connection = open_database(path, _SCHEMA, _SCHEMA_VERSION, create=None if create else False)
        except FileNotFoundError:
            raise ConfigurationError("there is no state in {path}: nothing was received yet", path=self.path) from None
        except WrongSchemaError:
            rule = N_("another version or another program has written {path}: move it away, and a new state is created")
            raise ConfigurationError(rule, path=self.path) from None
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError("the state {path} cannot be opened: {why}", path=self.path, why=error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[Self]:
        """Begin an exclusive transaction, which is on disk at the end of the block."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield self

    def lock(self) -> None:
        """Lock the file until it is closed; raise `ConfigurationError` if another receiver has locked it."""
        if self._in_memory:
            return
        try:
            self._lock = FileLock(f"{self.path}.lock")
        except FileLockedError:
            raise ConfigurationError("another receiver runs on {path}", path=self.path) from None
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError("the state {path} cannot be locked: {why}", path=self.path, why=error) from error

    def close(self) -> None:
        """Close the file and release the lock. Closing twice does nothing."""
        self._connection.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def incident(self, ident: str) -> Incident | None:
        """Return an incident by its id."""
        return next(self._incidents("WHERE ident = ?", ident), None)

    def latest(self, key: str) -> Incident | None:
        """Return the latest incident of a group."""
        return next(self._incidents("WHERE group_key = ? ORDER BY opened DESC, rowid DESC LIMIT 1", key), None)

    def incidents(self, *phases: Phase) -> list[Incident]:
        """Return the incidents in one of these phases, oldest first."""
        marks = ",".join("?" * len(phases))
        return list(self._incidents(f"WHERE phase IN ({marks}) ORDER BY opened, rowid", *phases))

    def _incidents(self, clauses: str, *values: object) -> Iterator[Incident]:
        rows = self._connection.execute(f"SELECT state FROM incident {clauses}", values)  # noqa: S608 - constants
        return (msgspec.json.decode(state, type=Incident) for (state,) in rows.fetchall())

    def save(self, incident: Incident) -> None:
        """Insert or update an incident."""
        one, state = incident, msgspec.json.encode(incident)
        statement = (
            "INSERT INTO incident VALUES (?,?,?,?,?,?) ON CONFLICT (ident)"
            " DO UPDATE SET phase = excluded.phase, notified = excluded.notified, state = excluded.state"
        )
        self._connection.execute(statement, (one.ident, one.group_key, one.phase, one.opened, one.notified, state))

    def attempts(self, ident: str) -> list[NotificationAttempt]:
        """Return the attempts of an incident, oldest first."""
        query = f"SELECT {_COLUMNS} FROM attempt WHERE incident = ? ORDER BY at, rowid"  # noqa: S608 - constants
        names = NotificationAttempt.__struct_fields__
        rows = [dict(zip(names, row, strict=True)) for row in self._connection.execute(query, (ident,))]
        return msgspec.convert(rows, list[NotificationAttempt])

    def claim(self, attempt: NotificationAttempt, cost: Decimal) -> None:
        """Record that an attempt of an estimated cost is about to be made. Only an unsent one may be claimed again."""
        row = (*msgspec.structs.astuple(attempt), str(cost))
        query = (
            f"INSERT INTO attempt VALUES ({','.join('?' * len(row))})"  # noqa: S608 - marks and constants
            f" ON CONFLICT (key) DO UPDATE SET outcome = excluded.outcome, at = excluded.at"
            f" WHERE outcome = '{Outcome.UNSENT}'"
        )
        if not self._connection.execute(query, row).rowcount:
            # A safeguard against sending twice, should the escalation ever ask for it.
            raise ConfigurationError("{key} was claimed before", key=attempt.key)

    def record_outcome(self, attempt: NotificationAttempt) -> None:
        """Store the outcome of an attempt, and the callid of a call."""
        statement = "UPDATE attempt SET outcome = ?, callid = ? WHERE key = ?"
        self._connection.execute(statement, (attempt.outcome, attempt.callid, attempt.key))

    def recent_costs(self, now: float) -> list[tuple[float, Decimal]]:
        """Return the times and estimated costs of the attempts of the last hour that may have been sent."""
        query = f"SELECT at, credits FROM attempt WHERE at > ? AND {_COUNTED} ORDER BY at"  # noqa: S608 - constants
        return [(at, Decimal(cost)) for at, cost in self._connection.execute(query, (now - HOUR_SECONDS,))]

    def heartbeat(self, name: str) -> tuple[float, float]:
        """Return when a heartbeat last came, and the seconds of silence since then; 0 and 0 if none ever came."""
        row = self._connection.execute("SELECT at, silent FROM heartbeat WHERE name = ?", (name,)).fetchone()
        return row or (0.0, 0.0)

    def save_heartbeat(self, name: str, at: float, silent: float) -> None:
        """Store when a heartbeat last came, and the seconds of silence since then."""
        self._connection.execute("INSERT OR REPLACE INTO heartbeat VALUES (?, ?, ?)", (name, at, silent))

    def purge(self, before: float) -> None:
        """Delete incidents without a notification since a time, except open ones, with their attempts."""
        with self.transaction():
            old = "SELECT ident FROM incident WHERE notified < ? AND phase != ?"
            self._connection.execute(f"DELETE FROM attempt WHERE incident IN ({old})", (before, Phase.OPEN))  # noqa: S608 - constants
            self._connection.execute(f"DELETE FROM incident WHERE ident IN ({old})", (before, Phase.OPEN))  # noqa: S608 - constants
