"""A whole run: everybody who is left, then what is in doubt, then the last few."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.reconciliation.reconciler import Reconciler
from xoxzo.cloudpy.campaigns.records import Recipient, State
from xoxzo.cloudpy.campaigns.sending.events import Event, Result
from xoxzo.cloudpy.campaigns.sending.sender import Sender, Stopped
from xoxzo.cloudpy.errors import APIError, RateLimited

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from xoxzo.cloudpy.async_client import AsyncClient
    from xoxzo.cloudpy.campaigns.content import Content
    from xoxzo.cloudpy.campaigns.ledger import Ledger
    from xoxzo.cloudpy.campaigns.limits import Limits
    from xoxzo.cloudpy.campaigns.sending.events import EventHandler
    from xoxzo.cloudpy.protocols import CallbackUrls

_LOOKS = 3
_PATIENT = 1500.0
_FOLLOW = 5.0


class CampaignRun:
    """Sends, settles, sends what was proven not to have gone, and ends.

    Args:
        ledger: where the campaign stands; locked by the caller.
        content: what everybody gets.
        uid: what references begin with.
        client: sends.
        limits: what is kept to.
        callbacks: makes the URLs of delivery reports.
        tell: takes the events.
        clock: the time.
    """

    def __init__(
        self,
        ledger: Ledger,
        content: Content,
        uid: str,
        *,
        client: AsyncClient,
        limits: Limits,
        callbacks: CallbackUrls | None = None,
        tell: EventHandler | None = None,
        clock: SteadyClock | None = None,
    ) -> None:
        self._ledger = ledger
        self._content = content
        self._uid = uid
        self._client = client
        # What surely did nothing is tried again by the run, which knows of budgets, quiet hours and wishes.
        self._sender = client.with_options(max_retries=0)
        self._limits = limits
        self._callbacks = callbacks
        self._tell = tell
        self._clock = clock or SteadyClock(ledger.latest())
        self._settler = Reconciler(ledger, uid, self._clock)
        self._epoch = ledger.begin(self._clock.now())
        self._runner = Sender(ledger, self._epoch, self._post, limits=limits, clock=self._clock, tell=tell)

    def stop(self, state: str, reason: str) -> None:
        """Start nothing more; what is in flight comes to its end."""
        self._runner.stop(state, reason)

    async def run(self, follow: float = 0.0) -> Result:
        """Do all of it; see ``Campaign.run_async``."""
        # A pause that was wished before is over: somebody has started this.
        self._ledger.put({"state": "running", "requested": None})
        self._say("started")
        state, reason = "stopped", "the run was broken off"
        try:
            await self._send()
            if follow:
                await self._follow(follow)
            state, reason = "finished", ""
        except Stopped as stopped:
            state, reason = stopped.state, stopped.reason
        finally:
            self._ledger.put({"state": state, "reason": reason})
        self._say("ended", reason)
        tally = self._ledger.tally()
        return Result(state=state, reason=reason, tally=tally, unknown=tally[State.UNKNOWN])

    async def _send(self) -> None:
        total = int(self._ledger.get("total"))
        # Calls have no list that could prove anything (API section 5).
        hold = 0 if self._content.is_call else min(self._limits.canaries, max(0, total - 2))
        alone = not self._ledger.get("cursor") and not self._content.is_call
        await self._runner.send(hold=hold, alone=alone)
        while hold and self._ledger.tally()[State.UNKNOWN]:
            hold = await self._settle(hold)
        await self._runner.send()
        if self._ledger.tally()[State.UNKNOWN] and not self._content.is_call:
            await self._look()

    async def _settle(self, hold: int) -> int:
        """Look the unknown ones up, send a canary after the settling time, and free whom that proves unsent.

        Returns:
            How many are still to be kept back; 0 when nothing more can be proven.
        """
        await self._look()
        ended = [one.ended for one in self._ledger.unknown()]
        if not ended:
            return hold
        wake = max(ended) + self._limits.settle
        self._say("settling", "until no late acceptance is possible", wake=wake)
        await self._runner.nap(max(0.0, wake - self._clock.now()) + 0.01)
        hold -= 1
        await self._runner.send(hold=hold, most=1)
        freed = 0
        for look in range(_LOOKS):
            await self._runner.nap(look * self._moment())
            asked = await self._look()
            if asked is not None:
                freed += self._settler.prove(asked, self._limits.settle)
            if not self._ledger.tally()[State.UNKNOWN]:
                break
        self._say("settled")
        if not freed:
            return 0
        await self._runner.send(hold=hold)
        return hold

    async def _look(self) -> float | None:
        """Read the sent list, with patience for its throttling; return when it was asked for, if it was read."""
        for _ in range(_LOOKS):
            try:
                return await self._settler.look(self._client)
            except RateLimited as error:
                wait = min(error.retry_after or 60.0, _PATIENT)
                self._say("throttled", "the sent list", wake=self._clock.now() + wait)
                await self._runner.nap(wait)
            except APIError as error:
                # What cannot be looked up stays unknown, and is told so.
                self._say("unknown", f"the sent list could not be read ({type(error).__name__})")
                await self._runner.nap(self._moment())
        return None

    def _moment(self) -> float:
        """Return how long to wait before the list is asked again: it may lag behind, by less than settling takes."""
        return max(0.05, self._limits.settle / 60)

    async def _follow(self, seconds: float) -> None:
        until = self._clock.now() + seconds
        while self._ledger.tally()[State.SENT]:
            try:
                await self._settler.follow(
                    self._client, calls=self._content.is_call, concurrency=self._limits.concurrency
                )
            except APIError as error:
                self._say("unknown", f"a status could not be asked for ({type(error).__name__})")
            left = until - self._clock.now()
            if left <= 0 or not self._ledger.tally()[State.SENT]:
                return
            self._say("progress")
            await self._runner.nap(min(left, _FOLLOW, max(0.2, seconds / 20)))

    def _post(self, one: Recipient) -> Awaitable[str]:
        return self._content.send(
            self._sender, one.number, one.variables, reference=f"{self._uid}-{one.n}", callbacks=self._callbacks
        )

    def _say(self, kind: str, reason: str = "", wake: float | None = None) -> None:
        if self._tell is not None:
            now = self._clock.now()
            self._tell(Event(kind=kind, at=now, tally=self._ledger.tally(), reason=reason, wake=wake))
