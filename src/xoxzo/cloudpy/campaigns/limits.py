"""The limits of a run."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from xoxzo.cloudpy.campaigns.schedule import Schedule
from xoxzo.cloudpy.errors import InvalidArgument

CONTACT_SECONDS = 90 * 86_400.0
"""How long a store keeps who was contacted, so the most that ``not_within`` can be."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of a run.

    Raises:
        InvalidArgument: a value is out of range.
    """

    concurrency: int = 10
    """Messages in flight at once. Xoxzo limits connections for each account (API section 1.6)."""
    rate: float | None = None
    """Messages a second, or ``None`` for no limit."""
    max_cost: Decimal | None = None
    """Estimated credits that must not be exceeded, over all runs of the campaign."""
    schedule: Schedule | None = None
    """When messages may be sent."""
    expires: float | None = None
    """When the campaign expires, in seconds since 1970; nothing is sent afterwards."""
    stop_share: float = 0.5
    """Share of the last hundred messages that may fail before the run stops, above 0 and at most 1."""
    settle: float = 600.0
    """Seconds after which a message whose response was lost is no longer accepted; then the sent list can prove that it
    was not sent."""
    canaries: int = 3
    """Recipients at the end of the list that are held back for that proof."""
    lease: float = 60.0
    """Seconds for which what a worker has claimed is its own. Half of them is the most that a message may take; what a
    worker that has died had claimed is reconciled when they have passed."""
    not_within: float | None = None
    """Leave out those to whom another campaign of the store has sent, or may have sent, in this many seconds: at most
    90 days. ``None`` or 0 for no limit."""

    @property
    def message_seconds(self) -> float:
        """The most seconds that one message may take."""
        return self.lease / 2

    def __post_init__(self) -> None:
        for field, is_valid, rule in (
            ("concurrency", 1 <= self.concurrency <= 1000, "must be from 1 to 1,000"),
            ("rate", self.rate is None or 0 < self.rate < 1e6, "must be above 0"),
            ("max_cost", self.max_cost is None or self.max_cost >= 0, "must be 0 or more"),
            ("stop_share", 0 < self.stop_share <= 1, "must be above 0 and at most 1"),
            ("settle", 0 <= self.settle < 1e6, "must be 0 or more seconds"),
            ("lease", 2 <= self.lease <= 3600, "must be from 2 to 3,600 seconds"),
            ("not_within", 0 <= (self.not_within or 0) <= CONTACT_SECONDS, "must be from 0 to 90 days, in seconds"),
            ("canaries", 0 <= self.canaries <= 100, "must be from 0 to 100"),
        ):
            if not is_valid:
                raise InvalidArgument(field, rule)
