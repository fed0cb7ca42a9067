"""What a ledger must do. SQLite does it on one machine; another database has to pass the same tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from decimal import Decimal

    from xoxzo.cloudpy.campaigns.records import Claim, Outcome, Recipient, RecipientStatus, Remaining, Tally, Unsettled


class Ledger(Protocol):
    """The recipients, claims and outcomes of one campaign. All times are seconds since 1970.

    Recipients never change. A claim is durable before `claim` returns; outcomes are appended, and a certain state is
    never replaced by a less certain one. A run that another one has replaced is refused.

    Methods raise ``CampaignError`` where the ledger cannot be read or written.
    """

    def get(self, name: str) -> Any:  # noqa: ANN401 - what was stored
        """Return a value that describes the campaign, or ``None``."""

    def put(self, values: Mapping[str, Any]) -> None:
        """Store values that describe the campaign, all or none."""

    def add(self, recipients: Iterable[Recipient]) -> Iterator[Recipient]:
        """Add recipients, numbered from 1 in their order, and yield those whose number is there already."""

    def seal(self) -> None:
        """Close the list of recipients; a campaign can run only afterwards."""

    def lock(self) -> None:
        """Keep other runs out until this ledger is closed.

        Raises:
            CampaignError: another process runs the campaign.
        """

    def is_locked_elsewhere(self) -> bool:
        """Return whether another process, or another ledger of this one, runs the campaign."""

    def take_seat(self, seats: int) -> bool:
        """Take one of the seats of those who send, until this ledger is closed; return whether one was free."""

    def free_seats(self, seats: int) -> int:
        """Return how many of the seats nobody has taken."""

    def begin(self, now: float) -> int:
        """Begin a run and return its epoch. Whatever an earlier run left claimed becomes unknown."""

    def claim(
        self,
        epoch: int,
        limit: int,
        now: float,
        *,
        hold_back: int = 0,
        budget: Decimal | None = None,
        quiet_until: Callable[[str | None], float | None] | None = None,
    ) -> Claim:
        """Take up to ``limit`` recipients for sending; the claim is durable when this returns.

        Args:
            epoch: the run that takes them.
            limit: the most to take.
            now: the time.
            hold_back: how many at the end of the list must not be taken yet.
            budget: estimated credits that must not be exceeded, with those of earlier claims.
            quiet_until: returns until when a time zone has quiet hours, or ``None``.
        """

    def record(self, outcomes: Iterable[Outcome], epoch: int | None = None, *, durable: bool = True) -> list[bool]:
        """Append outcomes in one transaction; return of each whether it changed its recipient's state.

        Args:
            outcomes: the outcomes.
            epoch: the run that they are from; ``None`` for those from another source.
            durable: whether they survive a power cut when this returns. If not, they survive the process, and the next
                durable transaction includes them; what a power cut takes until then is unknown, and is reconciled.
        """

    def recipients(self, first: int = 1, last: int | None = None) -> Iterator[Recipient]:
        """Return recipients by position, in constant memory."""

    def recipient_statuses(self) -> Iterator[RecipientStatus]:
        """Return the state of each recipient, in the order of the list and in constant memory."""

    def remaining(self) -> Remaining:
        """Return what is still to be sent."""

    def unknown(self) -> Iterator[Unsettled]:
        """Return the recipients whose outcome is unknown."""

    def confirmed_sends(self, since: float) -> Iterator[tuple[int, float]]:
        """Return who was certainly sent to from a moment on, and the last ones before it, with the times."""

    def without_final_status(self) -> Iterator[tuple[int, str]]:
        """Return who was sent to and has no final status yet, with the msgid or callid."""

    def latest_time(self) -> float:
        """Return the latest time in the ledger: time must not go back between runs."""

    def suppress(self, numbers: Iterable[str]) -> int:
        """Leave numbers out from now on; return how many are new."""

    def tally(self) -> Tally:
        """Return the totals."""

    def purge(self) -> int:
        """Delete numbers, variables and ids and keep the totals; return how many recipients there were."""

    def close(self) -> None:
        """Close the ledger and release its lock. Closing twice does nothing."""


class CampaignStore(Protocol):
    """Where the ledgers of campaigns are stored: a folder of files, or a database that several machines use.

    Methods raise ``InvalidArgument`` for what cannot be the name of a campaign, and ``CampaignError`` where the store
    cannot be read or written.
    """

    @property
    def address(self) -> str:
        """What opens the same store in another process: a folder, or a URL."""

    def create(self, name: str) -> AbstractContextManager[Ledger]:
        """Return a context with a new ledger, which gets its name when the block has ended without an exception.

        So a name never stands for half a list; after an exception nothing is left.

        Raises:
            CampaignError: there is a campaign of this name, or it cannot be created.
        """

    def open(self, name: str) -> Ledger:
        """Open the ledger of a campaign.

        Raises:
            CampaignError: there is none of this name, or it cannot be read.
        """

    def exists(self, name: str) -> bool:
        """Return whether there is a campaign of this name."""

    def names(self) -> Iterator[str]:
        """Return the names of all campaigns, sorted."""

    def remove(self, name: str) -> None:
        """Delete a campaign; its ledger must be closed."""
