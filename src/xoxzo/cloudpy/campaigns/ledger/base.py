"""What the ledgers in SQLite and in PostgreSQL share: all that works on their common tables."""

from __future__ import annotations

import json
import random
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Self

from xoxzo.cloudpy.campaigns.ledger import statements
from xoxzo.cloudpy.campaigns.ledger.queries import MICRO, LedgerQueries, read_recipient
from xoxzo.cloudpy.campaigns.records import Claim, State
from xoxzo.cloudpy.errors import CampaignError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xoxzo.cloudpy.campaigns.clock import SteadyClock
    from xoxzo.cloudpy.campaigns.ledger.opt_outs import ContactList, OptOutList
    from xoxzo.cloudpy.campaigns.records import ClaimRequest, Outcome

Change = list[tuple[str, Any]]
"""Statements with their parameters: none, a mapping, or for `statements.ADD_OUTCOMES` a list of rows."""
# How much later than now the first send time of a claim may be; else a send time could outlive the lease.
_HORIZON_SECONDS = 0.5
_UNSENT = frozenset({State.WAITING, State.REJECTED})


class SqlLedger(LedgerQueries):
    """The methods of ``Ledger`` that are the same in both databases. A subclass runs changes and queries."""

    clock: SteadyClock
    opt_outs: OptOutList
    contacts: ContactList
    _claiming: Sequence[str] = statements.CLAIM
    _forget_unsent = statements.UNSENT
    """Deletes the contacts of those who were not sent to, or returns their hashes, to be deleted after it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Close the ledger."""

    @abstractmethod
    def _change(self, change: Change, *, durable: bool = True) -> list[list[tuple[Any, ...]]]:
        """Lock the campaign, run the statements in one transaction, and return the rows of each query among them."""

    def put(self, values: Mapping[str, Any]) -> None:
        """Store values that describe the campaign, all or none."""
        self._change(_putting(values))

    def reschedule(self, values: Mapping[str, Any]) -> None:
        """Store values with another schedule, and look anew at everybody who waits for a time."""
        self._change([*_putting(values), *((statement, None) for statement in statements.RESCHEDULE)])

    def choose_first(self, count: int, seed: int) -> int:
        """Let only so many recipients be claimed from now on, chosen at random; return how many are left for it."""
        while True:
            next_n, total = self._fetch("SELECT next_n, total FROM progress")[0]
            front = range(next_n + 1, min(next_n + count, total) + 1)
            chosen = random.Random(seed).sample(range(next_n + 1, total + 1), len(front))  # noqa: S311 - no secret
            others, front_others = sorted(set(chosen) - set(front)), sorted(set(front) - set(chosen))
            change: Change = [
                (statement, {"one": one, "other": other, "next_n": next_n})
                for one, other in zip(front_others, others, strict=True)
                for statement in statements.SWAP
            ]
            self._change([*change, (statements.HOLD, {"value": str(next_n + len(front)), "next_n": next_n})])
            # A worker may have claimed somebody meanwhile: then nothing was changed.
            if self.next_n() == next_n:
                return len(front)

    def claim(self, request: ClaimRequest) -> Claim:
        """Take recipients for sending; the claim is durable when this returns."""
        asked = self.clock.monotonic()
        gap = 1 / request.rate if request.rate else 0.0
        # A recipient whose zone has no row may be sent to.
        columns = "zone", "opens", "closes"
        hours = {
            f"{name}{n}": value for n, row in enumerate(request.hours) for name, value in zip(columns, row, strict=True)
        }
        zones = ", ".join(f"(:zone{n}, :opens{n}, :closes{n})" for n in range(len(request.hours))) or "('-', 0.0, 0.0)"
        values = {
            "claim": request.ident,
            "limit": request.limit,
            "lease": request.lease,
            "account": request.account,
            "gap": gap,
            "horizon": _HORIZON_SECONDS,
            "stop_share": request.stop_share,
            "alone": int(request.first_alone),
            "canaries": min(request.canaries, max(0, int(self.get("total") or 0) - 2)),
            "settle": request.settle,
            "schedule": json.dumps(request.schedule, ensure_ascii=False),
            "budget": None if request.budget is None else int(request.budget * MICRO),
        }
        contacted = statements.contacted_within(request.not_within)
        rows = self._change(
            [
                (statement.replace("{zones}", zones).replace("{contacted}", contacted), values | hours)
                for statement in self._claiming
            ]
        )
        return _read_claim(request, rows[-2][0], rows[-1], asked, gap)

    def record(
        self, outcomes: Iterable[Outcome], *, results: str = "", last_error: str = "", durable: bool = True
    ) -> int:
        """Append outcomes; return how many changed their recipient's state."""
        changed = 0
        for group in _without_repeats(outcomes):
            change: Change = [(statement, None) for statement in statements.START]
            if group:
                change.append((statements.ADD_OUTCOMES, [outcome_row(one) for one in group]))
                change += [(statement, None) for statement in statements.APPLY]
                if any(one.state in _UNSENT for one in group):
                    change.append((self._forget_unsent, None))
            if results or last_error:
                change.append((statements.NOTE_RESULTS, {"results": results, "last_error": last_error}))
                results = last_error = ""
            change.append((statements.CHANGED, None))
            changed += self._change(change, durable=durable)[-1][0][0]
        return changed

    def give_back(self, claim: int) -> None:
        """Make everything of a claim waiting again that has no outcome yet; nothing of it may have been started."""
        change = (*statements.GIVE_BACK, self._forget_unsent)
        self._change([(statement, {"claim": claim}) for statement in change])

    def sweep(self) -> int:
        """Make unknown what is left of claims whose lease has ended; return how many."""
        if not self._fetch("SELECT 1 FROM claim WHERE remaining > 0 AND lease_until < {now} LIMIT 1"):
            return 0
        return int(self._change([(statement, None) for statement in statements.SWEEP])[-1][0][0])

    def reserve(self, account: str, count: int, rate: float) -> float:
        """Reserve send times anew; return in how many seconds the first one is."""
        values = {"account": account, "count": count, "gap": 1 / rate}
        rows = self._change([(statement, values) for statement in statements.RESERVE])
        return max(0.0, float(rows[-1][0][0]))

    def pause_account(self, account: str, seconds: float) -> None:
        """Have no worker claim anything for an account for some seconds."""
        values = {"account": account, "seconds": seconds}
        self._change([(statement, values) for statement in statements.PAUSE_ACCOUNT])

    def catch_up(self, last: int, began: float) -> int:
        """Make unknown who waits, up to a position: a newer copy of the ledger may know more. Return how many."""
        change = [(statement, {"last": last, "began": began}) for statement in statements.CATCH_UP]
        return int(self._change(change)[-1][0][0])

    def give_up(self, ended: float) -> None:
        """Stop holding canaries back for those unknown whose attempt had ended by a moment."""
        self._change([("UPDATE progress SET given_up = :ended WHERE given_up < :ended", {"ended": ended})])

    def take_turn(self, seconds: float) -> bool:
        """Return whether nobody has taken a turn for some seconds, and take it then."""
        update = "UPDATE progress SET reconciled = {now} WHERE reconciled <= {now} - :seconds"
        before = self._fetch("SELECT reconciled FROM progress")[0][0]
        self._change([(update, {"seconds": seconds})])
        return bool(self._fetch("SELECT reconciled FROM progress")[0][0] != before)

    def suppress(self, numbers: Iterable[str]) -> int:
        """Leave numbers out of this campaign from now on; return how many are new."""
        return self.opt_outs.add(numbers, campaign=str(self.get("uid")), source=str(self.get("name") or ""))

    def record_click(self, n: int, at: float) -> bool:
        """Record when a recipient has opened the tracked link; return whether that was not known."""
        before = self._fetch("SELECT 1 FROM click WHERE n = ?", n)
        add = "INSERT INTO click VALUES (:n, :at) ON CONFLICT (n) DO NOTHING"
        self._change([(add, {"n": n, "at": at})])
        return not before

    def forget(self) -> None:
        """Remove from the opt-out list what concerns this campaign alone."""
        self.opt_outs.forget(str(self.get("uid")))

    def _begin(self, account: str = "") -> None:
        """Prepare the first worker's run: what failed in an earlier one does not stop it."""
        self.contacts.prune(self.clock.wall())
        self._change(
            [
                ("UPDATE progress SET results = ''", None),
                ("INSERT INTO account VALUES (:account, 0, 0) ON CONFLICT (id) DO NOTHING", {"account": account}),
            ]
        )


