"""The brake: what may go out in any sixty minutes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xoxzo.cloudpy.integrations.alertmanager.settings import Brake

HOUR = 3600.0


def holds(brake: Brake, lately: Sequence[tuple[float, Decimal]], costs: Sequence[Decimal]) -> float | None:
    """Say until when something has to wait, or ``None`` when it may go out now.

    Args:
        brake: the limits; what goes out at once fits into them by itself, which the reading of the file sees to.
        lately: when in the last hour something went out and what it is reckoned to cost, the oldest first.
        costs: of what is to go out together.
    """
    wait = None
    left = list(lately)
    while left and not _fits(brake, [cost for _, cost in left] + list(costs)):
        at, _ = left.pop(0)
        wait = at + HOUR
    return wait


def _fits(brake: Brake, costs: Sequence[Decimal]) -> bool:
    return len(costs) <= brake.messages and (brake.credits is None or sum(costs, Decimal(0)) <= brake.credits)
