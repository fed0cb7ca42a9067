"""What every ledger must do: another database has to pass these tests, too."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from xoxzo.cloudpy.campaigns.ledger import Ledger
from xoxzo.cloudpy.campaigns.records import Outcome, Recipient, State
from xoxzo.cloudpy.errors import CampaignError

Open = Callable[[], Ledger]


def people(count: int, **more: object) -> list[Recipient]:
    return [Recipient(0, f"+8190{10000000 + n}", cost=Decimal(10), parts=1, **more) for n in range(count)]


def fill(ledger: Ledger, recipients: list[Recipient]) -> None:
    ledger.put({"salt": "salt", "uid": "c"})
    assert not list(ledger.add(recipients))
    ledger.seal()


class LedgerContract:
    """Inherit from it and define the fixture ``reopen``: it closes the ledger, as a crash would, and opens it again."""

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
        with pytest.raises(CampaignError, match="not completed"):
            ledger.begin(0.0)
        fill(ledger, people(1))
        with pytest.raises(CampaignError, match="complete"):
            list(ledger.add(people(1)))

    def test_claims_take_each_recipient_once(self, reopen: Open) -> None:
        """Two claims never share a recipient, and those held back are left."""
        ledger = reopen()
        fill(ledger, people(5))
        epoch = ledger.begin(1.0)
        first = ledger.claim(epoch, 2, 1.0, hold_back=1)
        second = ledger.claim(epoch, 9, 1.0, hold_back=1)
        third = ledger.claim(epoch, 9, 1.0, hold_back=1)
        assert [one.n for one in first.recipients + second.recipients] == [1, 2, 3, 4]
        assert not third.recipients
        assert third.more
        assert ledger.tally().in_flight == 4

    def test_what_a_crashed_run_claimed_is_unknown(self, reopen: Open) -> None:
        """After a crash those in flight are unknown, and no recipient is claimed twice."""
        ledger = reopen()
        fill(ledger, people(3))
        epoch = ledger.begin(1.0)
        claim = ledger.claim(epoch, 2, 1.0)
        ledger.record([Outcome(1, claim.ident, State.SENT, "m1", at=2.0, began=1.5)], epoch)
        ledger = reopen()
        again = ledger.begin(5.0)
        assert [(one.n, one.began, one.ended) for one in ledger.unknown()] == [(2, 1.0, 5.0)]
        assert [one.n for one in ledger.claim(again, 9, 5.0).recipients] == [3]

    def test_a_run_that_was_replaced_is_refused(self, reopen: Open) -> None:
        """Neither claims nor outcomes of an older epoch are taken."""
        ledger = reopen()
        fill(ledger, people(3))
        old = ledger.begin(1.0)
        claim = ledger.claim(old, 1, 1.0)
        ledger.begin(2.0)
        with pytest.raises(CampaignError, match="another run"):
            ledger.claim(old, 1, 2.0)
        with pytest.raises(CampaignError, match="another run"):
            ledger.record([Outcome(1, claim.ident, State.SENT)], old)

    def test_the_unsent_are_claimed_again_when_they_are_due(self, reopen: Open) -> None:
        """What was surely not sent waits until its time and is then claimed again."""
        ledger = reopen()
        fill(ledger, people(1))
        epoch = ledger.begin(1.0)
        claim = ledger.claim(epoch, 1, 1.0)
        ledger.record([Outcome(1, claim.ident, State.WAITING, error="busy", at=2.0, retry_at=10.0)], epoch)
        early = ledger.claim(epoch, 9, 9.0)
        assert (early.recipients, early.wake) == ((), 10.0)
        assert [one.n for one in ledger.claim(epoch, 9, 10.0).recipients] == [1]
        reopen().begin(11.0)

    def test_the_budget_is_never_passed(self, reopen: Open) -> None:
        """Claims stop before the estimated cost exceeds the budget; what was not sent releases its cost."""
        ledger = reopen()
        fill(ledger, people(3))
        epoch = ledger.begin(1.0)
        claim = ledger.claim(epoch, 9, 1.0, budget=Decimal(25))
        assert len(claim.recipients) == 2
        assert claim.over_budget
        ledger.record(
            [Outcome(1, claim.ident, State.REJECTED, at=2.0), Outcome(2, claim.ident, State.SENT, "m", at=2.0)]
        )
        assert ledger.tally().reserved == 10
        assert len(ledger.claim(epoch, 9, 3.0, budget=Decimal(25)).recipients) == 1

    def test_a_retry_over_the_budget_waits(self, reopen: Open) -> None:
        """A second attempt costs as much as the first, and is not made when the budget is spent."""
        ledger = reopen()
        fill(ledger, people(2))
        epoch = ledger.begin(1.0)
        claim = ledger.claim(epoch, 1, 1.0)
        ledger.record([Outcome(1, claim.ident, State.WAITING, at=1.0, retry_at=1.0)], epoch)
        late = ledger.claim(epoch, 9, 2.0, budget=Decimal(0))
        assert late.over_budget
        assert not late.recipients

    def test_certainty_is_never_lost(self, reopen: Open) -> None:
        """Delivered stays delivered, whatever comes later; a report before the answer is kept, with the answer's id."""
        ledger = reopen()
        fill(ledger, people(2))
        epoch = ledger.begin(1.0)
        claim = ledger.claim(epoch, 2, 1.0)
        assert ledger.record([Outcome(1, 0, State.DELIVERED, "m1", cost=Decimal(10), at=1.0)]) == [True]
        ledger.record(
            [Outcome(1, claim.ident, State.SENT, "m1", at=2.0), Outcome(2, claim.ident, State.SENT, "m2")], epoch
        )
        assert ledger.record([Outcome(1, 0, State.FAILED), Outcome(2, 0, State.UNKNOWN)]) == [False, False]
        tally = ledger.tally()
        assert (tally[State.DELIVERED], tally[State.SENT], tally.charged, tally.in_flight) == (1, 1, 10, 0)
        assert list(ledger.without_final_status()) == [(2, "m2")]

    def test_a_report_settles_what_a_crash_left(self, reopen: Open) -> None:
        """A message that was reported before the crash is not unknown."""
        ledger = reopen()
        fill(ledger, people(1))
        ledger.claim(ledger.begin(1.0), 1, 1.0)
        ledger.record([Outcome(1, 0, State.DELIVERED, "m1", at=1.0)])
        ledger = reopen()
        ledger.begin(2.0)
        assert not list(ledger.unknown())
        assert ledger.tally().is_settled

    def test_reports_of_unclaimed_recipients_are_refused(self, reopen: Open) -> None:
        """A report of a recipient that was never claimed changes nothing: it is still to be sent to."""
        ledger = reopen()
        fill(ledger, people(1))
        assert ledger.record([Outcome(1, 0, State.DELIVERED, "m")]) == [False]
        assert len(ledger.claim(ledger.begin(1.0), 9, 1.0).recipients) == 1

    def test_what_remains_leaves_the_suppressed_out(self, reopen: Open) -> None:
        """Those on the suppression list are counted apart: they are not sent to, and cost nothing."""
        ledger = reopen()
        fill(ledger, [*people(3), Recipient(0, "+819020000000", parts=2)])
        assert ledger.remaining().parts == {1: 3, 2: 1}
        epoch = ledger.begin(1.0)
        claim = ledger.claim(epoch, 2, 1.0)
        ledger.record([Outcome(1, claim.ident, State.WAITING, retry_at=1.0), Outcome(2, claim.ident, State.SENT, "m")])
        assert ledger.suppress(["+819010000000", "+819010000001", "+819020000000"]) == 3
        left = ledger.remaining()
        assert (left.count, left.parts, left.costs, left.cost) == (1, {1: 1}, {1: Decimal(10)}, 10)
        assert (left.unpriced, left.suppressed) == (0, 2)

    def test_the_suppressed_are_skipped_during_a_run(self, reopen: Open) -> None:
        """An opt-out counts from the next claim on, also for a recipient that waits for another attempt."""
        ledger = reopen()
        fill(ledger, people(3))
        epoch = ledger.begin(1.0)
        claim = ledger.claim(epoch, 1, 1.0)
        ledger.record([Outcome(1, claim.ident, State.WAITING, retry_at=1.0)], epoch)
        assert ledger.suppress(["+819010000000", "+819010000001", "+819010000001"]) == 2
        claim = ledger.claim(epoch, 9, 2.0)
        assert [one.n for one in claim.recipients] == [3]
        assert claim.skipped == 2
        assert ledger.tally()[State.SKIPPED] == 2

    def test_quiet_hours_postpone(self, reopen: Open) -> None:
        """A recipient with quiet hours is postponed, and claimed when they end."""
        ledger = reopen()
        fill(ledger, [*people(1, zone="Asia/Tokyo"), Recipient(0, "+6012345678", zone="Asia/Kuala_Lumpur")])
        epoch = ledger.begin(1.0)
        claim = ledger.claim(epoch, 9, 1.0, quiet_until=lambda zone: 50.0 if zone == "Asia/Tokyo" else None)
        assert [one.n for one in claim.recipients] == [2]
        assert claim.wake == 50.0
        assert [one.n for one in ledger.claim(epoch, 9, 50.0, quiet_until=lambda _: None).recipients] == [1]

    def test_confirmed_sends_have_their_times(self, reopen: Open) -> None:
        """The sends around a moment are returned with their times; ``latest_time`` is the last time of all."""
        ledger = reopen()
        fill(ledger, people(3))
        epoch = ledger.begin(1.0)
        claim = ledger.claim(epoch, 3, 1.0)
        ledger.record([Outcome(n, claim.ident, State.SENT, f"m{n}", at=10.0 * n) for n in (1, 2, 3)], epoch)
        assert sorted(ledger.confirmed_sends(25.0)) == [(1, 10.0), (2, 20.0), (3, 30.0)]
        assert ledger.latest_time() == 30.0
