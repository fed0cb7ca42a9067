"""Faults of the machine, the account and files: each is a clear error, and nothing is lost or sent twice."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from campaign_makers import SEND, TEXT, make, reached, run
from campaign_simulation import FakeResponse

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns import Campaign, Content, Event, Limits, State, create
from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.ledger import files, stores
from xoxzo.cloudpy.errors import CampaignError
from xoxzo.cloudpy.simulator import Settings, Simulator

PLAIN = Content(kind="text", sender="Shop", message="hello")


def _finish(campaign: Campaign, client: AsyncClient, simulator: Simulator, count: int) -> None:
    """Run a campaign to its end, and check that everybody has got one message."""
    for _ in range(5):
        result = run(campaign, client)
        if not result.unknown:
            break
    assert (result.state, result.unknown) == ("finished", 0)
    assert (len(reached(simulator)), set(reached(simulator).values())) == (count, {1})


def test_disk_full(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """A full disk ends the run with a clear error; the next run reconciles and continues."""
    with make(tmp_path, 300) as campaign:
        pages = campaign.ledger._connection.execute("PRAGMA page_count").fetchone()[0]
        campaign.ledger._connection.execute(f"PRAGMA max_page_count = {pages + 3}")
        with pytest.raises(CampaignError, match=r"spring.campaign cannot be written: database or disk is full"):
            run(campaign, client)
        assert 0 < sum(reached(simulator).values()) < 300
    with Campaign.open("spring", store=tmp_path) as campaign:
        _finish(campaign, client, simulator, 300)


def test_a_full_disk_leaves_nobody_unknown(
    simulator: Simulator, client: AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The room that a run has reserved takes what was sent, and gives back who was claimed and not sent to."""
    with make(tmp_path, 300) as campaign:
        ledger = campaign.ledger
        pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
        ledger._connection.execute(f"PRAGMA max_page_count = {pages + 3}")

        def free(path: Path) -> None:
            assert path.with_name(f"{path.name}.reserve").stat().st_size > 100_000
            free_reserve(path)
            ledger._connection.execute(f"PRAGMA max_page_count = {pages + 50}")

        free_reserve = files.free_reserve
        monkeypatch.setattr(files, "free_reserve", free)
        with pytest.raises(CampaignError, match=r"cannot be written: database or disk is full"):
            run(campaign, client)
        monkeypatch.undo()
        tally = campaign.tally()
        assert tally.sent == sum(reached(simulator).values())
        assert (tally.in_flight, tally[State.UNKNOWN], campaign.state) == (0, 0, "stopped")
        assert tally[State.WAITING] > 0
    assert not list(tmp_path.glob("*.reserve"))


