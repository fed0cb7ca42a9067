"""Finding what happens next on the simulator's clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from xoxzo.cloudpy.simulator.engine.services.subscribed_numbers import MONTH_SECONDS

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.engine.engine import Engine

NextEventKind = Literal["message", "otp", "renewal", "callback", "other"]


@dataclass(frozen=True, slots=True)
class NextEvent:
    """What is due next."""

    at: float
    """When, seconds since 1970 on the simulator's clock."""
    kind: NextEventKind
    """`message`: its status changes · `otp`: it expires · `renewal` of a number · `callback`: the next attempt."""
    number: str = ""
    """The phone number that it concerns."""


def next_event(engine: Engine) -> NextEvent | None:
    """Return what is due next, or ``None``.

    Timers know their moment only, so the record with the same moment is looked for; the steps of a call have none.
    """
    with engine:
        due = engine.next_due()
        return None if due is None else _event_at(engine, due)


def _event_at(engine: Engine, due: float) -> NextEvent:
    queued = engine.settings.sms_queued_seconds
    for message in reversed(engine.sms.messages.values()):
        if due in (message.due, message.sent + queued) and message.status in {"QUEUED", "DELIVERING"}:
            return NextEvent(due, "message", message.request.recipient)
    for otp in engine.otp.active.values():
        if due == otp.created + engine.settings.otp_lifetime:
            return NextEvent(due, "otp", otp.phone)
    for number in (*engine.dins.lines.values(), *engine.sins.lines.values()):
        if number.owner is not None and due == number.since + number.months * MONTH_SECONDS:
            return NextEvent(due, "renewal", f"+{number.number}")
    return NextEvent(due, "callback" if engine.callbacks.next_of_all() == due else "other")
