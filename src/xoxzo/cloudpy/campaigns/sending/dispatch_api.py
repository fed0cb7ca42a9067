"""The methods of a campaign that have the workers of a task queue send it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from xoxzo.cloudpy.campaigns.records import State
from xoxzo.cloudpy.campaigns.sending.run_api import RunApi
from xoxzo.cloudpy.errors import CampaignError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xoxzo.cloudpy.campaigns.limits import Limits

CHUNK_TASK = "xoxzo.campaign_chunk"
_REPEAT_SECONDS = 30.0
_EXPIRY_SECONDS = 600.0


class TaskQueue(Protocol):
    """What publishes tasks: an application of Celery does."""

    def send_task(self, name: str, args: Sequence[object], *, countdown: float, expires: float) -> object:
        """Publish a task, to be run after a time in seconds, and not after another one."""


class DispatchApi(RunApi):
    """The methods of ``Campaign`` that run it, and those that have workers run it."""

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
        if self.state in {"cancelled", "purged"}:
            raise CampaignError(
                "campaign_ended", "{name} was {state}: it cannot go on", name=self.name, state=self.state
            )
        if self.state == "finished" and not self.ledger.tally()[State.WAITING]:
            raise CampaignError("nothing_left", "{name} is finished: nobody is left to send to", name=self.name)
        self.save_limits(limits)
        self._go_beyond_first()
        self.ledger.put({"state": "running", "requested": None, "workers": workers})
        self._send_chunks(queue, workers)

    def redispatch(self, queue: TaskQueue) -> int:
        """Publish tasks for workers that are missing, as after an emptied broker; return how many."""
        if self.state != "running" or time.time() < float(self.ledger.get("dispatched") or 0) + _REPEAT_SECONDS:
            return 0
        missing = self.ledger.free_seats(self.workers)
        self._send_chunks(queue, missing)
        return missing

    def continue_later(self, queue: TaskQueue, countdown: float = 0.0) -> None:
        """Publish the task that goes on when this one has ended."""
        self._send_chunks(queue, 1, countdown)

    def _send_chunks(self, queue: TaskQueue, count: int, countdown: float = 0.0) -> None:
        if count:
            self.ledger.put({"dispatched": time.time() + countdown})
        for _ in range(count):
            queue.send_task(
                CHUNK_TASK, (self.name, self._uid), countdown=countdown, expires=countdown + _EXPIRY_SECONDS
            )
