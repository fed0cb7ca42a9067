"""The lists that all campaigns of a store share, with hashes and no numbers.

The opt-out list has who gets no message of any campaign, or of one, and whose the links in messages are: each claim
looks at it. The contacts are who may have got a message of which campaign, and when: each claim adds to them.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from xoxzo.cloudpy.campaigns.limits import CONTACT_SECONDS
from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.common.sqlite_files import WrongSchemaError, open_database
from xoxzo.cloudpy.errors import CampaignError

HASH_PREFIX = "xoxzo opt-out "
"""What is hashed before a number. It is the same everywhere, so that lists can be merged."""
HASH_BYTES = 16
TABLES = (
    """CREATE TABLE opt_out (hash {bytes} NOT NULL, campaign TEXT NOT NULL, since DOUBLE PRECISION NOT NULL,
    source TEXT NOT NULL, PRIMARY KEY (hash, campaign))""",
    # The positions of a campaign's links follow those of the campaign before.
    "CREATE TABLE link (first BIGINT PRIMARY KEY, last BIGINT NOT NULL, uid TEXT NOT NULL, name TEXT NOT NULL)",
)
"""The tables, in the SQL that both databases share; ``{bytes}`` stands for the type of a hash."""
CONTACT_TABLES = (
    """CREATE TABLE contact (hash {bytes} NOT NULL, campaign TEXT NOT NULL, at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (hash, campaign)) {options}""",
)
_GROUP_ROWS = 500
_VERSION = 1
_ADD = "INSERT INTO opt_out (hash, campaign, since, source) VALUES (?, ?, ?, ?) ON CONFLICT (hash, campaign) DO NOTHING"
RESERVE_LINKS = "INSERT INTO link SELECT coalesce(max(last), 0) + 1, coalesce(max(last), 0) + ?, ?, ? FROM link"


class OptOut(msgspec.Struct, frozen=True):
    """An entry of an opt-out list."""

    hash: bytes
    """What stands for the number; see `hash_number`."""
    since: float
    """When it was added, in seconds since 1970."""
    source: str = ""
    """Where it came from: ``link`` for a link in a message, or what was given when it was added."""
    campaign: str = ""
    """The ``reference_prefix`` of the only campaign that leaves the number out; empty for all campaigns."""


def hash_number(number: str) -> bytes:
    """Return what stands for a number in E.164: the first 16 bytes of a SHA-256 hash."""
    return hashlib.sha256(f"{HASH_PREFIX}{number}".encode()).digest()[:HASH_BYTES]


class SharedTables(ABC):
    """Tables of one store, in whichever database it is."""

    @abstractmethod
    def _change(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> int:
        """Run a statement for each row, in one transaction; return how many rows of the table have changed."""

    @abstractmethod
    def _fetch(self, statement: str, *parameters: Any) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - the database's
        """Run a query, and yield its rows in constant memory."""


class ContactList(SharedTables):
    """Who may have got a message of the campaigns of one store, and when."""

    ADD = """INSERT INTO contact (hash, campaign, at) VALUES (?, ?, ?)
        ON CONFLICT (hash, campaign) DO UPDATE SET at = excluded.at"""

    def merge(self, other: ContactList) -> int:
        """Add the contacts of another list; return how many."""
        return self._change(self.ADD, ((bytes(row[0]), *row[1:]) for row in other))

    def __iter__(self) -> Iterator[tuple[bytes, str, float]]:
        """Yield the hash, the campaign's ``reference_prefix`` and the time of each, in seconds since 1970."""
        return self._fetch("SELECT hash, campaign, at FROM contact")

    def prune(self, now: float) -> None:
        """Delete what is older than `CONTACT_SECONDS`."""
        self._change("DELETE FROM contact WHERE at < ?", [(now - CONTACT_SECONDS,)])


class OptOutList(SharedTables):
    """The opt-out list of one store. What a method has changed is on disk when it returns.

    Methods raise ``CampaignError`` where the list cannot be read or written.
    """

    def add(self, numbers: Iterable[str], *, source: str = "", campaign: str = "", since: float | None = None) -> int:
        """Add numbers in E.164; return how many are new. What is on the list already keeps its time and source."""
        since = round(time.time() if since is None else since, 3)
        return self.merge(OptOut(hash_number(one), since, source, campaign) for one in numbers)

    def merge(self, entries: Iterable[OptOut]) -> int:
        """Add entries of another list; return how many are new."""
        return self._change(_ADD, ((one.hash, one.campaign, one.since, one.source) for one in entries))

    def remove(self, numbers: Iterable[str], *, campaign: str = "", source: str | None = None) -> int:
        """Remove numbers in E.164, on request only those from a source; return how many were on the list."""
        delete = "DELETE FROM opt_out WHERE hash = ? AND campaign = ? AND source = coalesce(CAST(? AS TEXT), source)"
        return self._change(delete, ((hash_number(one), campaign, source) for one in numbers))

    def _select(self, condition: str, *parameters: Any) -> Iterator[OptOut]:  # noqa: ANN401 - the database's
        rows = self._fetch(f"SELECT hash, since, source, campaign FROM opt_out {condition}", *parameters)  # noqa: S608
        return (OptOut(bytes(row[0]), *row[1:]) for row in rows)

    def get(self, number: str) -> OptOut | None:
        """Return the entry of a number in E.164 for all campaigns; ``None`` if it is not on the list."""
        return next(self._select("WHERE hash = ? AND campaign = ''", hash_number(number)), None)

    def __iter__(self) -> Iterator[OptOut]:
        return self._select("ORDER BY since, hash, campaign")

    def newest(self, count: int) -> list[OptOut]:
        """Return the newest entries, the newest first."""
        return list(self._select("ORDER BY since DESC, hash LIMIT ?", count))

    def reserve_links(self, count: int, uid: str, name: str) -> int:
        """Reserve positions for the links of a campaign; return the first one."""
        self._change(RESERVE_LINKS, [(count, uid, name)])
        return next(int(first) for (first,) in self._fetch("SELECT min(first) FROM link WHERE uid = ?", uid))

    def find_link(self, position: int) -> tuple[str, str, int] | None:
        """Return the uid and the name of the campaign that has reserved a position, and the recipient's position."""
        select = "SELECT uid, name, first FROM link WHERE first <= ? AND last >= ?"
        found = self._fetch(select, position, position)
        return next(((uid, name, position - first + 1) for uid, name, first in found), None)

    def forget(self, uid: str) -> None:
        """Remove what belongs to one campaign alone. The positions of its links are not used again."""
        self._change("DELETE FROM opt_out WHERE campaign = ?", [(uid,)])


