"""Private SQLite files."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from xoxzo.cloudpy.common import sqlite_files
from xoxzo.cloudpy.common.sqlite_files import open_database


class Busy:
    """A connection to a file that others open at the same time."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.statements: list[str] = []

    def execute(self, statement: str) -> None:
        self.statements.append(statement)
        if len(self.statements) <= self.failures:
            raise sqlite3.OperationalError("database is locked")


def test_the_write_ahead_log_is_enabled_as_soon_as_the_others_are_done(monkeypatch) -> None:
    """SQLite itself does not wait there."""
    monkeypatch.setattr(sqlite_files, "_WAL_RETRY_SECONDS", 0.0)
    busy = Busy(2)
    sqlite_files.enable_wal(busy)  # type: ignore[arg-type]
    assert busy.statements == ["PRAGMA journal_mode = WAL"] * 3


def test_a_file_that_stays_locked_is_an_error(monkeypatch) -> None:
    """After the busy timeout the error is SQLite's own."""
    monkeypatch.setattr(sqlite_files, "BUSY_TIMEOUT_SECONDS", 0.0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        sqlite_files.enable_wal(Busy(1_000_000))  # type: ignore[arg-type]


def test_another_connection_that_is_closed_keeps_the_locks_of_the_first(tmp_path: Path) -> None:
    """Else another process deletes the log that the first one writes to, and what it writes is lost."""
    path, tables = tmp_path / "a.sqlite", ["CREATE TABLE t (n)"]
    with closing(open_database(path, tables, 1)) as first:
        first.execute("INSERT INTO t VALUES (1)")
        open_database(path, tables, 1).close()
        count = (
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1])\n"
            "print(c.execute('SELECT count(*) FROM t').fetchone()[0]); c.close()"
        )
        subprocess.run([sys.executable, "-c", count, str(path)], check=True, capture_output=True)
        first.execute("INSERT INTO t VALUES (2)")
        found = subprocess.run([sys.executable, "-c", count, str(path)], check=True, capture_output=True, text=True)
        assert found.stdout.split() == ["2"]
