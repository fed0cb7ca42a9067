"""What every ledger must do: another database has to pass these tests, too."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from xoxzo.cloudpy.campaigns import Limits
from xoxzo.cloudpy.campaigns.ledger import Ledger
from xoxzo.cloudpy.campaigns.ledger.base import ClaimRequest
from xoxzo.cloudpy.campaigns.records import Claim, Outcome, Recipient, State
from xoxzo.cloudpy.errors import CampaignError

Open = Callable[[], Ledger]
_idents = itertools.count(1)


def people(count: int, **more: object) -> list[Recipient]:
    return [Recipient(0, f"+8190{10000000 + n}", cost=Decimal(10), parts=1, **more) for n in range(count)]


def fill(ledger: Ledger, recipients: list[Recipient]) -> None:
    ledger.put({"uid": secrets.token_hex(6)})
    assert not list(ledger.add(recipients))
    ledger.seal()


def take(ledger: Ledger, limit: int, now: float = 1.0, **more: Any) -> Claim:
    """Claim recipients at a time, with no limit but those that are given; the lease is ten seconds."""
    ledger.set_time(now)
    asked = {name: more.pop(name) for name in ("account", "hours", "schedule", "first_alone") if name in more}
    limits = Limits(**({"lease": 10.0, "stop_share": 1.0, "canaries": 0, "settle": 0.0} | more))
    return ledger.claim(ClaimRequest(ident=next(_idents), limit=limit, limits=limits, **asked))


def numbers(claim: Claim) -> list[int]:
    return [one.n for one in claim.recipients]


class LedgerContract:
    """Inherit from it and define the fixture ``reopen``: it closes the ledger, as a crash would, and opens it again.

    What it opens has a further method ``set_time``, which sets the ledger's clock.
    """

    def test_recipients_are_numbered_and_repeated_ones_returned(self, reopen: Open) -> None:
        """A number that is there already is returned, and the others keep their order."""
        ledger = reopen()
        first, second = people(2)
        assert list(ledger.add([first, second, first])) == [first]
        ledger.seal()
        assert ledger.tally().total == 2

    def test_a_list_that_was_not_sealed_cannot_run(self, reopen: Open) -> None:
        """An incomplete list cannot run, and a complete one takes no more recipients."""
        ledger = reopen()
        with pytest.raises(CampaignError, match="interrupted"):
            ledger.join("a")
        fill(ledger, people(1))
        with pytest.raises(CampaignError, match="complete"):
            list(ledger.add(people(1)))

    def test_claims_take_each_recipient_once(self, reopen: Open) -> None:
        """Two claims never share a recipient, and those held back are left."""
        ledger = reopen()
        fill(ledger, people(5))
        ledger.join("a")
        first = take(ledger, 2, 1.0, canaries=1)
        second = take(ledger, 9, 1.0, canaries=1)
        third = take(ledger, 9, 1.0, canaries=1)
        assert numbers(first) + numbers(second) == [1, 2, 3, 4]
        assert (third.recipients, third.why) == ((), "in_flight")
        assert ledger.tally().in_flight == 4

    def test_what_a_lease_leaves_is_unknown(self, reopen: Open) -> None:
        """When a lease has ended, who has no outcome is unknown since then, and is not claimed again."""
        ledger = reopen()
        fill(ledger, people(3))
        ledger.join("a")
        claim = take(ledger, 2, 1.0)
        ledger.record([Outcome(1, claim.ident, State.SENT, "m1", at=2.0, began=1.5)])
        ledger.set_time(10.9)
        assert ledger.sweep() == 0
        ledger.set_time(11.1)
        assert (ledger.sweep(), ledger.sweep()) == (1, 0)
        assert [(one.n, one.began, one.ended) for one in ledger.unknown()] == [(2, 1.0, 11.0)]
        assert numbers(take(ledger, 9, 12.0)) == [3]
        assert ledger.tally()[State.UNKNOWN] == 1

    def test_a_truth_that_comes_late_is_taken(self, reopen: Open) -> None:
        """After its lease a worker still knows who was sent to, or was not, unless another has claimed them."""
        ledger = reopen()
        fill(ledger, people(4))
        ledger.join("a")
        claim = take(ledger, 4, 1.0)
        ledger.set_time(20.0)
        assert ledger.sweep() == 4
        late = [Outcome(1, claim.ident, State.SENT, "m1", at=19.0), Outcome(2, claim.ident, State.WAITING, at=19.0)]
        assert ledger.record([*late, Outcome(3, claim.ident, State.UNKNOWN, at=25.0, began=5.0)]) == 3
        assert [(one.n, one.ended) for one in ledger.unknown()] == [(3, 25.0), (4, 11.0)]
        ledger.record([Outcome(4, 0, State.WAITING, error="proven_unsent")])
        again = take(ledger, 9, 30.0)
        assert numbers(again) == [2, 4]
        assert ledger.record([Outcome(4, claim.ident, State.WAITING, at=31.0)]) == 0
        assert not take(ledger, 9, 32.0).recipients, "a late word has released what another worker sends"
        assert ledger.record([Outcome(4, again.ident, State.SENT, "m4", at=33.0)]) == 1
        assert (ledger.tally()[State.SENT], ledger.tally().in_flight) == (2, 1)

    def test_outcomes_may_be_recorded_twice(self, reopen: Open) -> None:
        """A worker that does not know whether its outcomes have lasted records them again; each counts once."""
        ledger = reopen()
        fill(ledger, people(2))
        ledger.join("a")
        claim = take(ledger, 2)
        outcomes = [Outcome(1, claim.ident, State.SENT, "m1", at=2.0), Outcome(2, claim.ident, State.REJECTED, at=2.0)]
        assert ledger.record(outcomes) == 2
        assert ledger.record(outcomes) == 0
        tally = ledger.tally()
        assert (tally[State.SENT], tally[State.REJECTED], tally.in_flight, tally.reserved) == (1, 1, 0, 10)

    def test_a_claim_whose_answer_was_lost_is_given_back(self, reopen: Open) -> None:
        """Nobody of it was started, so all wait again; a claim that never was is no mistake."""
        ledger = reopen()
        fill(ledger, people(3))
        ledger.join("a")
        claim = take(ledger, 2)
        ledger.give_back(claim.ident)
        ledger.give_back(claim.ident + 1000)
        assert (ledger.tally().in_flight, ledger.tally().reserved) == (0, 0)
        assert numbers(take(ledger, 9, 2.0)) == [1, 2]

    def test_the_first_goes_alone_until_one_is_sent(self, reopen: Open) -> None:
        """Not until one was tried: a message whose outcome is unknown proves nothing about the sent list."""
        ledger = reopen()
        fill(ledger, people(9))
        ledger.join("a")
        first = take(ledger, 5, first_alone=True)
        assert numbers(first) == [1]
        assert take(ledger, 5, first_alone=True).why == "in_flight"
        ledger.record([Outcome(1, first.ident, State.UNKNOWN, at=2.0)])
        second = take(ledger, 5, 3.0, first_alone=True)
        assert numbers(second) == [2]
        ledger.record([Outcome(2, second.ident, State.SENT, "m2", at=4.0)])
        assert numbers(take(ledger, 5, 5.0, first_alone=True)) == [3, 4, 5, 6, 7]

    def test_canaries_stay_back_until_nothing_is_unknown(self, reopen: Open) -> None:
        """One of them goes when what is unknown has settled; the others when it is resolved, or given up."""
        ledger = reopen()
        fill(ledger, people(8))
        ledger.join("a")
        held = {"canaries": 3, "settle": 100.0}
        claim = take(ledger, 9, 1.0, **held)
        assert numbers(claim) == [1, 2, 3, 4, 5]
        assert take(ledger, 9, 2.0, **held).why == "in_flight"
        sent = [Outcome(n, claim.ident, State.SENT, f"m{n}", at=3.0) for n in (1, 2, 3, 4)]
        ledger.record([*sent, Outcome(5, claim.ident, State.UNKNOWN, at=4.0)])
        waiting = take(ledger, 9, 5.0, **held)
        assert (waiting.recipients, waiting.why, waiting.wake) == ((), "unknown", 104.0)
        canary = take(ledger, 9, 105.0, **held)
        assert numbers(canary) == [6]
        ledger.record([Outcome(6, canary.ident, State.SENT, "m6", at=106.0)])
        assert take(ledger, 9, 107.0, **held).why == "unknown", "one canary is proof enough"
        ledger.give_up(4.0)
        assert numbers(take(ledger, 9, 108.0, **held)) == [7, 8]
        assert take(ledger, 9, 109.0, **held).why == "in_flight"

    def test_send_times_follow_the_rate_of_the_account(self, reopen: Open) -> None:
        """Claims reserve send times one after another; far in the future nothing is claimed."""
        ledger = reopen()
        fill(ledger, people(90))
        ledger.join("a")
        paced = {"account": "a", "rate": 10.0}
        claims = [take(ledger, 5, 100.0, **paced) for _ in range(3)]
        assert [round(one.delay, 6) for one in claims[:2]] == [0.0, 0.5]
        assert claims[0].gap == 0.1
        assert (claims[2].why, claims[2].wake) == ("throttled", pytest.approx(100.5))
        assert take(ledger, 5, 100.6, **paced).delay == pytest.approx(0.4)
        # After a stall the send times that have passed are lost, not saved up.
        ledger.set_time(200.0)
        assert ledger.reserve("a", 5, 10.0) == 0.0
        assert ledger.reserve("a", 5, 10.0) == pytest.approx(0.5)

    def test_a_pause_of_the_account_stops_all_its_claims(self, reopen: Open) -> None:
        """A 429 that one worker has seen keeps the others from claiming, too."""
        ledger = reopen()
        fill(ledger, people(9))
        ledger.join("a")
        ledger.set_time(50.0)
        ledger.pause_account("a", 7.0)
        ledger.pause_account("a", 1.0)
        paused = take(ledger, 5, 51.0, account="a")
        assert (paused.why, paused.paused_seconds, paused.wake) == ("throttled", 6.0, 56.5)
        assert numbers(take(ledger, 5, 57.0, account="a")) == [1, 2, 3, 4, 5]

    def test_too_many_failures_stop_all_workers(self, reopen: Open) -> None:
        """The share of failed ones among the last hundred messages of all workers decides."""
        ledger = reopen()
        fill(ledger, people(300))
        ledger.join("a")
        claim = take(ledger, 200)
        ledger.record([Outcome(1, claim.ident, State.SENT, "m", at=1.0)], results="1" * 150)
        ledger.record([], results="0" * 50, last_error="ServerError 500")
        assert take(ledger, 5, stop_share=0.5).recipients
        ledger.record([], results="0", last_error="ResponseLost")
        stopped = take(ledger, 5, stop_share=0.5)
        assert (stopped.why, stopped.failures) == ("failures", (51, 100, "ResponseLost"))

    @pytest.mark.parametrize("requested", ["pause", "cancel"])
    def test_requests_are_obeyed_by_the_claim(self, reopen: Open, requested: str) -> None:
        """A request to pause or cancel, from whichever process, lets nobody claim anything more."""
        ledger = reopen()
        fill(ledger, people(2))
        ledger.join("a")
        ledger.put({"requested": requested})
        assert (take(ledger, 2).recipients, take(ledger, 2).why) == ((), requested)
        ledger.put({"requested": None})
        assert numbers(take(ledger, 2)) == [1, 2]

    def test_one_worker_at_a_time_takes_a_turn(self, reopen: Open) -> None:
        """Whoever takes the turn first has it for so many seconds."""
        ledger = reopen()
        fill(ledger, people(1))
        ledger.set_time(1000.0)
        assert (ledger.take_turn(60.0), ledger.take_turn(60.0)) == (True, False)
        ledger.set_time(1061.0)
        assert ledger.take_turn(60.0)

    def test_the_unsent_are_claimed_again_when_they_are_due(self, reopen: Open) -> None:
        """What was not sent waits until its time and is then claimed again."""
        ledger = reopen()
        fill(ledger, people(1))
        ledger.join("a")
        claim = take(ledger, 1, 1.0)
        ledger.record([Outcome(1, claim.ident, State.WAITING, error="busy", at=2.0, retry_at=10.0)])
        early = take(ledger, 9, 9.0)
        assert (early.recipients, early.why, early.wake) == ((), "retry", 10.0)
        again = take(ledger, 9, 10.0)
        assert numbers(again) == [1]
        # What is tried again and left so is unknown, too.
        ledger.set_time(21.0)
        assert ledger.sweep() == 1
        assert [(one.n, one.began, one.ended) for one in ledger.unknown()] == [(1, 10.0, 20.0)]

    def test_the_budget_is_never_passed(self, reopen: Open) -> None:
        """Claims stop before the estimated cost exceeds the budget; what was not sent releases its cost."""
        ledger = reopen()
        fill(ledger, people(3))
        ledger.join("a")
        claim = take(ledger, 9, 1.0, max_cost=Decimal(25))
        assert len(claim.recipients) == 2
        assert take(ledger, 9, 1.0, max_cost=Decimal(25)).why == "budget"
        ledger.record(
            [Outcome(1, claim.ident, State.REJECTED, at=2.0), Outcome(2, claim.ident, State.SENT, "m", at=2.0)]
        )
        assert ledger.tally().reserved == 10
        assert len(take(ledger, 9, 3.0, max_cost=Decimal(25)).recipients) == 1

    def test_a_retry_over_the_budget_waits(self, reopen: Open) -> None:
        """A second attempt costs as much as the first, and is not made when the budget is spent."""
        ledger = reopen()
        fill(ledger, people(2))
        ledger.join("a")
        claim = take(ledger, 1, 1.0)
        ledger.record([Outcome(1, claim.ident, State.WAITING, at=1.0, retry_at=1.0)])
        late = take(ledger, 9, 2.0, max_cost=Decimal(0))
        assert (late.recipients, late.why) == ((), "budget")

    def test_certainty_is_never_lost(self, reopen: Open) -> None:
        """Delivered stays delivered, whatever comes later; a report before the answer is kept, with the answer's id."""
        ledger = reopen()
        fill(ledger, people(2))
        ledger.join("a")
        claim = take(ledger, 2, 1.0)
        assert ledger.record([Outcome(1, 0, State.DELIVERED, "m1", cost=Decimal(10), at=1.0)]) == 1
        ledger.record([Outcome(1, claim.ident, State.SENT, "m1", at=2.0), Outcome(2, claim.ident, State.SENT, "m2")])
        assert ledger.record([Outcome(1, 0, State.FAILED), Outcome(2, 0, State.UNKNOWN)]) == 0
        tally = ledger.tally()
        assert (tally[State.DELIVERED], tally[State.SENT], tally.charged, tally.in_flight) == (1, 1, 10, 0)
        assert list(ledger.without_final_status()) == [(2, "m2")]

    def test_a_report_settles_what_a_crash_left(self, reopen: Open) -> None:
        """A message that was reported before the crash is not unknown."""
        ledger = reopen()
        fill(ledger, people(1))
        ledger.join("a")
        take(ledger, 1, 1.0)
        ledger.record([Outcome(1, 0, State.DELIVERED, "m1", at=1.0)])
        ledger.set_time(20.0)
        assert ledger.sweep() == 0
        assert not list(ledger.unknown())
        assert ledger.tally().is_settled

    def test_reports_of_unclaimed_recipients_are_refused(self, reopen: Open) -> None:
        """A report of a recipient that was never claimed changes nothing: it is still to be sent to."""
        ledger = reopen()
        fill(ledger, people(1))
        assert ledger.record([Outcome(1, 0, State.DELIVERED, "m")]) == 0
        ledger.join("a")
        assert len(take(ledger, 9, 1.0).recipients) == 1

    def test_what_remains_leaves_the_suppressed_out(self, reopen: Open) -> None:
        """Those on the suppression list are counted apart: they are not sent to, and cost nothing."""
        ledger = reopen()
        fill(ledger, [*people(3), Recipient(0, "+819020000000", parts=2)])
        assert ledger.remaining().parts == {1: 3, 2: 1}
        ledger.join("a")
        claim = take(ledger, 2, 1.0)
        ledger.record([Outcome(1, claim.ident, State.WAITING, retry_at=1.0), Outcome(2, claim.ident, State.SENT, "m")])
        assert ledger.suppress(["+819010000000", "+819010000001", "+819020000000"]) == 3
        left = ledger.remaining()
        assert (left.recipients, left.parts, left.costs, left.cost) == (1, {1: 1}, {1: Decimal(10)}, 10)
        assert (left.unpriced, left.suppressed) == (0, 2)

    def test_the_suppressed_are_skipped_during_a_run(self, reopen: Open) -> None:
        """An opt-out counts from the next claim on, also for a recipient that waits for another attempt."""
        ledger = reopen()
        fill(ledger, people(3))
        ledger.join("a")
        claim = take(ledger, 1, 1.0)
        ledger.record([Outcome(1, claim.ident, State.WAITING, retry_at=1.0)])
        assert ledger.suppress(["+819010000000", "+819010000001", "+819010000001"]) == 2
        claim = take(ledger, 9, 2.0)
        assert (numbers(claim), claim.skipped) == ([3], 2)
        assert ledger.tally()[State.SKIPPED] == 2

    def test_closed_hours_postpone(self, reopen: Open) -> None:
        """A recipient outside its hours is postponed, and claimed when they begin, by the ledger's own clock."""
        ledger = reopen()
        fill(ledger, [*people(1, zone="Asia/Tokyo"), Recipient(0, "+6012345678", zone="Asia/Kuala_Lumpur")])
        ledger.join("a")
        hours = (("Asia/Tokyo", 50.0, 90.0), ("Asia/Kuala_Lumpur", 0.0, 90.0))
        claim = take(ledger, 9, 1.0, hours=hours)
        assert numbers(claim) == [2]
        ledger.record([Outcome(2, claim.ident, State.SENT, "m2", at=2.0)])
        assert (take(ledger, 9, 2.0, hours=hours).why, take(ledger, 9, 2.0, hours=hours).wake) == ("retry", 50.0)
        assert not take(ledger, 9, 50.0, hours=(("Asia/Tokyo", 60.0, 90.0),)).recipients
        # The worker has asked while they were open, and waited for an answer until they were closed.
        assert not take(ledger, 9, 60.0, hours=(("Asia/Tokyo", 10.0, 59.0),)).recipients
        assert numbers(take(ledger, 9, 61.0, hours=(("Asia/Tokyo", 60.0, 90.0),))) == [1]

    def test_the_first_ones_are_chosen_at_random_and_once(self, reopen: Open) -> None:
        """A seed chooses the same ones again; they alone are claimed, and all others when the hold is lifted."""
        ledger = reopen()
        fill(ledger, people(60))
        ledger.join("a")
        assert ledger.choose_first(5, 7) == 5
        chosen = [one.number for one in ledger.recipients(1, 5)]
        ledger = reopen()
        ledger.join("a")
        assert sorted(one.number for one in ledger.recipients()) == [one.number for one in people(60)]
        assert [one.n for one in ledger.recipients()] == list(range(1, 61))
        assert chosen != [one.number for one in people(5)]
        claim = take(ledger, 9, 1.0)
        assert [one.number for one in claim.recipients] == chosen
        ledger.record([Outcome(n, claim.ident, State.SENT, f"m{n}", at=2.0) for n in (1, 2, 3, 4)])
        ledger.record([Outcome(5, claim.ident, State.WAITING, retry_at=1.0)])
        # One of them is tried again.
        claim = take(ledger, 9, 3.0)
        assert numbers(claim) == [5]
        assert take(ledger, 9, 3.0).why == "in_flight"
        ledger.record([Outcome(5, claim.ident, State.SENT, "m5", at=3.0)])
        assert take(ledger, 9, 4.0).why == "first"
        # More of the others, of whom those sent to are none.
        assert ledger.choose_first(3, 8) == 3
        claim = take(ledger, 9, 5.0)
        assert numbers(claim) == [6, 7, 8]
        ledger.record([Outcome(n, claim.ident, State.SENT, f"m{n}", at=6.0) for n in (6, 7, 8)])
        ledger.put({"hold": 60})
        assert numbers(take(ledger, 99, 7.0)) == list(range(9, 61))

    def test_another_schedule_claims_nobody(self, reopen: Open) -> None:
        """A worker that has not seen the new schedule gets nobody; those who waited by the old one wait no more."""
        ledger = reopen()
        fill(ledger, people(1, zone="Asia/Tokyo"))
        ledger.join("a")
        ledger.put({"schedule": {"at": "1"}})
        closed = (("Asia/Tokyo", 50.0, 90.0),)
        assert not take(ledger, 9, 1.0, hours=closed, schedule={"at": "1"}).recipients
        ledger.reschedule({"schedule": None})
        assert take(ledger, 9, 2.0, hours=closed, schedule={"at": "1"}).why == "rescheduled"
        assert numbers(take(ledger, 9, 2.0)) == [1]

    def test_confirmed_sends_have_their_times(self, reopen: Open) -> None:
        """The sends around a moment are returned with their times; ``latest_time`` is the last time of all."""
        ledger = reopen()
        fill(ledger, people(3))
        ledger.join("a")
        claim = take(ledger, 3, 1.0)
        ledger.record([Outcome(n, claim.ident, State.SENT, f"m{n}", at=10.0 * n) for n in (1, 2, 3)])
        assert sorted(ledger.confirmed_sends(25.0)) == [(1, 10.0), (2, 20.0), (3, 30.0)]
        assert ledger.latest_time() == 30.0
