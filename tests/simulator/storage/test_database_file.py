"""Which files a simulator takes for its database, and for whom they are."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from simulator_callers import Caller

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator import Simulator, storage


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[Caller]:
    """A caller whose simulator has a database."""
    caller = Caller(tmp_path / "state.db")
    yield caller
    caller.simulator.close()


def test_one_simulator_for_a_file(stored: Caller) -> None:
    """A second one is refused even in the same process, and takes nothing from the first."""
    for _ in range(2):
        with pytest.raises(SimulatorError, match=r"state\.db is in use by another simulator"):
            Simulator(database=stored._database)
    stored.send()


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Whatever the umask, it and what SQLite puts beside it are 0600; a file that was wider is made so."""
    path = tmp_path / "state.db"
    before = os.umask(0)
    try:
        for _ in range(2):
            caller = Caller(path)
            caller.send()
            assert {stat.S_IMODE(found.stat().st_mode) for found in tmp_path.iterdir()} == {0o600}
            caller.simulator.close()
            path.chmod(0o644)
    finally:
        os.umask(before)


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE things (a)")
    other.close()


def newer(path: Path) -> None:
    Caller(path).simulator.close()
    with sqlite3.connect(path) as other:
        other.execute(f"PRAGMA user_version={storage.SCHEMA + 1}")
    other.close()


def changed(sql: str, path: Path) -> None:
    caller = Caller(path)
    caller.send()
    caller.simulator.close()
    with sqlite3.connect(path) as other:
        other.execute(sql)
    other.close()


def torn(path: Path) -> None:
    Caller(path).simulator.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))


def cut(path: Path) -> None:
    Caller(path).simulator.close()
    path.write_bytes(path.read_bytes()[:8192])


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (foreign, "is not a database of the simulator"),
        (lambda path: path.write_bytes(b"no database, but long enough to be one" * 100), "is not a database"),
        (newer, "was written by a newer version of the simulator"),
        (torn, "is damaged"),
        (cut, "is damaged"),
    ],
)
def test_files_that_are_not_ours(tmp_path: Path, make: Callable[[Path], object], expected: str) -> None:
    """Each is refused in a line that names it, and is left as it was."""
    path = tmp_path / "state.db"
    make(path)
    path.chmod(0o644)
    before = path.read_bytes()
    with pytest.raises(SimulatorError, match=rf"state\.db {expected}"):
        Simulator(database=path)
    assert path.read_bytes() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("UPDATE message SET record = '{}'", "is damaged: message .*: TypeError"),
        ("UPDATE message SET record = '{'", "is damaged: message .*: JSONDecodeError"),
        ("""UPDATE account SET record = '{"x": 1}'""", "is damaged: account .*: KeyError"),
        ("DROP TABLE otp", "no such table: otp"),
    ],
)
def test_rows_that_are_damaged(tmp_path: Path, sql: str, expected: str) -> None:
    """The table is named, and nothing is kept open."""
    path = tmp_path / "state.db"
    changed(sql, path)
    for _ in range(2):
        with pytest.raises(SimulatorError, match=rf"state\.db.*{expected}"):
            Simulator(database=path)


def test_places_where_no_file_can_be(tmp_path: Path) -> None:
    """A folder, and a file in a folder that is not there."""
    for path in (tmp_path, tmp_path / "no folder" / "state.db"):
        with pytest.raises(SimulatorError, match="cannot open"):
            Simulator(database=path)
