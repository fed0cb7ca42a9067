"""The ledgers: the contract for SQLite and PostgreSQL, and what is specific to SQLite."""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ledger_contract import LedgerContract, fill, people, take

from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.ledger import FolderStore, Ledger, SqliteLedger, files
from xoxzo.cloudpy.campaigns.ledger.base import ClaimRequest
from xoxzo.cloudpy.campaigns.ledger.postgresql import PostgresqlLedger, PostgresqlStore
from xoxzo.cloudpy.campaigns.records import Outcome, Recipient, State
from xoxzo.cloudpy.errors import CampaignError


class TimedSqliteLedger(SqliteLedger):
    """A ledger whose clock is set by the test."""

    def set_time(self, now: float) -> None:
        self.clock = SteadyClock(0.0, lambda: now, lambda: 0.0)


class TimedPostgresqlLedger(PostgresqlLedger):
    """A ledger in PostgreSQL whose clock is set by the test."""

    def set_time(self, now: float) -> None:
        self._statements.now = f"CAST({now} AS DOUBLE PRECISION)"


@pytest.fixture
def opened() -> Iterator[list[Ledger]]:
    """Ledgers to be closed at the end."""
    ledgers: list[Ledger] = []
    yield ledgers
    for ledger in ledgers:
        ledger.close()


class TestSqliteLedger(LedgerContract):
    """SQLite fulfils the contract."""

    @pytest.fixture
    def reopen(self, tmp_path: Path, opened: list[Ledger]) -> Callable[[], Ledger]:
        """Return a function that closes the ledger and opens it again."""
        path = tmp_path / "a.campaign"

        def again() -> Ledger:
            for ledger in opened:
                ledger.close()
            opened.append(TimedSqliteLedger(path, create=not path.exists()))
            return opened[-1]

        return again


class TestPostgresqlLedger(LedgerContract):
    """PostgreSQL fulfils the contract."""

    @pytest.fixture
    def reopen(self, database_url: str, opened: list[Ledger]) -> Callable[[], Ledger]:
        """Return a function that closes the ledger and opens it again."""

        def again() -> Ledger:
            for ledger in opened:
                ledger.close()
            if not opened:
                with PostgresqlStore(database_url).create("a"):
                    pass
            opened.append(TimedPostgresqlLedger(database_url, 1, "a"))
            return opened[-1]

        return again


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    """Only the owner can read the ledger and the files that SQLite puts beside it."""
    with SqliteLedger(tmp_path / "a", create=True) as ledger:
        fill(ledger, people(1))
        for path in tmp_path.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_a_second_run_is_refused_in_one_line(tmp_path: Path) -> None:
    """One process runs a campaign; others may query it and request a pause."""
    with SqliteLedger(tmp_path / "a", create=True) as first, SqliteLedger(tmp_path / "a") as second:
        first.lock()
        first.lock()
        with pytest.raises(CampaignError, match=r"^a: another process is running this campaign$"):
            second.lock()
        second.put({"requested": "pause"})
        assert first.get("requested") == "pause"
        first.close()
        second.lock()


@pytest.mark.parametrize("content", [b"", b"this is no database" * 100])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """A file that is something else is refused and not changed."""
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(CampaignError):
        SqliteLedger(path)
    assert path.read_bytes() == content


def test_a_missing_or_existing_file_is_an_error(tmp_path: Path) -> None:
    """Opening needs a ledger, creating needs a free name."""
    path = tmp_path / "a"
    with pytest.raises(CampaignError, match="no campaign"):
        SqliteLedger(path)
    SqliteLedger(path, create=True).close()
    with pytest.raises(CampaignError, match="already"):
        SqliteLedger(path, create=True)
    with pytest.raises(CampaignError, match="cannot be opened"):
        SqliteLedger(tmp_path / "none" / "a", create=True)