def test_a_run_goes_on_without_a_reserve(
    simulator: Simulator, client: AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that has no room for it is full enough; the campaign still runs."""

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with make(tmp_path, 3) as campaign:
        assert run(campaign, client).state == "finished"
        assert not list(tmp_path.glob("*.reserve"))


@pytest.mark.skipif(sys.platform == "win32", reason="has no limits for processes")
def test_disk_full_while_creating(tmp_path: Path) -> None:
    """A list that does not fit on the disk is no campaign: it is an error, and leaves no file."""
    program = """
import resource, signal, sys
from xoxzo.cloudpy.campaigns import Campaign, Content
from xoxzo.cloudpy.errors import CampaignError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
rows = ({"tel": f"090{10000000 + n}"} for n in range(20_000))
try:
    Campaign.create("big", rows, Content(kind="text", sender="Shop", message="hello"), store=sys.argv[1])
except CampaignError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "cannot be written: " in done.stdout
    assert not list(tmp_path.glob("[!o]*"))


def test_read_only_ledger(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """A read-only ledger can be queried, but not run."""
    with make(tmp_path, 20) as campaign:
        campaign.ledger._connection.execute("PRAGMA query_only = ON")
        with pytest.raises(CampaignError, match="cannot be written: attempt to write a readonly database"):
            run(campaign, client)
        assert campaign.plan().recipients == campaign.tally()[State.WAITING] == 20
        assert not reached(simulator)
        campaign.ledger._connection.execute("PRAGMA query_only = OFF")
        _finish(campaign, client, simulator, 20)


def test_database_locked(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """Another process's lock is waited for; one that stays ends the run, and nothing is sent without a record."""
    with make(tmp_path, 60) as campaign:
        other = sqlite3.connect(campaign.ledger.path, isolation_level=None, check_same_thread=False)

        def lock(event: Event) -> None:
            if event.kind == "progress" and not other.in_transaction:
                other.execute("BEGIN IMMEDIATE")

        campaign.ledger._connection.execute("PRAGMA busy_timeout = 100")
        with pytest.raises(CampaignError, match="cannot be written: database is locked"):
            run(campaign, client, Limits(rate=50.0, settle=0.3), on_event=lock)
        assert 0 < sum(reached(simulator).values()) < 60
        campaign.ledger._connection.execute("PRAGMA busy_timeout = 10000")
        unlocked = threading.Timer(0.3, other.execute, ["ROLLBACK"])
        unlocked.start()
        _finish(campaign, client, simulator, 60)
        unlocked.join()
        other.close()


@pytest.mark.parametrize(
    ("name", "half", "options", "message"),
    [
        (
            "a.csv",
            b"\x81\xff\xff\n",
            {"encoding": "cp932"},
            r"a.csv, line 3002, character 1: this is not a whole character of cp932",
        ),
        ("a.csv", b"\x81\xff\n", {}, r"the encoding of .*a.csv is not certain"),
        ("a.csv", b'"080', {}, r"line 3002: tel cannot be read: its quotation marks do not fit"),
        ("a.jsonl", b'{"tel": "0901', {}, r"a.jsonl, line 3001: this is not a JSON object"),
        ("a.xlsx", b"", {}, r"a.xlsx cannot be read: "),
    ],
    ids=["bytes of another encoding", "bytes of none", "open quote", "half a JSON line", "half a workbook"],
)
def test_input_corrupted_half_way(
    tmp_path: Path, name: str, half: bytes, options: dict[str, str], message: str
) -> None:
    """A file that is truncated or cannot be decoded further down is an error, and nothing is created."""
    file = tmp_path / name
    numbers = [f"090{10000000 + n}" for n in range(3000)]
    if name.endswith("csv"):
        file.write_bytes(b"tel\n" + "\n".join(numbers).encode() + b"\n" + half)
    elif name.endswith("jsonl"):
        file.write_bytes(b"".join(b'{"tel": "%s"}\n' % number.encode() for number in numbers) + half)
    else:
        import xlsxwriter

        with xlsxwriter.Workbook(str(file)) as book:
            book.add_worksheet().write_column(0, 0, ["tel", *numbers])
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(CampaignError, match=message):
        Campaign.create("a", file, PLAIN, store=tmp_path / "campaigns", **options)
    assert not list((tmp_path / "campaigns").glob("[!o]*"))


def test_credit_exhausted(client: AsyncClient, simulator: Simulator, tmp_path: Path) -> None:
    """Without credits the run stops; with credits it continues."""
    with Simulator(Settings(credits=30)) as poor, make(tmp_path, 10) as campaign:
        broke = AsyncClient(sid="s", auth_token="t", base_url="http://localhost", transport=poor.async_transport())
        result = run(campaign, broke, Limits(concurrency=1))
        assert (result.state, result.reason.code) == ("stopped", "not_enough_credits")
        assert (result.tally[State.WAITING], result.unknown, sum(reached(poor).values())) == (7, 0, 3)
        assert run(campaign, client).state == "finished"
        assert sum((reached(poor) + reached(simulator)).values()) == 10


def test_token_revoked(client: AsyncClient, simulator: Simulator, tmp_path: Path) -> None:
    """An account that is refused during a run stops it; with a valid token it continues."""
    real = simulator.async_transport()

    class Revoked:
        sent = 0

        async def send(self, *arguments: object):
            self.sent += 1
            return (
                FakeResponse(401, b'{"detail": "Invalid sid/token"}') if self.sent > 5 else await real.send(*arguments)
            )

        async def close(self) -> None:
            pass

    with make(tmp_path, 20) as campaign:
        revoked = AsyncClient(sid="s", auth_token="t", base_url="http://localhost", transport=Revoked())
        result = run(campaign, revoked, Limits(concurrency=2))
        assert (result.state, str(result.reason)) == ("stopped", "the account was refused (AuthenticationFailed 401)")
        assert (result.tally[State.SENT], result.tally[State.WAITING], result.unknown) == (5, 15, 0)
        _finish(campaign, client, simulator, 20)


@pytest.mark.parametrize("jump", [-86_400.0, 400 * 86_400.0], ids=["backwards", "forwards"])
def test_clock_jump(
    simulator: Simulator, client: AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    """A clock that is set during a run, or between two runs, loses and duplicates nothing."""
    ahead = 0.0
    monkeypatch.setattr(SteadyClock.__init__, "__defaults__", (0.0, lambda: time.time() + ahead, time.monotonic))

    def set_clock(event: Event) -> None:
        nonlocal ahead
        if event.kind == "progress":
            ahead = jump

    simulator.faults.add("lose_reply", SEND, chance=0.1)
    listing = simulator.faults.add("error", "GET /sms/messages/")
    with make(tmp_path, 60) as campaign:
        run(campaign, client, Limits(rate=60.0, settle=0.3, stop_share=1.0), on_event=set_clock)
        first = run(campaign, client)
        assert first.unknown, "nothing is in doubt: the test is worth nothing"
        times = [one.sent for one in campaign.recipient_statuses() if one.sent]
        assert times == sorted(times), "the clock's jump has changed the order of messages"
        simulator.faults.remove(listing.ident)
        # Set right again: what the ledger says lies in the future, or in the past.
        ahead = 0.0
        _finish(campaign, client, simulator, 60)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="there is no SIGSTOP here")
def test_sigstop_for_longer_than_every_timeout(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """A process that was stopped with messages in flight reads its responses too late, and reconciles.

    A second and a half stands for a minute here: the read timeout is 0.4 s instead of 30.
    """
    program = """
import sys
from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns import Campaign, Limits
client = AsyncClient(sid="s", auth_token="t", base_url=sys.argv[1], timeout=0.4, deadline=2.0)
with Campaign.open("spring", store=sys.argv[2]) as campaign:
    result = campaign.run(client, Limits(concurrency=8, rate=100, settle=1.0, stop_share=1.0))
    print(result.state, result.tally.sent, result.unknown)
"""
    simulator.faults.add("slow", SEND, seconds=0.1)
    make(tmp_path, 80).close()
    with simulator.serve() as server:
        command = [sys.executable, "-c", program, server.url, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            give_up = time.monotonic() + 30
            while len(reached(simulator)) < 20 and time.monotonic() < give_up:
                time.sleep(0.01)
            process.send_signal(signal.SIGSTOP)
            time.sleep(1.5)
            process.send_signal(signal.SIGCONT)
            output, _ = process.communicate(timeout=60)
    assert output.startswith("finished"), output
    with Campaign.open("spring", store=tmp_path) as campaign:
        _finish(campaign, client, simulator, 80)


def test_file_changed_between_runs(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """A campaign keeps the recipients that it was created with, and detects that its file has changed."""
    file = tmp_path / "people.csv"
    file.write_text("tel,name\n09010000000,a\n09010000001,b\n")
    with Campaign.create("people", file, TEXT, store=tmp_path) as campaign:
        assert campaign.is_created_from(file)
        run(campaign, client, Limits(concurrency=1, max_cost=10))
        file.write_text("tel,name\n09010000002,c\n")
        assert not campaign.is_created_from(file)
        _finish(campaign, client, simulator, 2)
    assert "+819010000002" not in reached(simulator)


def test_file_changed_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that changes while it is read is refused."""
    file = tmp_path / "people.csv"
    file.write_text("tel,name\n09010000000,a\n")
    read = create.read_table

    def slowly(path: str, **options: object):
        table = read(path, **options)
        file.write_text("tel,name\n09010000001,b\n")
        return table

    monkeypatch.setattr(create, "read_table", slowly)
    with pytest.raises(CampaignError, match="was changed while it was read: nothing was created"):
        Campaign.create("people", file, TEXT, store=tmp_path / "campaigns")
    assert not list((tmp_path / "campaigns").glob("[!o]*"))


def test_a_folder_that_cannot_be_created(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be created, or a file system without links, is a clear error."""
    (tmp_path / "file").write_text("")
    with pytest.raises(CampaignError, match="cannot be created"):
        make(tmp_path / "file" / "campaigns", 1)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(stores.os, "link", refuse)
    with pytest.raises(CampaignError, match=r"spring.campaign cannot be created: Operation not permitted"):
        make(tmp_path, 1)
    assert not list(tmp_path.glob("*.draft*"))


def test_simulator_and_service_mixed_up(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """A campaign started on the simulator cannot be continued live, or vice versa."""
    live = AsyncClient(sid="s", auth_token="t", base_url="https://api.example", transport=simulator.async_transport())
    for first, second, words in (
        (client, live, "started on a simulator on this machine: it cannot be continued with Xoxzo"),
        (live, client, "started with Xoxzo: it cannot be continued on a simulator on this machine"),
    ):
        folder = tmp_path / words[:20]
        with make(folder, 3) as campaign:
            run(campaign, first, Limits(max_cost=10, concurrency=1))
            before = sum(reached(simulator).values())
            with pytest.raises(CampaignError, match=words):
                run(campaign, second)
            assert sum(reached(simulator).values()) == before
            assert run(campaign, first).state == "finished"
