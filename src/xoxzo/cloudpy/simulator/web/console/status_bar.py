"""What every page shows besides its own: the time, and what is not as usual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.simulator.queries.status import count_held, count_pending_templates

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.runtime.simulation import Simulation

TOPICS = ("faults", "clock", "carrier", "template", "console")
"""Events that change what every page shows."""


def alerts(simulator: Simulation, held: int | None = None) -> dict[str, Any]:
    """Return how things stand.

    Args:
        simulator: Where.
        held: How much waits at the carrier, where the page has counted it already.

    Returns:
        ``now``, ``stopped`` (the clock), ``faults`` (how many are on), ``waiting`` (templates that wait for approval)
        and ``held`` (messages and calls that wait for somebody at the carrier).
    """
    return {
        "now": simulator.now.timestamp(),
        "stopped": simulator.clock_stopped,
        "faults": sum(1 for _ in simulator.faults),
        "waiting": count_pending_templates(simulator.engine),
        "held": count_held(simulator.engine) if held is None else held,
    }
