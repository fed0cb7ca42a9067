"""The opt-out list of all campaigns of a store: in a folder, and in PostgreSQL."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from campaign_makers import TEXT, people

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns import BadRows, Campaign, Content, Limits, OptOuts, State
from xoxzo.cloudpy.campaigns.ledger import open_store
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument
from xoxzo.cloudpy.simulator import Settings, Simulator

CONTENT = Content(kind="text", sender="Shop", message="hello")
SINCE = datetime(2026, 5, 1, 12, tzinfo=UTC)
XOXZO = str(Path(sys.executable).with_name("xoxzo"))


@pytest.fixture(params=["folder", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store."""
    if request.param == "folder":
        return str(tmp_path / "campaigns")
    return str(request.getfixturevalue("database_url"))


def test_a_list_has_numbers_with_their_times_and_sources(store: str) -> None:
    """Numbers are added as people write them, once, found and removed; nothing but hashes is stored."""
    opt_outs = OptOuts(store)
    assert (list(opt_outs), opt_outs.get("090-1000-0000"), opt_outs.remove(["09010000000"])) == ([], None, 0)
    assert opt_outs.add(["090-1000-0000", "+819010000001", "０９０１００００００１"], source="call", since=SINCE) == 2
    assert opt_outs.add(["09010000000"], source="again") == 0, "it was new twice"
    found = opt_outs.get("+81 90 1000 0000")
    assert found is not None
    assert (found.since, found.source, found.campaign) == (SINCE.timestamp(), "call", "")
    assert "09010000001" in opt_outs
    assert opt_outs.remove(["09010000001", "09010000002"]) == 1
    assert [one.hash for one in opt_outs] == [found.hash]
    assert b"9010000000" not in found.hash
    with pytest.raises(InvalidArgument, match="number 2"):
        opt_outs.add(["09010000002", "nonsense"])
    assert "09010000002" not in opt_outs, "half a list was added"


def test_lists_are_imported_and_moved_to_another_store(store: str, tmp_path: Path) -> None:
    """A list of customers is imported with all its numbers; an exported list keeps times and sources, formulas too."""
    opt_outs = OptOuts(store)
    table = tmp_path / "stop.csv"
    table.write_text("name,tel,mobile\na,09010000000,09010000001\nb,09010000002,\n", encoding="utf-8")
    assert (opt_outs.import_file(table), opt_outs.import_file(table, source="other")) == (3, 0)
    opt_outs.add(["09010000003"], source="=1+1", since=SINCE)
    exported = io.StringIO()
    assert opt_outs.export(exported) == 4
    assert "'=1+1" in exported.getvalue()
    (tmp_path / "exported.csv").write_text(exported.getvalue(), encoding="utf-8-sig")
    other = OptOuts(tmp_path / "other")
    assert (other.import_file(tmp_path / "exported.csv"), list(other)) == (4, list(opt_outs))
    for wrong in ("hash,since,source\nab,2026-05-01,x\n", exported.getvalue() + "00,2026-05-01,x,\n"):
        (tmp_path / "exported.csv").write_text(wrong, encoding="utf-8")
        with pytest.raises(CampaignError, match="was changed"):
            other.import_file(tmp_path / "exported.csv")
    with pytest.raises(CampaignError, match="cannot be read"):
        other.import_file(tmp_path / "none.csv")
    table.write_text("tel\n09010000009\nnone\n", encoding="utf-8")
    with pytest.raises(BadRows):
        other.import_file(table)
    assert "09010000009" not in other


def test_an_opt_out_counts_in_all_campaigns_and_one_of_a_campaign_in_that_alone(
    store: str, simulator: Simulator, client: AsyncClient
) -> None:
    """Plan, run and export leave out and name who is on the list, since when and why; removing counts, too."""
    with (
        Campaign.create("a", people(5), CONTENT, store=store, suppress=["09010000004"]) as first,
        Campaign.create("b", people(5), CONTENT, store=store) as second,
    ):
        OptOuts(store).add(["09010000001", "09010000002", "09010000003"], source="call", since=SINCE)
        OptOuts(store).remove(["09010000003"])
        plan = first.plan()
        assert (plan.recipients, plan.suppressed) == (2, 3)
        assert [(one.number, one.since, one.source) for one in plan.opted_out][:2] == [
            ("+81••••0001", SINCE.timestamp(), "call"),
            ("+81••••0002", SINCE.timestamp(), "call"),
        ]
        assert (second.plan().recipients, second.plan().suppressed) == (3, 2)
        for campaign, left_out in ((first, {2, 3, 5}), (second, {2, 3})):
            campaign.run(client, Limits(settle=0.1))
            skipped = {one.recipient.n for one in campaign.recipient_statuses() if one.state is State.SKIPPED}
            assert skipped == left_out
        since = {one.recipient.n: (one.opted_out, one.opt_out_source) for one in second.recipient_statuses()}
        assert since == {n: (SINCE.timestamp(), "call") if n in {2, 3} else (0.0, "") for n in range(1, 6)}
        uid = first.reference_prefix
        assert [one.campaign for one in OptOuts(store) if one.campaign] == [uid]
        first.purge()
    assert not [one for one in OptOuts(store) if one.campaign], "something of a purged campaign is left"
    assert [len(simulator.phone(f"+81901000000{n}").inbox) for n in range(5)] == [2, 0, 0, 2, 1]


