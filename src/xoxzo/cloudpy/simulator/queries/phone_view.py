"""What a phone shows: its messages, replies and calls in one thread, and the call that it is busy with."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.simulator.engine.rules.sms_text import find_code, sms_encoding
from xoxzo.cloudpy.simulator.queries.results import with_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xoxzo.cloudpy.simulator.engine.engine import Engine
    from xoxzo.cloudpy.simulator.engine.records.calls import Call
    from xoxzo.cloudpy.simulator.engine.records.numbers import SubscribedNumber
    from xoxzo.cloudpy.simulator.engine.records.sms import InboundSms, Message

_GAP = 1_800
"""Seconds without a message after which the thread shows the time again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadEntry:
    """One thing in a phone's thread."""

    kind: str
    """``sms`` to the phone, ``reply`` from it, or ``call``."""
    ident: str
    serial: int
    at: float
    other: str
    """Who is at the other end; empty where the number was withheld."""
    status: str
    text: str = ""
    parts: int = 0
    encoding: str = ""
    code: str | None = None
    """The one-time password in the text."""
    outgoing: bool = False
    """Whether the phone itself called or wrote."""
    ringing: bool = False
    """Whether the phone rings now."""
    answered_at: float | None = None
    over: bool = True
    """Whether the call has ended."""
    duration: int = 0
    steps: tuple[dict[str, Any], ...] = ()
    gap: bool = False
    """Whether it came after a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneView:
    """A phone at one moment."""

    number: str
    entries: tuple[ThreadEntry, ...]
    """Oldest first."""
    more: bool
    """Whether there are older ones."""
    busy: ThreadEntry | None
    """The call that it is in, or that rings."""
    call: ThreadEntry | None
    """The call that it was in last, or is in."""
    dins: tuple[str, ...]
    """Numbers that it could call, with their +."""
    sins: tuple[str, ...]
    """Numbers that it could write to, with their +."""
    habit: str
    """What it does when it is called: an outcome of the carrier's rules, or of the settings."""


def phone_view(engine: Engine, number: str, limit: int) -> PhoneView:
    """Return what a phone shows.

    Args:
        engine: Where it is reached.
        number: Its number, in E.164.
        limit: How many entries of its thread.
    """
    with engine:
        ringing = {one.call.callid for one in engine.calls.phones.now() if one.number == number}
        sources: tuple[Iterator[ThreadEntry], ...] = (
            map(_sms, reversed(engine.sms.by_phone.get(number, {}).values())),
            map(_reply, reversed(engine.inbound_sms.by_phone.get(number, {}).values())),
            (_call(call, number, ringing) for call in reversed(engine.calls.by_phone.get(number, {}).values())),
        )
        newest = list(islice(heapq.merge(*sources, key=lambda entry: -entry.serial), limit + 1))
        calls = [entry for entry in newest if entry.kind == "call"]
        return PhoneView(
            number=number,
            entries=tuple(_with_gaps(reversed(newest[:limit]))),
            more=len(newest) > limit,
            busy=next(
                (call for call in calls if not call.over and (call.ringing or call.outgoing or call.answered_at)), None
            ),
            call=calls[0] if calls else None,
            dins=_subscribed(engine.dins.lines.values()),
            sins=_subscribed(engine.sins.lines.values()),
            habit=engine.outcome_rules.of_call(number).outcome,
        )


def _sms(message: Message) -> ThreadEntry:
    return ThreadEntry(
        kind="sms",
        ident=message.msgid,
        serial=message.serial,
        at=message.sent,
        other=message.shown_sender,
        status=message.status,
        text=message.text,
        parts=message.parts,
        encoding=sms_encoding(message.text),
        code=find_code(message.text),
    )


def _reply(reply: InboundSms) -> ThreadEntry:
    return ThreadEntry(
        kind="reply",
        ident=reply.ident,
        serial=reply.serial,
        at=reply.at,
        other=reply.recipient,
        status=reply.status,
        text=reply.text,
        outgoing=True,
    )


def _call(call: Call, number: str, ringing: set[str]) -> ThreadEntry:
    outgoing = call.direction == "inbound" and call.caller == number
    return ThreadEntry(
        kind="call",
        ident=call.callid,
        serial=call.serial,
        at=call.started,
        other=call.recipient if outgoing else with_plus(call.caller),
        status=call.status,
        outgoing=outgoing,
        ringing=call.callid in ringing,
        answered_at=call.answered_at,
        over=call.ended is not None,
        duration=call.duration,
        steps=tuple({"at": step.at, "name": step.name, **step.facts} for step in call.steps),
    )


def _with_gaps(entries: Iterable[ThreadEntry]) -> Iterator[ThreadEntry]:
    before = float("-inf")
    for entry in entries:
        gap, before = entry.at - before >= _GAP, entry.at
        yield replace(entry, gap=gap)


def _subscribed(lines: Iterable[SubscribedNumber]) -> tuple[str, ...]:
    return tuple(f"+{line.number}" for line in lines if line.owner is not None)
