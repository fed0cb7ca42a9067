"""Older copies of a ledger that are put back: nobody who was sent to since then is sent to again."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from campaign_makers import TEXT, people, reached

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.callbacks import DeliveryReport
from xoxzo.cloudpy.campaigns import Campaign, Event, Limits, Result, State
from xoxzo.cloudpy.campaigns.sending import campaign_run
from xoxzo.cloudpy.common.user_files import state_folder
from xoxzo.cloudpy.models import MessageStatus
from xoxzo.cloudpy.simulator import Settings, Simulator

LIST = "GET /sms/messages/"
PEOPLE, BEFORE, SINCE = 40, 10, 30


class Copies:
    """A store with a campaign of 40, and where an older copy of it is made."""

    def __init__(self, request: pytest.FixtureRequest, kind: str) -> None:
        self.kind = kind
        folder = request.getfixturevalue("tmp_path")
        self.store = str(folder / "store") if kind == "folder" else str(request.getfixturevalue("database_url"))
        self.copy = str(folder / "copy") if kind == "folder" else self.store.replace("?", "_copy?")

    def make_copy(self) -> None:
        """Copy the store as it is now."""
        if self.kind == "folder":
            shutil.copytree(self.store, self.copy)
            return
        original, copy = (urlsplit(url).path[1:] for url in (self.store, self.copy))
        with psycopg.connect(self.store.replace(f"/{original}?", "/postgres?"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{original}"'.encode())


@pytest.fixture(params=["folder", "postgresql"])
def copies(request: pytest.FixtureRequest) -> Copies:
    """Each kind of store."""
    return Copies(request, request.param)


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a machine of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def limits(count: int = PEOPLE, settle: float = 0.3) -> Limits:
    """Return limits that let so many be sent to: a message costs ten credits."""
    return Limits(settle=settle, concurrency=2, max_cost=Decimal(10 * count))


def send_on(copies: Copies, client: AsyncClient, first: int | None = None, *, is_forgotten: bool = True) -> str:
    """Send to a few, copy the store, and send to more; return the prefix of the references.

    By default, the machine forgets what it has noted, as another one does not know it.
    """
    with Campaign.create("spring", people(PEOPLE), TEXT, store=copies.store) as campaign:
        assert campaign.run(client, limits(BEFORE)).tally.sent == BEFORE
    copies.make_copy()
    with Campaign.open("spring", store=copies.store) as campaign:
        if first:
            campaign.choose_first(first, seed=1)
        while (result := campaign.run(client, limits(SINCE))).reason.code != "budget_spent":
            assert result.reason.code == "first_sent"
        assert campaign.tally().sent == SINCE
        prefix = campaign.reference_prefix
    if is_forgotten:
        shutil.rmtree(state_folder() / "campaigns", ignore_errors=True)
    return prefix


def finish(store: str, client: AsyncClient, events: list[Event] | None = None, runs: int = 3) -> Result:
    """Run the older copy until it has ended: in PostgreSQL a run that has noticed it pauses."""
    with Campaign.open("spring", store=store) as campaign:
        for _ in range(runs):
            result = campaign.run(client, limits(), on_event=(events if events is not None else []).append)
            if result.state != "paused":
                break
    return result


def test_the_sent_list_shows_an_older_copy(copies: Copies, simulator: Simulator, client: AsyncClient) -> None:
    """What was sent since is recorded before anything is sent, and the others get their message."""
    send_on(copies, client)
    events: list[Event] = []
    result = finish(copies.copy, client, events)
    assert (result.state, result.tally.sent, result.unknown) == ("finished", PEOPLE, 0)
    assert "older_copy" in {event.reason.code for event in events}
    assert set(reached(simulator).values()) == {1}
    assert len(reached(simulator)) == PEOPLE


def test_a_list_that_is_too_short_leaves_the_others_unknown(copies: Copies) -> None:
    """Whoever comes before one that was sent to may have been sent to, and is not sent to again."""
    with Simulator(Settings(list_cap=5, sms_queued_seconds=0.05)) as simulator:
        own = AsyncClient(
            sid="s", auth_token="t", base_url="http://localhost", transport=simulator.async_transport(), max_retries=0
        )
        send_on(copies, own)
        result = finish(copies.copy, own)
        assert (result.state, result.unknown) == ("finished", SINCE - BEFORE - 5)
        assert len(reached(simulator)) == PEOPLE
        assert set(reached(simulator).values()) == {1}


@pytest.mark.parametrize("evidence", ["usage log", "report"])
def test_a_usage_log_and_reports_show_an_older_copy(
    evidence: str, copies: Copies, simulator: Simulator, client: AsyncClient, tmp_path: Path
) -> None:
    """They do where the list cannot be read; a run under way is asked to pause."""
    prefix = send_on(copies, client)
    simulator.faults.add("error", LIST)
    numbers = [f"+8190{10000000 + n}" for n in range(SINCE)]
    with Campaign.open("spring", store=copies.copy) as campaign:
        if evidence == "usage log":
            log = tmp_path / "log.csv"
            rows = [f"{prefix}-{n},abc,{number},DELIVERED,10\n" for n, number in enumerate(numbers, 1)]
            log.write_text("tags,msgid,recipient,status,cost\n" + "".join(rows))
            assert campaign.read_usage_log(log) == SINCE
            assert (campaign.tally().sent, campaign.tally()[State.UNKNOWN]) == (SINCE, 0)
        else:
            # The last one of all: those before may have been sent to.
            report = DeliveryReport(
                reference=f"{prefix}-{SINCE}", recipient=numbers[-1], msgid="m", status=MessageStatus.DELIVERED
            )
            assert campaign.record(report)
            assert not campaign.record(report)
            assert campaign.ledger.get("requested") == "pause"
            assert campaign.tally()[State.UNKNOWN] == SINCE - BEFORE - 1
            assert {one.error for one in campaign.unknown()} == {"records_lost"}
    result = finish(copies.copy, client)
    assert result.state == "finished"
    assert len(reached(simulator)) == PEOPLE
    assert set(reached(simulator).values()) == {1}


def test_positions_that_were_exchanged_since_are_found_by_their_numbers(
    copies: Copies, simulator: Simulator, client: AsyncClient
) -> None:
    """If others were chosen to be the first after the copy was made, everybody else may have been sent to."""
    send_on(copies, client, first=5)
    result = finish(copies.copy, client)
    assert (result.state, result.unknown, result.tally.sent) == ("finished", PEOPLE - SINCE, SINCE)
    with Campaign.open("spring", store=copies.copy) as campaign:
        sent = {one.recipient.number for one in campaign.recipient_statuses() if one.state.is_sent}
        assert sent == set(reached(simulator))
        campaign.resend_unknown()
    finish(copies.copy, client)
    assert len(reached(simulator)) == PEOPLE
    assert set(reached(simulator).values()) == {1}


@pytest.mark.parametrize("first", [None, 5])
def test_the_machine_remembers_its_claims(
    first: int | None, simulator: Simulator, client: AsyncClient, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Where nothing shows what was sent, everybody who may have been sent to since the copy is unknown."""
    copies = Copies(request, "folder")
    send_on(copies, client, first, is_forgotten=False)
    simulator.faults.add("error", LIST)
    shutil.rmtree(copies.store)
    events: list[Event] = []
    result = finish(copies.copy, client, events)
    last = SINCE if first is None else PEOPLE
    assert (result.state, result.unknown) == ("finished", last - BEFORE)
    assert "records_lost" in {event.reason.code for event in events}
    assert len(reached(simulator)) == (PEOPLE if first is None else SINCE)
    assert set(reached(simulator).values()) == {1}


