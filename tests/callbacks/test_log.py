"""The delivery log in a file."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from delivery_log_contract import LogContract, report

from xoxzo.cloudpy import Client, ConfigurationError, InvalidArgument, MessageStatus, SentMessage
from xoxzo.cloudpy.callbacks import DeliveryLog, DeliveryReport
from xoxzo.cloudpy.callbacks.log.sqlite import SqliteStorage
from xoxzo.cloudpy.common import sqlite_files as sqlite
from xoxzo.cloudpy.simulator import Simulator


class TestSqlite(LogContract):
    """The SQLite storage passes the contract."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> Iterator[SqliteStorage]:
        """A storage in a new file."""
        storage = SqliteStorage(tmp_path / "deliveries.db")
        yield storage
        storage.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of a log."""
    return tmp_path / "deliveries.db"


def test_kept(path: Path) -> None:
    """The log is still there when the file is opened again, and closing twice does nothing."""
    with DeliveryLog(path) as log:
        log.record(DeliveryReport(reference="a", msgid="m1", status=MessageStatus.DELIVERED, cost=Decimal("20.0")))
        log.close()
    with DeliveryLog(str(path)) as log:
        entry = log.get(msgid="m1")
    assert entry is not None
    assert (entry.status, entry.cost) == ("DELIVERED", "20")


def test_for_its_owner_alone(path: Path) -> None:
    """Only the owner can read the file and the files that SQLite adds, whatever the umask is."""
    before = os.umask(0)
    try:
        with DeliveryLog(path) as log:
            log.record(report("a", "m1", "DELIVERED"))
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes
    assert set(modes.values()) == {0o600}


def test_no_numbers_no_texts(path: Path) -> None:
    """The file has no phone numbers and no messages."""
    from xoxzo.cloudpy.callbacks import IncomingSMS

    with DeliveryLog(path) as log:
        log.record(IncomingSMS(sender="+818011112222", recipient="+815012345678", message="confidential"))
        log.record(
            DeliveryReport(
                msgid="m1", status=MessageStatus.FAIL, recipient="+818011112222", raw={"recipient": "+818011112222"}
            )
        )
    content = path.read_bytes()
    assert b"11112222" not in content
    assert b"confidential" not in content


def test_purged_for_good(path: Path) -> None:
    """Purged data is not in the file any more."""
    with DeliveryLog(path) as log:
        log.record(report("a-reference-to-forget", "m1", "DELIVERED"))
        log.purge(older_than=timedelta(seconds=-1))
    assert b"a-reference-to-forget" not in path.read_bytes()


@pytest.mark.parametrize("content", [b"this is no database, and long enough to look like one" * 100, None])
def test_something_else(path: Path, content: bytes | None) -> None:
    """Another file is refused with a message and left unchanged."""
    if content is None:
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE mine (a)")
        connection.close()
        content = path.read_bytes()
    else:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"deliveries\.db"):
        DeliveryLog(path)
    assert path.read_bytes() == content


def test_no_such_folder(tmp_path: Path) -> None:
    """The error for a file that cannot be created names the file."""
    with pytest.raises(ConfigurationError, match="nowhere"):
        DeliveryLog(tmp_path / "nowhere" / "log.db")


def test_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log in memory leaves no file."""
    monkeypatch.chdir(tmp_path)
    with DeliveryLog(":memory:") as log:
        log.record(report("a", "m1", "DELIVERED"))
        assert log.get(msgid="m1")
    assert list(tmp_path.iterdir()) == []


def test_many_threads(path: Path) -> None:
    """Many threads record into one log, and nothing is lost or counted twice."""
    with DeliveryLog(path) as log:

        def work(number: int) -> None:
            for message in range(20):
                log.record(report(f"r{message}", f"m{message}", ["QUEUED", "DELIVERING", "DELIVERED"][number % 3]))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        entries = [log.get(msgid=f"m{message}") for message in range(20)]
    assert {entry.status for entry in entries if entry} == {"DELIVERED"}
    assert [sum(note.times for note in entry.history) for entry in entries if entry] == [6] * 20


