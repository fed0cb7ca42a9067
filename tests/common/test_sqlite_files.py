"""Private SQLite files."""

from __future__ import annotations

import sqlite3

import pytest

from xoxzo.cloudpy.common import sqlite_files


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
