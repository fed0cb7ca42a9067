"""What survives a restart: incidents and deeds in one SQLite file that its owner alone may read."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.integrations.alertmanager.records import Deed, Incident, Kind, Outcome, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_VERSION = 1
_PATIENCE = 10.0
_HOUR = 3600.0
_STATEMENTS = (
    """CREATE TABLE incident (
    ident TEXT PRIMARY KEY,
    group_key TEXT NOT NULL,
    phase TEXT NOT NULL,
    opened REAL NOT NULL,
    heard REAL NOT NULL,
    state BLOB NOT NULL
)""",
    "CREATE INDEX incident_group ON incident (group_key, opened)",
    """CREATE TABLE deed (
    key TEXT PRIMARY KEY,
    incident TEXT NOT NULL,
    run INTEGER NOT NULL,
    version INTEGER NOT NULL,
    lap INTEGER NOT NULL,
    step INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    kind TEXT NOT NULL,
    person TEXT NOT NULL,
    outcome TEXT NOT NULL,
    at REAL NOT NULL,
    callid TEXT NOT NULL,
    credits TEXT NOT NULL
)""",
    "CREATE INDEX deed_incident ON deed (incident)",
    "CREATE INDEX deed_at ON deed (at)",
    f"PRAGMA user_version = {_VERSION}",
)
_COLUMNS = "key, incident, run, version, lap, step, tries, kind, person, outcome, at, callid"
# What surely did not go out costs nothing and counts as nothing.
_COUNTED = f"outcome NOT IN ('{Outcome.UNSENT}', '{Outcome.REFUSED}')"


def usual_place() -> Path:
    """Return the file that is taken where none is named: in the user's folder for states."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "xoxzo" / "alertmanager.db"


