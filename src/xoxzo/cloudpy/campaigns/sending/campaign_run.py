"""Run a campaign: send to all remaining recipients, reconcile unknown messages, then send to the canaries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import msgspec

from xoxzo.cloudpy.campaigns.content import Content
from xoxzo.cloudpy.campaigns.ledger import Ledger
from xoxzo.cloudpy.campaigns.limits import Limits
from xoxzo.cloudpy.campaigns.opt_outs import read_links
from xoxzo.cloudpy.campaigns.reconciliation import Reconciler
from xoxzo.cloudpy.campaigns.records import NO_REASON, Claim, Event, EventHandler, Reason, Result, State
from xoxzo.cloudpy.campaigns.sending.rules import Post, Stopped
from xoxzo.cloudpy.campaigns.sending.sender import Sender
from xoxzo.cloudpy.client.async_client import AsyncClient
from xoxzo.cloudpy.errors import APIError, CampaignError, RateLimited
from xoxzo.cloudpy.protocols import CallbackUrls

FIRST_SENT = "first_sent"
"""The code of the reason for which a run stops after the first recipients."""
_OLDER_COPY = Reason("older_copy", "the ledger is an older copy: more was sent than it has recorded")
_LIST_ATTEMPTS = 3
_DEFAULT_RETRY_SECONDS = 60.0
_MAX_RETRY_SECONDS = 1500.0
_STATUS_POLL_SECONDS = 5.0
_MIN_STATUS_POLL_SECONDS = 0.2
_STATUS_POLLS = 20
_MIN_LIST_POLL_SECONDS = 0.05
_LIST_POLLS = 60
_LAST_READ_SECONDS = 10.0
# While the campaign runs: a new unknown message is looked up at once, one that stays unknown less and less often.
_MIN_LOOKUP_SECONDS, _REPEATED_LOOKUP_SECONDS, _MAX_LOOKUP_SECONDS = 0.1, 1.0, 60.0
# Workers of many machines look up for each other: reading is throttled for the account.
_SHARED_LOOKUP_SECONDS = 60.0
# Without anything unknown: to find out whether the database is an older copy.
_SHARED_CHECK_SECONDS = 1200.0
_FRESH_SECONDS = 10.0
# Reading takes no more than a tenth of the time.
_READ_SHARE = 10


class CampaignRun:
    """One run of a campaign; see ``Campaign.run_async``."""

    def __init__(
        self,
        ledger: Ledger,
        content: Content,
        uid: str,
        *,
        client: AsyncClient,
        limits: Limits,
        callbacks: CallbackUrls | None = None,
        on_event: EventHandler | None = None,
    ) -> None:
        self._ledger = ledger
        self._content = content
        self._client = client
        self._limits = limits
        self._on_event = on_event
        self._clock = ledger.clock
        self._reconciler = Reconciler(ledger, uid)
        self._has_new_unknown = asyncio.Event()
        # An older copy does not know what was sent since: only the sent list does. A new campaign is none.
        age = self._clock.now() - ledger.created()
        self._is_unchecked = ledger.next_n() > 0 or age > _FRESH_SECONDS
        self._check_seconds = _SHARED_LOOKUP_SECONDS
        # The list may lag behind, by less than the settling time.
        self._list_poll_seconds = max(_MIN_LIST_POLL_SECONDS, limits.settle / _LIST_POLLS)

        links = read_links(ledger)
        post = content.poster(uid, callbacks, None if links is None else links.link)

        def poster_of(may_write: Callable[[], bool]) -> Post:
            # The run retries what had no effect. It knows budgets, quiet hours and requests.
            sending = client.with_options(max_retries=0, deadline=limits.message_seconds, may_write=may_write)
            return partial(post, sending)

        ledger.join(client.account_key)
        ledger.sweep()
        self.sender = Sender(
            ledger,
            poster_of,
            limits=limits,
            account=client.account_key,
            is_call=content.is_call,
            on_event=self._take_event,
        )

    def _take_event(self, event: Event) -> None:
        if event.kind == "unknown":
            self._has_new_unknown.set()
        if self._on_event is not None:
            self._on_event(event)

    async def run(self, follow: float = 0.0, *, shared: bool = False) -> Result:
        """Run until every recipient was sent to, or until the run has to stop; see ``Campaign.run_async``."""
        state, reason = "running", NO_REASON
        if shared:
            self._check_seconds = _SHARED_CHECK_SECONDS
        else:
            # This run was started after any earlier request to pause, so that request is withdrawn.
            self._ledger.put({"state": "running", "requested": None})
            state, reason = "stopped", Reason("broken_off", "the run was interrupted")
        self._emit("started")
        found_at = self._reconciler.newer_copy_at
        if lost := sum(one.error == "records_lost" for one in self._ledger.unknown()):
            fields = {"count": lost}
            self._emit("settling", Reason("records_lost", "{count} may have been sent since its last record", fields))
        try:
            claim = await self._send()
            if follow:
                await self._poll_statuses(follow)
            state, reason = "finished", NO_REASON
            if claim.why == "first":
                state, reason = "stopped", Reason(FIRST_SENT, "the first ones were sent to: look at their outcomes")
        except Stopped as stopped:
            is_older = stopped.state == "paused" and self._reconciler.newer_copy_at > found_at
            state, reason = stopped.state, _OLDER_COPY if is_older else stopped.reason
            if state != "running":
                # The campaign may never be continued, and the list forgets.
                with suppress(APIError, TimeoutError):
                    async with asyncio.timeout(_LAST_READ_SECONDS):
                        await self._look_up()
        finally:
            self._ledger.leave()
            # The others go on when one worker has stopped.
            if state != "running" and not (state == "stopped" and self._ledger.is_locked_elsewhere()):
                self._ledger.put({"state": state, "reason": msgspec.to_builtins(reason)})
        self._emit("ended", reason)
        tally = self._ledger.tally()
        return Result(state=state, reason=reason, tally=tally, unknown=tally[State.UNKNOWN])

    async def _send(self) -> Claim:
        await self._look_up_first()
        lookup = asyncio.create_task(self._look_up_regularly())
        try:
            claim = await self.sender.send()
        finally:
            lookup.cancel()
            # The run meets an error of the ledger, too, and ends with it.
            with suppress(asyncio.CancelledError, CampaignError):
                await lookup
        while claim.why == "unknown":
            await self._reconcile(claim)
            claim = await self.sender.send()
        if self._ledger.tally()[State.UNKNOWN] and not self._content.is_call:
            await self._read_sent_list()
        return claim

    async def _look_up_first(self) -> None:
        """Look those unknown of an earlier run up, before others push them out of the list.

        If the ledger is an older copy, nothing is sent until all that was on its way must be in the list.
        """
        newer_copy_at = None
        while newer_copy_at != (newer_copy_at := self._reconciler.newer_copy_at):
            settled = newer_copy_at + self._limits.settle
            if settled > self._clock.now():
                self._emit("settling", _OLDER_COPY, wake=settled)
                await self.sender.wait(settled - self._clock.now() + 0.01)
                self._is_unchecked = True
            with suppress(APIError):
                await self._look_up()
            if self._reconciler.newer_copy_at != newer_copy_at and not self._ledger.blocks:
                self._ledger.put({"requested": None})  # only this run was to pause, and it waits

    async def _look_up_regularly(self) -> None:
        """Look unknown messages up while others are sent: later they may have left the list, which is limited."""
        pause: float | None = _MIN_LOOKUP_SECONDS
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._has_new_unknown.wait()
            # Outcomes are recorded a moment after their events.
            await asyncio.sleep(_MIN_LOOKUP_SECONDS)
            is_new = self._has_new_unknown.is_set()
            self._has_new_unknown.clear()
            began = self._clock.monotonic()
            try:
                is_unknown = await self._look_up()
            except APIError as error:
                throttled = error.retry_after if isinstance(error, RateLimited) else None
                await asyncio.sleep(min(throttled or _DEFAULT_RETRY_SECONDS, _MAX_RETRY_SECONDS))
                pause = _MIN_LOOKUP_SECONDS
                continue
            if not is_unknown:
                pause = None
                continue
            await asyncio.sleep(max(_MIN_LOOKUP_SECONDS, _READ_SHARE * (self._clock.monotonic() - began)))
            pause = _REPEATED_LOOKUP_SECONDS if is_new or pause is None else min(_MAX_LOOKUP_SECONDS, 2 * pause)

    async def _look_up(self) -> bool:
        """Look unknown messages up in the sent list once, if there are any; return whether there were."""
        is_unknown = self._ledger.tally()[State.UNKNOWN] > 0
        if self._content.is_call or not (is_unknown or self._is_unchecked):
            return False
        seconds = _SHARED_LOOKUP_SECONDS if is_unknown else self._check_seconds
        # Another worker may just have done it.
        if not self._ledger.blocks or self._ledger.take_turn(seconds):
            self._reconciler.release_unsent(await self._reconciler.read_sent_list(self._client), self._limits.settle)
            self._is_unchecked = False
        return is_unknown or self._is_unchecked

    async def _reconcile(self, claim: Claim) -> None:
        """Look unknown messages up; when they have settled and a canary was sent, release those proven unsent."""
        requested_at = await self._read_sent_list()
        ended = [one.ended for one in self._ledger.unknown()]
        if not ended:
            return
        if claim.wake is not None and claim.wake >= claim.now:
            # The ledger lets a canary go when they have settled, which may have happened while the list was read.
            settled = max(ended) + self._limits.settle
            self._emit("settling", Reason("late_acceptance", "until no late acceptance is possible"), wake=settled)
            await self.sender.wait(max(0.0, settled - self._clock.now()) + 0.01)
            return
        released = 0
        for attempt in range(_LIST_ATTEMPTS):
            if attempt:
                await self.sender.wait(attempt * self._list_poll_seconds)
                requested_at = await self._read_sent_list()
            if requested_at is not None:
                released += self._reconciler.release_unsent(requested_at, self._limits.settle)
            if not self._ledger.tally()[State.UNKNOWN]:
                break
        self._emit("settled")
        if not released:
            # Nothing more can be proven, so there is no reason to hold canaries back any longer.
            self._ledger.give_up(max(ended))

    async def _read_sent_list(self) -> float | None:
        """Read the sent list, waiting while it is throttled; return when it was requested, if it was read."""
        for _ in range(_LIST_ATTEMPTS):
            try:
                return await self._reconciler.read_sent_list(self._client)
            except RateLimited as error:
                seconds = min(error.retry_after or _DEFAULT_RETRY_SECONDS, _MAX_RETRY_SECONDS)
                self._emit("throttled", Reason("sent_list", "the sent list"), wake=self._clock.now() + seconds)
                await self.sender.wait(seconds)
            except APIError as error:
                # What cannot be looked up stays unknown, and is reported.
                fields = {"error": type(error).__name__}
                self._emit("unknown", Reason("list_failed", "the sent list could not be read ({error})", fields))
                await self.sender.wait(self._list_poll_seconds)
        return None

    async def _poll_statuses(self, seconds: float) -> None:
        until = self._clock.now() + seconds
        while self._ledger.tally()[State.SENT]:
            try:
                await self._reconciler.poll_statuses(
                    self._client, calls=self._content.is_call, concurrency=self._limits.concurrency
                )
            except APIError as error:
                fields = {"error": type(error).__name__}
                self._emit("unknown", Reason("status_failed", "a status could not be read ({error})", fields))
            left = until - self._clock.now()
            if left <= 0 or not self._ledger.tally()[State.SENT]:
                return
            self._emit("progress")
            pause = max(_MIN_STATUS_POLL_SECONDS, seconds / _STATUS_POLLS)
            await self.sender.wait(min(left, _STATUS_POLL_SECONDS, pause))

    def _emit(self, kind: str, reason: Reason = NO_REASON, wake: float | None = None) -> None:
        if self._on_event is not None:
            now = self._clock.now()
            self._on_event(Event(kind=kind, at=now, tally=self._ledger.tally(), reason=reason, wake=wake))
