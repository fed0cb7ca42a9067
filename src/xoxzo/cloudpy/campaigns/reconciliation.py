"""Find out what became of messages, from the sent list, message by message or from the usage log; and prove it."""

from __future__ import annotations

import asyncio
import csv
import os
import re
import time
from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import islice
from math import inf
from pathlib import Path
from typing import Any

import msgspec

from xoxzo.cloudpy.campaigns.content import Content
from xoxzo.cloudpy.campaigns.inputs.detection import cannot_be_read, detect
from xoxzo.cloudpy.campaigns.inputs.recipients import read_numbers
from xoxzo.cloudpy.campaigns.ledger import Ledger
from xoxzo.cloudpy.campaigns.records import REPORTED, Outcome, State, Tally, Unsettled
from xoxzo.cloudpy.client.async_client import AsyncClient
from xoxzo.cloudpy.errors import CampaignError

_GROUP_OUTCOMES = 500
_CONCURRENCY = 10
_MAX_LIST_DAYS = 89
_MAX_CLOCK_ERROR_SECONDS = 3600.0
_MAX_DIGITS = 9
_STATES = dict.fromkeys(("DELIVERED", "OK", "ANSWERED"), State.DELIVERED) | dict.fromkeys(
    ("FAIL", "FAILED", "NO ANSWER"), State.FAILED
)


def state_of(status: str) -> State:
    """Return the state for one of Xoxzo's statuses of an SMS or a call (API sections 2.2 and 5.2)."""
    return _STATES.get(status.strip().upper(), State.SENT)


def find_unsent(
    unsettled: Iterable[Unsettled],
    *,
    listed: Container[int],
    confirmed: Iterable[tuple[int, float]],
    requested_at: float,
    settle: float,
) -> list[int]:
    """Return the unknown recipients that a sent list proves were not sent to. Pure: no clock, no file, no network.

    The list has an undocumented size limit, so a message that is not in it may have been sent all the same. Only
    witnesses on both sides show that the list covers the time of an attempt:

    1. the time in which a late acceptance can happen has passed;
    2. every message known to be sent from just before the attempt until then is in the list;
    3. so is at least one that is known to have been sent before the attempt;
    4. so is at least one that was sent after the settling time had passed.

    That this account returns the tag follows from 3, since the list is searched by tags.

    `listed` are those whose reference is in this one list, requested at `requested_at`. `confirmed`, read once, is who
    was certainly sent to, in any order, and when the response came. From `settle` seconds after an attempt on, no late
    acceptance is possible. Times are seconds since 1970.
    """
    first_listed, last_listed = inf, -inf
    missing: list[float] = []
    for n, at in confirmed:
        if n in listed:
            first_listed, last_listed = min(first_listed, at), max(last_listed, at)
        else:
            missing.append(at)
    missing.sort()

    def is_covered(one: Unsettled) -> bool:
        position = bisect_left(missing, one.began - settle)
        return position == len(missing) or missing[position] > one.ended + settle

    return [
        one.n
        for one in unsettled
        if one.n not in listed
        and requested_at >= one.ended + settle
        and first_listed < one.began
        and last_listed > one.ended + settle
        and is_covered(one)
    ]


class _Marks(bytearray):
    """A byte for each recipient: the list of a large campaign has a million of them."""

    def __contains__(self, n: object) -> bool:
        return isinstance(n, int) and bool(self[n])


