"""Runs that wait for their hours, or stop after the first ones: in files and in PostgreSQL, whatever crashes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from campaign_makers import TEXT, people, reached
from campaign_simulation import SETTLE, START, Scenario, simulate

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns import Campaign, Event, Limits, Result, Schedule, State
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument
from xoxzo.cloudpy.simulator import Simulator

FAR = Schedule(at=f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d} 10:00")


@pytest.fixture(params=["folder", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of each kind of store."""
    if request.param == "folder":
        return str(tmp_path)
    return str(request.getfixturevalue("database_url"))


def wait_and(change: Callable[[Campaign], None], store: str, client: AsyncClient) -> tuple[Result, list[Event]]:
    """Run a campaign that waits; when it does, change it as another process would."""
    events: list[Event] = []

    def on_event(event: Event) -> None:
        is_first = not any(one.kind == "waiting" for one in events)
        events.append(event)
        if event.kind == "waiting" and is_first:
            with Campaign.open("spring", store=store) as other:
                change(other)

    async def main() -> Result:
        return await campaign.run_async(client, Limits(schedule=FAR), on_event=on_event)

    with Campaign.create("spring", people(3), TEXT, store=store) as campaign:
        begins = campaign.plan(Limits(schedule=FAR)).begins
        assert begins is not None
        assert begins > time.time() + 28 * 86_400
        result = asyncio.run(main())
    return result, events


def test_a_run_that_waits_can_be_rescheduled(store: str, simulator: Simulator, client: AsyncClient) -> None:
    """It says until when it waits, waits to the new moment, and then sends; the ledger has the new schedule."""
    moments = []

    def change(other: Campaign) -> None:
        assert other.waits_until is not None
        assert other.waits_until > time.time() + 28 * 86_400
        # Only now: to create a campaign may take seconds on a busy machine.
        moments.append(datetime.now(UTC) + timedelta(seconds=4))
        other.reschedule(Schedule(at=moments[0].isoformat()))

    result, events = wait_and(change, store, client)
    [soon] = moments
    assert result.state == "finished"
    assert len(reached(simulator)) == 3
    waiting = [event for event in events if event.kind == "waiting" and event.reason.code == "scheduled"]
    assert [event.wake is not None and event.wake > time.time() for event in waiting[:1]] == [True]
    with Campaign.open("spring", store=store) as campaign:
        assert campaign.limits.schedule == Schedule(at=soon.isoformat())
        assert campaign.waits_until is None
        assert min(status.sent for status in campaign.recipient_statuses()) >= soon.timestamp()
        with pytest.raises(CampaignError, match="finished"):
            campaign.reschedule(None)


@pytest.mark.parametrize(("request_", "state"), [("cancel", "cancelled"), ("pause", "paused")])
def test_a_run_that_waits_can_be_ended(
    request_: str, state: str, store: str, simulator: Simulator, client: AsyncClient
) -> None:
    """Cancelled or paused from another process, it ends without a message; what was paused waits on when resumed."""
    result, _ = wait_and(lambda other: getattr(other, request_)(), store, client)
    assert result.state == state
    assert not reached(simulator)
    with Campaign.open("spring", store=store) as campaign:
        assert campaign.limits.schedule == FAR
        assert (campaign.waits_until is None) is (state == "cancelled")


def test_nothing_is_sent_outside_the_hours_whatever_crashes(tmp_path: Path) -> None:
    """With faults and crashes at any instant, messages leave within the windows alone, and none is lost or doubled."""
    first = datetime.fromtimestamp(START, UTC).minute + 3
    begins = [(first + quarter) % 60 for quarter in range(0, 60, 15)]
    # Windows of two minutes in each quarter of an hour: a longer wait would take the test's time.
    windows = ", ".join(f"{hour:02}:{begin:02}-{hour:02}:{begin + 2:02}" for hour in range(24) for begin in begins)
    # Late acceptance is Xoxzo's, after the request.
    faults = ("refused", "throttled", "lost before", "lost after", "error after", "truncated")
    hours = Schedule(windows=windows, zone="UTC")
    limits = Limits(concurrency=3, rate=0.2, settle=SETTLE, canaries=1, stop_share=1.0, schedule=hours)
    scenario = Scenario(people=30, cap=1000, fault_share=0.1, faults=faults, limits=limits)
    times, crashes = [], 0
    for seed in range(4):
        result = simulate(seed, tmp_path, scenario=scenario)
        assert result.is_clean, f"seed {seed}: {result}"
        times += result.times
        crashes += result.crashes
    assert crashes > 1, "hardly any process crashed: the test is worth little"
    shown = [datetime.fromtimestamp(moment, UTC) for moment in times]
    assert max(times) - min(times) > 900
    # A message is written a moment after it was claimed.
    assert {moment.minute for moment in shown} <= {begin + place for begin in begins for place in range(3)}


