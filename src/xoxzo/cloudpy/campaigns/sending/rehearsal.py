"""Rehearse a campaign: run all of it through a simulator in this process, on a virtual clock."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Protocol

import msgspec

from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.content import Content
from xoxzo.cloudpy.campaigns.ledger.sending_hours import SendingHours
from xoxzo.cloudpy.campaigns.limits import Limits
from xoxzo.cloudpy.campaigns.records import Event, EventHandler, Result
from xoxzo.cloudpy.client.async_client import AsyncClient
from xoxzo.cloudpy.errors import APIError, CampaignError
from xoxzo.cloudpy.protocols import AsyncTransport, Progress, Request, TimeBudget

# Calls take minutes; an SMS is delivered in seconds.
_FINAL_STATUS_SECONDS = 600.0
_LONGEST_SECONDS = 366 * 86_400.0


class RehearsalService(Protocol):
    """What a campaign is rehearsed with, in this process: a ``Simulator`` is one."""

    def stop_clock(self) -> None:
        """Let time stand still."""

    def move_clock(self, moment: float) -> None:
        """Set the clock that stands still to a later moment, in seconds since 1970."""

    def async_transport(self) -> AsyncTransport:
        """Return a transport that leads to it without a socket."""


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """What a rehearsed campaign has given. A ``repr`` leaves the report out."""

    result: Result
    """How the run ended, with the totals."""
    began: float
    """When the first message was sent, in seconds since 1970 by the virtual clock; 0 when none was."""
    ended: float
    """When the last one was."""
    figures: dict[str, Any]
    """The figures of the report, for programs."""
    report: str
    """The report as an HTML page, in English or Japanese."""

    def __repr__(self) -> str:
        return f"Rehearsal(result={self.result!r})"


class _SlowTransport:
    """Leads to the service; each response takes its time on the virtual clock."""

    def __init__(self, service: RehearsalService, now: Callable[[], float]) -> None:
        self._service = service
        self._inner = service.async_transport()
        self._now = now
        self.seconds = 0.0

    async def send(self, request: Request, budget: TimeBudget, progress: Progress) -> Any:  # noqa: ANN401 - its response
        self._service.move_clock(self._now())
        response = await self._inner.send(request, budget, progress)
        # Afterwards: the lease has to last until it is written, and what takes too long may have been sent.
        await asyncio.sleep(self.seconds)
        return response

    async def close(self) -> None:
        await self._inner.close()


class Rehearser:
    """Plays a campaign on a virtual clock, from a moment in seconds since 1970; each response takes some seconds."""

    def __init__(
        self,
        service: RehearsalService,
        *,
        start: float,
        response_seconds: float,
        allowed_recipients: Iterable[str] | None = None,
    ) -> None:
        self._loop = VirtualLoop()
        self._start, self._wake = start, 0.0
        self._response_seconds = response_seconds
        self._allowed_recipients = allowed_recipients
        self._on_event: EventHandler | None = None
        service.stop_clock()
        service.move_clock(start)
        self._transport = _SlowTransport(service, self._now)

    def play(
        self, content: Content, create: Callable[[Content], Any], limits: Limits, on_event: EventHandler | None = None
    ) -> tuple[Any, Result]:
        """Create a campaign, whose class is above this module, and run it to its end; read each message's final status.

        Raises:
            CampaignError: some messages would be sent after more than a year, or never.
        """
        self._on_event = on_event
        try:
            return self._loop.run_until_complete(self._play(content, create, limits))
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _play(self, content: Content, create: Callable[[Content], Any], limits: Limits) -> tuple[Any, Result]:
        async with AsyncClient(
            sid="rehearsal",
            auth_token="rehearsal",  # noqa: S106 - a simulator takes any
            base_url="http://localhost",
            allowed_recipients=self._allowed_recipients,
            transport=self._transport,
        ) as client:
            if content.template is not None:
                template = await client.templates.create(name="rehearsal", content=content.message)
                content = msgspec.structs.replace(content, template=template.id)
            campaign = create(content)
            openings = SendingHours(campaign.ledger, limits.schedule).openings(self._start)
            if any(begin > self._start + _LONGEST_SECONDS for _zones, begin, _end in openings):
                raise CampaignError(
                    "rehearsal_too_long", "a rehearsal covers one year, and some messages would be sent later, or never"
                )
            campaign.ledger.make_disposable()
            campaign.ledger.clock = SteadyClock(campaign.ledger.latest_time(), self._now, self._loop.time)
            self._transport.seconds = self._response_seconds
            result: Result = await campaign.run_async(client, limits, on_event=self._take_event)
            self._transport.seconds = 0.0
            await asyncio.sleep(_FINAL_STATUS_SECONDS)
            # By a fault that is rehearsed, too: what has no final status is shown as sent.
            with suppress(APIError):
                await campaign.settle(client, settle=limits.settle, statuses=True)
            return campaign, msgspec.structs.replace(result, tally=campaign.tally())

    def _now(self) -> float:
        return self._start + self._loop.time()

    def _take_event(self, event: Event) -> None:
        if event.kind == "waiting" and event.wake is not None:
            self._wake = event.wake
        if event.kind in {"waiting", "progress"} and not event.tally.in_flight and self._wake > event.at:
            # Nothing happens until then: hours of polling would take minutes of real time.
            self._loop.skip_to(min(self._wake - self._start, _LONGEST_SECONDS))
        if self._on_event is not None:
            self._on_event(event)


class _InstantSelector(selectors.SelectSelector):
    """Advances the virtual clock instead of waiting."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("deadlock: nothing is scheduled")
        self.now += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on a virtual clock, from a moment on; nothing in it may wait for a socket or a thread."""

    def __init__(self, now: float = 0.0) -> None:
        self._virtual = _InstantSelector()
        self._virtual.now = now
        super().__init__(self._virtual)

    def time(self) -> float:
        """Return the virtual time."""
        return self._virtual.now

    def skip_to(self, moment: float) -> None:
        """Advance to a moment at once, if it is later; what was due meanwhile runs then."""
        self._virtual.now = max(self._virtual.now, moment)
