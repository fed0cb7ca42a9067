"""What the control API answers, where that is no plain value of the simulator's own."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from xoxzo.cloudpy.simulator.commands.faults import Fault
from xoxzo.cloudpy.simulator.engine.rules.timestamps import format_time
from xoxzo.cloudpy.simulator.queries.records import CallRecord, ReceivedSms

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.queries.records import CallbackAttempt


class Completed(Struct):
    """It was done."""

    status: str = "ok"


class Health(Struct):
    """The simulator answers."""

    status: str
    time: str
    """The present on its clock, `YYYY-MM-DD HH:MM:SS` in UTC."""
    instance: str
    """Tells this simulator from any other."""


class ClockState(Struct):
    """The state of the clock."""

    time: str
    """`YYYY-MM-DD HH:MM:SS` in UTC."""
    stopped: bool
    next_due: str | None
    """When something happens next by itself."""


class CallState(Struct):
    """A call, and what happened on it."""

    id: str
    direction: str
    caller: str | None
    recipient: str
    status: str
    duration: int
    steps: tuple[dict[str, Any], ...]


class PhoneState(Struct):
    """What a phone received."""

    number: str
    messages: list[ReceivedSms]
    calls: list[CallState]


class CallbackAttemptState(Struct):
    """A try to deliver a callback."""

    kind: str
    ident: str
    url: str
    attempt: int
    at: str
    """When it ended, `YYYY-MM-DD HH:MM:SS` in UTC."""
    status: int | None
    error: str | None
    outcome: str
    content_type: str
    body: str
    answer: str
    answer_headers: list[tuple[str, str]]


class FaultsState(Struct):
    """The faults that are on, and how often each kind has hit."""

    faults: list[Fault]
    counts: dict[str, int]


class SendersState(Struct):
    """The K-premium senders."""

    senders: list[str]
    any: bool
    """Whether any is taken, registered or not."""


class Setting(Struct):
    """A setting of the simulator."""

    name: str
    value: str
    meaning: str


def call_state(record: CallRecord) -> CallState:
    """Return a call as the control API shows it."""
    return CallState(
        record.callid, record.direction, record.caller, record.recipient, record.status, record.duration, record.steps
    )


def attempt_state(attempt: CallbackAttempt) -> CallbackAttemptState:
    """Return a try to deliver a callback as the control API shows it."""
    shown = asdict(attempt)
    return CallbackAttemptState(
        **{**shown, "at": format_time(attempt.at), "answer_headers": list(attempt.answer_headers)}
    )
