"""How a run waits, slows down and continues, on a virtual clock."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from campaign_simulation import START, VirtualLoop

from xoxzo.cloudpy import errors
from xoxzo.cloudpy.campaigns import Event, Limits, Reason, Recipient, Schedule, State
from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.ledger import SqliteLedger
from xoxzo.cloudpy.campaigns.records import Outcome
from xoxzo.cloudpy.campaigns.sending.rules import Stopped
from xoxzo.cloudpy.campaigns.sending.sender import Sender
from xoxzo.cloudpy.errors import CampaignError

ENOUGH = Reason("enough", "enough")
OP = {"operation": "sms.send"}
Post = Callable[[Recipient], Awaitable[str]]


class SenderRun:
    """One run with a few recipients, whose responses the test chooses."""

    def __init__(self, folder: Path, recipients: list[Recipient], limits: Limits) -> None:
        self.ledger = SqliteLedger(folder / "a", create=True)
        assert not list(self.ledger.add(recipients))
        self.ledger.put({"uid": secrets.token_hex(6), "schedule": msgspec.to_builtins(limits.schedule)})
        self.ledger.seal()
        self.limits = limits
        self.events: list[Event] = []
        self.sent: list[tuple[int, float]] = []

    def play(self, post: Callable[[int, int], BaseException | None], during: Callable[[Sender], None] | None = None):
        """Run; ``post`` returns the error for each recipient and attempt."""
        loop = VirtualLoop(0.0)
        tries: dict[int, int] = {}

        async def send(one: Recipient) -> str:
            await asyncio.sleep(0.01)
            tries[one.n] = tries.get(one.n, 0) + 1
            error = post(one.n, tries[one.n])
            if error is not None:
                raise error
            self.sent.append((one.n, loop.time()))
            return f"m{one.n}"

        async def main() -> None:
            self.ledger.clock = SteadyClock(0.0, lambda: START + loop.time(), loop.time)
            self.ledger.join("a")
            runner = Sender(
                self.ledger, lambda _: send, limits=self.limits, account="a", is_call=True, on_event=self.events.append
            )
            if during is not None:
                loop.call_later(0.3, during, runner)
            await runner.send()

        try:
            loop.run_until_complete(main())
        finally:
            loop.close()


@pytest.fixture
def stage(tmp_path: Path):
    """Return a function that makes runs, and close their ledgers."""
    made: list[SenderRun] = []

    def make(count: int = 3, **limits: object) -> SenderRun:
        recipients = [Recipient(0, f"+8190{10000000 + n}", cost=Decimal(10)) for n in range(count)]
        made.append(SenderRun(tmp_path, recipients, Limits(**limits)))
        return made[-1]

    yield make
    for one in made:
        one.ledger.close()


def test_a_429_slows_everything_down_and_loses_no_message(stage) -> None:
    """After a 429 nothing is sent for as long as the server requests; then the run continues."""
    run = stage(3, concurrency=1)
    run.play(lambda n, turn: errors.RateLimited(429, retry_after=7.0, **OP) if (n, turn) == (1, 1) else None)
    assert sorted(n for n, _ in run.sent) == [1, 2, 3]
    assert min(at for _, at in run.sent) >= 7.0
    assert [event.kind for event in run.events if event.kind == "throttled"] == ["throttled"]


def test_pauses_grow_and_end_with_the_trouble(stage) -> None:
    """A network that is down is tried again after growing pauses of at most a minute."""
    run = stage(1, concurrency=1, stop_share=1.0)
    run.play(lambda _, turn: errors.ConnectionFailed("down", **OP) if turn <= 9 else None)
    (_, at) = run.sent[0]
    assert 120 < at < 400


def test_nobody_is_claimed_while_a_pause_lasts(stage) -> None:
    """Who is killed while the network is down leaves nobody unknown; a request to pause is seen meanwhile."""
    run = stage(20, concurrency=5, stop_share=1.0)
    in_flight = []

    def look(_sender: Sender) -> None:
        in_flight.append(run.ledger.tally().in_flight)
        run.ledger.put({"requested": "pause"})

    with pytest.raises(Stopped, match="asked to pause"):
        run.play(lambda _n, _turn: errors.ConnectionFailed("down", **OP), during=look)
    assert in_flight == [0]
    assert max(event.at for event in run.events) < START + 1.0, "it was seen only when the pause was over"


def test_stopping_gives_back_what_was_not_started(stage) -> None:
    """What was claimed and not started is not sent: it waits, and nothing is unknown."""
    run = stage(50, concurrency=2, rate=20.0)
    with pytest.raises(Stopped, match="enough"):
        run.play(
            lambda *_: None,
            lambda runner: (runner.stop("stopped", ENOUGH), runner.stop("stopped", Reason("again", "again"))),
        )
    tally = run.ledger.tally()
    assert (tally[State.SENT], tally[State.WAITING], tally.in_flight) == (len(run.sent), 50 - len(run.sent), 0)
    assert 0 < len(run.sent) < 20
    assert tally.reserved == 10 * len(run.sent)


@pytest.mark.parametrize("stall", [0.2, 2.0])
def test_a_stall_is_not_made_up_for(stage, stall: float) -> None:
    """Late send times are reserved again, and the others used: no second has more messages than the rate."""
    run = stage(400, concurrency=8, rate=100.0)

    def stall_once(n: int, _turn: int) -> None:
        if n == 105:
            asyncio.get_running_loop()._virtual.now += stall

    run.play(stall_once)
    times = sorted(at for _, at in run.sent)
    worst = max(sum(begin <= at < begin + 1.0 for at in times) for begin in times)
    assert worst <= 105
    assert 4.0 + stall - 0.2 < times[-1] - times[0] < 4.6 + stall


def test_a_run_that_stops_reports_how_many_really_are_in_flight(stage) -> None:
    """What was only claimed is released first, and does not count as in flight."""
    run = stage(1000, concurrency=4)
    with pytest.raises(Stopped):
        run.play(lambda *_: None, lambda runner: runner.stop("stopped", ENOUGH))
    tallies = [event.tally for event in run.events if event.kind == "stopping"]
    assert [tally.in_flight for tally in tallies] == [3]
    assert tallies[0][State.SENT] + 3 == len(run.sent)


def test_each_zone_wakes_at_its_own_hour(tmp_path: Path) -> None:
    """Recipients without quiet hours are sent to at once, the others when theirs end."""
    # It begins on 2026-09-21 at 23:13 in Tokyo, which is afternoon in London.
    recipients = [Recipient(0, "+819010000000", zone="Asia/Tokyo"), Recipient(0, "+447700900000", zone="Europe/London")]
    run = SenderRun(tmp_path, recipients, Limits(schedule=Schedule(quiet="23:00-23:20"), concurrency=1))
    run.play(lambda *_: None)
    run.ledger.close()
    assert [n for n, _ in run.sent] == [2, 1]
    assert run.sent[0][1] < 1.0
    assert 300 < run.sent[1][1] < 500
    assert {event.reason.code for event in run.events if event.kind == "waiting"} <= {"next_attempt", "outside_hours"}


def test_a_campaign_whose_people_all_sleep_waits(tmp_path: Path) -> None:
    """No recipient is claimed while all time zones have quiet hours."""
    run = SenderRun(
        tmp_path, [Recipient(0, "+819010000000", zone="Asia/Tokyo")], Limits(schedule=Schedule(quiet="23:00-23:20"))
    )
    run.play(lambda *_: None)
    run.ledger.close()
    assert 300 < run.sent[0][1] < 500
    assert [event.reason.code for event in run.events if event.kind == "waiting"] == ["outside_hours"]


def test_outcomes_that_nothing_takes_along_are_on_disk_half_a_second_later(stage) -> None:
    """They are committed with the next claim, or half a second later."""
    run = stage(2, concurrency=1, rate=0.1)
    note, noted = run.ledger.record, []

    def watch(outcomes: list[Outcome], *, durable: bool = True, **more: object) -> list[bool]:
        noted.append((len(outcomes), durable, asyncio.get_running_loop().time()))
        return note(outcomes, durable=durable, **more)

    run.ledger.record = watch
    run.play(lambda *_: None)
    (count, durable, at), (nothing, carried, then) = noted[:2]
    assert (count, durable, nothing, carried) == (1, False, 0, True)
    assert at < 0.1
    assert 0.4 < then < 0.7
    assert all(durable for _, durable, _ in noted[-1:])


def test_a_ledger_that_breaks_while_outcomes_are_written_ends_the_run(stage) -> None:
    """Nothing more is started; what could not be recorded is unknown to the next run."""
    run = stage(30, concurrency=2, rate=50.0)
    note = run.ledger.record

    def broken(*_args: object, **_options: object) -> list[bool]:
        raise CampaignError("cannot_be_written", "disk full")

    with pytest.raises(CampaignError, match="disk full"):
        run.play(lambda *_: None, lambda _: setattr(run.ledger, "record", broken))
    run.ledger.record = note
    assert 0 < len(run.sent) < 30
    run.ledger._end_leases()
    unknown = {one.n for one in run.ledger.unknown()}
    assert unknown
    tally = run.ledger.tally()
    assert tally[State.SENT] + len(unknown) >= len(run.sent)


def test_a_network_that_stays_away_ends_the_run(stage) -> None:
    """After twenty pauses in a row it stops, with nothing unknown; a burst of refusals is one pause."""
    run = stage(40, concurrency=8)
    with pytest.raises(Stopped, match="20 of the last 20 messages failed, the last with ConnectionFailed"):
        run.play(lambda *_: errors.ConnectionFailed("down", **OP))
    tally = run.ledger.tally()
    assert (tally[State.WAITING], tally[State.UNKNOWN], tally.reserved) == (40, 0, 0)
    assert 20 <= len([event for event in run.events if event.kind == "unreachable"]) <= 30


def test_a_claim_that_fails_ends_the_run(stage) -> None:
    """Nothing is sent without a claim on disk."""
    run = stage(3)

    def broken(*_args: object, **_options: object) -> None:
        raise CampaignError("cannot_be_written", "disk full")

    run.ledger.claim = broken
    with pytest.raises(CampaignError, match="disk full"):
        run.play(lambda *_: None)
    assert not run.sent