class Reconciler:
    """Finds out the status of unknown messages, and records it; ``uid`` is the prefix of the campaign's references."""

    def __init__(self, ledger: Ledger, uid: str) -> None:
        self._ledger = ledger
        self._clock = ledger.clock
        self._reference = re.compile(rf"(?<![A-Za-z0-9]){re.escape(uid)}-([1-9][0-9]*)(?![0-9])")
        self._total = int(ledger.get("total") or 0)
        self._listed = _Marks()
        newer: tuple[float, int] = ledger.get("newer_copy") or (0.0, self._total)
        self.newer_copy_at, self._copied_n = newer
        """When it was found that a newer copy of the ledger has sent to more recipients; 0 if it was not."""

    def position(self, tags: Iterable[str]) -> int | None:
        """Return the position of the recipient whose reference is among some tags."""
        found = (self._reference.fullmatch(tag.strip()) for tag in tags)
        return self._valid_position(next(filter(None, found), None))

    def record(self, found: Iterable[tuple[Outcome, str]]) -> int:
        """Record what Xoxzo shows about recipients with these numbers; return how many have changed.

        Who was sent to and never claimed shows that the ledger is an older copy. Then all up to that position may have
        been sent to, and the runs of the campaign pause.
        """
        next_n = self._ledger.next_n()
        known, last = min(next_n, self._copied_n), 0
        outcomes = []
        for one, number in found:
            n = one.n
            if n > known:
                # Those chosen to be the first may have changed their positions since the copy was made.
                n = (number and self._ledger.find(number)) or n
                last = max(last, n if n == one.n else self._total)
            if self._listed:
                self._listed[n] = 1
            outcomes.append(one if n == one.n else msgspec.structs.replace(one, n=n))
        if last > next_n:
            self.newer_copy_at, self._copied_n = self._clock.now(), known
            self._ledger.put({"newer_copy": (self.newer_copy_at, known), "requested": "pause"})
            self._ledger.catch_up(last, self._ledger.created())
        return self._ledger.record(outcomes)

    async def read_sent_list(self, client: AsyncClient) -> float:
        """Read the sent list, record what it shows, and return when it was requested; raise ``APIError``."""
        requested_at = self._clock.now()
        # Only one list by itself shows which time it covers.
        self._listed = _Marks(self._total + 1)
        group: list[tuple[Outcome, str]] = []
        async for message in client.sms.list(since=self._list_since()):
            n = self.position(message.tags)
            if n is not None:
                outcome = self._listed_outcome(n, message.msgid, str(message.status), message.cost)
                group.append((outcome, message.recipient))
            if len(group) == _GROUP_OUTCOMES:
                self.record(group)
                group = []
        self.record(group)
        return requested_at

    def _list_since(self) -> date:
        """Return the day from which on the list is requested."""
        wall = self._clock.wall()
        oldest = datetime.fromtimestamp(wall, UTC) - timedelta(days=_MAX_LIST_DAYS)
        if self._clock.now() - wall > _MAX_CLOCK_ERROR_SECONDS:
            # The machine's clock was once ahead: the ledger's times do not show on which day something was sent.
            return oldest.date()
        first = min((one.began for one in self._ledger.unknown()), default=self._ledger.created() or wall)
        return max(datetime.fromtimestamp(first, UTC) - timedelta(days=1), oldest).date()

    def read_usage_log(self, path: Path) -> int:
        """Read the log of SMS or calls that Xoxzo's dashboard exports as CSV (API section 9.2).

        Return how many of its records are of this campaign. It may be something else: then this raises `CampaignError`.
        """
        count = 0
        self._listed = _Marks(self._total + 1)
        try:
            with path.open(encoding=detect(path)[0], newline="") as file:
                records = self._usage_records(csv.DictReader(file), path)
                while group := list(islice(records, _GROUP_OUTCOMES)):
                    self.record(group)
                    count += len(group)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise cannot_be_read(path, error) from error
        return count

    def _usage_records(self, reader: csv.DictReader[str], path: Path) -> Iterator[tuple[Outcome, str]]:
        columns = set(reader.fieldnames or ())
        key = "msgid" if "msgid" in columns else "callid"
        if not {key, "tags", "status"} <= columns:
            raise CampaignError(
                "no_usage_log",
                "{path} is not a usage log: it has no columns msgid or callid, tags and status",
                path=path,
            )
        for row in reader:
            # The format of the tags in their cell is not documented: the reference is searched anywhere in it.
            n = self._valid_position(self._reference.search(row["tags"] or ""))
            if n is not None:
                cost = None
                with suppress(InvalidOperation):
                    cost = Decimal(row.get("cost") or "")
                outcome = self._listed_outcome(n, row[key] or "", row["status"] or "", cost)
                yield outcome, row.get("recipient") or ""

    def release_unsent(self, requested_at: float, settle: float) -> int:
        """Make those waiting again that the list requested at a moment proves unsent; see `find_unsent`."""
        unknown = [one for one in self._ledger.unknown() if one.ended + settle <= requested_at]
        if not unknown:
            return 0
        confirmed = self._ledger.confirmed_sends(min(one.began for one in unknown) - settle)
        unsent = find_unsent(
            unknown, listed=self._listed, confirmed=confirmed, requested_at=requested_at, settle=settle
        )
        self.change_state(unsent, State.WAITING, "proven_unsent")
        return len(unsent)

    def change_state(self, positions: Iterable[int], state: State, reason: str) -> int:
        """Change the state of unknown recipients, by a code of `records.OUTCOME_REASONS`; return how many."""
        now = self._clock.now()
        return self._ledger.record(Outcome(n, 0, state, "", reason, now, 0.0, None, now) for n in positions)

    async def poll_statuses(self, client: AsyncClient, *, calls: bool, concurrency: int, clicks: bool = False) -> int:
        """Poll once the status of each message without a final one; return how many have one now.

        With `clicks`, also of those whose tracked link was not opened yet. Raise ``APIError`` for the first that fails.
        """
        pending = self._ledger.without_final_status(or_click=clicks)
        ended = 0

        async def poll() -> None:
            nonlocal ended
            for n, ident in pending:
                status = await (client.calls.get(ident) if calls else client.sms.get(ident))
                state = state_of(str(status.status))
                tracking = getattr(status, "link_tracking", None)
                if tracking is not None and tracking.accessed:
                    opened = tracking.accessed_on
                    self._ledger.record_click(n, self._clock.now() if opened is None else opened.timestamp())
                if state != State.SENT:
                    now = self._clock.now()
                    ended += self._ledger.record([Outcome(n, 0, state, ident, "", now, 0.0, status.cost)])

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(concurrency):
                    group.create_task(poll())
        except ExceptionGroup as errors:
            raise (first := errors.exceptions[0]) from first.__cause__
        return ended

    def _valid_position(self, found: re.Match[str] | None) -> int | None:
        if found is None or len(found[1]) > _MAX_DIGITS or int(found[1]) > self._total:
            return None
        return int(found[1])

    def _listed_outcome(self, n: int, ident: str, status: str, cost: Decimal | None) -> Outcome:
        state = state_of(status)
        # A message without a final status shows no cost yet (API section 15.22).
        return Outcome(n, 0, state, ident, "", self._clock.now(), 0.0, cost if state != State.SENT else None)