def test_a_run_stops_after_the_first_ones(store: str, simulator: Simulator, client: AsyncClient) -> None:
    """So many random recipients get it; the run stops with their outcomes, and the next one sends to all others."""
    with Campaign.create("spring", people(40), TEXT, store=store) as campaign:
        assert campaign.choose_first(6, seed=1) == 6
        first = {one.number for one in campaign.ledger.recipients(1, 6)}
        result = campaign.run(client, Limits(concurrency=4), follow=10)
        assert (result.state, result.reason.code, result.tally[State.DELIVERED]) == ("stopped", "first_sent", 6)
        assert set(reached(simulator)) == first
        assert campaign.is_held
        assert campaign.ledger.get("first_seed") == 1
    with Campaign.open("spring", store=store) as campaign:
        result = campaign.run(client, Limits(concurrency=4))
        assert (result.state, result.tally.sent, campaign.is_held) == ("finished", 40, False)
    assert (len(reached(simulator)), set(reached(simulator).values())) == (40, {1})
    with Campaign.create("again", people(40), TEXT, store=store) as campaign:
        campaign.choose_first(6, seed=1)
        assert {one.number for one in campaign.ledger.recipients(1, 6)} == first
        for wrong in (0, 10_001):
            with pytest.raises(InvalidArgument):
                campaign.choose_first(wrong)


def test_nobody_else_is_sent_to_whatever_crashes(tmp_path: Path) -> None:
    """With faults and crashes at any instant, nobody but the first ones gets anything before the hold is lifted."""
    faults = ("refused", "throttled", "lost before", "lost after", "error after", "truncated")
    limits = Limits(concurrency=3, settle=SETTLE, canaries=1, stop_share=1.0)
    scenario = Scenario(people=25, cap=1000, fault_share=0.1, faults=faults, limits=limits, first=6)
    results = [simulate(seed, tmp_path, scenario=scenario) for seed in range(20)]
    assert all(result.is_clean for result in results)
    assert sum(result.crashes for result in results) > 10, "hardly any process crashed: the test is worth little"


def test_a_campaign_that_would_expire_before_it_starts_is_refused(store: str) -> None:
    """By its plan, by its first run, and when it is rescheduled; one that has begun is not."""
    soon = time.time() + 3600
    with Campaign.create("spring", people(3), TEXT, store=store) as campaign:
        for refused in (campaign.plan, campaign.save_limits):
            with pytest.raises(InvalidArgument, match="expires: must be after the first time"):
                refused(Limits(schedule=FAR, expires=soon))
        campaign.save_limits(Limits(expires=soon))
        with pytest.raises(InvalidArgument):
            campaign.reschedule(FAR)
        assert campaign.limits.schedule is None


def test_a_start_in_the_past_is_refused(store: str) -> None:
    """It is nearly always a mistake; the error names the time now, and the option that sends at once: none."""
    past = Schedule(at=f"{datetime.now(UTC) - timedelta(days=2):%Y-%m-%d} 10:00")
    with Campaign.create("spring", people(3), TEXT, store=store) as campaign:
        for refused in (campaign.plan, campaign.save_limits, lambda limits: campaign.reschedule(limits.schedule)):
            with pytest.raises(InvalidArgument, match=r"at: must be later than now, 20.* in Asia/Tokyo: to send at"):
                refused(Limits(schedule=past))
        # What was in the future when it was stored is continued.
        campaign.ledger.put({"schedule": msgspec.to_builtins(past)})
        campaign.save_limits(Limits(schedule=past))


def test_hours_that_fit_nobody_are_refused(store: str) -> None:
    """A run would wait for ever."""
    everyone = [{"phone": "+18004444444", "name": "a"}]
    with Campaign.create("us", everyone, TEXT, store=store, mobile_only=False) as campaign:
        for refused in (campaign.plan, campaign.save_limits):
            with pytest.raises(InvalidArgument, match="windows: must have a time that fits every time zone"):
                refused(Limits(schedule=Schedule(windows="09:00-10:00")))


def test_the_plan_names_the_zones_whose_hours_never_come_together(store: str) -> None:
    """A number that may be in New York or in Honolulu has no common hour in the morning; others are sent to."""
    everyone = [{"phone": "+18004444444", "name": "a"}, {"phone": "+818011110000", "name": "b"}]
    with Campaign.create("us", everyone, TEXT, store=store, mobile_only=False) as campaign:
        plan = campaign.plan(Limits(schedule=Schedule(windows="09:00-10:00")))
        assert [note.code for note in plan.notes] == ["no_common_hours"]
        assert str(plan.notes[0]).endswith(": America/Adak, America/Anchorage, America/Anguilla, America/Antigua …")
        assert not campaign.plan(Limits(schedule=Schedule(quiet="03:00-04:00"))).notes
