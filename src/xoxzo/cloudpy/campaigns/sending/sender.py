"""Send to recipients: claim few at a time, send, and record every outcome."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import repeat
from typing import TYPE_CHECKING

from xoxzo.cloudpy.campaigns.records import NO_REASON, Outcome, Reason, Recipient, State
from xoxzo.cloudpy.campaigns.sending.events import Event
from xoxzo.cloudpy.campaigns.sending.send_errors import classify_error
from xoxzo.cloudpy.campaigns.sending.throttle import Throttle
from xoxzo.cloudpy.errors import CampaignError, RateLimited

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns.clock import SteadyClock
    from xoxzo.cloudpy.campaigns.ledger import Ledger
    from xoxzo.cloudpy.campaigns.limits import Limits
    from xoxzo.cloudpy.campaigns.sending.events import EventHandler

Post = Callable[[Recipient], Awaitable[str]]
"""Sends to a recipient and returns the msgid or callid."""

_MAX_BUFFERED = 500
_RECORD_SECONDS = 0.05
_DURABLE_SECONDS = 0.5
_PROGRESS_SECONDS = 0.5
_POLL_SECONDS = 0.2
_LONG_POLL_SECONDS = 1.0
_IN_FLIGHT_POLL_SECONDS = 0.02
_MIN_RETRY_SECONDS = 1.0


class Stopped(Exception):
    """A run has to end before every recipient was sent to."""

    def __init__(self, state: str, reason: Reason) -> None:
        super().__init__(str(reason))
        self.state = state
        self.reason = reason


async def send_one(post: Post, one: Recipient, claim: int, clock: SteadyClock) -> tuple[Outcome, BaseException | None]:
    """Send to one claimed recipient; return the outcome, which is not recorded here, and the error behind it.

    A cancellation is returned as well, since its outcome must be recorded before the cancellation continues.
    """
    began = clock.now()
    try:
        ident = await post(one)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the message may have been sent
        failure = classify_error(error)
        now = clock.now()
        retry_at = now + max(_MIN_RETRY_SECONDS, failure.pause_seconds)
        return Outcome(one.n, claim, failure.state, "", failure.error, now, began, None, retry_at), error
    return Outcome(one.n, claim, State.SENT, ident, "", clock.now(), began), None


class Sender:
    """Sends to all recipients that can be sent to.

    Args:
        ledger: the campaign's ledger, locked by the caller.
        epoch: what the ledger's `begin` returned.
        post: sends to one recipient and returns the msgid.
    """

    def __init__(
        self,
        ledger: Ledger,
        epoch: int,
        post: Post,
        *,
        limits: Limits,
        clock: SteadyClock,
        on_event: EventHandler | None = None,
    ) -> None:
        self._ledger = ledger
        self._epoch = epoch
        self._post = post
        self._limits = limits
        self._clock = clock
        self._on_event = on_event
        self._claimed: deque[tuple[int, Recipient]] = deque()
        self._buffer: list[Outcome] = []
        self._in_flight = 0
        self._throttle = Throttle(limits, clock)
        self._stopped: Stopped | None = None
        self._has_reported_stopping = False
        self._error: BaseException | None = None
        self._waiting_for = ""
        self._claiming = asyncio.Lock()
        self._none_in_flight = asyncio.Event()
        self._is_drained = False
        # When everything recorded was on disk, and whether something has been recorded since.
        self._durable_at, self._has_pending_commit = clock.monotonic(), False

    def stop(self, state: str, reason: Reason) -> None:
        """Claim and start nothing more; messages in flight are completed."""
        if self._stopped is None:
            self._stopped = Stopped(state, reason)

    async def send(self, *, hold_back: int = 0, limit: int | None = None, first_alone: bool = False) -> None:
        """Send to all recipients that can be sent to now or later, except for some at the end of the list.

        Args:
            hold_back: how many at the end are not sent to.
            limit: how many to send to at most.
            first_alone: send to one recipient and wait for the response before all others.

        Raises:
            Stopped: the run has to end.
            CampaignError: the ledger cannot be written.
        """
        if first_alone:
            await self._run_workers(1, hold_back, 1)
        if limit is None or limit > 0:
            await self._run_workers(self._limits.concurrency, hold_back, limit)

    async def _run_workers(self, workers: int, hold_back: int, limit: int | None) -> None:
        left = [limit]
        self._is_drained = False
        tasks = [asyncio.create_task(self._work(hold_back, left)) for _ in range(min(workers, limit or workers))]
        helpers = [asyncio.create_task(self._record_regularly()), asyncio.create_task(self._report_regularly())]
        try:
            await asyncio.gather(*tasks)
        except asyncio.CancelledError:
            self.stop("stopped", Reason("task_cancelled", "cancelled"))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            self._release_claimed()
        if self._error is not None:
            raise self._error
        if self._stopped is not None:
            raise self._stopped

    async def _work(self, hold_back: int, left: list[int | None]) -> None:
        while self._stopped is None and self._error is None:
            found = self._next_claimed()
            if found is None:
                try:
                    found = await self._wait_for_next(hold_back, left)
                except CampaignError as error:
                    self._error = error
                    return
                if found is None:
                    break
            claim, one = found
            self._in_flight += 1
            outcome, failure = await send_one(self._post, one, claim, self._clock)
            self._complete(outcome, failure)
            if failure is not None and not isinstance(failure, Exception):
                raise failure
        if self._stopped is not None and self._in_flight and not self._has_reported_stopping:
            self._has_reported_stopping = True
            # First, so that only what really is in flight is reported to be.
            self._release_claimed()
            self._emit("stopping", self._stopped.reason)

    def _next_claimed(self) -> tuple[int, Recipient] | None:
        """Return a claimed recipient who may be sent to now, as is usual; nothing has to be awaited."""
        if not self._claimed or self._throttle.wait_seconds() > 0:
            return None
        self._throttle.take_slot()
        return self._claimed.popleft()

    async def _wait_for_next(self, hold_back: int, left: list[int | None]) -> tuple[int, Recipient] | None:
        async with self._claiming:
            while await self._wait_for_slot() and self._error is None:
                if self._claimed:
                    return self._claimed.popleft()
                if left[0] is not None and left[0] <= 0:
                    return None
                if self._is_drained or not await self._claim(hold_back, left):
                    # No recipient is left or in flight: the other workers need not try.
                    self._is_drained = True
                    return None
        return None

    async def _wait_for_slot(self) -> bool:
        """Wait for the next send time of the rate and for the end of a pause; return whether the run goes on."""
        while self._stopped is None:
            seconds = self._throttle.wait_seconds()
            if seconds <= 0:
                if self._claimed:
                    self._throttle.take_slot()
                return True
            await asyncio.sleep(min(seconds, _POLL_SECONDS))
        return False

    async def wait(self, seconds: float) -> None:
        """Wait, and check now and then whether the run has to end.

        Raises:
            Stopped: it has to.
        """
        until = self._clock.monotonic() + seconds
        while self._stopped is None and (left := until - self._clock.monotonic()) > 0:
            self._check_requests()
            await asyncio.sleep(min(left, _LONG_POLL_SECONDS))
        if self._stopped is not None:
            raise self._stopped

    async def _claim(self, hold_back: int, left: list[int | None]) -> bool:
        """Claim recipients, or wait for what keeps them from being claimed; return whether to try again."""
        self._record(durable=False)
        self._check_requests()
        if self._stopped is not None:
            return False
        size = self._throttle.claim_size() if left[0] is None else min(left[0], self._throttle.claim_size())
        quiet = self._limits.quiet
        quiet_until = None if quiet is None else lambda zone: quiet.until(zone, self._clock.wall())
        now = self._clock.now()
        if quiet_until is not None and (wake := self._all_quiet_until(quiet_until)) is not None:
            self._emit("waiting", Reason("quiet_hours", "quiet hours"), wake=wake)
            await asyncio.sleep(min(_LONG_POLL_SECONDS, max(0.0, wake - self._clock.wall())))
            return True
        claim = self._ledger.claim(
            self._epoch, size, now, hold_back=hold_back, budget=self._limits.max_cost, quiet_until=quiet_until
        )
        if claim.recipients:
            self._committed(durable=True)
            self._waiting_for = ""
            self._claimed.extend(zip(repeat(claim.ident), claim.recipients))
            if left[0] is not None:
                left[0] -= len(claim.recipients)
            return True
        if claim.over_budget:
            self.stop("stopped", Reason("budget_spent", "the budget is spent"))
            return False
        if claim.skipped:
            await asyncio.sleep(0)
            return True
        if self._in_flight:
            # A message in flight may have to be tried again.
            await self._wait_for_responses()
            return True
        if claim.wake is not None:
            if claim.wake > now:
                self._emit("waiting", Reason("next_attempt", "until the next attempt"), wake=claim.wake)
            await asyncio.sleep(min(_POLL_SECONDS, max(0.0, claim.wake - now)))
            return True
        return False

    async def _wait_for_responses(self) -> None:
        """Wait until nothing is in flight, but not for long: what failed may be due again."""
        self._none_in_flight.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(_IN_FLIGHT_POLL_SECONDS):
                await self._none_in_flight.wait()

    def _all_quiet_until(self, quiet_until: Callable[[str | None], float | None]) -> float | None:
        wakes = [quiet_until(zone) for zone in self._ledger.get("zones") or [None]]
        return None if any(wake is None for wake in wakes) else min(wake for wake in wakes if wake is not None)

    def _check_requests(self) -> None:
        """Stop if another process has requested it, or if the campaign has expired."""
        if self._limits.expires is not None and self._clock.wall() >= self._limits.expires:
            self.stop("expired", Reason("expired", "the campaign has expired"))
        requested = self._ledger.get("requested")
        if requested == "pause":
            self.stop("paused", Reason("pause_requested", "asked to pause"))
        elif requested == "cancel":
            self.stop("cancelled", Reason("cancel_requested", "asked to cancel"))

    def _complete(self, outcome: Outcome, error: BaseException | None) -> None:
        self._in_flight -= 1
        if not self._in_flight:
            self._none_in_flight.set()
        self._buffer.append(outcome)
        self._throttle.count_response(outcome.at, succeeded=error is None)
        if len(self._buffer) >= _MAX_BUFFERED:
            self._try_record()
        if error is None:
            return
        failure = classify_error(error)
        if failure.stop:
            self.stop("stopped", failure.stop)
        if failure.pause_seconds:
            self._pause(failure.pause_seconds, error, outcome.error)
        elif too_many := self._throttle.count_failure(outcome.error):
            self.stop("stopped", too_many)
        if outcome.state == State.UNKNOWN:
            self._emit("unknown", _send_error(outcome.error))

    def _pause(self, seconds: float, error: BaseException, name: str) -> None:
        """Pause all sending after an error that surely had no effect. A 429 is no failure; a dead network is one."""
        wake = self._throttle.pause(seconds)
        if wake is None:
            return
        if isinstance(error, RateLimited):
            self._emit("throttled", _send_error(name), wake=wake)
            return
        self._emit("unreachable", _send_error(name), wake=wake)
        if too_many := self._throttle.count_failure(name):
            self.stop("stopped", too_many)

    def _release_claimed(self) -> None:
        """Give back what was claimed and not started: it was surely not sent."""
        now = self._clock.now()
        while self._claimed:
            claim, one = self._claimed.popleft()
            self._buffer.append(Outcome(one.n, claim, State.WAITING, "", "not_started", now, 0.0, None, now))
        self._try_record(durable=True)

    def _record(self, *, durable: bool = True) -> None:
        # Only claims have to be on disk before anything is sent. Outcomes are included in the next one, a quarter of a
        # second later as a rule; without one they do not wait much longer.
        durable = durable or self._clock.monotonic() - self._durable_at >= _DURABLE_SECONDS
        if self._buffer or (self._has_pending_commit and durable):
            self._ledger.record(self._buffer, self._epoch, durable=durable)
            self._buffer.clear()
            self._committed(durable=durable)

    def _committed(self, *, durable: bool) -> None:
        self._has_pending_commit = not durable
        if durable:
            self._durable_at = self._clock.monotonic()

    def _try_record(self, *, durable: bool = False) -> None:
        try:
            self._record(durable=durable)
        except CampaignError as error:
            # Nothing more is started. What could not be recorded is unknown to the next run, which reconciles it.
            self._error = self._error or error

    async def _record_regularly(self) -> None:
        while True:
            await asyncio.sleep(_RECORD_SECONDS)
            self._try_record()

    async def _report_regularly(self) -> None:
        while True:
            await asyncio.sleep(_PROGRESS_SECONDS)
            self._emit("progress")

    def _emit(self, kind: str, reason: Reason = NO_REASON, wake: float | None = None) -> None:
        if kind == "waiting":
            if self._waiting_for == reason.code:
                return
            self._waiting_for = reason.code
        if self._on_event is not None:
            now, rate = self._clock.now(), self._throttle.rate()
            event = Event(kind=kind, at=now, tally=self._ledger.tally(), reason=reason, rate=rate, wake=wake)
            try:
                self._on_event(event)
            except Exception as error:  # noqa: BLE001 - raised again when what is in flight was completed
                self._error = self._error or error


def _send_error(name: str) -> Reason:
    return Reason("send_error", name)