class _SqliteFile(SharedTables):
    """Tables in a file beside the ledgers that only its owner can read; it is created when something is added."""

    NAME: str
    TABLES: tuple[str, ...]
    FAILURE: tuple[str, str]
    """The code and the template of the error for a failure of the file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / self.NAME

    def connect(self) -> sqlite3.Connection:
        """Return a connection to the file, which is created where it is missing."""
        tables = [table.format(bytes="BLOB", options="WITHOUT ROWID") for table in self.TABLES]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            return open_database(self.path, tables, _VERSION)
        except (OSError, sqlite3.Error, WrongSchemaError) as error:
            raise self.cannot_be_used(error) from error

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection to the file, which is created where it is missing."""
        try:
            with closing(self.connect()) as connection:
                yield connection
        except sqlite3.Error as error:
            raise self.cannot_be_used(error) from error

    def cannot_be_used(self, error: Exception) -> CampaignError:
        """Return the error for a failure of the file."""
        return CampaignError(*self.FAILURE, path=self.path, error=str(error) or "it has another version")

    def _change(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> int:
        with self.open() as connection:
            before = connection.total_changes
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(statement, rows)
            connection.execute("COMMIT")
            return connection.total_changes - before

    def _fetch(self, statement: str, *parameters: Any) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - SQLite's
        if self.path.exists():
            with self.open() as connection:
                yield from connection.execute(statement, parameters)


class SqliteOptOuts(_SqliteFile, OptOutList):
    """An opt-out list in a file."""

    NAME = "opt-outs.sqlite"
    TABLES = TABLES
    FAILURE = "opt_outs_failed", N_("the opt-out list {path} cannot be used: {error}")


class SqliteContacts(_SqliteFile, ContactList):
    """Contacts in a file of their own: it is written to all the time, and the opt-out list is not.

    Additions are appended, a row for each claim, which costs little; the time 0 stands for a deletion. Only who looks
    for contacts moves them into the table that is sorted by hashes.
    """

    NAME = "contacts.sqlite"
    TABLES = (
        *CONTACT_TABLES,
        "CREATE TABLE addition (n INTEGER PRIMARY KEY, hashes BLOB NOT NULL, campaign TEXT NOT NULL, at REAL NOT NULL)",
    )
    FAILURE = "contacts_failed", N_("the contacts in {path} cannot be used: {error}")
    ADD = "INSERT INTO addition (hashes, campaign, at) VALUES (?, ?, ?)"

    def lock(self, connection: sqlite3.Connection, *, sorted_: bool) -> None:
        """Begin a transaction that nobody else can change the contacts in, on request with all of them sorted."""
        while True:
            connection.execute("BEGIN IMMEDIATE")
            # Others see what is moved when it is committed. Not all at once, since they wait for their turn.
            select = "SELECT n, hashes, campaign, at FROM addition ORDER BY n LIMIT ?"
            rows = connection.execute(select, (_GROUP_ROWS,)).fetchall() if sorted_ else []
            if not rows:
                return
            for _, hashes, campaign, at in rows:
                every = (hashes[place : place + HASH_BYTES] for place in range(0, len(hashes), HASH_BYTES))
                delete = "DELETE FROM contact WHERE hash = ? AND campaign = ? AND ? = 0"
                connection.executemany(ContactList.ADD if at else delete, ((one, campaign, at) for one in every))
            connection.execute("DELETE FROM addition WHERE n <= ?", (rows[-1][0],))
            connection.execute("COMMIT")

    def sort(self) -> None:
        """Move all additions into the sorted table."""
        with self.open() as connection:
            self.lock(connection, sorted_=True)
            connection.execute("COMMIT")

    def __iter__(self) -> Iterator[tuple[bytes, str, float]]:
        if self.path.exists():
            self.sort()
        return super().__iter__()

    def prune(self, now: float) -> None:
        """Delete what is older than `CONTACT_SECONDS`."""
        super().prune(now)
        first = "SELECT min(n) FROM addition WHERE at >= ?"
        self._change(f"DELETE FROM addition WHERE n < coalesce(({first}), 1e18)", [(now - CONTACT_SECONDS,)])  # noqa: S608
