"""What a ledger must do: SQLite does it for one process, PostgreSQL for many, and both pass the same tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from xoxzo.cloudpy.campaigns.clock import SteadyClock
    from xoxzo.cloudpy.campaigns.ledger.opt_outs import ContactList, OptOutList
    from xoxzo.cloudpy.campaigns.records import (
        Claim,
        ClaimRequest,
        Outcome,
        Recipient,
        RecipientStatus,
        Remaining,
        Tally,
        Unsettled,
    )


class Ledger(Protocol):
    """The recipients, claims and outcomes of one campaign. All times are seconds since 1970.

    Workers claim recipients and send to them. Recipients never change; a claim is durable before `claim` returns, and
    it is its worker's until its lease has ended by the ledger's clock. What has no outcome then is unknown: it is
    reconciled, and not sent again. Outcomes are appended; a certain state is never replaced by a less certain one,
    whoever records it and whenever.

    Methods raise ``CampaignError`` where the ledger cannot be read or written.

    Attributes:
        clock: the ledger's time.
        blocks: whether methods may wait for other machines, so that an event loop should not call them itself.
        opt_outs: the opt-out list of its store.
        contacts: who may have got a message of the campaigns of its store.
    """

    clock: SteadyClock
    blocks: bool
    opt_outs: OptOutList
    contacts: ContactList

    def get(self, name: str) -> Any:  # noqa: ANN401 - what was stored
        """Return a value that describes the campaign, or ``None``."""

    def put(self, values: Mapping[str, Any]) -> None:
        """Store values that describe the campaign, all or none."""

    def add(self, recipients: Iterable[Recipient]) -> Iterator[Recipient]:
        """Add recipients, numbered from 1 in their order, and yield those whose number is there already."""

    def seal(self) -> None:
        """Close the list of recipients; a campaign can run only afterwards."""

    def lock(self) -> None:
        """Keep all workers out until this ledger is closed.

        Raises:
            CampaignError: another process runs the campaign.
        """

    def join(self, account: str) -> None:
        """Begin to work on the campaign: as one worker of many, or where only one process can, as the only one.

        Args:
            account: a hash of the account, whose rate and pauses its campaigns share.

        Raises:
            CampaignError: another process runs it and it can have only one, or it was not sealed.
        """

    def leave(self) -> None:
        """End this worker's work."""

    def is_locked_elsewhere(self) -> bool:
        """Return whether another process, or another ledger of this one, runs the campaign."""

    def take_seat(self, seats: int) -> bool:
        """Take one of the seats of those who send, until this ledger is closed; return whether one was free."""

    def free_seats(self, seats: int) -> int:
        """Return how many of the seats nobody has taken."""

    def claim(self, request: ClaimRequest) -> Claim:
        """Take recipients for sending, or return why there is none; the claim is durable when this returns.

        Nothing is claimed on request to pause, when too many messages have failed, over the budget, while the account
        is paused or its send times are taken. Those that are suppressed are skipped, and on request those whom another
        campaign of the store has contacted lately; those outside their sending hours are postponed. Who is claimed is
        among the contacts before this returns, until it is recorded that nothing was sent.
        """

    def record(
        self, outcomes: Iterable[Outcome], *, results: str = "", last_error: str = "", durable: bool = True
    ) -> int:
        """Append outcomes in one transaction; return how many changed their recipient's state.

        Recording an outcome of a claim twice does nothing more. An outcome is taken after the lease has ended, too: if
        it is certain, or if nobody else has claimed the recipient meanwhile.

        Args:
            outcomes: the outcomes.
            results: ``1`` for each message that was sent and ``0`` for each that has failed, in their order: the share
                of failed ones among the last hundred may stop the campaign.
            last_error: the last error.
            durable: whether they survive a power cut when this returns. If not, they survive the process, and the next
                durable transaction includes them; what a power cut takes until then is unknown, and is reconciled.
        """

    def reschedule(self, values: Mapping[str, Any]) -> None:
        """Store values with another schedule, and look anew at everybody who waits for a time."""

    def choose_first(self, count: int, seed: int) -> int:
        """Let only so many recipients be claimed from now on; return how many they are.

        They are chosen at random, by the seed alone, among those never claimed, whose first positions they take. The
        value ``hold`` has the last position that may be claimed.
        """

    def give_back(self, claim: int) -> None:
        """Make everything of a claim waiting again that has no outcome yet; nothing of it may have been started."""

    def sweep(self) -> int:
        """Make unknown what is left of claims whose lease has ended, by any worker; return how many."""

    def reserve(self, account: str, count: int, rate: float) -> float:
        """Reserve so many send times anew, within the account's rate; return in how many seconds the first one is."""

    def pause_account(self, account: str, seconds: float) -> None:
        """Have no worker claim anything for an account for some seconds."""

    def next_n(self) -> int:
        """Return the position up to which recipients were claimed."""

    def catch_up(self, last: int, began: float) -> int:
        """Make unknown who waits to be sent to or tried again: records are lost, or only a newer copy has them.

        Args:
            last: the position up to which recipients were claimed at least.
            began: since when they may have been sent to, in seconds since 1970.

        Returns:
            How many became unknown.
        """

    def give_up(self, ended: float) -> None:
        """Stop holding canaries back for those unknown whose attempt had ended by a moment: nothing can be proven."""

    def take_turn(self, seconds: float) -> bool:
        """Return whether no worker has taken a turn for some seconds, and take it then."""

    def find(self, number: str) -> int | None:
        """Return the position of a number in E.164, or ``None``."""

    def recipients(self, first: int = 1, last: int | None = None) -> Iterator[Recipient]:
        """Return recipients by position, in constant memory."""

    def recipient_statuses(self) -> Iterator[RecipientStatus]:
        """Return the state of each recipient, in the order of the list and in constant memory."""

    def remaining(self, not_within: float | None = None) -> Remaining:
        """Return what is still to be sent, without those whom other campaigns have contacted within some seconds."""

    def unknown(self) -> Iterator[Unsettled]:
        """Return the recipients whose outcome is unknown."""

    def confirmed_sends(self, since: float) -> Iterator[tuple[int, float]]:
        """Return who was certainly sent to from a moment on, and the last ones before it, with the times."""

    def without_final_status(self, *, or_click: bool = False) -> Iterator[tuple[int, str]]:
        """Return who was sent to and has no final status yet, with the msgid or callid; on request, or no click."""

    def latest_time(self) -> float:
        """Return the latest time in the ledger: time must not go back between runs."""

    def suppress(self, numbers: Iterable[str]) -> int:
        """Leave numbers out of this campaign from now on; return how many are new."""

    def record_click(self, n: int, at: float) -> bool:
        """Record when a recipient has opened the tracked link; return whether that was not known."""

    def forget(self) -> None:
        """Remove from the opt-out list what concerns this campaign alone."""

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

    @property
    def opt_outs(self) -> OptOutList:
        """The opt-out list of all campaigns in it."""

    @property
    def contacts(self) -> ContactList:
        """Who may have got a message of the campaigns in it."""

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
