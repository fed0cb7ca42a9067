"""Counting what a simulator holds: for the console's status bar, its carrier page and the metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xoxzo.cloudpy.simulator.queries.results import SearchResult, from_call, from_message

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.engine.engine import Engine


@dataclass(frozen=True, slots=True)
class StatusCounts:
    """How many records there are, by status or outcome."""

    messages: Counter[str]
    calls: Counter[str]
    callback_attempts: Counter[str]


def count_by_status(engine: Engine) -> StatusCounts:
    """Count messages, calls and attempts to deliver callbacks."""
    with engine:
        return StatusCounts(
            Counter(message.status for message in engine.sms.messages.values()),
            Counter(call.status for call in engine.calls.calls.values()),
            Counter(attempt.outcome for attempt in engine.callbacks.log),
        )


def count_pending_templates(engine: Engine) -> int:
    """Return how many templates wait for approval."""
    with engine:
        return sum(template.pending_content is not None for template in engine.templates.templates.values())


def count_held(engine: Engine) -> int:
    """Return how many messages wait for a decision of the carrier, and how many phones ring."""
    with engine:
        return len(engine.sms.held()) + len(engine.calls.phones.now())


def list_held(engine: Engine, limit: int | None = None) -> tuple[SearchResult, ...]:
    """Return messages that wait for a decision of the carrier, and calls that ring, the oldest first.

    Args:
        engine: The service.
        limit: How many at most; ``None`` for all.
    """
    with engine:
        # Very many may be held: only what is shown is made into values.
        held = [*map(from_message, engine.sms.held()[:limit])]
        held += (from_call(ringing.call) for ringing in engine.calls.phones.now()[:limit])
    return tuple(sorted(held, key=lambda result: result.serial)[:limit])