def test_what_concerns_one_campaign_goes_with_it(store: str) -> None:
    """A campaign that is removed, or was not created to its end, leaves nothing on the list."""
    with pytest.raises(CampaignError, match="cannot be sent to"):
        Campaign.create("a", [*people(2), {"tel": "x"}], CONTENT, store=store, suppress=["09010000004"])
    Campaign.create("b", people(2), CONTENT, store=store, suppress=["09010000004"]).close()
    assert len(list(OptOuts(store))) == 1
    open_store(store).remove("b")
    assert not list(OptOuts(store))


def test_a_list_that_cannot_be_used_is_a_clear_error(tmp_path: Path) -> None:
    """A file that is something else stops everything: without the list nobody knows who has opted out."""
    (tmp_path / "opt-outs.sqlite").write_bytes(b"nonsense" * 100)
    with pytest.raises(CampaignError, match=r"opt-out list .* cannot be used"):
        OptOuts(tmp_path).add(["09010000000"])
    with pytest.raises(CampaignError, match=r"opt-out list .* cannot be used"):
        Campaign.create("a", people(2), CONTENT, store=tmp_path)


def test_an_opt_out_in_a_run_counts_at_once(
    store: str, simulator: Simulator, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person who opts out while a campaign runs gets nothing more, without any message to the run."""
    render, sent = Content.render, []

    def opting_out(content: Content, variables: dict[str, str]) -> str:
        sent.append(1)
        if len(sent) == 5:
            OptOuts(store).add([f"090100000{n}" for n in range(40, 60)], source="link")
        return render(content, variables)

    with Campaign.create("a", people(60), TEXT, store=store) as campaign:
        monkeypatch.setattr(Content, "render", opting_out)
        campaign.run(client, Limits(rate=50.0, settle=0.1))
        assert campaign.tally()[State.SKIPPED] == 20
    assert not any(simulator.phone(f"+8190100000{n}").inbox for n in range(40, 60))


def test_links_of_campaigns_that_are_created_at_once_do_not_overlap(store: str) -> None:
    """Each gets positions of its own, and each position leads to one campaign."""
    opt_outs = open_store(store).opt_outs
    opt_outs.add([])
    with ThreadPoolExecutor(4) as pool:
        firsts = list(pool.map(lambda n: open_store(store).opt_outs.reserve_links(10, f"uid{n}", f"c{n}"), range(12)))
    assert sorted(firsts) == [1 + 10 * n for n in range(12)]
    for n, first in enumerate(firsts):
        assert opt_outs.find_link(first) == (f"uid{n}", f"c{n}", 1)
        assert opt_outs.find_link(first + 9) == (f"uid{n}", f"c{n}", 10)
    assert opt_outs.find_link(121) is None


def test_killed_processes_lose_no_opt_out(store: str, tmp_path: Path) -> None:
    """Additions, runs and lists are killed at any moment: what was confirmed counts, and nobody on the list is sent to.

    A worker process adds one number after another, each confirmed by a line; campaigns of the same people are run.
    """
    chance = random.Random(int(os.environ.get("XOXZO_TESTS_KILL_SEED", "1")))
    adding = (
        "import sys, time; from xoxzo.cloudpy.campaigns import OptOuts; opt_outs = OptOuts(sys.argv[1])\n"
        "for n in range(int(sys.argv[2]), -1, -1):\n"
        "    opt_outs.add([f'0901000{n:04}'], source='link'); print(n, flush=True); time.sleep(0.1)"
    )
    confirmed = 150
    with Simulator(Settings(seed=1)) as simulator, simulator.serve() as server:
        with Campaign.create("a", people(150), CONTENT, store=store) as campaign:
            campaign.save_limits(Limits(rate=40.0, settle=0.5, lease=4.0))
        environment = os.environ | {
            "XOXZO_API_HOST": server.url,
            "XOXZO_API_SID": "s",
            "XOXZO_API_AUTH_TOKEN": "t",
            "XOXZO_CAMPAIGNS": store,
        }
        resume = [XOXZO, "campaign", "resume", "a", "--yes", "--rate", "40"]
        for _ in range(2):
            run = subprocess.Popen(resume, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            add = subprocess.Popen(
                [sys.executable, "-c", adding, store, str(confirmed - 1)], stdout=subprocess.PIPE, text=True
            )
            assert add.stdout is not None
            for _line in range(chance.randint(1, 12)):
                confirmed = int(add.stdout.readline())
            before = len(simulator.engine.sms.by_phone)
            wait_until(lambda before=before: len(simulator.engine.sms.by_phone) > before)
            time.sleep(chance.uniform(0.0, 0.2))
            for process in (add, run):
                process.kill()
            confirmed = min([confirmed, *map(int, add.stdout.read().splitlines())])
            add.stdout.close()
            add.wait()
            run.wait()
        assert all(f"0901000{n:04}" in OptOuts(store) for n in range(confirmed, 150))
        listed = {n for n in range(150) if f"0901000{n:04}" in OptOuts(store)}
        had = {n for n in range(150) if simulator.phone(f"+81901000{n:04}").inbox}
        resume[-1] = "400"
        subprocess.run(resume, env=environment, check=False, capture_output=True, timeout=240)
        for n in range(150):
            inbox = simulator.phone(f"+81901000{n:04}").inbox
            assert len(inbox) <= 1, "doubled"
            assert n in had or n not in listed or not inbox, f"{n} is on the list, and was sent to"
        with Campaign.open("a", store=store) as campaign:
            tally = campaign.tally()
            assert tally[State.SKIPPED] + tally[State.UNKNOWN] >= len(listed - had)
            assert not tally[State.WAITING]


def wait_until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not condition() and time.monotonic() < give_up:
        time.sleep(0.005)
    assert condition()