def test_a_look_while_sending_pauses_an_older_copy(
    copies: Copies, simulator: Simulator, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the list could not be read at first, the run pauses as soon as it can be, with the reason."""
    send_on(copies, client)
    monkeypatch.setattr(campaign_run, "_SHARED_LOOKUP_SECONDS", 0.1)
    # It comes back with the first message.
    listing = [simulator.faults.add("throttled", LIST, seconds=1)]

    def on_event(event: Event) -> None:
        if event.tally.sent > BEFORE and listing:
            simulator.faults.remove(listing.pop().ident)

    with Campaign.open("spring", store=copies.copy) as campaign:
        slow = Limits(settle=0.3, concurrency=1, rate=5.0)
        result = campaign.run(client, slow, on_event=on_event)
        assert (result.state, result.reason.code) == ("paused", "older_copy")
        assert campaign.run(client, limits()).state == "finished"
    # Those few of before are the price.
    assert sum(count > 1 for count in reached(simulator).values()) < SINCE - BEFORE


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="there is no SIGSTOP here")
def test_files_of_a_killed_run_that_are_put_back(simulator: Simulator, tmp_path: Path) -> None:
    """A folder that was synchronised in the middle of a run comes back after a kill: each phone gets one message."""
    store, state = tmp_path / "store", tmp_path / "state"
    with Campaign.create("spring", people(120), TEXT, store=store):
        pass
    with simulator.serve() as server:
        environment = os.environ | {"XOXZO_API_HOST": server.url, "XOXZO_API_SID": "s", "XOXZO_API_AUTH_TOKEN": "t"}
        environment |= {"XOXZO_CAMPAIGNS": str(store), "XDG_STATE_HOME": str(state)}
        command = [str(Path(sys.executable).with_name("xoxzo")), "campaign", "resume", "spring", "--yes"]

        def wait_for(count: int) -> None:
            give_up = time.monotonic() + 60
            while len(reached(simulator)) < count:
                assert process.poll() is None
                assert time.monotonic() < give_up
                time.sleep(0.005)

        with subprocess.Popen([*command, "--rate", "20"], stderr=subprocess.DEVNULL, env=environment) as process:
            wait_for(15)
            process.send_signal(signal.SIGSTOP)
            shutil.copytree(store, tmp_path / "copy")
            process.send_signal(signal.SIGCONT)
            wait_for(40)
            process.kill()
        for path in store.iterdir():
            path.unlink()
        shutil.copytree(tmp_path / "copy", store, dirs_exist_ok=True)
        Path(store / "spring.campaign-shm").unlink(missing_ok=True)
        listing = simulator.faults.add("error", LIST)
        again = subprocess.run(
            [*command, "--settle", "0.5", "--rate", "200"], capture_output=True, text=True, env=environment, check=False
        )
        assert again.returncode == 7, again.stderr
        assert "may have been sent since its last record" in again.stderr
        simulator.faults.remove(listing.ident)
        subprocess.run([*command[:2], "settle", "spring"], capture_output=True, env=environment, check=False)
        with Campaign.open("spring", store=store) as campaign:
            for one in campaign.recipient_statuses():
                got = len(simulator.phone(one.recipient.number).inbox)
                assert got == 1 or (got == 0 and one.state == State.UNKNOWN), one
                assert one.state != State.UNKNOWN or got == 0, "settle finds all that was sent"


def test_a_folder_for_notes_that_cannot_be_written_stops_nothing(
    simulator: Simulator, client: AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then nothing is noted; notes that nobody has changed for 90 days are deleted."""
    state = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    state.write_text("")
    with Campaign.create("spring", people(3), TEXT, store=tmp_path) as campaign:
        assert campaign.run(client, limits()).state == "finished"
    state.unlink()
    notes = state / "xoxzo" / "campaigns"
    notes.mkdir(parents=True)
    for name, days in (("old", 100), ("new", 80)):
        (notes / name).write_text("nonsense")
        os.utime(notes / name, (time.time() - days * 86_400,) * 2)
    with Campaign.create("again", people(3), TEXT, store=tmp_path) as campaign:
        (notes / campaign.reference_prefix).write_text("nonsense")
        assert asyncio.run(campaign.run_async(client, limits())).state == "finished"
        assert {path.name for path in notes.iterdir()} == {"new", campaign.reference_prefix}
