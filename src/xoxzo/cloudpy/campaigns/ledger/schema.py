"""The tables of a ledger, and how its file is opened."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import CampaignError

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 1
PATIENCE = 10.0
# Whoever only looks whether a campaign runs holds its lock for an instant.
_GLIMPSE = 0.2

_STATEMENTS = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE recipient (
    n INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    variables TEXT NOT NULL,
    parts INTEGER NOT NULL,
    cost TEXT,
    zone TEXT,
    line INTEGER NOT NULL
)""",
    # A claim is a stretch of recipients that are sent to for the first time, or a list of those tried again.
    """CREATE TABLE claim (
    ident INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    at REAL NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    members TEXT,
    remaining INTEGER NOT NULL
)""",
    "CREATE INDEX claim_open ON claim (ident) WHERE remaining > 0",
    """CREATE TABLE outcome (
    ident INTEGER PRIMARY KEY,
    n INTEGER NOT NULL,
    claim INTEGER NOT NULL,
    state INTEGER NOT NULL,
    msgid TEXT NOT NULL,
    error TEXT NOT NULL,
    at REAL NOT NULL,
    began REAL NOT NULL,
    cost TEXT
)""",
    "CREATE INDEX outcome_n ON outcome (n)",
    # Those that need another look: unknown ones, and those that wait for another try.
    """CREATE TABLE pending (
    n INTEGER PRIMARY KEY,
    state INTEGER NOT NULL,
    retry_at REAL NOT NULL,
    began REAL NOT NULL,
    ended REAL NOT NULL,
    error TEXT NOT NULL
)""",
    "CREATE INDEX pending_due ON pending (state, retry_at)",
    "CREATE TABLE tally (state INTEGER PRIMARY KEY, count INTEGER NOT NULL)",
    "CREATE TABLE suppression (hash BLOB PRIMARY KEY) WITHOUT ROWID",
    f"PRAGMA user_version = {VERSION}",
)


def connect(path: Path, *, create: bool) -> sqlite3.Connection:
    """Open a ledger that its owner alone may read.

    Args:
        path: the file.
        create: make it; it must not be there.

    Raises:
        CampaignError: it is there already, is not there, or is no ledger of this version.
    """
    try:
        if create:
            # SQLite would let the process's umask decide who may read numbers and texts.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        elif not path.is_file():
            raise CampaignError(f"there is no campaign in {path}")
        connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            _furnish(connection, path, create=create)
        except BaseException:
            connection.close()
            raise
    except FileExistsError:
        raise CampaignError(f"{path} is there already") from None
    except (OSError, sqlite3.Error) as error:
        raise CampaignError(f"the ledger {path} cannot be opened: {error}") from error
    return connection


def _furnish(connection: sqlite3.Connection, path: Path, *, create: bool) -> None:
    if create:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        for statement in _STATEMENTS:
            connection.execute(statement)
        connection.execute("COMMIT")
    elif connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
        raise CampaignError(f"{path} is no campaign of this version")
    # A claim must outlive a power cut: the ledger asks for less where less will do.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    # The index of numbers is written to at random while recipients are added; later everything is in order.
    connection.execute(f"PRAGMA cache_size = {-16_000 if create else -4_000}")


class Lock:
    """Keeps a second run away from a ledger, on every system, and is gone with the process.

    Args:
        path: the ledger; an empty file beside it is what is locked.

    Raises:
        CampaignError: another process runs this campaign.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(
            f"{path}.lock", timeout=_GLIMPSE, isolation_level=None, check_same_thread=False
        )
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            self._connection.close()
            if "locked" in str(error):
                raise CampaignError(f"{path.stem}: another process is running this campaign") from None
            raise CampaignError(f"the ledger {path} cannot be locked: {error}") from error

    def release(self) -> None:
        """Let others run. Releasing twice does nothing."""
        self._connection.close()