class Store:
    """The file. Several processes may look and acknowledge; one may send.

    Args:
        path: the file, made when it is not there; ``:memory:`` for none.
        create: make it; otherwise it has to be there.

    Raises:
        ConfigurationError: it cannot be opened, or is something else.
    """

    def __init__(self, path: str | os.PathLike[str], *, create: bool = True) -> None:
        self.path = Path(path)
        self._mutex = threading.RLock()
        self._lock: sqlite3.Connection | None = None
        self._nowhere = str(path) == ":memory:"
        try:
            if not self._nowhere:
                self._prepare(create=create)
            self._connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
            try:
                self._furnish()
            except BaseException:
                self._connection.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(f"the state {self.path} cannot be opened: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _prepare(self, *, create: bool) -> None:
        if not create and not self.path.is_file():
            raise ConfigurationError(f"there is no state in {self.path}: nothing was received yet")
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # SQLite would let the process's umask decide who may read it.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))

    def _furnish(self) -> None:
        connection = self._connection
        connection.execute("PRAGMA journal_mode = WAL")
        with self._begun():
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if version not in {0, _VERSION} or (version == 0 and tables):
                raise ConfigurationError(f"{self.path} is no state of this version")
            for statement in _STATEMENTS if version == 0 else ():
                connection.execute(statement)
        # A claim must outlive a power cut.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")

    @contextmanager
    def _begun(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def transaction(self) -> Iterator[Self]:
        """Hold the file; what is written is on disk when this has ended, all or nothing."""
        with self._mutex, self._begun():
            yield self

    def lock(self) -> None:
        """Keep every other receiver away, until this is closed.

        Raises:
            ConfigurationError: another one runs on this file.
        """
        if self._nowhere:
            return
        lock = sqlite3.connect(f"{self.path}.lock", timeout=0, isolation_level=None, check_same_thread=False)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            lock.close()
            raise ConfigurationError(f"another receiver runs on {self.path}: {error}") from None
        self._lock = lock

    def close(self) -> None:
        """Give the file up. Closing twice does nothing."""
        with self._mutex:
            self._connection.close()
            if self._lock is not None:
                self._lock.close()
                self._lock = None

    def incident(self, ident: str) -> Incident | None:
        """Return an incident by its id."""
        return self._one("SELECT state FROM incident WHERE ident = ?", ident)

    def latest(self, key: str) -> Incident | None:
        """Return the latest incident of a group."""
        return self._one("SELECT state FROM incident WHERE group_key = ? ORDER BY opened DESC, rowid DESC LIMIT 1", key)

    def _one(self, query: str, value: str) -> Incident | None:
        with self._mutex:
            row = self._connection.execute(query, (value,)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=Incident)

    def incidents(self, *phases: Phase) -> list[Incident]:
        """Return the incidents that are in one of these phases, the oldest first."""
        marks = ",".join("?" * len(phases))
        query = f"SELECT state FROM incident WHERE phase IN ({marks}) ORDER BY opened, rowid"  # noqa: S608 - marks
        with self._mutex:
            rows = self._connection.execute(query, phases).fetchall()
        return [msgspec.json.decode(row[0], type=Incident) for row in rows]

    def put(self, incident: Incident) -> None:
        """Keep an incident."""
        row = (
            incident.ident,
            incident.key,
            incident.phase,
            incident.opened,
            incident.heard,
            msgspec.json.encode(incident),
        )
        query = (
            "INSERT INTO incident VALUES (?,?,?,?,?,?) ON CONFLICT (ident)"
            " DO UPDATE SET phase = excluded.phase, heard = excluded.heard, state = excluded.state"
        )
        with self._mutex:
            self._connection.execute(query, row)

    def deeds(self, ident: str) -> list[Deed]:
        """Return everything that was done for an incident, in its order."""
        query = f"SELECT {_COLUMNS} FROM deed WHERE incident = ? ORDER BY at, rowid"  # noqa: S608 - constants
        with self._mutex:
            rows = self._connection.execute(query, (ident,)).fetchall()
        return [_deed(row) for row in rows]

    def claim(self, deed: Deed, credits: Decimal) -> None:  # noqa: A002 - Xoxzo's word
        """Note that something is about to go out; only what surely did not go out before may be claimed again."""
        row = (*msgspec.structs.astuple(deed), str(credits))
        query = (
            f"INSERT INTO deed VALUES ({','.join('?' * len(row))})"  # noqa: S608 - marks and constants
            f" ON CONFLICT (key) DO UPDATE SET outcome = excluded.outcome, at = excluded.at"
            f" WHERE outcome = '{Outcome.UNSENT}'"
        )
        with self._mutex:
            claimed = self._connection.execute(query, row).rowcount
        if not claimed:
            # The rules never ask for it; this is what keeps a second message from going out if they ever did.
            raise ConfigurationError(f"{deed.key} was claimed before")

    def note(self, deed: Deed) -> None:
        """Note what became of a deed."""
        with self._mutex:
            self._connection.execute(
                "UPDATE deed SET outcome = ?, callid = ? WHERE key = ?", (deed.outcome, deed.callid, deed.key)
            )

    def lately(self, now: float) -> list[tuple[float, Decimal]]:
        """Return when in the last hour something went out, or may have, and what it is reckoned to cost."""
        query = f"SELECT at, credits FROM deed WHERE at > ? AND {_COUNTED} ORDER BY at"  # noqa: S608 - constants
        with self._mutex:
            rows = self._connection.execute(query, (now - _HOUR,)).fetchall()
        return [(at, Decimal(cost)) for at, cost in rows]

    def forget(self, before: float) -> None:
        """Remove incidents that were last heard of before a time, unless they are open, and their deeds."""
        with self.transaction():
            old = "SELECT ident FROM incident WHERE heard < ? AND phase != ?"
            given: Sequence[object] = (before, Phase.OPEN)
            self._connection.execute(f"DELETE FROM deed WHERE incident IN ({old})", given)  # noqa: S608 - constants
            self._connection.execute(f"DELETE FROM incident WHERE ident IN ({old})", given)  # noqa: S608 - constants


def _deed(row: tuple[str, str, int, int, int, int, int, str, str, str, float, str]) -> Deed:
    key, incident, run, version, lap, step, tries, kind, person, outcome, at, callid = row
    return Deed(
        key=key,
        incident=incident,
        run=run,
        version=version,
        lap=lap,
        step=step,
        tries=tries,
        kind=Kind(kind),
        person=person,
        outcome=Outcome(outcome),
        at=at,
        callid=callid,
    )
