"""The methods of a campaign that reconcile unknown messages, and record delivery reports."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.campaigns.inputs.recipients import read_numbers
from xoxzo.cloudpy.campaigns.reconciliation.reconciler import Reconciler, state_of
from xoxzo.cloudpy.campaigns.records import REPORTED, Outcome, State

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from xoxzo.cloudpy.campaigns.content import Content
    from xoxzo.cloudpy.campaigns.ledger import Ledger
    from xoxzo.cloudpy.campaigns.records import Tally, Unsettled
    from xoxzo.cloudpy.client.async_client import AsyncClient

_CONCURRENCY = 10


class ReconcileApi:
    """The methods of ``Campaign`` that reconcile it."""

    if TYPE_CHECKING:
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
        self._prepare()
        reconciler = self._reconciler()
        # The list may be read seldom: statuses alone do not need it.
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
        reconciler = self._reconciler()
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
            CampaignError: it is no usage log, or another process runs the campaign.
        """
        self._prepare()
        reconciler = self._reconciler()
        found = reconciler.read_usage_log(Path(path))
        reconciler.release_unsent(reconciler.clock.now(), settle)
        return found

    def assume_sent(self) -> int:
        """Treat every unknown message as sent: it is not sent again. Return how many."""
        return self._move_unknown(State.ASSUMED, "assumed_sent")

    def resend_unknown(self) -> int:
        """Have the next run send every unknown message again, though some may arrive twice. Return how many."""
        return self._move_unknown(State.WAITING, "resend_requested")

    def _move_unknown(self, state: State, reason: str) -> int:
        self._prepare()
        return self._reconciler().move_unknown(state, reason)

    def _prepare(self) -> None:
        """Make unknown what dead workers have left; where one process runs a campaign, refuse while it does."""
        if not self.ledger.blocks:
            self.ledger.lock()
        self.ledger.sweep()

    def _reconciler(self) -> Reconciler:
        return Reconciler(self.ledger, self._uid, self.ledger.clock)
