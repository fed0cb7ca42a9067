"""`xoxzo campaign reschedule`, and what commands show of times and rehearsals."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import Result

from xoxzo.cloudpy.campaigns import Campaign, Event, Reason, Schedule, Tally
from xoxzo.cloudpy.cli.commands.campaign.progress import Progress

Run = Callable[..., Result]
TEXT = ["--text", "{name}様", "--sender", "Shop"]
LATER = ["--at", "2037-12-01 10:00", "--window", "Mon-Fri 09:00-18:00", "--window", "Sat 10:00-12:00"]


def test_a_campaign_is_rescheduled(run: Run) -> None:
    """What is given replaces what was, `none` removes it, and `status` shows until when it waits."""
    assert "from 2037-12-01 10:00 on, Mon-Fri 09:00-18:00, Sat 10:00-12:00, by each recipient's clock" in (
        run("create", "spring", "people.csv", *TEXT, "--rate", "1", *LATER).stdout
    )
    assert "It waits until 2037-12-01 " in run("status", "spring").stderr
    assert json.loads(run("status", "spring", "--json").stdout)["waits_until"] == "2037-12-01T01:00:00Z"
    moved = run("reschedule", "spring", "--at", "2037-12-02 10:00")
    assert "; the first ones at 2037-12-02 " in moved.stderr
    with Campaign.open("spring") as campaign:
        assert campaign.limits.schedule == Schedule(
            at="2037-12-02 10:00", windows="Mon-Fri 09:00-18:00, Sat 10:00-12:00"
        )
    free = run("reschedule", "spring", "--at", "none", "--window", "none", "--json")
    assert json.loads(free.stdout) == {"name": "spring", "waits_until": None}
    assert "spring: messages may be sent at any time" in run("reschedule", "spring", "--quiet", "none").stderr
    assert "waits" not in run("status", "spring").stderr
    for wrong in ([], ["--at", "soon"], ["--window", "Foo 09:00-10:00"]):
        assert run("reschedule", "spring", *wrong).exit_code == 2
    same = run("reschedule", "spring", "--at", "2037-12-02T10:00+09:00")
    assert "may be sent from 2037-12-02T10:00+09:00 on; the first ones at 2037-12-02 " in same.stderr
    assert run("cancel", "spring").exit_code == 0
    assert run("reschedule", "spring", "--at", "2037-12-02 10:00").exit_code == 2


def waiting(seconds: float) -> Event:
    now = time.time()
    tally = Tally(total=3, counts={}, in_flight=0, reserved=Decimal(0), charged=Decimal(0))
    reason = Reason("outside_hours", "outside the sending hours")
    return Event(kind="waiting", at=now, tally=tally, reason=reason, wake=now + seconds)


@pytest.mark.parametrize(("seconds", "is_named"), [(3600, True), (30, False)])
def test_a_long_wait_is_shown_with_its_end(seconds: float, is_named: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Hours later, the time of day says more than a duration."""
    Progress("spring", machine=False).show(waiting(seconds))
    line = capsys.readouterr().err
    assert "waiting: outside the sending hours" in line
    assert (", until 20" in line) is is_named


def test_a_wait_that_never_ends_is_shown_without_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    """Where only people are left whose zones share no open hour."""
    Progress("spring", machine=False).show(waiting(1e12))
    assert ", until —" in capsys.readouterr().err
    Progress("spring", machine=True).show(waiting(1e12))
    assert json.loads(capsys.readouterr().out)["wake"] is None


def test_a_rehearsal_shows_events_now_and_then() -> None:
    """Events of hours come in a second: only some are shown, and the last one always."""
    drawn: list[tuple] = []
    progress = Progress("spring", machine=False, draw_seconds=3600)
    progress._draw = lambda *shown: drawn.append(shown)
    first = waiting(60)
    for event in (first, first, first, Event(kind="ended", at=first.at, tally=first.tally)):
        progress.show(event)
    assert [bool(notice) for *_others, notice in drawn] == [True, False]


def test_a_rehearsal_that_sends_nothing_shows_no_times(run: Run) -> None:
    """Where the balance suffices for nobody, there is no time from which on it would send."""
    result = run("rehearse", "people.csv", *TEXT, "--balance", "0")
    assert result.exit_code == 3
    assert "The real run" not in result.stdout
    assert not Path("campaigns", "people.campaign").exists()


def test_those_contacted_lately_are_left_out(run: Run) -> None:
    """The plan counts them, the limit is kept, shown where it is changed, and removed by `none`."""
    run("run", "people.csv", "--name", "first", *TEXT, "--yes")
    some = run("plan", "people.csv", *TEXT, "--not-within", "7d")
    with Campaign.open("first") as campaign:
        total = campaign.tally().total
    assert f"{total} were contacted lately" in some.stdout
    assert json.loads(run("plan", "people.csv", *TEXT, "--not-within", "90m", "--json").stdout)["contacted"] == total
    assert "contacted" not in run("plan", "people.csv", *TEXT).stdout
    run("create", "second", "people.csv", *TEXT, "--not-within", "12h")
    with Campaign.open("second") as campaign:
        assert (campaign.limits.not_within, campaign.plan().recipients) == (43_200.0, 0)
    with Campaign.open("second") as campaign:
        campaign.ledger.put({"state": "stopped"})
    changed = run("run", "people.csv", "--name", "second", *TEXT, "--not-within", "7d", "--yes")
    assert changed.exit_code == 2
    assert "--not-within: 12 h 00 min before, 168 h 00 min now" in changed.stderr, changed.stderr
    run("rehearse", "people.csv", *TEXT, "--not-within", "12h", "--balance", "1000")
    assert run("resume", "second", "--yes", "--not-within", "none").exit_code == 0
    with Campaign.open("second") as campaign:
        assert (campaign.limits.not_within, campaign.tally().sent) == (0.0, total)
    for wrong, why in (("soon", "is not a duration: write 7d, 12h, 90m, or none"), ("91d", "90 days")):
        failed = run("plan", "people.csv", *TEXT, "--not-within", wrong)
        assert failed.exit_code == 2
        assert why in failed.stderr
