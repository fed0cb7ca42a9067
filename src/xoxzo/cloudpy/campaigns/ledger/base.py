"""What a ledger does: SQLite does it for one process, PostgreSQL for many, both with the same tables and statements."""

from __future__ import annotations

import json
import random
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

import msgspec

from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.ledger import statements
from xoxzo.cloudpy.campaigns.ledger.opt_outs import ContactList, OptOutList
from xoxzo.cloudpy.campaigns.ledger.queries import MICRO, LedgerQueries, read_recipient
from xoxzo.cloudpy.campaigns.limits import Limits
from xoxzo.cloudpy.campaigns.records import Claim, Outcome, Recipient, State
from xoxzo.cloudpy.errors import CampaignError

Change = list[tuple[str, Any]]
"""Statements with their parameters: none, a mapping, or for `statements.ADD_OUTCOMES` a list of rows."""
# How much later than now the first send time of a claim may be; else a send time could outlive the lease.
_HORIZON_SECONDS = 0.5
_UNSENT = frozenset({State.WAITING, State.REJECTED})
Hours = tuple[tuple[str, float, float], ...]
"""Time zones, ``""`` for that of recipients without one, each with from when until when it may be sent to."""


class ClaimRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker asks a ledger for: recipients to send to next, within limits."""

    ident: int
    """The claim's id, from 1 to 2**62, made by the worker: so it knows its claim even if the answer is lost."""
    limit: int
    """The most recipients."""
    limits: Limits = Limits()
    """The limits of the run. Its budget counts earlier claims, its rate all campaigns and workers of the account."""
    account: str = ""
    """A hash of the account."""
    hours: Hours = ()
    """When recipients of each time zone may be sent to; empty for always."""
    schedule: Any = None
    """The schedule that these hours follow, as it is stored: nobody is claimed by another one."""
    first_alone: bool = False
    """Whether one recipient is claimed alone until one message was sent."""


