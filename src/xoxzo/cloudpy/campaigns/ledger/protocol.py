"""What a ledger must do. SQLite does it on one machine; another database has to pass the same tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from decimal import Decimal
    from typing import Any

    from xoxzo.cloudpy.campaigns.records import Claim, Outcome, Recipient, Tally, Unsettled


class Ledger(Protocol):
    """Recipients, claims and outcomes of one campaign. All times are seconds since 1970.

    Recipients never change. A claim is durable before `claim` returns; outcomes are appended, and a state that is
    certain is never replaced by one that is less so. What a run wants that another has followed is refused.
    """

    def get(self, name: str) -> Any:  # noqa: ANN401 - what was put there
        """Return a value that describes the campaign, or ``None``."""

    def put(self, values: Mapping[str, Any]) -> None:
        """Keep values that describe the campaign, all or none."""

    def add(self, recipients: Iterable[Recipient]) -> Iterator[Recipient]:
        """Add recipients, numbered from 1 in their order, and yield those whose number is there already."""

    def seal(self) -> None:
        """Close the list of recipients; without it a campaign cannot run."""

    def begin(self, now: float) -> int:
        """Begin a run and return its epoch. Whatever an earlier one left claimed becomes unknown."""

    def claim(
        self,
        epoch: int,
        limit: int,
        now: float,
        *,
        hold: int = 0,
        budget: Decimal | None = None,
        asleep: Callable[[str | None], float | None] | None = None,
    ) -> Claim:
        """Take up to ``limit`` recipients for sending, on disk before this returns.

        Args:
            epoch: the run that takes them.
            limit: the most to take.
            now: the time.
            hold: how many at the end of the list are not to be touched yet.
            budget: estimated credits that must not be passed, those of earlier claims included.
            asleep: says until when a zone must be left alone, or ``None``.
        """

    def note(self, outcomes: Iterable[Outcome], epoch: int | None = None, *, durable: bool = True) -> list[bool]:
        """Append outcomes in one transaction; say of each whether it changed its recipient's state.

        Args:
            outcomes: what became of whom.
            epoch: the run that says so; ``None`` for what was learnt otherwise.
            durable: whether they outlive a power cut when this returns. If not, they outlive the process, and the next
                durable transaction takes them along; what a power cut takes until then is unknown, and looked up.
        """

    def unknown(self) -> Iterator[Unsettled]:
        """Return those of whom nobody knows whether they were sent to."""

    def known(self, since: float) -> Iterator[tuple[int, float]]:
        """Return who was surely sent to from a moment on, and the last ones before it, with the times."""

    def latest(self) -> float:
        """Return the latest time that stands in the ledger: time must not go back between runs."""

    def sent(self) -> Iterator[tuple[int, str]]:
        """Return who was sent to and has no last word yet, with the msgid or callid."""

    def suppress(self, numbers: Iterable[str]) -> int:
        """Leave numbers out from now on; return how many are new."""

    def tally(self) -> Tally:
        """Return the figures."""

    def close(self) -> None:
        """Give the ledger up. Closing twice does nothing."""
