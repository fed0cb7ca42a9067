"""Open SQLite databases that only their owner can read, and lock them against other processes."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

IN_MEMORY = ":memory:"
"""The path of a database in the memory of this process, for tests."""
BUSY_TIMEOUT_SECONDS = 10.0
"""How long a statement waits for another process's transaction."""
_WAL_RETRY_SECONDS = 0.01


class WrongSchemaError(Exception):
    """The file is a database, but not one with this schema and version."""


def open_database(
    path: str | os.PathLike[str], statements: Sequence[str], version: int, *, create: bool | None = None
) -> sqlite3.Connection:
    """Open a database in WAL mode whose commits are on disk when they return, and whose deleted rows are overwritten.

    The connection has no implicit transactions and may be used by any thread. The statements create the tables of a new
    file, in which their version stands. With `create`, the file must not exist; with ``False``, it must.

    Raises:
        FileExistsError: it must not exist and does.
        FileNotFoundError: it must exist and does not.
        WrongSchemaError: it has other tables, or another version of them.
        OSError: the file cannot be created.
        sqlite3.Error: it is no database, or cannot be read or written.
    """
    if str(path) != IN_MEMORY:
        if create is False:
            if not Path(path).is_file():
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        else:
            create_private_file(path, must_be_new=bool(create))
    connection = connect(path, BUSY_TIMEOUT_SECONDS)
    try:
        if create is False:
            _check_version(connection, version)
        else:
            _create_tables(connection, statements, version)
            enable_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def connect(path: str | os.PathLike[str], timeout_seconds: float) -> sqlite3.Connection:
    """Open a database file as it is, without implicit transactions and for any thread; wait so long for its locks."""
    # By a URI, so that the URIs of `ATTACH` are understood.
    uri = IN_MEMORY if str(path) == IN_MEMORY else Path(path).absolute().as_uri()
    return sqlite3.connect(uri, uri=True, timeout=timeout_seconds, isolation_level=None, check_same_thread=False)


def create_private_file(path: str | os.PathLike[str], *, must_be_new: bool = False) -> None:
    """Create an empty file that only its owner can read; SQLite itself would use the permissions of the umask."""
    # To close a file releases all locks that this process has on it: those of SQLite's other connections, too. Then
    # another process would delete a `-wal` file that is in use.
    if must_be_new or not Path(path).exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | (os.O_EXCL if must_be_new else 0), 0o600))


def _check_version(connection: sqlite3.Connection, version: int) -> None:
    if connection.execute("PRAGMA user_version").fetchone()[0] != version:
        raise WrongSchemaError("another version or another program has written it")


def _create_tables(connection: sqlite3.Connection, statements: Sequence[str], version: int) -> None:
    # An immediate transaction: of several processes that open a new file, one creates the tables.
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if tables or connection.execute("PRAGMA user_version").fetchone()[0]:
            _check_version(connection, version)
            return
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version}")


def enable_wal(connection: sqlite3.Connection) -> None:
    """Put a database into WAL mode, which stays in the file."""
    # SQLite does not apply its busy timeout to this statement while others open the file.
    deadline = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_WAL_RETRY_SECONDS)
        else:
            return


class FileLockedError(Exception):
    """Another process, or another lock of this one, holds the lock."""


class FileLock:
    """A lock between processes that goes with the process that holds it; the file that is locked is created.

    SQLite's lock is the one file lock of the standard library that is the same on every system.

    Raises:
        FileLockedError: another process holds it, and has not released it in time.
        OSError: the file cannot be created.
        sqlite3.Error: it cannot be locked.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout_seconds: float = 0.0) -> None:
        create_private_file(path)
        self._connection = connect(path, timeout_seconds)
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            self._connection.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise FileLockedError("another process holds the lock") from None
            raise

    def release(self) -> None:
        """Release the lock. Releasing twice does nothing."""
        self._connection.close()
