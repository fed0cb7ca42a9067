"""The figures behind the overview's charts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from xoxzo.cloudpy.simulator.engine.aggregates import Minute, RefusedRequest
from xoxzo.cloudpy.simulator.engine.engine import Engine


@dataclass(frozen=True, slots=True)
class MinuteFigures:
    """What happened in one minute."""

    start: float
    """When it began, seconds since 1970 on the simulator's clock."""
    sms: int
    calls: int
    spent: Decimal
    balance: Decimal
    """Credits of all accounts at its end, as far as they were ever charged."""
    callbacks_ok: int
    callbacks_failed: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The state of the simulator and what happened lately."""

    minutes: tuple[MinuteFigures, ...]
    """The oldest first; the last one is the present."""
    sms: dict[str, int]
    """Messages that are kept, by status."""
    calls: dict[str, int]
    """Calls that are kept, by status."""
    accounts: int
    balance: Decimal
    phones: int
    callbacks_waiting: int
    refusals: tuple[RefusedRequest, ...]
    """Requests that were refused lately, the newest first."""


def overview(engine: Engine, minutes: int) -> Overview:
    """Return the figures of the last minutes.

    Args:
        engine: Where to look.
        minutes: How many, the present one included, 1 to `KEPT_MINUTES`.
    """
    with engine:
        tally, now = engine.context.minute_stats, int(engine.context.now() // 60)
        counted = {number: tally.minutes.get(number, Minute()) for number in range(now - minutes + 1, now + 1)}
        accounts = engine.accounts.all()
        balance = sum((account.credits for account in accounts), Decimal(0))
        return Overview(
            minutes=tuple(reversed(list(_figures(counted, balance)))),
            sms=dict(Counter(message.status for message in engine.sms.messages.values())),
            calls=dict(Counter(call.status for call in engine.calls.calls.values())),
            accounts=len(accounts),
            balance=balance,
            phones=len(engine.context.phones),
            callbacks_waiting=engine.callbacks.waiting,
            refusals=tuple(reversed(tally.refusals)),
        )


def _figures(counted: dict[int, Minute], balance: Decimal) -> list[MinuteFigures]:
    """Return the figures from the present backwards: what each minute took was there before it."""
    figures = []
    for number, minute in reversed(counted.items()):
        figures.append(
            MinuteFigures(
                number * 60.0,
                minute.sms,
                minute.calls,
                minute.spent,
                balance,
                minute.callbacks_ok,
                minute.callbacks_failed,
            )
        )
        balance += minute.spent - minute.bought
    return figures
