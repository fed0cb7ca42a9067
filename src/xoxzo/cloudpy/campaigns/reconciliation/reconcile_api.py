"""The part of a campaign that finds out what became of messages, and takes what others tell of them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.reconciliation.reconciler import Reconciler, state_of
from xoxzo.cloudpy.campaigns.records import Outcome, State

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from xoxzo.cloudpy.async_client import AsyncClient
    from xoxzo.cloudpy.campaigns.content import Content
    from xoxzo.cloudpy.campaigns.ledger import SqliteLedger
    from xoxzo.cloudpy.campaigns.records import Tally, Unsettled


class ReconcileApi:
    """What ``Campaign`` has for settling what is not known."""

    if TYPE_CHECKING:
        content: Content
        ledger: SqliteLedger
        _uid: str

    def unknown(self) -> Iterator[Unsettled]:
        """Return those of whom nobody knows whether they were sent to."""
        return self.ledger.unknown()

    async def settle(self, client: AsyncClient, *, settle: float = 600.0, statuses: bool = False) -> Tally:
        """Look once what became of messages, in the sent list and, if wished, one by one.

        Args:
            client: asks.
            settle: seconds after which a message whose answer was lost is not accepted any more.
            statuses: ask for each message that has no last word yet.

        Raises:
            CampaignError: another process runs it.
            APIError: a question failed.
        """
        self.ledger.lock()
        settler = self._settler()
        self.ledger.begin(settler.clock.now())
        if not self.content.is_call:
            settler.prove(await settler.look(client), settle)
        if statuses:
            await settler.follow(client, calls=self.content.is_call, concurrency=10)
        return self.ledger.tally()

    def record(self, event: Any) -> bool:  # noqa: ANN401 - a DeliveryReport or a CallEnded; rooms of one floor meet by shape
        """Take a delivery report or the end of a call; return whether it changed anything.

        Args:
            event: what ``Callbacks.receive`` returned.
        """
        settler = self._settler()
        n = settler.place([str(getattr(event, "reference", None) or "")])
        if n is None or not hasattr(event, "status") or self.ledger.get("state") == "purged":
            return False
        ident = str(getattr(event, "msgid", "") or getattr(event, "callid", ""))
        at = max(time.time(), self.ledger.latest())
        outcome = Outcome(n, 0, state_of(str(event.status)), ident, "", at, 0.0, getattr(event, "cost", None))
        return self.ledger.note([outcome])[0]

    def suppress(self, numbers: Iterable[str]) -> int:
        """Leave numbers out from now on, in a run under way as well; return how many are new."""
        return self.ledger.suppress(numbers)

    def read_usage_log(self, path: str | os.PathLike[str], *, settle: float = 600.0) -> int:
        """Settle by the usage log that Xoxzo's dashboard hands out as CSV; return how many of its records are ours.

        Raises:
            CampaignError: it is no usage log, or another process runs the campaign.
        """
        self.ledger.lock()
        settler = self._settler()
        found = settler.read_usage_log(Path(path))
        settler.prove(settler.clock.now(), settle)
        return found

    def assume_sent(self) -> int:
        """Take every unknown message for sent: nobody will be sent to again. Return how many."""
        return self._move(State.ASSUMED, "assumed to be sent")

    def resend_unknown(self) -> int:
        """Have every unknown message sent again by the next run, though some may arrive twice. Return how many."""
        return self._move(State.WAITING, "to be sent again, as was asked")

    def _move(self, state: State, reason: str) -> int:
        self.ledger.lock()
        return self._settler().move(state, reason)

    def _settler(self) -> Reconciler:
        return Reconciler(self.ledger, self._uid, SteadyClock(self.ledger.latest()))
