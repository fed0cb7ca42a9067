"""What happens next on the simulator's clock, in words: timers know their moment, and records whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.simulator.engine.services.subscribed_numbers import MONTH

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.engine.engine import Engine

MOVES = "a message to {number} moves on"
EXPIRES = "a one-time password for {number} expires"
RENEWS = "the number {number} is renewed"
RETRIES = "a callback is tried again"


def next_event(engine: Engine) -> tuple[float, str, str] | None:
    """Return when something is due next, what it is, and for which number; ``None`` when nothing is.

    What it is stays an empty text for what no record tells the moment of, such as the next step of a call.
    """
    with engine:
        due = engine.next_due()
        return None if due is None else (due, *_whose(engine, due))


def _whose(engine: Engine, due: float) -> tuple[str, str]:
    queued = engine.settings.sms_queued_seconds
    for message in reversed(engine.sms.messages.values()):
        if due in (message.due, message.sent + queued) and message.status in {"QUEUED", "DELIVERING"}:
            return MOVES, message.request.recipient
    for otp in engine.otp.active.values():
        if due == otp.created + engine.settings.otp_lifetime:
            return EXPIRES, otp.phone
    for line in (*engine.dins.lines.values(), *engine.sins.lines.values()):
        if line.owner is not None and due == line.since + line.months * MONTH:
            return RENEWS, f"+{line.number}"
    return (RETRIES, "") if engine.callbacks.next_of_all() == due else ("", "")
