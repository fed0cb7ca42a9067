"""The limits of a run."""

from __future__ import annotations

from decimal import Decimal  # noqa: TC003 - limits are read from ledgers by their types

import msgspec

from xoxzo.cloudpy.campaigns.quiet_hours import QuietHours  # noqa: TC001 - the same
from xoxzo.cloudpy.errors import InvalidArgument


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a run keeps to.

    Attributes:
        concurrency: messages in flight at once. Xoxzo limits connections for each account (API section 1.6).
        rate: messages a second, or ``None`` for as many as go.
        max_cost: estimated credits that must not be passed, over all runs of the campaign.
        quiet: when nobody is to be disturbed.
        expires: seconds since 1970 after which nobody is sent to any more.
        stop_share: share of the last hundred messages that may fail before the run stops, above 0 and at most 1.
        settle: seconds after which a message whose answer was lost is not accepted any more; then the sent list can
            prove that it was not sent.
        canaries: recipients at the end of the list that are kept back for that proof.

    Raises:
        InvalidArgument: a value makes no sense.
    """

    concurrency: int = 10
    rate: float | None = None
    max_cost: Decimal | None = None
    quiet: QuietHours | None = None
    expires: float | None = None
    stop_share: float = 0.5
    settle: float = 600.0
    canaries: int = 3

    def __post_init__(self) -> None:
        for field, fits, rule in (
            ("concurrency", 1 <= self.concurrency <= 1000, "must be from 1 to 1,000"),
            ("rate", self.rate is None or 0 < self.rate < 1e6, "must be above 0"),
            ("max_cost", self.max_cost is None or self.max_cost >= 0, "must be 0 or more"),
            ("stop_share", 0 < self.stop_share <= 1, "must be above 0 and at most 1"),
            ("settle", 0 <= self.settle < 1e6, "must be 0 or more seconds"),
            ("canaries", 0 <= self.canaries <= 100, "must be from 0 to 100"),
        ):
            if not fits:
                raise InvalidArgument(field, rule)
