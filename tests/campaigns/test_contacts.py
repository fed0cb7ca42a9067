"""Who was contacted by any campaign of a store lately is left out: in a folder, and in PostgreSQL."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from campaign_makers import people, reached

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns import Campaign, Content, Limits, OptOuts, State
from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.ledger import Ledger, SqliteLedger, open_store
from xoxzo.cloudpy.campaigns.ledger.base import ClaimRequest
from xoxzo.cloudpy.campaigns.ledger.opt_outs import hash_number
from xoxzo.cloudpy.campaigns.ledger.postgresql import PostgresqlLedger
from xoxzo.cloudpy.campaigns.limits import CONTACT_SECONDS
from xoxzo.cloudpy.campaigns.records import Claim, Outcome
from xoxzo.cloudpy.campaigns.report.statistics import Statistics
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument
from xoxzo.cloudpy.simulator import Settings, Simulator

CONTENT = Content(kind="text", sender="Shop", message="hello")
DAY = 86_400.0
WEEK = 7 * DAY
_idents = itertools.count(1)


@pytest.fixture(params=["folder", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store."""
    if request.param == "folder":
        return str(tmp_path / "campaigns")
    return str(request.getfixturevalue("database_url"))


def make(store: str, name: str, count: int = 5) -> Campaign:
    return Campaign.create(name, people(count), CONTENT, store=store)


def set_time(ledger: Ledger, now: float) -> None:
    """Set the clock of a ledger, which is that of its database in PostgreSQL."""
    if isinstance(ledger, PostgresqlLedger):
        ledger._statements.now = f"CAST({now} AS DOUBLE PRECISION)"
    else:
        ledger.clock = SteadyClock(0.0, lambda: now, lambda: 0.0)


def take(ledger: Ledger, limit: int, now: float, not_within: float | None = None) -> Claim:
    set_time(ledger, now)
    limits = Limits(lease=10.0, canaries=0, not_within=not_within)
    return ledger.claim(ClaimRequest(ident=next(_idents), limit=limit, limits=limits))


def contacted(store: str) -> list[int]:
    """Return the positions, from 1, of those who are among the contacts."""
    hashes = {number for number, _, _ in open_store(store).contacts}
    return [n + 1 for n in range(20) if hash_number(f"+8190{10000000 + n}") in hashes]


def test_a_claim_is_a_contact_until_nothing_was_sent(store: str) -> None:
    """Whoever is claimed is a contact at once; refused, given back and waiting ones are none, unknown ones are."""
    with make(store, "a", 8) as campaign:
        ledger = campaign.ledger
        ledger.join("a")
        assert not contacted(store)
        claim = take(ledger, 5, 1e9)
        assert contacted(store) == [1, 2, 3, 4, 5]
        assert {(uid, at) for _, uid, at in open_store(store).contacts} == {(campaign.reference_prefix, 1e9)}
        ledger.record([Outcome(1, claim.ident, State.SENT, "m"), Outcome(5, claim.ident, State.UNKNOWN)])
        assert contacted(store) == [1, 2, 3, 4, 5]
        outcomes = [Outcome(2, claim.ident, State.REJECTED), Outcome(3, claim.ident, State.WAITING, retry_at=1e9)]
        assert ledger.record(outcomes) == 2
        # A report that comes late, and changes nothing, deletes nothing.
        assert ledger.record([Outcome(1, 0, State.REJECTED)]) == 0
        assert contacted(store) == [1, 4, 5]
        ledger.give_back(claim.ident)
        assert contacted(store) == [1, 5]
        # A person who sends again what is unknown does not know that it has not arrived.
        assert ledger.record([Outcome(5, 0, State.WAITING, error="resend_requested", retry_at=9e9)]) == 1
        assert contacted(store) == [1, 5]
        again = take(ledger, 9, 1e9 + 1)
        assert {3, 4} <= {one.n for one in again.recipients}
        assert {1, 3, 4, 5} <= set(contacted(store))