def _putting(values: Mapping[str, Any]) -> Change:
    insert = "INSERT INTO meta VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    return [(insert, {"name": name, "value": json.dumps(value, ensure_ascii=False)}) for name, value in values.items()]


def _without_repeats(outcomes: Iterable[Outcome]) -> Iterator[list[Outcome]]:
    """Divide outcomes, in their order: a statement sees each recipient as it was before, so it takes one for each."""
    group: list[Outcome] = []
    seen: set[int] = set()
    for one in outcomes:
        if one.n in seen:
            yield group
            group, seen = [], set()
        group.append(one)
        seen.add(one.n)
    yield group


def not_sealed() -> CampaignError:
    """Return the error for a campaign whose list was not stored to its end."""
    return CampaignError("not_sealed", "the creation of the campaign was interrupted: create it again")


def outcome_row(one: Outcome) -> tuple[Any, ...]:
    """Return the values that `statements.ADD_OUTCOMES` takes for an outcome."""
    cost = None if one.cost is None else int(one.cost * MICRO)
    # As a plain number: sqlite3 would search an adapter for anything else, for each row.
    return one.n, one.claim, int(one.state), one.ident, one.error, one.at, one.began, cost, one.retry_at


def _refusal(request: ClaimRequest, requested: str | None, state: str | None, schedule: str | None) -> str:
    """Return why nothing may be claimed at all; empty if something may be."""
    if requested in {'"pause"', '"cancel"'}:
        return str(json.loads(requested))
    if state in {'"cancelled"', '"purged"'}:
        return "cancel"
    return "rescheduled" if schedule is not None and json.loads(schedule) != request.schedule else ""


