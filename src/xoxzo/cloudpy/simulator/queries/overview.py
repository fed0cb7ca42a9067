"""How things stand: counts by status, the figures behind the overview's charts, and what is due next."""

from __future__ import annotations

import math
from collections import Counter
from decimal import Decimal
from itertools import islice
from typing import Literal

from msgspec import Struct
from msgspec.structs import asdict, replace

from xoxzo.cloudpy.simulator.engine.context import Minute
from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.engine.records.traffic import Traffic
from xoxzo.cloudpy.simulator.engine.services.accounts import MONTH_SECONDS
from xoxzo.cloudpy.simulator.queries.results import SearchResult, result_from


def count_by_status(engine: Engine) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Count messages and calls by status, and attempts to deliver callbacks by outcome."""
    with engine:
        return (
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
        return len(engine.sms.held()) + len(engine.calls.ringing)


def list_ringing(engine: Engine) -> tuple[SearchResult, ...]:
    """Return the calls whose phone rings until somebody answers, the oldest first; `recipient` is that phone."""
    waiting = []
    with engine:
        for one in engine.calls.ringing.values():
            decided = engine.outcome_rules.of("call", one.number)  # of a phone that is switched off, for ever
            if decided.outcome == "hold" and decided.seconds < math.inf and not one.is_ignored:
                waiting.append(replace(result_from(one.call), recipient=one.number))
    return tuple(waiting)


def list_held(engine: Engine, limit: int | None = None) -> tuple[SearchResult, ...]:
    """Return at most `limit` messages that wait for the carrier's decision, and calls that ring, the oldest first."""
    with engine:
        # Very many may be held: only what is shown is made into values.
        held: list[Traffic] = [
            *engine.sms.held()[:limit],
            *(one.call for one in islice(engine.calls.ringing.values(), limit)),
        ]
        return tuple(map(result_from, sorted(held, key=lambda record: record.serial)[:limit]))


class MinuteFigures(Minute, kw_only=True):
    """What happened in one minute."""

    start: float
    """When it began, seconds since 1970 on the simulator's clock."""
    balance: Decimal
    """Credits of all accounts at its end, as far as they were ever charged."""


class Overview(Struct, frozen=True):
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


def overview(engine: Engine, minutes: int) -> Overview:
    """Return the figures of the last minutes, 1 to `KEPT_MINUTES`, with the present one."""
    with engine:
        present = int(engine.context.now() // 60)
        accounts = engine.accounts.accounts.values()
        balance = total = sum((account.credits for account in accounts), Decimal(0))
        figures = []
        # From the present backwards: what each minute took was there before it.
        for number in range(present, present - minutes, -1):
            minute = engine.context.minutes.get(number, Minute())
            figures.append(MinuteFigures(**asdict(minute), start=number * 60.0, balance=balance))
            balance += minute.spent - minute.bought
        messages, calls, _ = count_by_status(engine)
        return Overview(
            minutes=tuple(reversed(figures)),
            sms=dict(messages),
            calls=dict(calls),
            accounts=len(accounts),
            balance=total,
            phones=len(engine.context.phones),
            callbacks_waiting=len(engine.callbacks.pending),
        )


NextEventKind = Literal["message", "otp", "renewal", "callback", "other"]
"""A message's status changes, a one-time password expires, a number is renewed, a callback is tried again."""


def next_event(engine: Engine) -> tuple[float, NextEventKind, str] | None:
    """Return when something is due next, what, and the phone number that it concerns, if any; or ``None``.

    Timers know their moment only, so the record with the same moment is looked for; the steps of a call have none.
    """
    with engine:
        due, settings = engine.next_due(), engine.settings
        if due is None:
            return None
        for message in reversed(engine.sms.messages.values()):
            moments = (message.due, message.sent + settings.sms_queued_seconds)
            if due in moments and message.status in {"QUEUED", "DELIVERING"}:
                return due, "message", message.request.recipient
        for otp in engine.otp.active.values():
            if due == otp.created + settings.otp_lifetime:
                return due, "otp", otp.phone
        for line in (*engine.dins.lines.values(), *engine.sins.lines.values()):
            if line.owner is not None and due == line.since + line.months * MONTH_SECONDS:
                return due, "renewal", f"+{line.number}"
        return due, "callback" if engine.callbacks.next_try() == due else "other", ""
