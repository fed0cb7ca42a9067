"""Check the limit of messages and credits in any 60 minutes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xoxzo.cloudpy.integrations.alertmanager.config.settings import SpendLimit

HOUR_SECONDS = 3600.0


def blocked_until(limit: SpendLimit, recent: Sequence[tuple[float, Decimal]], costs: Sequence[Decimal]) -> float | None:
    """Return the time until which something has to wait, or ``None`` if it may be sent now.

    Args:
        limit: the limit. The loading of the settings makes sure that one step always fits into it.
        recent: the times and estimated costs of what was sent in the last hour, oldest first.
        costs: the estimated costs of what is to be sent together.
    """
    blocked = None
    counted = list(recent)
    while counted and not _fits(limit, [cost for _, cost in counted] + list(costs)):
        at, _ = counted.pop(0)
        blocked = at + HOUR_SECONDS
    return blocked


def _fits(limit: SpendLimit, costs: Sequence[Decimal]) -> bool:
    return len(costs) <= limit.messages and (limit.credits is None or sum(costs, Decimal(0)) <= limit.credits)
