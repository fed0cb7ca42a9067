"""Private SQLite databases, and locks between processes."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from xoxzo.cloudpy.common import sqlite_files as sqlite
from xoxzo.cloudpy.common.sqlite_files import IN_MEMORY, FileLock, FileLockedError, WrongSchemaError, open_database

SCHEMA = ("CREATE TABLE thing (name TEXT)",)


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    """The file and what SQLite puts beside it are private, and what is committed is in WAL mode."""
    connection = open_database(tmp_path / "a", SCHEMA, 1)
    connection.execute("INSERT INTO thing VALUES ('x')")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    connection.close()


def test_creating_and_opening_are_distinguished(tmp_path: Path) -> None:
    """A file that must be new may not exist, and one that must exist has to; otherwise either is opened."""
    path = tmp_path / "a"
    with pytest.raises(FileNotFoundError):
        open_database(path, SCHEMA, 1, create=False)
    open_database(path, SCHEMA, 1, create=True).close()
    with pytest.raises(FileExistsError):
        open_database(path, SCHEMA, 1, create=True)
    for create in (None, False):
        connection = open_database(path, SCHEMA, 1, create=create)
        assert connection.execute("SELECT * FROM thing").fetchall() == []
        connection.close()


@pytest.mark.parametrize("create", [None, False])
def test_another_schema_is_refused(tmp_path: Path, create: bool | None) -> None:
    """Another version, or tables of another program, stay as they are."""
    path = tmp_path / "a"
    open_database(path, SCHEMA, 2).close()
    with pytest.raises(WrongSchemaError):
        open_database(path, SCHEMA, 1, create=create)
    other = sqlite3.connect(tmp_path / "b")
    other.execute("CREATE TABLE other (x)")
    other.close()
    with pytest.raises(WrongSchemaError):
        open_database(tmp_path / "b", SCHEMA, 1, create=create)
    (tmp_path / "c").write_bytes(b"no database" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        open_database(tmp_path / "c", SCHEMA, 1, create=create)


def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    """One of them creates the tables, the others wait for it."""
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: open_database(tmp_path / "a", SCHEMA, 1), range(8)))
    for connection in opened:
        assert connection.execute("SELECT count(*) FROM thing").fetchone() == (0,)
        connection.close()


def test_a_database_in_memory_has_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is gone with its connection."""
    monkeypatch.chdir(tmp_path)
    open_database(IN_MEMORY, SCHEMA, 1).close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("releases", [True, False])
def test_a_reader_delays_wal_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, releases: bool) -> None:
    """A reader of the file before it is in WAL mode is waited for, but not for ever."""
    path = tmp_path / "a"
    reader = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    for statement in (*SCHEMA, "PRAGMA user_version = 1", "BEGIN", "SELECT * FROM thing"):
        reader.execute(statement).fetchall()
    if releases:
        timer = threading.Timer(0.1, reader.execute, ["COMMIT"])
        timer.start()
        open_database(path, SCHEMA, 1).close()
        timer.join()
    else:
        monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_SECONDS", 0.1)
        with pytest.raises(sqlite3.OperationalError):
            open_database(path, SCHEMA, 1)
    reader.close()


def test_a_lock_has_one_holder(tmp_path: Path) -> None:
    """A second one is refused until the first is released, or its process ends."""
    path = tmp_path / "a.lock"
    first = FileLock(path)
    with pytest.raises(FileLockedError, match="another process"):
        FileLock(path)
    first.release()
    first.release()
    program = "import sys; from xoxzo.cloudpy.common.sqlite_files import FileLock; FileLock(sys.argv[1])"
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)
    FileLock(path).release()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(OSError, match="No such file"):
        FileLock(tmp_path / "none" / "a.lock")
    path.write_bytes(b"no database" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        FileLock(path)
