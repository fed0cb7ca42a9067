"""What every page shows besides its own: the time, and what is not as usual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.simulator import Simulator

TOPICS = ("faults", "clock", "carrier", "template", "console")
"""Events that change what every page shows."""


def alerts(simulator: Simulator, held: int | None = None) -> dict[str, Any]:
    """Return how things stand.

    Args:
        simulator: Where.
        held: How much waits at the carrier, where the page has counted it already.

    Returns:
        ``now``, ``stopped`` (the clock), ``faults`` (how many are on), ``waiting`` (templates that wait for approval)
        and ``held`` (messages and calls that wait for somebody at the carrier).
    """
    with simulator.engine as engine:
        now = engine.clock.now()
        if held is None:
            held = len(engine.sms.held()) + len(engine.calls.phones.now())
        waiting = sum(template.pending_content is not None for template in engine.templates.templates.values())
    return {
        "now": now,
        "stopped": simulator.clock_stopped,
        "faults": sum(1 for _ in simulator.faults),
        "waiting": waiting,
        "held": held,
    }
