"""The methods of a campaign that run it: in an event loop, without one, and from another process."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Generator, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from xoxzo.cloudpy.campaigns.ledger.sending_hours import check_times, waits_until
from xoxzo.cloudpy.campaigns.limits import Limits, Schedule
from xoxzo.cloudpy.campaigns.reconciliation import ReconcileApi
from xoxzo.cloudpy.campaigns.records import NO_REASON, Event, EventHandler, Reason, Result, State, read_reason
from xoxzo.cloudpy.campaigns.sending.campaign_run import FIRST_SENT, CampaignRun
from xoxzo.cloudpy.campaigns.sending.run_thread import run_in_thread
from xoxzo.cloudpy.client.async_client import AsyncClient
from xoxzo.cloudpy.common.hosts import may_be_simulator
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument
from xoxzo.cloudpy.protocols import CallbackUrls

_MAX_FIRST = 10_000
_ENDED = frozenset({"finished", "cancelled", "expired", "purged"})


class RunApi(ReconcileApi):
    """The methods of ``Campaign`` that run it."""

    name: str
    _run: CampaignRun | None = None

    @property
    def state(self) -> str:
        """``created``, ``running``, ``paused``, ``stopped``, ``expired``, ``cancelled``, ``finished`` or ``purged``.

        After a crash it is ``running`` until the next run begins; ``is_running`` tells whether it really is.
        """
        return str(self.ledger.get("state"))

    @property
    def reason(self) -> Reason:
        """Why the last run stopped; empty when it did not."""
        return read_reason(self.ledger.get("reason"))

    @property
    def is_running(self) -> bool:
        """Whether this process, or another, runs it now."""
        return self._run is not None or self.ledger.is_locked_elsewhere()

    @property
    def limits(self) -> Limits:
        """The limits of the last run, which the next one has unless others are given."""
        stored = self.ledger.get("limits")
        return Limits() if stored is None else msgspec.convert(stored, Limits)

    def save_limits(self, limits: Limits | None) -> Limits:
        """Store limits for the next run and return them; ``None`` leaves them as they are.

        Raises:
            InvalidArgument: the campaign was never started, and its schedule has a time in the past, is never open, or
                opens after the campaign has expired.
        """
        if limits is None:
            return self.limits
        if self.state == "created":
            check_times(self.ledger, limits)
        self.ledger.put(_stored(limits))
        return limits

    @property
    def waits_until(self) -> float | None:
        """Until when its schedule lets nobody be sent to, in seconds since 1970; ``None`` when somebody may be now."""
        if self.state in _ENDED:
            return None
        return waits_until(self.ledger, self.limits.schedule, self.ledger.clock.wall())

    def reschedule(self, schedule: Schedule | None) -> None:
        """Change when messages may be sent; a run under way follows, whichever process runs it, in a second.

        Args:
            schedule: the new schedule; ``None`` for no restriction.

        Raises:
            CampaignError: it has ended.
            InvalidArgument: it has a time in the past, is never open, or opens after the campaign has expired.
        """
        self._refuse_after(*_ENDED)
        limits = msgspec.structs.replace(self.limits, schedule=schedule)
        check_times(self.ledger, limits)
        self.ledger.reschedule(_stored(limits))

    def _refuse_after(self, *states: str) -> None:
        if (state := self.state) in states:
            raise CampaignError("campaign_ended", "{name} was {state}: it cannot continue", name=self.name, state=state)

    async def run_async(
        self,
        client: AsyncClient,
        limits: Limits | None = None,
        *,
        callbacks: CallbackUrls | None = None,
        on_event: EventHandler | None = None,
        follow: float = 0.0,
        shared: bool = False,
    ) -> Result:
        """Send to all remaining recipients, reconcile unknown messages, and return the result.

        Messages that an earlier run has left unknown are looked up; they are not simply sent again.

        Args:
            client: sends; its ``max_connections`` should be at least ``limits.concurrency``.
            limits: the limits; by default those of the last run.
            callbacks: makes the URLs of delivery reports; give the reports to ``record``.
            on_event: takes each event, in the event loop, so it must be quick. If it raises, the run ends as ``stop``
                ends it, and the exception is raised again.
            follow: seconds to poll for final statuses at the end.
            shared: whether this is a part of a run that goes on in other processes: it neither begins the campaign, nor
                ends it before everybody was sent to.

        Raises:
            CampaignError: another process runs it, it was cancelled, or the ledger cannot be written.
        """
        if not self.ledger.blocks:
            # So that nothing is changed while another process runs it.
            self.ledger.lock()
        self._refuse_after("cancelled", "purged")
        self._check_destination(client)
        if not shared:
            self._go_beyond_first()
        self._run = CampaignRun(
            self.ledger,
            self.content,
            self._uid,
            client=client,
            limits=self.save_limits(limits),
            callbacks=callbacks,
            on_event=on_event,
        )
        try:
            return await self._run.run(follow, shared=shared)
        finally:
            self._run = None

    def choose_first(self, count: int, *, seed: int | None = None) -> int:
        """Have the next run send to some recipients first, chosen at random, and stop for a look at their outcomes.

        The run ends as ``stopped`` then, with the reason ``first_sent``; the run after it sends to all others.

        Args:
            count: how many; fewer if fewer are left.
            seed: chooses the same ones again in the same list; by default another choice each time. The ledger has it
                as ``first_seed``.

        Returns:
            How many they are.

        Raises:
            InvalidArgument: the count is not from 1 to 10,000.
        """
        if not 1 <= count <= _MAX_FIRST:
            raise InvalidArgument("first", "must be from 1 to 10,000")
        seed = secrets.randbits(32) if seed is None else seed
        # Without the reason: the next run begins with these, instead of going beyond those before.
        self.ledger.put({"first_seed": seed, "reason": None})
        return self.ledger.choose_first(count, seed)

    @property
    def is_held(self) -> bool:
        """Whether some recipients are sent to first, and nobody has decided yet about the others."""
        return bool(self.ledger.get("hold")) and int(self.ledger.get("hold")) < int(self.ledger.get("total") or 0)

    def _go_beyond_first(self) -> None:
        """Send to everybody, if the run before has stopped for a look at the first ones."""
        if self.reason.code == FIRST_SENT and self.state == "stopped":
            self.ledger.put({"hold": self.ledger.get("total")})

    def _check_destination(self, client: AsyncClient) -> None:
        """Refuse to continue a campaign live that was started on a simulator, or vice versa."""
        is_local = may_be_simulator(urlsplit(client.base_url).hostname or "")
        before = self.ledger.get("is_local")
        if before is None:
            self.ledger.put({"is_local": is_local})
        elif before and not is_local:
            raise CampaignError(
                "started_on_simulator",
                "{name} was started on a simulator on this machine: it cannot be continued with Xoxzo",
                name=self.name,
            )
        elif is_local and not before:
            raise CampaignError(
                "started_live",
                "{name} was started with Xoxzo: it cannot be continued on a simulator on this machine",
                name=self.name,
            )

    async def events(
        self,
        client: AsyncClient,
        limits: Limits | None = None,
        **options: Any,  # noqa: ANN401 - what `run_async` takes
    ) -> AsyncIterator[Event | Result]:
        """Run, and yield the events and finally the result. Leaving the loop stops the run."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        task = asyncio.create_task(self.run_async(client, limits, on_event=queue.put_nowait, **options))
        task.add_done_callback(lambda _: queue.put_nowait(None))
        try:
            while (event := await queue.get()) is not None:
                yield event
            yield await task
        finally:
            if not task.done():
                self.stop()
                await asyncio.wait([task])

    def run(
        self,
        client: AsyncClient | None = None,
        limits: Limits | None = None,
        *,
        callbacks: CallbackUrls | None = None,
        on_event: EventHandler | None = None,
        follow: float = 0.0,
        account: Mapping[str, Any] | None = None,
    ) -> Result:
        """Run as ``run_async`` does, and wait for the end.

        Ctrl-C, SIGTERM and SIGHUP complete the messages in flight, and then this returns. A second one does not wait
        for them: they are unknown then.

        Args:
            client: sends; by default an ``AsyncClient`` from the environment, which is closed afterwards.
            limits: the limits; by default those of the last run.
            callbacks: makes the URLs of delivery reports.
            on_event: takes each event, in the calling thread: it may block, and use Django's models.
            follow: seconds to poll for final statuses at the end.
            account: ``sid``, ``auth_token``, ``base_url`` and other arguments of the client that is made, where they
                differ from the environment's.

        Raises:
            CampaignError: another process runs it, or the ledger cannot be written.
            ConfigurationError: there are no credentials.
        """
        events = self.watch(client, limits, callbacks=callbacks, follow=follow, account=account)
        try:
            while not isinstance(event := next(events), Result):
                if on_event is not None:
                    on_event(event)
        finally:
            events.close()
        return event

    def watch(
        self,
        client: AsyncClient | None = None,
        limits: Limits | None = None,
        *,
        callbacks: CallbackUrls | None = None,
        follow: float = 0.0,
        account: Mapping[str, Any] | None = None,
    ) -> Generator[Event | Result, None, None]:
        """Run as ``run`` does, and yield the events and finally the result. Leaving the loop stops the run.

        The run has a thread of its own, so the loop's body may block. Its arguments and errors are those of ``run``,
        without ``on_event``.
        """

        async def main(on_event: EventHandler) -> Result:
            options: dict[str, Any] = {"callbacks": callbacks, "on_event": on_event, "follow": follow}
            if client is not None:
                return await self.run_async(client, limits, **options)
            connections = (limits or self.limits).concurrency
            async with AsyncClient(**(account or {}), max_connections=connections) as own:
                return await self.run_async(own, limits, **options)

        result = yield from run_in_thread(main, self.stop)
        if result is None:
            tally = self.ledger.tally()
            result = Result(state="stopped", reason=self.reason, tally=tally, unknown=tally[State.UNKNOWN])
        yield result

    def stop(self, reason: str = "interrupted") -> None:
        """Stop the run in this process; messages in flight are completed."""
        if (run := self._run) is not None:
            run.sender.stop("stopped", Reason("stop_requested", reason))

    def leave(self) -> None:
        """End this process's part of a shared run, which goes on elsewhere; messages in flight are completed."""
        if (run := self._run) is not None:
            run.sender.stop("running", NO_REASON)

    def pause(self) -> None:
        """Pause the run, whichever process runs it; messages in flight are completed.

        Raises:
            CampaignError: the campaign has ended, or was cancelled.
        """
        self._check_goes_on()
        self.ledger.put({"requested": "pause"})

    def _check_goes_on(self) -> None:
        """Refuse a request that could change nothing any more; one that runs at this moment may still be stopped."""
        state = self.state
        nothing_left = state == "finished" and not self.ledger.tally()[State.WAITING]
        if nothing_left or state in {"cancelled", "purged"}:
            raise CampaignError(
                "campaign_over", "{name} is {state}: there is nothing left to stop", name=self.name, state=state
            )

    def resume(self) -> None:
        """Withdraw a request to pause. The workers of a dispatched campaign go on; no other run is started."""
        dispatched = self.ledger.get("workers") is not None and self.state == "paused"
        self.ledger.put({"requested": None, **({"state": "running"} if dispatched else {})})

    def cancel(self) -> None:
        """Cancel the campaign for good, and its run, whichever process runs it.

        Raises:
            CampaignError: the campaign has ended, or was cancelled.
        """
        self._check_goes_on()
        self.ledger.put({"requested": "cancel"})
        try:
            self.ledger.lock()
        except CampaignError:
            # The process that runs it ends it.
            return
        self.ledger.put({"state": "cancelled"})


def _stored(limits: Limits) -> dict[str, Any]:
    """Return how limits are stored: a claim compares the schedule by itself, since it may be changed meanwhile."""
    stored = msgspec.to_builtins(limits)
    return {"limits": stored, "schedule": stored["schedule"]}
