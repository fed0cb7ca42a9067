"""One run: claim late and small, send, write down, and never guess."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import repeat
from typing import TYPE_CHECKING

from xoxzo.cloudpy.campaigns.records import Outcome, Recipient, State
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

_GROUP = 500
_FLUSH = 0.05
_DISK = 0.5
_PROGRESS = 0.5
_GLANCE = 0.2


class Stopped(Exception):
    """A run has to end before its work is done."""

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


async def send_one(post: Post, one: Recipient, claim: int, clock: SteadyClock) -> tuple[Outcome, BaseException | None]:
    """Send to one claimed recipient and say what became of it; nothing is written down here.

    This is the whole work on one message: a task of a queue can call it for each of a claim's recipients and note what
    it returns.

    Args:
        post: sends, and returns the msgid.
        one: the recipient.
        claim: the claim that it was taken with.
        clock: the time.

    Returns:
        The outcome, and the error behind it; a cancellation is returned as well, since its outcome must be noted first.
    """
    began = clock.now()
    try:
        ident = await post(one)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the message may have gone out
        verdict = classify_error(error)
        now = clock.now()
        again = now + max(1.0, verdict.pause)
        return Outcome(one.n, claim, verdict.state, "", verdict.error, now, began, None, again), error
    return Outcome(one.n, claim, State.SENT, ident, "", clock.now(), began), None


class Sender:
    """Sends to everybody who can be sent to.

    Args:
        ledger: where the campaign stands; locked by the caller.
        epoch: what the ledger's `begin` returned.
        post: sends to one recipient and returns the msgid.
        limits: what is kept to.
        clock: the time.
        tell: takes the events.
    """

    def __init__(
        self,
        ledger: Ledger,
        epoch: int,
        post: Post,
        *,
        limits: Limits,
        clock: SteadyClock,
        tell: EventHandler | None = None,
    ) -> None:
        self._ledger = ledger
        self._epoch = epoch
        self._post = post
        self._limits = limits
        self._clock = clock
        self._tell = tell
        self._ready: deque[tuple[int, Recipient]] = deque()
        self._buffer: list[Outcome] = []
        self._flying = 0
        self._pace = Throttle(limits, clock)
        self._ended: Stopped | None = None
        self._stopping_told = False
        self._broken: BaseException | None = None
        self._waiting_for = ""
        self._filling = asyncio.Lock()
        self._landed = asyncio.Event()
        self._drained = False
        # When all that was written down was on disk, and whether something has been written since.
        self._disk, self._riding = clock.monotonic(), False

    def stop(self, state: str, reason: str) -> None:
        """Claim and start nothing more; what is in flight comes to its end."""
        if self._ended is None:
            self._ended = Stopped(state, reason)

    async def send(self, *, hold: int = 0, most: int | None = None, alone: bool = False) -> None:
        """Send to everybody who can be sent to now or later, except for some at the end of the list.

        Args:
            hold: how many at the end are kept back.
            most: how many to send to at most.
            alone: send to one and wait for its answer before all others.

        Raises:
            Stopped: the run has to end.
            CampaignError: the ledger cannot be written.
        """
        if alone:
            await self._all(1, hold, 1)
        if most is None or most > 0:
            await self._all(self._limits.concurrency, hold, most)

    async def _all(self, workers: int, hold: int, most: int | None) -> None:
        budget = [most]
        self._drained = False
        tasks = [asyncio.create_task(self._work(hold, budget)) for _ in range(min(workers, most or workers))]
        helpers = [asyncio.create_task(self._flush_often()), asyncio.create_task(self._report_often())]
        try:
            await asyncio.gather(*tasks)
        except asyncio.CancelledError:
            self.stop("stopped", "cancelled")
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            self._release()
        if self._broken is not None:
            raise self._broken
        if self._ended is not None:
            raise self._ended

    async def _work(self, hold: int, budget: list[int | None]) -> None:
        while self._ended is None and self._broken is None:
            found = self._at_hand()
            if found is None:
                try:
                    found = await self._next(hold, budget)
                except CampaignError as error:
                    self._broken = error
                    return
                if found is None:
                    break
            claim, one = found
            self._flying += 1
            outcome, failure = await send_one(self._post, one, claim, self._clock)
            self._take(outcome, failure)
            if failure is not None and not isinstance(failure, Exception):
                raise failure
        if self._ended is not None and self._flying and not self._stopping_told:
            self._stopping_told = True
            # First, so that only what really is in flight is told to be.
            self._release()
            self._say("stopping", self._ended.reason)

    def _at_hand(self) -> tuple[int, Recipient] | None:
        """Return one that is claimed and whose time has come, as it is with most; nobody has to be waited for."""
        if not self._ready or self._pace.wait() > 0:
            return None
        self._pace.take()
        return self._ready.popleft()

    async def _next(self, hold: int, budget: list[int | None]) -> tuple[int, Recipient] | None:
        async with self._filling:
            while await self._paced() and self._broken is None:
                if self._ready:
                    return self._ready.popleft()
                if budget[0] is not None and budget[0] <= 0:
                    return None
                if self._drained or not await self._fill(hold, budget):
                    # Nobody is left and nobody is in flight: the others need not look again.
                    self._drained = True
                    return None
        return None

    async def _paced(self) -> bool:
        """Wait for the next place in the rate, and for the end of a pause; return whether the run goes on."""
        while self._ended is None:
            wait = self._pace.wait()
            if wait <= 0:
                if self._ready:
                    self._pace.take()
                return True
            await asyncio.sleep(min(wait, _GLANCE))
        return False

    async def nap(self, seconds: float) -> None:
        """Wait, and look now and then whether something else is wished.

        Raises:
            Stopped: the run has to end.
        """
        until = self._clock.monotonic() + seconds
        while self._ended is None and (left := until - self._clock.monotonic()) > 0:
            self._heed()
            await asyncio.sleep(min(left, _GLANCE * 5))
        if self._ended is not None:
            raise self._ended

    async def _fill(self, hold: int, budget: list[int | None]) -> bool:
        """Claim; return whether to look again."""
        self.flush(durable=False)
        self._heed()
        if self._ended is not None:
            return False
        limit = self._pace.chunk() if budget[0] is None else min(budget[0], self._pace.chunk())
        quiet = self._limits.quiet
        asleep = None if quiet is None else lambda zone: quiet.until(zone, self._clock.wall())
        now = self._clock.now()
        if asleep is not None and (wake := self._all_asleep(asleep)) is not None:
            self._say("waiting", "quiet hours", wake=wake)
            await asyncio.sleep(min(_GLANCE * 5, max(0.0, wake - self._clock.wall())))
            return True
        claim = self._ledger.claim(self._epoch, limit, now, hold=hold, budget=self._limits.max_cost, asleep=asleep)
        if claim.recipients:
            self._carried(riding=False)
            self._waiting_for = ""
            self._ready.extend(zip(repeat(claim.ident), claim.recipients))
            if budget[0] is not None:
                budget[0] -= len(claim.recipients)
            return True
        if claim.over_budget:
            self.stop("stopped", "the budget is spent")
            return False
        if claim.skipped:
            await asyncio.sleep(0)
            return True
        if self._flying:
            # Somebody in flight may have to be tried again.
            await self._landing()
            return True
        if claim.wake is not None:
            if claim.wake > now:
                self._say("waiting", "until the next try", wake=claim.wake)
            await asyncio.sleep(min(_GLANCE, max(0.0, claim.wake - now)))
            return True
        return False

    async def _landing(self) -> None:
        """Wait until nobody is in flight any more, but not for long: whoever failed may be due again."""
        self._landed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GLANCE / 10):
                await self._landed.wait()

    def _all_asleep(self, asleep: Callable[[str | None], float | None]) -> float | None:
        wakes = [asleep(zone) for zone in self._ledger.get("zones") or [None]]
        return None if any(wake is None for wake in wakes) else min(wake for wake in wakes if wake is not None)

    def _heed(self) -> None:
        """Look what was wished from elsewhere, and whether it is too late."""
        if self._limits.expires is not None and self._clock.wall() >= self._limits.expires:
            self.stop("expired", "the campaign has expired")
        requested = self._ledger.get("requested")
        if requested in {"pause", "cancel"}:
            self.stop("paused" if requested == "pause" else "cancelled", f"asked to {requested}")

    def _take(self, outcome: Outcome, error: BaseException | None) -> None:
        self._flying -= 1
        if not self._flying:
            self._landed.set()
        self._buffer.append(outcome)
        self._pace.answered(outcome.at, well=error is None)
        if len(self._buffer) >= _GROUP:
            self._flush_or_break()
        if error is None:
            return
        verdict = classify_error(error)
        if verdict.stop:
            self.stop("stopped", verdict.stop)
        if verdict.pause:
            self._pause(verdict.pause, error, outcome.error)
        elif too_many := self._pace.went_wrong():
            self.stop("stopped", f"{too_many}, the last with {outcome.error}")
        if outcome.state == State.UNKNOWN:
            self._say("unknown", outcome.error)

    def _pause(self, seconds: float, error: BaseException, why: str) -> None:
        """Let everybody wait after what surely did nothing. Being throttled is no failure; a dead network is one."""
        wake = self._pace.pause(seconds)
        if wake is None:
            return
        if isinstance(error, RateLimited):
            self._say("throttled", why, wake=wake)
            return
        self._say("unreachable", why, wake=wake)
        if too_many := self._pace.went_wrong():
            self.stop("stopped", f"{too_many}, the last with {why}")

    def _release(self) -> None:
        """Give back what was claimed and never started: that was surely not sent."""
        now = self._clock.now()
        while self._ready:
            claim, one = self._ready.popleft()
            self._buffer.append(Outcome(one.n, claim, State.WAITING, "", "not started", now, 0.0, None, now))
        self._flush_or_break(durable=True)

    def flush(self, *, durable: bool = True) -> None:
        """Write down what became of those that were answered."""
        # Only claims have to be on disk before anything is sent. Outcomes ride along with the next one, a quarter of a
        # second later as a rule; without one they do not wait for much longer.
        durable = durable or self._clock.monotonic() - self._disk >= _DISK
        if self._buffer or (self._riding and durable):
            self._ledger.note(self._buffer, self._epoch, durable=durable)
            self._buffer.clear()
            self._carried(riding=not durable)

    def _carried(self, *, riding: bool) -> None:
        self._riding = riding
        if not riding:
            self._disk = self._clock.monotonic()

    def _flush_or_break(self, *, durable: bool = False) -> None:
        try:
            self.flush(durable=durable)
        except CampaignError as error:
            # Nothing more is started. What could not be written is unknown to the next run, which looks it up.
            self._broken = self._broken or error

    async def _flush_often(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH)
            self._flush_or_break()

    async def _report_often(self) -> None:
        while True:
            await asyncio.sleep(_PROGRESS)
            self._say("progress")

    def _say(self, kind: str, reason: str = "", wake: float | None = None) -> None:
        if kind == "waiting":
            if self._waiting_for == reason:
                return
            self._waiting_for = reason
        if self._tell is not None:
            rate = self._pace.rate()
            event = Event(
                kind=kind, at=self._clock.now(), tally=self._ledger.tally(), reason=reason, rate=rate, wake=wake
            )
            try:
                self._tell(event)
            except Exception as error:  # noqa: BLE001 - raised again when what is in flight has come to its end
                self._broken = self._broken or error
