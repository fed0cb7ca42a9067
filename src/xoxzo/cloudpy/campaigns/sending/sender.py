"""Send to recipients: claim few at a time, send while the claim's lease lasts, and record every outcome."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import msgspec

from xoxzo.cloudpy.campaigns.ledger.base import ClaimRequest, Ledger
from xoxzo.cloudpy.campaigns.ledger.sending_hours import SendingHours
from xoxzo.cloudpy.campaigns.limits import Limits
from xoxzo.cloudpy.campaigns.records import NO_REASON, Claim, Event, EventHandler, Outcome, Reason, State
from xoxzo.cloudpy.campaigns.sending.recorder import RECORD_SECONDS, Recorder, call
from xoxzo.cloudpy.campaigns.sending.rules import Lease, Post, Stopped, Task, Throttle, classify_error
from xoxzo.cloudpy.errors import CampaignError, RateLimited

PosterOf = Callable[[Callable[[], bool]], Post]
"""Returns a `Post` that writes a request only while a function returns true."""
_PROGRESS_SECONDS = 0.5
_POLL_SECONDS = 0.2
_LONG_POLL_SECONDS = 1.0
_SWEEP_SECONDS = 5.0
_MIN_RETRY_SECONDS = 1.0
# A send time that is later than this is not used: after a stall they would all come at once.
_LATE_SECONDS = 0.04


class Sender:
    """Sends to all recipients that can be sent to, as one worker of perhaps many, who has joined the ledger."""

    def __init__(
        self,
        ledger: Ledger,
        poster_of: PosterOf,
        *,
        limits: Limits,
        account: str = "",
        is_call: bool = False,
        on_event: EventHandler | None = None,
    ) -> None:
        self._ledger = ledger
        self._poster_of = poster_of
        # No sent list could prove anything about calls.
        self._limits = msgspec.structs.replace(limits, canaries=0) if is_call else limits
        self._is_first_alone = not is_call
        self._clock = ledger.clock
        self._account = account
        self._on_event = on_event
        self._claimed: deque[Task] = deque()
        self._recorder = Recorder(ledger, self._fail)
        self._in_flight = 0
        self._throttle = Throttle(limits, ledger.clock)
        self._hours = SendingHours(ledger, limits.schedule)
        self._stopped: Stopped | None = None
        self._has_reported_stopping = False
        self._error: BaseException | None = None
        self._waiting_for = ""
        self._reserving = asyncio.Lock()
        self._wake_claimer, self._wake_workers = asyncio.Event(), asyncio.Event()
        self._is_drained, self._tally = False, ledger.tally()
        self._pauses: set[asyncio.Future[None]] = set()
        # With so few left the next claim is made: where it takes time, while the last messages of this one are sent.
        self._few = limits.concurrency if ledger.blocks else 0

    def stop(self, state: str, reason: Reason) -> None:
        """Claim and start nothing more; messages in flight are completed."""
        if self._stopped is None:
            self._stopped = Stopped(state, reason)

    async def send(self) -> Claim:
        """Send to all recipients that can be sent to now or later; return the claim that found nobody else.

        Raise ``Stopped`` when the run has to end, and ``CampaignError`` when the ledger cannot be written.
        """
        self._is_drained = False
        claimer = asyncio.create_task(self._claim_regularly())
        tasks = [claimer, *(asyncio.create_task(self._work()) for _ in range(self._limits.concurrency))]
        helpers = [asyncio.create_task(work) for work in (self._recorder.record_regularly(), self._report_regularly())]
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
            await asyncio.gather(*helpers, *self._pauses, return_exceptions=True)
            await self._release_claimed()
        if self._error is not None:
            raise self._error
        if self._stopped is not None:
            raise self._stopped
        return claimer.result()

    def _goes_on(self) -> bool:
        return self._stopped is None and self._error is None

    def _fail(self, error: BaseException) -> None:
        """End the run with an error, when what is in flight is completed."""
        self._error = self._error or error

    async def _work(self) -> None:
        while self._goes_on():
            if not self._claimed:
                if self._is_drained:
                    return
                self._wake_claimer.set()
                self._wake_workers.clear()
                await self._wake_workers.wait()
                continue
            task = self._claimed[0]
            # Nearly always a recipient may be sent to at once, and then nothing else is done first.
            if (task.send_at or self._throttle.paused_until) and not await self._is_due(task):
                continue
            self._claimed.popleft()
            if len(self._claimed) < self._few:
                self._wake_claimer.set()
            await self._send_to(task)
        # It need not wait until its next look whether the run goes on.
        self._wake_claimer.set()
        if self._stopped is not None and self._in_flight and not self._has_reported_stopping:
            self._has_reported_stopping = True
            # First, so that only what really is in flight is reported to be.
            await self._release_claimed()
            self._emit("stopping", self._stopped.reason)

    async def _is_due(self, task: Task) -> bool:
        """Return whether the next recipient may be sent to now; if not, wait for a while, or get new send times."""
        due = task.send_at and task.send_at - self._clock.monotonic()
        wait = max(self._throttle.wait_seconds(), due)
        if wait > 0:
            await asyncio.sleep(min(wait, _POLL_SECONDS))
            return False
        if due < -_LATE_SECONDS:
            await self._reserve_again()
            return False
        return True

    async def _send_to(self, task: Task) -> None:
        """Send to a recipient and keep the outcome; raise what is not an ``Exception``."""
        self._in_flight += 1
        monotonic, offset = self._clock.monotonic, self._clock.offset  # as `now` does, without its call
        began = monotonic() + offset
        try:
            ident = await task.post(task.one)
        except BaseException as error:
            # Whatever it is, the message may have been sent; the outcome of a cancellation is recorded, too.
            self._take_failure(task, began, error)
            if not isinstance(error, Exception):
                raise
        else:
            self._throttle.pauses = 0
            now = monotonic() + offset
            self._recorder.add(Outcome(task.one.n, task.claim, State.SENT, ident, "", now, began), "1")
        finally:
            self._in_flight -= 1

    async def _reserve_again(self) -> None:
        """Get new send times for those that are late, within the account's rate; all the others are used."""
        async with self._reserving:
            limit = self._clock.monotonic() - _LATE_SECONDS
            count = sum(task.send_at < limit for task in self._claimed)
            if not count:
                return
            gap = self._claimed[0].gap
            try:
                delay = await call(self._ledger, self._ledger.reserve, self._account, count, 1 / gap)
            except CampaignError as error:
                self._fail(error)
                return
            begin = self._clock.monotonic() + delay
            used = [task.send_at for task in self._claimed if task.send_at >= limit]
            times = sorted(used + [begin + place * gap for place in range(len(self._claimed) - len(used))])
            for task, send_at in zip(self._claimed, times, strict=True):
                task.send_at = send_at

    async def _claim_regularly(self) -> Claim:
        """Claim recipients whenever few are left, until the run ends or nobody is left; return the last claim."""
        swept_at, claim = 0.0, Claim(0)
        while self._goes_on():
            try:
                if self._clock.monotonic() - swept_at >= _SWEEP_SECONDS:
                    await call(self._ledger, self._ledger.sweep)
                    swept_at = self._clock.monotonic()
                await self._recorder.record(durable=False)
                claim, wait = await self._claim()
            except CampaignError as error:
                self._fail(error)
                break
            if wait is None:
                break
            if wait:
                await self._sleep_claimer(wait)
                continue
            self._wake_workers.set()
            await asyncio.sleep(0)
            while len(self._claimed) > self._few and self._goes_on() and self._throttle.wait_seconds() <= 0:
                await self._sleep_claimer(_LONG_POLL_SECONDS)
        self._is_drained = True
        self._wake_workers.set()
        return claim

    async def _sleep_claimer(self, seconds: float) -> None:
        self._wake_claimer.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake_claimer.wait()

    async def _claim(self) -> tuple[Claim, float | None]:
        """Claim recipients; return the claim and how long to wait before the next, ``None`` for ever."""
        self._check_expiry()
        if self._stopped is not None:
            return Claim(0), None
        if (paused := self._throttle.wait_seconds()) > 0:
            # Who was claimed and has to wait would be unknown if the process were killed meanwhile.
            await self._release_claimed()
            await self._stop_as_requested()
            return Claim(0, why="retry"), min(paused, _POLL_SECONDS)
        wall = self._clock.wall()
        if (hours := self._hours.openings(wall)) and (wake := min(opens for _zone, opens, _closes in hours)) > wall:
            self._emit("waiting", self._hours.reason(wall), wake=wake)
            await self._stop_as_requested()
            if await call(self._ledger, self._hours.reload):
                self._waiting_for = ""
                return Claim(0, why="retry"), 0.0
            return Claim(0, why="retry"), min(_LONG_POLL_SECONDS, max(0.01, wake - wall))
        request = ClaimRequest(
            ident=secrets.randbits(61) + 1,
            limit=self._throttle.claim_size(self._recorder.rate()),
            limits=self._limits,
            account=self._account,
            hours=hours,
            schedule=self._hours.stored,
            first_alone=self._is_first_alone,
        )
        claim = await call(self._ledger, self._ledger.claim, request)
        self._throttle.pause_until(claim.paused_seconds)
        if claim.recipients:
            self._recorder.committed(durable=True)
            self._waiting_for = ""
            lease = Lease(self._clock, claim.asked, self._limits)
            post = self._poster_of(lease.may_write)
            # By the ledger's clock, so that no slow answer moves it towards the times of other workers.
            now = self._clock.monotonic()
            begin = max(claim.asked, min(now, claim.now - self._clock.offset)) + claim.delay
            self._claimed.extend(
                Task(claim.ident, one, begin + place * claim.gap if claim.gap else 0.0, claim.gap, lease, post)
                for place, one in enumerate(claim.recipients)
            )
            return claim, 0.0
        return claim, self._wait_seconds(claim)

    def _wait_seconds(self, claim: Claim) -> float | None:
        """Return how long to wait after a claim that found nobody; ``None`` when there is nothing to wait for."""
        if claim.skipped:
            return 0.0
        if claim.why == "budget":
            self.stop("stopped", Reason("budget_spent", "the budget is spent"))
        elif claim.why in {"pause", "cancel"}:
            self._stop_by_request(claim.why)
        elif claim.why == "rescheduled":
            self._hours.reload()
            return 0.0
        elif claim.why == "failures":
            self.stop("stopped", self._throttle.stop_reason(*claim.failures))
        elif self._in_flight and claim.why in {"in_flight", "first", "unknown", "done"}:
            # Even after its lease has ended: a message in flight may have to be tried again.
            return RECORD_SECONDS
        elif claim.why == "in_flight":
            left = {"seconds": max(1, int((claim.wake or 0.0) - claim.now))}
            why = Reason("claimed", "until others have sent what they claimed: {seconds} s at most", left)
            self._emit("waiting", why)
            return _POLL_SECONDS
        elif claim.why in {"retry", "throttled"} and claim.wake is not None:
            seconds = claim.wake - claim.now
            if seconds > _POLL_SECONDS and claim.why == "retry":
                self._emit("waiting", Reason("next_attempt", "until the next attempt"), wake=claim.wake)
            return min(_LONG_POLL_SECONDS, max(0.001, seconds))
        return None

    async def wait(self, seconds: float) -> None:
        """Wait; raise ``Stopped`` when the run has to end."""
        until = self._clock.monotonic() + seconds
        while self._stopped is None and (left := until - self._clock.monotonic()) > 0:
            self._check_expiry()
            with suppress(CampaignError):
                await self._stop_as_requested()
            await asyncio.sleep(min(left, _LONG_POLL_SECONDS))
        if self._stopped is not None:
            raise self._stopped

    def _check_expiry(self) -> None:
        if self._limits.expires is not None and self._clock.wall() >= self._limits.expires:
            self.stop("expired", Reason("expired", "the campaign has expired"))

    async def _stop_as_requested(self) -> None:
        self._stop_by_request(await call(self._ledger, self._ledger.get, "requested"))

    def _stop_by_request(self, requested: str | None) -> None:
        if requested == "pause":
            self.stop("paused", Reason("pause_requested", "asked to pause"))
        elif requested == "cancel":
            self.stop("cancelled", Reason("cancel_requested", "asked to cancel"))

    def _take_failure(self, task: Task, began: float, error: BaseException) -> None:
        """Keep the outcome of a message that has failed, and stop or pause where that means it."""
        now = self._clock.now()
        failure = classify_error(error)
        n, claim, state = task.one.n, task.claim, failure.state
        if state == State.WAITING and not task.lease.may_write():
            # The transport has refused it: somebody else may have it by now.
            self._recorder.add(Outcome(n, claim, state, "", "not_started", now, 0.0, None, now))
            return
        if failure.stop:
            self.stop("stopped", failure.stop)
        pause = failure.pause_seconds
        is_counted = self._pause(pause, error, failure.error) if pause else True
        retry_at = now + max(_MIN_RETRY_SECONDS, pause)
        outcome = Outcome(n, claim, state, "", failure.error, now, began, None, retry_at)
        self._recorder.add(outcome, "0" if is_counted else "")
        latest = self._recorder.latest
        if is_counted and (too_many := self._throttle.stop_reason(latest.count("0"), len(latest), failure.error)):
            self.stop("stopped", too_many)
        if state == State.UNKNOWN:
            self._emit("unknown", Reason("send_error", failure.error))

    def _pause(self, seconds: float, error: BaseException, name: str) -> bool:
        """Pause all sending after a request that had no effect; return whether it counts as a failure.

        A 429 does not; what shows that the network is dead does, once for each pause.
        """
        wake = self._throttle.pause(seconds)
        self._wake_claimer.set()
        if wake is None:
            return False
        if isinstance(error, RateLimited):
            self._emit("throttled", Reason("send_error", name), wake=wake)
            # All workers of the account pause, with their next claim.
            left = wake - self._clock.now()
            pausing = call(self._ledger, self._ledger.pause_account, self._account, left)
            self._pauses.add(asyncio.ensure_future(pausing))
            return False
        self._emit("unreachable", Reason("send_error", name), wake=wake)
        return True

    async def _release_claimed(self) -> None:
        """Give back what was claimed and not started: it was not sent."""
        now = self._clock.now()
        while self._claimed:
            task = self._claimed.popleft()
            self._recorder.add(Outcome(task.one.n, task.claim, State.WAITING, "", "not_started", now, 0.0, None, now))
        await self._recorder.try_record(durable=True)

    async def _report_regularly(self) -> None:
        while True:
            await asyncio.sleep(_PROGRESS_SECONDS)
            # The database may be away for a while: then the totals are those before.
            with suppress(CampaignError):
                self._tally = await call(self._ledger, self._ledger.tally)
            self._emit("progress")

    def _emit(self, kind: str, reason: Reason = NO_REASON, wake: float | None = None) -> None:
        if kind == "waiting":
            if self._waiting_for == reason.code:
                return
            self._waiting_for = reason.code
        if self._on_event is not None:
            if not self._ledger.blocks:
                self._tally = self._ledger.tally()
            now, rate = self._clock.now(), self._recorder.rate()
            event = Event(kind=kind, at=now, tally=self._tally, reason=reason, rate=rate, wake=wake)
            try:
                self._on_event(event)
            except Exception as error:  # noqa: BLE001 - raised again when what is in flight was completed
                self._fail(error)
