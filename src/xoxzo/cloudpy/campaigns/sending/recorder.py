"""Record the outcomes of a run in groups, soon after they are known."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from xoxzo.cloudpy.campaigns.ledger import Ledger
from xoxzo.cloudpy.campaigns.records import Outcome
from xoxzo.cloudpy.errors import CampaignError

T = TypeVar("T")
RECORD_SECONDS = 0.05
"""How soon outcomes are recorded."""
_MAX_BUFFERED = 500
_DURABLE_SECONDS = 0.5
_LATEST_RESULTS = 100
_RATE_SECONDS = 10.0


async def call(ledger: Ledger, method: Callable[..., T], *arguments: Any, **options: Any) -> T:  # noqa: ANN401 - the method's
    """Call a method of a ledger, in another thread if it may take long: messages in flight go on meanwhile."""
    if ledger.blocks:
        return await asyncio.to_thread(method, *arguments, **options)
    return method(*arguments, **options)


class Recorder:
    """Collects outcomes and records them, and knows how fast they came recently.

    ``fail`` is called with an error of the ledger. Nothing more is started then; what could not be recorded is unknown
    to the next run, which reconciles it.
    """

    def __init__(self, ledger: Ledger, fail: Callable[[BaseException], None]) -> None:
        self._ledger = ledger
        self._clock = ledger.clock
        self._fail = fail
        self._outcomes: list[Outcome] = []
        self._results: list[str] = []
        self._last_error = ""
        self.latest: deque[str] = deque(maxlen=_LATEST_RESULTS)
        """``1`` for each of the latest messages that was sent, and ``0`` for each that counts as failed."""
        # Of each group that was recorded, the time of the first outcome, and how many there were.
        self._groups: deque[tuple[float, int]] = deque()
        self._lock = asyncio.Lock()
        # When everything recorded was on disk, and whether something has been recorded since.
        self._durable_at, self._has_pending_commit = ledger.clock.monotonic(), False

    def add(self, outcome: Outcome, result: str = "") -> None:
        """Take an outcome, to be recorded soon: ``1`` stands for sent, and ``0`` for what counts as failed."""
        self._outcomes.append(outcome)
        if result:
            self._results.append(result)
            self.latest.append(result)
            self._last_error = outcome.error or self._last_error
        if len(self._outcomes) >= _MAX_BUFFERED and not self._ledger.blocks:
            try:
                self._write(*self._take(), durable=False)
            except CampaignError as error:
                self._fail(error)

    def rate(self) -> float:
        """Return the outcomes a second of the last seconds."""
        now = self._clock.now()
        while self._groups and self._groups[0][0] < now - _RATE_SECONDS:
            self._groups.popleft()
        count = sum(count for _, count in self._groups)
        seconds = now - self._groups[0][0] if self._groups else 0.0
        return count / seconds if count > 1 and seconds > 0 else 0.0

    async def record(self, *, durable: bool = True) -> None:
        """Record what was taken; raise ``CampaignError``."""
        async with self._lock:
            await call(self._ledger, self._write, *self._take(), durable=durable)

    async def try_record(self, *, durable: bool = False) -> None:
        """Record what was taken, and end the run where that fails."""
        try:
            await self.record(durable=durable)
        except CampaignError as error:
            self._fail(error)

    async def record_regularly(self) -> None:
        """Record what was taken, soon after it was."""
        while True:
            await asyncio.sleep(RECORD_SECONDS)
            await self.try_record()

    def committed(self, *, durable: bool) -> None:
        """Note that a transaction was committed: a durable one includes those before."""
        self._has_pending_commit = not durable
        if durable:
            self._durable_at = self._clock.monotonic()

    def _take(self) -> tuple[list[Outcome], str]:
        # In the event loop, where others are added: another thread could lose one of them.
        outcomes, self._outcomes = self._outcomes, []
        results, self._results = "".join(self._results), []
        if outcomes:
            self._groups.append((outcomes[0].at, len(outcomes)))
        return outcomes, results

    def _write(self, outcomes: list[Outcome], results: str, *, durable: bool) -> None:
        # Only claims have to be on disk before anything is sent. Outcomes are included in the next one, a quarter of a
        # second later as a rule; without one they do not wait much longer.
        durable = durable or self._clock.monotonic() - self._durable_at >= _DURABLE_SECONDS
        if not outcomes and not (self._has_pending_commit and durable):
            return
        try:
            self._ledger.record(outcomes, results=results, last_error=self._last_error, durable=durable)
        except BaseException:
            self._outcomes[:0] = outcomes
            raise
        self.committed(durable=durable)
