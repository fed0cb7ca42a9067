"""The part of a campaign that runs it: in an event loop, in a program without one, and from another process."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from xoxzo.cloudpy.campaigns.limits import Limits
from xoxzo.cloudpy.campaigns.records import State
from xoxzo.cloudpy.campaigns.sending.campaign_run import CampaignRun
from xoxzo.cloudpy.campaigns.sending.events import Result
from xoxzo.cloudpy.campaigns.sending.run_thread import RunThread, handle_signals
from xoxzo.cloudpy.errors import CampaignError
from xoxzo.cloudpy.hosts import is_this_machine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Mapping

    from xoxzo.cloudpy.async_client import AsyncClient
    from xoxzo.cloudpy.campaigns.content import Content
    from xoxzo.cloudpy.campaigns.ledger import SqliteLedger
    from xoxzo.cloudpy.campaigns.sending.events import Event, EventHandler
    from xoxzo.cloudpy.protocols import CallbackUrls


class RunApi:
    """What ``Campaign`` has for running."""

    if TYPE_CHECKING:
        name: str
        content: Content
        ledger: SqliteLedger
        _uid: str

        @property
        def state(self) -> str:
            """Where the campaign stands."""

    _run: CampaignRun | None = None

    @property
    def limits(self) -> Limits:
        """What the last run kept to, and the next one will if it is told nothing else."""
        kept = self.ledger.get("limits")
        return Limits() if kept is None else msgspec.convert(kept, Limits)

    def save_limits(self, limits: Limits | None) -> Limits:
        """Remember what is kept to; return it. ``None`` leaves it as it was."""
        if limits is None:
            return self.limits
        self.ledger.put({"limits": msgspec.to_builtins(limits)})
        return limits

    async def run_async(
        self,
        client: AsyncClient,
        limits: Limits | None = None,
        *,
        callbacks: CallbackUrls | None = None,
        on_event: EventHandler | None = None,
        follow: float = 0.0,
    ) -> Result:
        """Send to everybody who is left, settle what can be settled, and say how it ended.

        Whatever a run before this one left in doubt is looked up and never simply sent again.

        Args:
            client: sends; its ``max_connections`` should be at least ``limits.concurrency``.
            limits: what is kept to; by default what the last run kept to.
            callbacks: makes the URLs of delivery reports; give what they tell to ``record``.
            on_event: told what happens, in the event loop, so it must be quick. If it raises, the run stops as
                ``stop`` has it, and what it raised is raised again.
            follow: seconds to ask, at the end, for the carriers' last words.

        Raises:
            CampaignError: another process runs it, it was cancelled, or the ledger cannot be written.
        """
        self.ledger.lock()
        if self.state in {"cancelled", "purged"}:
            raise CampaignError(f"{self.name} was {self.state}: it cannot go on")
        self._check_server(client)
        self._run = CampaignRun(
            self.ledger,
            self.content,
            self._uid,
            client=client,
            limits=self.save_limits(limits),
            callbacks=callbacks,
            tell=on_event,
        )
        try:
            return await self._run.run(follow)
        finally:
            self._run = None

    def _check_server(self, client: AsyncClient) -> None:
        """Keep a campaign that was begun on a simulator away from people, and one that was begun with them there.

        Raises:
            CampaignError: this client leads to the other side.
        """
        here = is_this_machine(urlsplit(client.base_url).hostname or "")
        before = self.ledger.get("here")
        if before is None:
            self.ledger.put({"here": here})
        elif before != here:
            sides = ("Xoxzo", "a simulator on this machine") if here else ("a simulator on this machine", "Xoxzo")
            raise CampaignError(f"{self.name} was begun with {sides[0]}: it does not go on with {sides[1]}")

    async def events(
        self,
        client: AsyncClient,
        limits: Limits | None = None,
        **options: Any,  # noqa: ANN401 - what `run_async` takes
    ) -> AsyncIterator[Event | Result]:
        """Run, and yield what happens; the last thing is the result. Leaving the loop stops the run."""
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
        """Do what ``run_async`` does and wait for it.

        Ctrl-C and SIGTERM finish what is in flight, and then this returns. A second one waits for nothing: what is in
        flight is unknown then.

        Args:
            client: an ``AsyncClient``; by default one from the environment, which is closed afterwards.
            limits: as for ``run_async``. The same goes for the others.
            callbacks: makes the URLs of delivery reports.
            on_event: told what happens, in the calling thread: it may take its time, and use Django's models.
            follow: seconds to ask, at the end, for the carriers' last words.
            account: ``sid``, ``auth_token``, ``base_url`` and what else the client that is made takes, where it is not
                the environment's.

        Raises:
            CampaignError: another process runs it, or the ledger cannot be written.
            ConfigurationError: no credentials.
        """
        things = self.watch(client, limits, callbacks=callbacks, follow=follow, account=account)
        try:
            while not isinstance(thing := next(things), Result):
                if on_event is not None:
                    on_event(thing)
        finally:
            things.close()
        return thing

    def watch(
        self,
        client: AsyncClient | None = None,
        limits: Limits | None = None,
        *,
        callbacks: CallbackUrls | None = None,
        follow: float = 0.0,
        account: Mapping[str, Any] | None = None,
    ) -> Generator[Event | Result, None, None]:
        """Do what ``run`` does, and yield what happens; the last thing is the result. Leaving the loop stops the run.

        The run has a thread of its own, so the loop's body may take its time.

        Args:
            client: as for ``run``. The same goes for the others.
            limits: what is kept to.
            callbacks: makes the URLs of delivery reports.
            follow: seconds to ask, at the end, for the carriers' last words.
            account: as for ``run``.

        Raises:
            CampaignError: another process runs it, or the ledger cannot be written.
            ConfigurationError: no credentials.
        """

        async def main(tell: EventHandler) -> Result:
            options: dict[str, Any] = {"callbacks": callbacks, "on_event": tell, "follow": follow}
            if client is not None:
                return await self.run_async(client, limits, **options)
            async with _client((limits or self.limits).concurrency, account or {}) as own:
                return await self.run_async(own, limits, **options)

        run = RunThread(main, self.stop)
        with handle_signals(run):
            try:
                yield from run.events()
            finally:
                run.stop()
                run.join()
        result = run.result()
        if result is None:
            tally = self.ledger.tally()
            reason = str(self.ledger.get("reason") or "")
            result = Result(state="stopped", reason=reason, tally=tally, unknown=tally[State.UNKNOWN])
        yield result

    def stop(self, reason: str = "interrupted") -> None:
        """Have the run in this process end as soon as what is in flight has come to its end."""
        if (run := self._run) is not None:
            run.stop("stopped", reason)

    def pause(self) -> None:
        """Pause the run, whichever process runs it; messages in flight are completed first."""
        self.ledger.put({"requested": "pause"})

    def resume(self) -> None:
        """Withdraw a pause that was requested; it does not start a run."""
        self.ledger.put({"requested": None})

    def cancel(self) -> None:
        """Cancel the campaign for good, and the run that may be under way in any process."""
        self.ledger.put({"requested": "cancel"})
        try:
            self.ledger.lock()
        except CampaignError:
            # Whoever runs it has been told, and ends it.
            return
        self.ledger.put({"state": "cancelled"})


@asynccontextmanager
async def _client(connections: int, account: Mapping[str, Any]) -> AsyncIterator[AsyncClient]:
    """Give a client of its own."""
    from xoxzo.cloudpy.async_client import AsyncClient

    async with AsyncClient(**account, max_connections=connections) as client:
        yield client