PROGRAM = """
import sys
from xoxzo.cloudpy import MessageStatus
from xoxzo.cloudpy.callbacks import DeliveryLog, DeliveryReport
with DeliveryLog(sys.argv[1]) as log:
    for number in range(30):
        log.record(DeliveryReport(reference="a", msgid=f"m{number}", status=MessageStatus(sys.argv[2])))
"""


def test_many_processes(path: Path) -> None:
    """Several processes share one file."""
    words = ["QUEUED", "DELIVERING", "DELIVERED"]
    programs = [subprocess.Popen([sys.executable, "-c", PROGRAM, str(path), word]) for word in words]
    assert [program.wait(60) for program in programs] == [0, 0, 0]
    with DeliveryLog(path) as log:
        entries = [log.get(msgid=f"m{number}") for number in range(30)]
    assert {(entry.status, len(entry.history)) for entry in entries if entry} == {("DELIVERED", 3)}


@pytest.mark.parametrize("lets_go", [True, False])
def test_opened_while_another_process_reads(path: Path, monkeypatch: pytest.MonkeyPatch, lets_go: bool) -> None:
    """Opening waits for a file that another process has locked, but not forever."""
    other = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    other.executescript("CREATE TABLE delivery (a); INSERT INTO delivery VALUES (1); PRAGMA user_version = 1")
    other.execute("BEGIN")
    other.execute("SELECT * FROM delivery").fetchall()
    release = threading.Timer(0.2, other.rollback)
    try:
        if lets_go:
            release.start()
            DeliveryLog(path).close()
            release.join()
        else:
            monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_SECONDS", 0.1)
            with pytest.raises(ConfigurationError, match="locked"):
                DeliveryLog(path)
    finally:
        other.close()


def test_after_a_fork(path: Path) -> None:
    """After a fork, the child opens the file again, and both processes can use it."""
    with DeliveryLog(path) as log:
        log.record(report("a", "m1", "QUEUED"))
        child = os.fork()
        if child == 0:
            status = 1
            try:
                log.record(report("a", "m1", "DELIVERED"))
                log.close()
                status = 0
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        entry = log.get(msgid="m1")
    assert entry is not None
    assert entry.status == "DELIVERED"


def test_lost_reports_are_made_good(path: Path, simulator: Simulator, client: Client) -> None:
    """Messages without a report are requested from the API; ids that it does not know are skipped."""
    sms = {"recipient": "+818011112222", "sender": "Shop", "message": "Hi"}
    call = {"caller": "815011112222", "tts_message": "Hi", "tts_lang": "en"}
    with DeliveryLog(path) as log:
        log.sent(client.sms.send(**sms, reference="a"))
        log.sent(client.calls.say(**call, recipient="+818011112222"), reference="b")
        log.sent(client.conferences.create(caller="815011112222", participants=["+818011112222", "+818011113333"]))
        log.sent(SentMessage(msgid="unheardOf"))
        list(log.catch_up(client, quiet_for=timedelta(seconds=-1)))
        assert list(log.catch_up(client, quiet_for=timedelta(seconds=-1))) == []
        simulator.advance(3600)
        changed = list(log.catch_up(client, quiet_for=timedelta(seconds=-1)))
        assert [(entry.kind, entry.status) for entry in changed] == [
            ("sms", "DELIVERED"),
            ("call", "ANSWERED"),
            ("conference", "ANSWERED"),
        ]
        assert list(log.catch_up(client, quiet_for=timedelta(seconds=-1))) == []
        assert list(log.catch_up(client)) == []


def test_invalid_arguments(path: Path) -> None:
    """A look-up needs exactly one key."""
    with DeliveryLog(path) as log:
        for keys in ({}, {"msgid": "a", "reference": "b"}, {"msgid": "a", "callid": "b"}):
            with pytest.raises(InvalidArgument):
                log.get(**keys)