def test_those_contacted_lately_are_left_out_and_counted(store: str) -> None:
    """By another campaign, within the time, and not after it; retries are looked at again; an opt-out comes first."""
    with make(store, "a", 3) as first, make(store, "b", 5) as second, make(store, "c", 5) as third:
        for one in (first, second, third):
            one.ledger.join("a")
            set_time(one.ledger, 1e9)
        early = take(third.ledger, 1, 1e9, WEEK)
        third.ledger.record([Outcome(1, early.ident, State.WAITING, retry_at=1e9)])
        assert [one.n for one in take(first.ledger, 9, 1e9).recipients] == [1, 2, 3]
        OptOuts(store).add(["09010000001"])
        set_time(second.ledger, 1e9 + 6 * DAY)
        left = second.ledger.remaining(WEEK)
        assert (left.recipients, left.suppressed, left.contacted) == (2, 1, 2)
        assert (second.ledger.remaining().recipients, second.ledger.remaining(5 * DAY).contacted) == (4, 0)
        for campaign, skipped in ((second, 3), (third, 3)):
            claim = take(campaign.ledger, 9, 1e9 + 6 * DAY, WEEK)
            if campaign is third:
                # Those due for another attempt were looked at first; of the others, `b` has sent to two meanwhile.
                assert (claim.recipients, claim.skipped) == ((), 5)
            else:
                assert ([one.n for one in claim.recipients], claim.skipped) == ([4, 5], skipped)
            errors = {one.recipient.n: one.error for one in campaign.recipient_statuses()}
            assert (errors[1], errors[2], errors[3]) == ("contacted", "suppressed", "contacted")
        figures = Statistics(second.recipient_statuses()).to_dict()
        assert (figures["skipped"], figures["opted_out"], figures["contacted"]) == (3, 1, 2)
        assert "contacted by another campaign" in second.render_report(language="en")
    with make(store, "d", 3) as later:
        later.ledger.join("a")
        assert [one.n for one in take(later.ledger, 9, 1e9 + 8 * DAY, WEEK).recipients] == [1, 3]


def test_campaigns_that_run_at_once_share_nobody(store: str, simulator: Simulator, client: AsyncClient) -> None:
    """Of campaigns that begin together with a limit, one alone sends to each person."""
    campaigns = [make(store, name, 60) for name in "abc"]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda one: one.run(client, Limits(settle=0.1, not_within=WEEK, concurrency=4)), campaigns))
    sent = sum(one.tally().sent for one in campaigns)
    left_out = sum(one.tally()[State.SKIPPED] for one in campaigns)
    for one in campaigns:
        one.close()
    assert (sent, left_out) == (60, 120)
    assert set(reached(simulator).values()) == {1}


def test_a_month_of_campaigns(store: str, simulator: Simulator, client: AsyncClient) -> None:
    """One a day for thirty days with ``not_within`` of a week reaches each person each seventh day."""
    simulator.stop_clock()
    begin = time.time()
    for day in range(30):
        with make(store, f"day{day}", 4) as campaign:
            now = begin + day * DAY
            set_time(campaign.ledger, now)
            if not isinstance(campaign.ledger, PostgresqlLedger):
                campaign.ledger.clock = SteadyClock(0.0, lambda now=now: now)
            campaign.run(client, Limits(settle=0.1, not_within=WEEK - 1))
            assert campaign.tally().sent == (0 if day % 7 else 4), day
    assert set(reached(simulator).values()) == {5}


def test_a_rehearsal_leaves_them_out_and_changes_nothing(store: str, client: AsyncClient) -> None:
    """It shows who the real run would leave out, and the people it has rehearsed with are no contacts."""
    with make(store, "a", 2) as campaign:
        campaign.run(client, Limits(settle=0.1))
    before = list(open_store(store).contacts)
    rehearsal = Campaign.rehearse("b", people(5), CONTENT, Simulator(Settings()), Limits(not_within=WEEK), store=store)
    assert (rehearsal.figures["contacted"], rehearsal.result.tally[State.DELIVERED]) == (2, 3)
    assert list(open_store(store).contacts) == before