def test_a_ledger_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """A full disk, a read-only file and another process's lock are clear errors, and nothing is partly written."""
    with TimedSqliteLedger(tmp_path / "a", create=True) as ledger:
        fill(ledger, people(3000))
        ledger.join("a")
        pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
        ledger._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(CampaignError, match="cannot be written: database or disk is full"):
            ledger.put({f"note {n}": "x" * 1000 for n in range(500)})
        ledger._connection.execute("PRAGMA max_page_count = 1000000")
        ledger._connection.execute("PRAGMA query_only = ON")
        with pytest.raises(CampaignError, match="readonly"):
            take(ledger, 1)
        ledger._connection.execute("PRAGMA query_only = OFF")
        ledger._connection.execute("PRAGMA busy_timeout = 10")
        other = sqlite3.connect(tmp_path / "a", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CampaignError, match="locked"):
            take(ledger, 1)
        other.close()
        assert len(take(ledger, 1).recipients) == 1


def test_claims_wait_for_the_disk_and_outcomes_may_ride_along(tmp_path: Path) -> None:
    """A claim is on disk before anything is sent; outcomes may follow with the next durable transaction."""
    statements: list[str] = []
    with TimedSqliteLedger(tmp_path / "c", create=True) as ledger:
        assert not list(ledger.add(Recipient(0, f"+8190{10000000 + n}") for n in range(4)))
        ledger.put({"uid": secrets.token_hex(6)})
        ledger.seal()
        ledger.join("a")
        ledger._connection.set_trace_callback(statements.append)

        def waits(work: Callable[[], object]) -> bool:
            statements.clear()
            work()
            assert any(line.startswith(("INSERT", "UPDATE")) for line in statements), "nothing was written"
            return bool(ledger._connection.execute("PRAGMA synchronous").fetchone()[0] == 2)

        def outcome(n: int) -> Outcome:
            return Outcome(n, 1, State.SENT, f"m{n}", at=1.0)

        assert waits(lambda: take(ledger, 2))
        assert not waits(lambda: ledger.record([outcome(1)], durable=False))
        assert waits(lambda: ledger.record([]))
        assert not waits(lambda: ledger.record([outcome(2)], durable=False))
        assert waits(lambda: take(ledger, 2))
        assert waits(lambda: ledger.record([outcome(3)]))
        ledger._connection.set_trace_callback(None)


def _killed(folder: Path) -> Path:
    """Return the ledger of three recipients whose process was killed after it had sent to one and claimed another."""
    path = folder / "a.campaign"
    program = """
import os, sys
from ledger_contract import fill, people
from xoxzo.cloudpy.campaigns.ledger import SqliteLedger
from xoxzo.cloudpy.campaigns.ledger.base import ClaimRequest
from xoxzo.cloudpy.campaigns.records import Outcome, State
ledger = SqliteLedger(sys.argv[1], create=True)
fill(ledger, people(3))
ledger.lock()
claim = ledger.claim(ClaimRequest(ident=1, limit=1))
ledger.record([Outcome(1, claim.ident, State.SENT, "m1", "", 3.0, 2.0)])
ledger.claim(ClaimRequest(ident=2, limit=1))
os._exit(9)
"""
    support = str(Path(__file__).parents[1] / "support")
    subprocess.run([sys.executable, "-c", program, str(path)], env={**os.environ, "PYTHONPATH": support}, check=False)
    assert Path(f"{path}.reserve").stat().st_size > 100_000
    return path


def _states(ledger: SqliteLedger) -> list[State]:
    return [one.state for one in ledger.recipient_statuses()]