class ReconcileApi:
    """The methods of ``Campaign`` that reconcile it."""

    content: Content
    ledger: Ledger
    _uid: str

    def unknown(self) -> Iterator[Unsettled]:
        """Return the recipients whose outcome is unknown."""
        return self.ledger.unknown()

    async def settle(self, client: AsyncClient, *, settle: float = 600.0, statuses: bool = False) -> Tally:
        """Look up unknown messages in the sent list, once; on request, poll each message's status.

        Args:
            client: reads the list.
            settle: seconds after which a message whose response was lost is no longer accepted.
            statuses: whether to poll the status of each message that has no final one, or whose tracked link was not
                opened.

        Raises:
            CampaignError: another process runs the campaign.
            APIError: the list or a status could not be read.
        """
        reconciler = self._prepare()
        # The list has a low rate limit, and statuses do not need it.
        if not self.content.is_call and not (statuses and not self.ledger.tally()[State.UNKNOWN]):
            reconciler.release_unsent(await reconciler.read_sent_list(client), settle)
        if statuses:
            clicks = bool(self.content.options.get("track_link"))
            await reconciler.poll_statuses(client, calls=self.content.is_call, concurrency=_CONCURRENCY, clicks=clicks)
        return self.ledger.tally()

    def record(self, event: Any, *, at: float | None = None) -> bool:  # noqa: ANN401 - a DeliveryReport, CallEnded or LinkClicked: packages of one layer do not import each other
        """Record a delivery report, the end of a call or a click; return whether it changed anything.

        Args:
            event: what ``Callbacks.receive`` returned.
            at: when it came, in seconds since 1970; by default now.
        """
        reconciler = Reconciler(self.ledger, self._uid)
        n = reconciler.position([str(getattr(event, "reference", None) or "")])
        if n is None or self.ledger.get("state") == "purged":
            return False
        if (accessed := getattr(event, "accessed_on", None)) is not None:
            return self.ledger.record_click(n, accessed.timestamp())
        if not hasattr(event, "status"):
            return False
        ident = str(getattr(event, "msgid", "") or getattr(event, "callid", ""))
        if at is None:
            at = max(time.time(), self.ledger.latest_time())
        outcome = Outcome(n, 0, state_of(str(event.status)), ident, REPORTED, at, 0.0, getattr(event, "cost", None))
        return reconciler.record([(outcome, getattr(event, "recipient", ""))]) > 0

    @property
    def country(self) -> str:
        """The country of numbers without a country code in its list, as ISO 3166-1 alpha-2."""
        return str((self.ledger.get("input") or {}).get("country", "JP"))

    def suppress(self, numbers: Iterable[str], *, country: str | None = None) -> int:
        """Leave numbers out from now on, also in a run under way; return how many are new.

        Args:
            numbers: written as in lists of recipients.
            country: the country of numbers without a country code; by default that of the campaign's list.

        Raises:
            InvalidArgument: one of them is no phone number; none was added.
        """
        return self.ledger.suppress(list(read_numbers(numbers, country or self.country)))

    def read_usage_log(self, path: str | os.PathLike[str], *, settle: float = 600.0) -> int:
        """Reconcile with the usage log (CSV) of Xoxzo's dashboard; return how many of its records are of this campaign.

        Raises:
            CampaignError: it is not a usage log, or another process runs the campaign.
        """
        reconciler = self._prepare()
        found = reconciler.read_usage_log(Path(path))
        reconciler.release_unsent(self.ledger.clock.now(), settle)
        return found

    def assume_sent(self) -> int:
        """Treat every unknown message as sent: it is not sent again. Return how many."""
        return self._move_unknown(State.ASSUMED, "assumed_sent")

    def resend_unknown(self) -> int:
        """Have the next run send every unknown message again, though some may arrive twice. Return how many."""
        return self._move_unknown(State.WAITING, "resend_requested")

    def _move_unknown(self, state: State, reason: str) -> int:
        return self._prepare().change_state((one.n for one in self.ledger.unknown()), state, reason)

    def _prepare(self) -> Reconciler:
        """Make unknown what dead workers have left; where one process runs a campaign, refuse while it does."""
        if not self.ledger.blocks:
            self.ledger.lock()
        self.ledger.sweep()
        return Reconciler(self.ledger, self._uid)