def test_old_contacts_are_deleted(store: str) -> None:
    """A run deletes what is older than ninety days, which is the longest limit."""
    with make(store, "a", 2) as campaign:
        campaign.ledger.join("a")
        take(campaign.ledger, 9, time.time() - 91 * DAY)
    with make(store, "b", 1) as campaign:
        campaign.ledger.join("a")
    assert not contacted(store)
    assert Limits(not_within=CONTACT_SECONDS).not_within == CONTACT_SECONDS
    for wrong in (-1.0, CONTACT_SECONDS + 1):
        with pytest.raises(InvalidArgument, match="90 days"):
            Limits(not_within=wrong)


def test_without_its_contacts_nobody_is_claimed_and_outcomes_are_recorded(tmp_path: Path) -> None:
    """A file that cannot be written stops a run before it sends; what is known of messages is recorded all the same."""
    with make(str(tmp_path), "a", 4) as campaign:
        ledger = campaign.ledger
        assert isinstance(ledger, SqliteLedger)
        ledger.join("a")
        claim = take(ledger, 2, 1e9)
        ledger._contacts.execute("DROP TABLE addition")
        assert ledger.record([Outcome(1, claim.ident, State.WAITING, retry_at=1e9)]) == 1
        for not_within in (None, WEEK):
            with pytest.raises(CampaignError, match="cannot be"):
                take(ledger, 9, 1e9, not_within)
        assert ledger.tally().in_flight == 1
    (tmp_path / "contacts.sqlite").write_bytes(b"nonsense" * 100)
    with Campaign.open("a", store=tmp_path) as campaign, pytest.raises(CampaignError, match=r"contacts in .* cannot"):
        campaign.ledger.join("a")


def test_killed_runs_leave_nobody_out_of_the_contacts(store: str) -> None:
    """Runs are killed at any moment: everybody who got a message is a contact, and gets none of the next campaign."""
    chance = random.Random(int(os.environ.get("XOXZO_TESTS_KILL_SEED", "1")))
    xoxzo = str(Path(sys.executable).with_name("xoxzo"))
    with Simulator(Settings(seed=1)) as simulator, simulator.serve() as server:
        for name in ("a", "b"):
            with make(store, name, 60) as campaign:
                campaign.save_limits(Limits(rate=60.0, settle=2.0, lease=8.0, not_within=WEEK))
        environment = os.environ | {
            "XOXZO_API_HOST": server.url,
            "XOXZO_API_SID": "s",
            "XOXZO_API_AUTH_TOKEN": "t",
            "XOXZO_CAMPAIGNS": store,
        }
        for _ in range(2):
            before = len(simulator.engine.sms.by_phone)
            running = [
                subprocess.Popen(
                    [xoxzo, "campaign", "resume", name, "--yes"],
                    env=environment,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                for name in ("a", "b")
            ]
            wait_until(lambda before=before: len(simulator.engine.sms.by_phone) > before)
            time.sleep(chance.uniform(0.0, 0.2))
            for process in running:
                process.kill()
                process.wait()
            hashes = {number for number, _, _ in open_store(store).contacts}
            missing = [number for number in reached(simulator) if hash_number(number) not in hashes]
            assert not missing, missing
        for name in ("a", "b"):
            command = [xoxzo, "campaign", "resume", name, "--yes", "--rate", "400"]
            subprocess.run(command, env=environment, check=False, capture_output=True, timeout=240)
            with Campaign.open(name, store=store) as campaign:
                assert not campaign.tally()[State.WAITING]
        assert set(reached(simulator).values()) == {1}, "somebody got both"


def wait_until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not condition() and time.monotonic() < give_up:
        time.sleep(0.005)
    assert condition()