def test_a_ledger_without_its_wal_is_refused(tmp_path: Path) -> None:
    """What a killed run has recorded is in the -wal file: without it nobody would know who was sent to."""
    path = _killed(tmp_path)
    moved = tmp_path / "elsewhere.campaign"
    path.rename(moved)
    for _ in range(2):
        with pytest.raises(CampaignError, match=r"elsewhere\.campaign-wal is missing"):
            SqliteLedger(moved)
    Path(f"{path}-wal").rename(f"{moved}-wal")
    for _ in range(2):
        # Closing it moves everything into the file, which is enough then.
        with SqliteLedger(moved) as ledger:
            assert ledger.tally().sent == 1
    moved.rename(path)
    with SqliteLedger(path) as ledger:
        ledger.lock()
        assert _states(ledger) == [State.SENT, State.UNKNOWN, State.WAITING]


def test_no_campaign_is_created_beside_the_wal_of_another(tmp_path: Path) -> None:
    """SQLite would write what a killed run has recorded into the new campaign."""
    path, store = _killed(tmp_path), FolderStore(tmp_path)
    path.rename(tmp_path / "moved")
    with pytest.raises(CampaignError, match=r"-wal belongs to a campaign"), store.create(path.stem):
        pass
    (tmp_path / "moved").rename(path)
    with SqliteLedger(path) as ledger:
        assert ledger.tally().sent == 1


def test_a_link_to_a_ledger_has_its_lock(tmp_path: Path) -> None:
    """One campaign cannot run twice under two names."""
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with SqliteLedger(tmp_path / "a", create=True) as first, SqliteLedger(tmp_path / "b") as second:
        first.lock()
        with pytest.raises(CampaignError, match="another process is running"):
            second.lock()


def test_what_a_lost_wal_had_recorded_is_unknown(tmp_path: Path) -> None:
    """Everybody who may have been sent to since; a ledger with all its files is not changed."""
    _killed(tmp_path)
    store = FolderStore(tmp_path)
    assert store.replace_wal("a") == 0
    with store.open("a") as ledger:
        assert _states(ledger)[0] == State.SENT
    store.remove("a")
    Path(f"{_killed(tmp_path)}-wal").unlink()
    assert store.replace_wal("a") == 3
    with store.open("a") as ledger:
        assert _states(ledger) == [State.UNKNOWN] * 3
        assert {one.error for one in ledger.unknown()} == {"records_lost"}
        assert not ledger.claim(ClaimRequest(ident=9, limit=9)).recipients


def test_a_run_that_is_under_way_is_not_taken_for_a_killed_one(tmp_path: Path) -> None:
    """Who opens a ledger while it runs leaves its mark, and so does one who is still there when it was killed."""
    with SqliteLedger(tmp_path / "a", create=True) as running:
        fill(running, people(3))
        running.lock()
        SqliteLedger(tmp_path / "a").close()
        assert running.get(files.MARK)
    with SqliteLedger(tmp_path / "a") as ledger:
        assert not ledger.get(files.MARK)
    assert not list(tmp_path.glob("a.reserve"))
    path = _killed(tmp_path)
    with SqliteLedger(path):
        pass
    with SqliteLedger(path) as ledger:
        assert not ledger.get(files.MARK)


def test_a_program_that_forgets_to_close_leaves_no_mark(tmp_path: Path) -> None:
    """The end of the program closes its ledgers."""
    program = """
import sys
from ledger_contract import fill, people
from xoxzo.cloudpy.campaigns.ledger import SqliteLedger
ledger = SqliteLedger(sys.argv[1], create=True)
fill(ledger, people(1))
ledger.lock()
"""
    support = str(Path(__file__).parents[1] / "support")
    environment = {**os.environ, "PYTHONPATH": support}
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "a")], env=environment, check=True)
    with SqliteLedger(tmp_path / "a") as ledger:
        assert not ledger.get(files.MARK)


def test_a_child_process_closes_nothing_of_its_parent(tmp_path: Path) -> None:
    """The mark of a run stays while its process lives, whatever a fork of it ends with."""
    with SqliteLedger(tmp_path / "a", create=True) as ledger:
        fill(ledger, people(1))
        ledger.lock()
        files.close_ledger(ledger._connection, ledger.path, ledger._locks, os.getpid() + 1)
        assert ledger.get(files.MARK)
