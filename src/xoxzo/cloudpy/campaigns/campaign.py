"""A campaign as an object: create it, preview it, run it, query it."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Literal, Protocol, Self
from zoneinfo import ZoneInfo

import msgspec

from xoxzo.cloudpy.campaigns.content import OPT_OUT, Content
from xoxzo.cloudpy.campaigns.create import CreateApi, Source
from xoxzo.cloudpy.campaigns.inputs.tables import hash_file
from xoxzo.cloudpy.campaigns.ledger import CampaignStore, FolderStore, open_store
from xoxzo.cloudpy.campaigns.limits import Limits
from xoxzo.cloudpy.campaigns.opt_outs import read_links
from xoxzo.cloudpy.campaigns.records import EventHandler, RecipientStatus, State, Tally
from xoxzo.cloudpy.campaigns.report.plan import Plan, make_plan
from xoxzo.cloudpy.campaigns.report.statistics import Statistics
from xoxzo.cloudpy.campaigns.sending.rehearsal import Rehearsal, RehearsalService, Rehearser
from xoxzo.cloudpy.campaigns.sending.run_api import RunApi
from xoxzo.cloudpy.client.async_client import AsyncClient
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument

_ENDED = frozenset({"finished", "cancelled", "expired"})
CHUNK_TASK = "xoxzo.campaign_chunk"
_REPEAT_SECONDS = 30.0
_EXPIRY_SECONDS = 600.0
_PAST_SECONDS = 60.0


class TaskQueue(Protocol):
    """What publishes tasks: an application of Celery does."""

    def send_task(self, name: str, args: Sequence[object], *, countdown: float, expires: float) -> object:
        """Publish a task, to be run after a time in seconds, and not after another one."""


class Campaign(CreateApi, RunApi):
    """One message to many people. Its ledger stores everything about it.

    Get one by ``Campaign.create`` or ``Campaign.open``, and close it, or use it in a ``with`` statement.
    """

    @classmethod
    def rehearse(
        cls,
        name: str,
        source: Source,
        content: Content,
        service: RehearsalService,
        limits: Limits | None = None,
        *,
        store: CampaignStore | str | os.PathLike[str] | None = None,
        start: float | None = None,
        response_seconds: float = 0.2,
        allowed_recipients: Iterable[str] | None = None,
        on_event: EventHandler | None = None,
        language: Literal["en", "ja"] = "en",
        **creating: Any,  # noqa: ANN401 - what `create` takes
    ) -> Rehearsal:
        """Play a whole campaign through a simulator in this process, and return what the real run would give.

        Nothing leaves the process, and nothing is stored. A virtual clock advances by itself: a run that takes days by
        its rate and its schedule is over in seconds, and its report shows the times of those days.

        Args:
            name: what the report calls it.
            source: as for ``create``.
            content: as for ``create``. A template is created in the simulator from its text.
            service: a ``Simulator`` with the settings to rehearse with: credits, prices, faults. Templates have to be
                approved there at once (``templates_approved``).
            limits: as for ``run``.
            store: where campaigns are stored: those on its opt-out list are left out, and with ``limits.not_within``
                those contacted lately.
            start: when the run begins, in seconds since 1970, now or later; by default now.
            response_seconds: how long each response takes; without a rate limit this and ``limits.concurrency`` decide
                how long the run takes.
            allowed_recipients: as for ``Client``.
            on_event: takes each event; its times are those of the virtual clock.
            language: of the report.
            **creating: ``number``, ``columns``, ``country`` and other arguments of ``create``.

        Raises:
            BadRows: there are bad rows.
            InvalidArgument: the content or a setting breaks its rule.
            CampaignError: as for ``create``.
            RuntimeError: it was called in an event loop.
        """
        now = time.time()
        start = now if start is None else start
        if start < now - _PAST_SECONDS:  # A simulator's clock never goes back: nothing would be delivered.
            raise InvalidArgument("start", "must not be in the past")
        rehearser = Rehearser(
            service, start=start, response_seconds=response_seconds, allowed_recipients=allowed_recipients
        )
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
            own = FolderStore(folder)
            own.copy_lists(open_store(store))
            content.check()

            def create(content: Content) -> Campaign:
                return stack.enter_context(cls.create(name, source, content, store=own, **creating))

            campaign, result = rehearser.play(content, create, limits or Limits(), on_event)
            figures = Statistics(campaign.recipient_statuses())
            return Rehearsal(
                result=result,
                began=min(figures.sent, default=0.0),
                ended=max(figures.sent, default=0.0),
                figures=figures.to_dict(),
                report=campaign.render_report(language=language),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Campaign({self.name!r})"

    def close(self) -> None:
        """Close the ledger. Closing twice does nothing."""
        self.ledger.close()

    @property
    def reference_prefix(self) -> str:
        """What the reference of each message begins with; a hyphen and the recipient's position follow."""
        return self._uid

    def is_created_from(self, source: str | os.PathLike[str]) -> bool:
        """Return whether the campaign was created from this file as it is now."""
        return bool(self.ledger.get("source") == hash_file(source))

    def plan(self, limits: Limits | None = None) -> Plan:
        """Preview what is left to be sent, without sending it."""
        return make_plan(self.ledger, self.content, limits or self.limits)

    def tally(self) -> Tally:
        """Return the totals."""
        return self.ledger.tally()

    def recipient_statuses(self) -> Iterator[RecipientStatus]:
        """Return the status of each recipient, in the order of the list."""
        return self.ledger.recipient_statuses()

    def render_report(
        self,
        *,
        language: Literal["en", "ja"] | None = None,
        zone: ZoneInfo | None = None,
        yen_per_credit: Decimal | None = None,
    ) -> str:
        """Return a report as one HTML page, without any phone number, message or id.

        Args:
            language: of the page; by default that of the country of the list.
            zone: the time zone of its times; by default that of this machine, or where that has none but UTC, of the
                recipients.
            yen_per_credit: shows amounts in yen as well.
        """
        from xoxzo.cloudpy.campaigns.report.html import render_report

        options: dict[str, Any] = {"language": language, "zone": zone, "yen_per_credit": yen_per_credit}
        return render_report(self.name, self.content, self.ledger, **options)

    async def send_test(self, client: AsyncClient, number: str) -> str:
        """Send the first recipient's message to a number of your own; return the msgid or callid.

        A link for ``{opt_out}`` in it opts nobody out.

        Raises:
            InvalidArgument: it is no phone number.
            APIError: it could not be sent.
        """
        first = next(self.ledger.recipients(1, 1))
        reference = f"{self._uid}-test-{secrets.token_hex(4)}"
        signer = read_links(self.ledger)
        variables = first.variables if signer is None else {**first.variables, OPT_OUT: signer.link(None)}
        return await self.content.send(client, number, variables, reference=reference)

    def purge(self) -> int:
        """Delete numbers, variables, ids and the message for good, and keep the totals.

        Returns:
            How many recipients there were.

        Raises:
            CampaignError: it has not ended, and could not be continued afterwards.
        """
        self.ledger.lock()
        if self.state not in _ENDED:
            raise CampaignError(
                "campaign_not_ended",
                "{name} is {state}: cancel it first, or let it finish",
                name=self.name,
                state=self.state,
            )
        self.ledger.put({"statistics": Statistics(self.recipient_statuses()).to_stored()})
        count = self.ledger.purge()
        self.ledger.forget()
        content = msgspec.to_builtins(msgspec.structs.replace(self.content, message="-"))
        self.ledger.put({"content": content, "state": "purged", "input": {"country": self.country}, "links": None})
        return count

    @property
    def workers(self) -> int:
        """How many processes send a dispatched campaign at the same time, at most; 0 for any other campaign."""
        return int(self.ledger.get("workers") or 0)

    @property
    def is_abandoned(self) -> bool:
        """Whether it was dispatched, and nobody works on it: no worker runs, or its task still waits in the queue."""
        return self.workers > 0 and self.state == "running" and not self.is_running

    @property
    def has_unsettled(self) -> bool:
        """Whether it was dispatched and nobody works on it any more, and outcomes are unknown that can be looked up."""
        is_idle = self.workers > 0 and not self.content.is_call and not self.is_running
        return is_idle and self.ledger.tally()[State.UNKNOWN] > 0 and self.state != "purged"

    def dispatch(self, queue: TaskQueue, limits: Limits | None = None, *, workers: int = 1) -> None:
        """Have workers of a Celery application send to all remaining recipients; return at once.

        Their processes must open the same store. Dispatching again changes limits and workers, and sends nothing twice.

        Args:
            queue: the application, in which ``xoxzo.cloudpy.integrations.celery.install`` has added the tasks.
            limits: the limits; by default those of the last run.
            workers: how many processes of the workers send at the same time, at most, each with
                ``limits.concurrency`` messages in flight.

        Raises:
            CampaignError: the campaign was cancelled or purged, nobody is left to send to, or the store cannot be
                written.
        """
        self._refuse_after("cancelled", "purged")
        if self.state == "finished" and not self.ledger.tally()[State.WAITING]:
            raise CampaignError("nothing_left", "{name} is finished: nobody is left to send to", name=self.name)
        self.save_limits(limits)
        self._go_beyond_first()
        self.ledger.put({"state": "running", "requested": None, "workers": workers})
        self.continue_later(queue, tasks=workers)

    def redispatch(self, queue: TaskQueue) -> int:
        """Publish tasks for workers that are missing, as after an emptied broker; return how many."""
        if self.state != "running" or time.time() < float(self.ledger.get("dispatched") or 0) + _REPEAT_SECONDS:
            return 0
        missing = self.ledger.free_seats(self.workers)
        self.continue_later(queue, tasks=missing)
        return missing

    def continue_later(self, queue: TaskQueue, countdown: float = 0.0, *, tasks: int = 1) -> None:
        """Publish the task that goes on when this one has ended, after a time in seconds; or several at once."""
        if tasks:
            self.ledger.put({"dispatched": time.time() + countdown})
        for _ in range(tasks):
            queue.send_task(
                CHUNK_TASK, (self.name, self._uid), countdown=countdown, expires=countdown + _EXPIRY_SECONDS
            )