class Ledger(LedgerQueries, ABC):
    """The recipients, claims and outcomes of one campaign. All times are seconds since 1970.

    Workers claim recipients and send to them. Recipients never change; a claim is durable before `claim` returns, and
    it is its worker's until its lease has ended by the ledger's clock. What has no outcome then is unknown: it is
    reconciled, and not sent again. Outcomes are appended; a certain state is never replaced by a less certain one,
    whoever records it and whenever.

    Methods raise ``CampaignError`` where the ledger cannot be read or written.
    """

    clock: SteadyClock
    """The ledger's time."""
    blocks: bool
    """Whether methods may wait for other machines, so that an event loop should not call them itself."""
    opt_outs: OptOutList
    """The opt-out list of its store."""
    contacts: ContactList
    """Who may have got a message of the campaigns of its store."""
    _claiming: Sequence[str] = statements.CLAIM
    _forget_unsent = statements.UNSENT
    """Deletes the contacts of those who were not sent to, or returns their hashes, to be deleted after it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def checkpoint(self) -> None:
        """Move everything into the main file of the ledger, where it has several; the disk may be full."""

    @abstractmethod
    def close(self) -> None:
        """Close the ledger and release its lock. Closing twice does nothing."""

    def add(self, recipients: Iterable[Recipient]) -> Iterator[Recipient]:
        """Add recipients, numbered from 1 in their order, and yield those whose number is there already."""
        if self.get("sealed"):
            raise CampaignError("already_sealed", "recipients cannot be added to a campaign that is complete")
        return self._add(recipients)

    @abstractmethod
    def _add(self, recipients: Iterable[Recipient]) -> Iterator[Recipient]: ...

    def seal(self) -> None:
        """Close the list of recipients; a campaign can run only afterwards."""
        total = self._fetch("SELECT count(*) FROM recipient")[0][0]
        zones = [row[0] for row in self._fetch("SELECT DISTINCT zone FROM recipient")]
        self._change([("UPDATE progress SET total = :total", {"total": total})])
        self.put({"sealed": True, "total": total, "zones": zones})

    @abstractmethod
    def lock(self) -> None:
        """Keep all workers out until this ledger is closed, unless another process runs the campaign already."""

    def join(self, account: str) -> None:
        """Begin to work on a sealed campaign: as one worker of many, or where only one process can, as the only one.

        ``account`` is a hash of the account, whose rate and pauses its campaigns share.
        """
        if not self.get("sealed"):
            raise CampaignError("not_sealed", "the creation of the campaign was interrupted: create it again")
        add = "INSERT INTO account VALUES (:account, 0, 0) ON CONFLICT (id) DO NOTHING"
        self._change([(add, {"account": account})])

    def leave(self) -> None:
        """End this worker's work; where only one process can run the campaign, `close` does."""

    @abstractmethod
    def is_locked_elsewhere(self) -> bool:
        """Return whether another process, or another ledger of this one, runs the campaign."""

    @abstractmethod
    def take_seat(self, seats: int) -> bool:
        """Take one of the seats of those who send, until this ledger is closed; return whether one was free."""

    @abstractmethod
    def free_seats(self, seats: int) -> int:
        """Return how many of the seats nobody has taken."""

    def purge(self) -> int:
        """Delete numbers, variables and ids, in the files of the ledger, too; return how many recipients there were."""
        return int(self._change([(statement, None) for statement in statements.PURGE])[-1][0][0])

    @abstractmethod
    def _change(self, change: Change, *, durable: bool = True) -> list[list[tuple[Any, ...]]]:
        """Lock the campaign, run the statements in one transaction, and return the rows of each query among them."""

    def put(self, values: Mapping[str, Any], *more: str) -> None:
        """Store values that describe the campaign, all or none; run more statements with it."""
        insert = "INSERT INTO meta VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        stored = {name: json.dumps(value, ensure_ascii=False) for name, value in values.items()}
        change: Change = [(insert, {"name": name, "value": value}) for name, value in stored.items()]
        self._change([*change, *((statement, None) for statement in more)])

    def reschedule(self, values: Mapping[str, Any]) -> None:
        """Store values with another schedule, and look again at everybody who waits for a time."""
        self.put(values, statements.RESCHEDULE)

    def choose_first(self, count: int, seed: int) -> int:
        """Let only so many recipients be claimed from now on; return how many they are.

        They are chosen at random, by the seed alone, among those never claimed, whose first positions they take. The
        value ``hold`` has the last position that may be claimed.
        """
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
        """Take recipients for sending, or return why there is none; the claim is durable when this returns.

        Nothing is claimed on request to pause, when too many messages have failed, over the budget, while the account
        is paused or its send times are taken. Those that are suppressed are skipped, and on request those whom another
        campaign of the store has contacted lately; those outside their sending hours are postponed. Who is claimed is
        among the contacts before this returns, until it is recorded that nothing was sent.
        """
        limits, asked = request.limits, self.clock.monotonic()
        gap = 1 / limits.rate if limits.rate else 0.0
        values: dict[str, Any] = {
            "claim": request.ident,
            "limit": request.limit,
            "lease": limits.lease,
            "account": request.account,
            "gap": gap,
            "horizon": _HORIZON_SECONDS,
            "stop_share": limits.stop_share,
            "alone": int(request.first_alone),
            "canaries": min(limits.canaries, max(0, int(self.get("total") or 0) - 2)),
            "settle": limits.settle,
            "schedule": json.dumps(request.schedule, ensure_ascii=False),
            "budget": None if limits.max_cost is None else int(limits.max_cost * MICRO),
        }
        for n, (zone, opens, closes) in enumerate(request.hours):
            values |= {f"zone{n}": zone, f"opens{n}": opens, f"closes{n}": closes}
        # A recipient whose zone has no row may be sent to.
        zones = ", ".join(f"(:zone{n}, :opens{n}, :closes{n})" for n in range(len(request.hours))) or "('-', 0.0, 0.0)"
        contacted = statements.contacted_within(limits.not_within)
        rows = self._change(
            [
                (statement.replace("{zones}", zones).replace("{contacted}", contacted), values)
                for statement in self._claiming
            ]
        )
        now, start, results, last_error, skipped, paused_until, why, retry_at, lease_until, unsettled = rows[-2][0]
        recipients = tuple(map(read_recipient, rows[-1]))
        why = "" if recipients or skipped else why
        wakes = {
            "throttled": start - _HORIZON_SECONDS,
            "in_flight": lease_until,
            "retry": retry_at,
            "unknown": None if unsettled is None else unsettled + limits.settle,
        }
        return Claim(
            request.ident,
            recipients,
            skipped=skipped,
            why=why,
            wake=wakes.get(why),
            asked=asked,
            now=now,
            delay=max(0.0, start - now),
            gap=gap,
            failures=(results.count("0"), len(results), last_error),
            paused_seconds=max(0.0, (paused_until or 0.0) - now),
        )

    def record(
        self, outcomes: Iterable[Outcome], *, results: str = "", last_error: str = "", durable: bool = True
    ) -> int:
        """Append outcomes in one transaction; return how many changed their recipient's state.

        Recording an outcome of a claim twice does nothing more. An outcome is taken after the lease has ended, too: if
        it is certain, or if nobody else has claimed the recipient meanwhile.

        Args:
            outcomes: what is known of each recipient.
            results: ``1`` for each message that was sent and ``0`` for each that has failed, in their order: the share
                of failed ones among the last hundred may stop the campaign.
            last_error: the last error.
            durable: whether they survive a power cut when this returns. If not, they survive the process, and the next
                durable transaction includes them; what a power cut takes until then is unknown, and is reconciled.
        """
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
        """Make unknown what is left of claims whose lease has ended, by any worker; return how many."""
        if not self._fetch("SELECT 1 FROM claim WHERE remaining > 0 AND lease_until < {now} LIMIT 1"):
            return 0
        return int(self._change([(statement, None) for statement in statements.SWEEP])[-1][0][0])

    def reserve(self, account: str, count: int, rate: float) -> float:
        """Reserve this many send times again, within the account's rate; return the seconds until the first one."""
        values = {"account": account, "count": count, "gap": 1 / rate}
        rows = self._change([(statement, values) for statement in statements.RESERVE])
        return max(0.0, float(rows[-1][0][0]))

    def pause_account(self, account: str, seconds: float) -> None:
        """Have no worker claim anything for an account for some seconds."""
        self._change([(statements.PAUSE_ACCOUNT, {"account": account, "seconds": seconds})])

    def catch_up(self, last: int, began: float) -> int:
        """Make unknown who waits to be sent to or tried again: records are lost, or only a newer copy has them.

        They were claimed up to a position at least, and may have been sent to since a moment. Return how many.
        """
        change = [(statement, {"last": last, "began": began}) for statement in statements.CATCH_UP]
        return int(self._change(change)[-1][0][0])

    def give_up(self, ended: float) -> None:
        """Stop holding canaries back for those unknown whose attempt had ended by a moment: nothing can be proven."""
        self._change([("UPDATE progress SET given_up = :ended WHERE given_up < :ended", {"ended": ended})])

    def take_turn(self, seconds: float) -> bool:
        """Return whether no worker has taken a turn for some seconds, and take it then."""
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

    def _begin(self) -> None:
        """Prepare the first worker's run: what failed in an earlier one does not stop it."""
        self.contacts.prune(self.clock.wall())
        self._change([("UPDATE progress SET results = ''", None)])


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


def outcome_row(one: Outcome) -> tuple[Any, ...]:
    """Return the values that `statements.ADD_OUTCOMES` takes for an outcome."""
    cost = None if one.cost is None else int(one.cost * MICRO)
    # As a plain number: sqlite3 would search an adapter for anything else, for each row.
    return one.n, one.claim, int(one.state), one.ident, one.error, one.at, one.began, cost, one.retry_at
