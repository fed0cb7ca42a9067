"""Finding out what became of messages: from the sent list, message by message, or from the usage log."""

from __future__ import annotations

import asyncio
import csv
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import TYPE_CHECKING

from xoxzo.cloudpy.campaigns.inputs.encodings import detect
from xoxzo.cloudpy.campaigns.reconciliation.proof import find_unsent
from xoxzo.cloudpy.campaigns.records import Outcome, State
from xoxzo.cloudpy.errors import APIError, CampaignError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from xoxzo.cloudpy.async_client import AsyncClient
    from xoxzo.cloudpy.campaigns.clock import SteadyClock
    from xoxzo.cloudpy.campaigns.ledger import Ledger

_GROUP = 500
_OLDEST = timedelta(days=89)
_SKEW = 3600.0
_STATES = {
    "DELIVERED": State.DELIVERED,
    "OK": State.DELIVERED,
    "ANSWERED": State.DELIVERED,
    "FAIL": State.FAILED,
    "FAILED": State.FAILED,
    "NO ANSWER": State.FAILED,
}


def state_of(status: str) -> State:
    """Return the state that one of Xoxzo's words for an SMS or a call means (API sections 2.2 and 5.2)."""
    return _STATES.get(status.strip().upper(), State.SENT)


class Reconciler:
    """Looks up what is not known for certain.

    Args:
        ledger: where the campaign stands.
        uid: what the references of its messages begin with.
        clock: the time.
    """

    def __init__(self, ledger: Ledger, uid: str, clock: SteadyClock) -> None:
        self.clock = clock
        self._ledger = ledger
        self._reference = re.compile(rf"(?<![A-Za-z0-9]){re.escape(uid)}-([1-9][0-9]*)(?![0-9])")
        # A byte for each recipient: a million of them stand in the list of a large campaign.
        self._listed = bytearray(int(ledger.get("total") or 0) + 1)

    def place(self, tags: Iterable[str]) -> int | None:
        """Return the recipient that a reference among some tags stands for."""
        for tag in tags:
            if found := self._reference.fullmatch(tag.strip()):
                return self._number(found[1])
        return None

    async def look(self, client: AsyncClient) -> float:
        """Read the sent list, note what it shows, and return when it was asked for.

        Raises:
            APIError: the list could not be read.
        """
        asked = self.clock.now()
        group: list[Outcome] = []
        async for message in client.sms.list(since=self._since()):
            n = self.place(message.tags)
            if n is not None:
                group.append(self._seen(n, message.msgid, str(message.status), message.cost))
            if len(group) == _GROUP:
                self._ledger.note(group)
                group = []
        self._ledger.note(group)
        return asked

    def _since(self) -> date:
        """Return the day from which on the list is wanted."""
        wall = self.clock.wall()
        oldest = datetime.fromtimestamp(wall, UTC) - _OLDEST
        if self.clock.now() - wall > _SKEW:
            # The machine's clock was once ahead: no time in the ledger says on which day something was sent.
            return oldest.date()
        first = min((one.began for one in self._ledger.unknown()), default=wall)
        return max(datetime.fromtimestamp(first, UTC) - timedelta(days=1), oldest).date()

    def read_usage_log(self, path: Path) -> int:
        """Read the log of SMS or calls that Xoxzo's dashboard hands out as CSV (API section 9.2).

        Returns:
            How many of its records are of this campaign.

        Raises:
            CampaignError: this is no such file.
        """
        count = 0
        try:
            with path.open(encoding=detect(path), newline="") as file:
                records = self._records(csv.DictReader(file), path)
                while group := list(islice(records, _GROUP)):
                    self._ledger.note(group)
                    count += len(group)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise CampaignError(f"{path} cannot be read: {error}") from error
        return count

    def _records(self, reader: csv.DictReader[str], path: Path) -> Iterator[Outcome]:
        columns = set(reader.fieldnames or ())
        key = "msgid" if "msgid" in columns else "callid"
        if not {key, "tags", "status"} <= columns:
            raise CampaignError(f"{path} is no usage log: it has no columns msgid or callid, tags and status")
        for row in reader:
            # How the tags stand in one cell is not known: the reference is looked for wherever it is.
            found = self._reference.search(row["tags"] or "")
            n = self._number(found[1]) if found else None
            if n is not None:
                yield self._seen(n, row[key] or "", row["status"] or "", _credits(row.get("cost")))

    def prove(self, asked: float, settle: float) -> int:
        """Free those that were surely not sent, by the rule of the witnesses; return how many."""
        unknown = list(self._ledger.unknown())
        if not unknown:
            return 0
        since = min(one.began for one in unknown) - settle
        proven = find_unsent(
            unknown, listed=_Marked(self._listed), known=self._ledger.known(since), asked=asked, settle=settle
        )
        now = self.clock.now()
        self._ledger.note(
            Outcome(n, 0, State.WAITING, "", "proven not to have been sent", now, 0.0, None, now) for n in proven
        )
        return len(proven)

    def move(self, state: State, reason: str) -> int:
        """Move every unknown recipient because a person has said so; return how many."""
        now = self.clock.now()
        moved = [Outcome(one.n, 0, state, "", reason, now, 0.0, None, now) for one in self._ledger.unknown()]
        return sum(self._ledger.note(moved))

    async def follow(self, client: AsyncClient, *, calls: bool, concurrency: int) -> int:
        """Ask once for each message without a last word where it is; return how many have one now.

        Raises:
            APIError: a question failed.
        """
        pending = self._ledger.sent()
        ended = 0

        async def ask() -> None:
            nonlocal ended
            for n, ident in pending:
                said = await (client.calls.get(ident) if calls else client.sms.get(ident))
                state = state_of(str(said.status))
                if state != State.SENT:
                    now = self.clock.now()
                    ended += sum(self._ledger.note([Outcome(n, 0, state, ident, "", now, 0.0, said.cost)]))

        tasks = [asyncio.create_task(ask()) for _ in range(concurrency)]
        try:
            await asyncio.gather(*tasks)
        except (APIError, asyncio.CancelledError):
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise
        return ended

    def _number(self, digits: str) -> int | None:
        return int(digits) if len(digits) < 10 and int(digits) < len(self._listed) else None

    def _seen(self, n: int, ident: str, status: str, cost: Decimal | None) -> Outcome:
        self._listed[n] = 1
        state = state_of(status)
        # A message that is still on its way shows no cost yet (API section 15.22).
        return Outcome(n, 0, state, ident, "", self.clock.now(), 0.0, cost if state != State.SENT else None)


class _Marked:
    """The recipients that are marked."""

    def __init__(self, marks: bytearray) -> None:
        self._marks = marks

    def __contains__(self, n: object) -> bool:
        return isinstance(n, int) and bool(self._marks[n])


def _credits(value: str | None) -> Decimal | None:
    try:
        return Decimal(value or "")
    except InvalidOperation:
        return None