def _read_claim(
    request: ClaimRequest, facts: Sequence[Any], rows: list[tuple[Any, ...]], asked: float, gap: float
) -> Claim:
    (now, total, next_n, start, results, last_error, over_budget, skipped, retry_at, unsettled, in_flight,
     requested, state, paused_until, schedule, is_held) = facts  # fmt: skip
    recipients = tuple(map(read_recipient, rows))
    failed = results.count("0")
    wake: float | None = None
    if recipients or skipped:
        why = ""
    elif refusal := _refusal(request, requested, state, schedule):
        why = refusal
    elif len(results) >= 20 and failed > len(results) * request.stop_share:
        why = "failures"
    elif start > now + _HORIZON_SECONDS:
        why, wake = "throttled", start - _HORIZON_SECONDS
    elif over_budget:
        why = "budget"
    elif in_flight:
        why, wake = "in_flight", in_flight
    elif retry_at is not None:
        why, wake = "retry", retry_at
    elif next_n >= total:
        why = "done"
    else:
        why = "first" if is_held else "unknown"
        wake = None if is_held or unsettled is None else unsettled + request.settle
    return Claim(
        request.ident,
        recipients,
        skipped=skipped,
        why=why,
        wake=wake,
        asked=asked,
        now=now,
        delay=max(0.0, start - now),
        gap=gap,
        failures=(failed, len(results), last_error),
        paused_seconds=max(0.0, (paused_until or 0.0) - now),
    )
