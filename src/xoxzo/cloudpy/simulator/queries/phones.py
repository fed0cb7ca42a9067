"""Phones and calls: which there are, what a phone received and sent, and what it shows."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.engine.records.accounts import SubscribedNumber
from xoxzo.cloudpy.simulator.engine.records.calls import Call
from xoxzo.cloudpy.simulator.engine.records.sms import InboundSms, Message
from xoxzo.cloudpy.simulator.engine.rules.sms_text import find_code, sms_encoding
from xoxzo.cloudpy.simulator.errors import ItemNotFound
from xoxzo.cloudpy.simulator.queries.results import (
    CallRecord,
    ReceivedSms,
    ResultPage,
    SearchResult,
    SentReply,
    below,
    by_serial,
    call_record,
    from_call,
    from_message,
    from_reply,
    newest_first,
    reply_record,
    sms_record,
    with_plus,
)


class PhoneSummary(Struct, frozen=True):
    """A phone in the list of phones."""

    number: str
    serial: int
    """That of what reached it last; a cursor for the next page."""
    last: SearchResult
    """What reached it last."""
    messages: int
    calls: int


class PhoneQueries:
    """What one phone received and sent; its number is in E.164."""

    def __init__(self, engine: Engine, number: str) -> None:
        self._engine = engine
        self._number = number

    def inbox(self) -> tuple[ReceivedSms, ...]:
        """Return every SMS that was sent to it, the oldest first."""
        with self._engine as engine:
            return tuple(map(sms_record, engine.sms.by_phone.get(self._number, {}).values()))

    def calls(self) -> tuple[CallRecord, ...]:
        """Return every call to it, the oldest first."""
        with self._engine as engine:
            return tuple(map(call_record, engine.calls.by_phone.get(self._number, {}).values()))

    def sent(self) -> tuple[SentReply, ...]:
        """Return every SMS that was written on it, the oldest first."""
        with self._engine as engine:
            return tuple(map(reply_record, engine.inbound_sms.by_phone.get(self._number, {}).values()))

    def thread(self, limit: int, before: int | None = None) -> ResultPage[SearchResult]:
        """Return at most `limit` things that it received or sent, the newest first, with serials below `before`."""
        number = self._number
        with self._engine as engine:
            streams = (
                map(from_message, below(newest_first(engine.sms.by_phone.get(number, {}).values()), before)),
                map(from_call, below(by_serial(engine.calls.by_phone.get(number, {}).values()), before)),
                map(from_reply, below(newest_first(engine.inbound_sms.by_phone.get(number, {}).values()), before)),
            )
            items = tuple(islice(heapq.merge(*streams, key=lambda one: -one.serial), limit + 1))
        return ResultPage(items[:limit], items[limit - 1].serial if len(items) > limit else None)


def find_call(engine: Engine, callid: str) -> CallRecord:
    """Return a call as it is now, incoming or outgoing; raise `ItemNotFound` if there is none."""
    with engine:
        call = engine.calls.calls.get(callid)
        if call is None:
            raise ItemNotFound("no_such_call", "there is no such call")
        return call_record(call)


def list_phones(engine: Engine, limit: int, before: int | None) -> ResultPage[PhoneSummary]:
    """Return at most `limit` phones, the last reached first; only those whose last serial number is below `before`."""
    with engine:
        numbers = list(islice(engine.context.phones.newest_first(before), limit + 1))
        shown = tuple(_summary(engine, number, serial) for number, serial in numbers[:limit])
    return ResultPage(shown, shown[-1].serial if len(numbers) > limit else None)


def _summary(engine: Engine, number: str, serial: int) -> PhoneSummary:
    messages = engine.sms.by_phone.get(number, {})
    calls = engine.calls.by_phone.get(number, {})
    last = max(_last(engine, number), key=lambda result: result.serial)
    return PhoneSummary(number, serial, last, len(messages), len(calls))


def _last(engine: Engine, number: str) -> Iterator[SearchResult]:
    if messages := engine.sms.by_phone.get(number):
        yield from_message(messages[next(reversed(messages))])
    if calls := engine.calls.by_phone.get(number):
        yield from_call(max(calls.values(), key=lambda call: call.serial))
    if replies := engine.inbound_sms.by_phone.get(number):
        yield from_reply(replies[next(reversed(replies))])


_GAP = 1_800
"""Seconds without a message after which the thread shows the time again."""


class ThreadEntry(SearchResult, frozen=True, kw_only=True):
    """One thing in a phone's thread. The `text` of a call is what it would have said, if it was not answered."""

    other: str
    """Who is at the other end; empty where the number was withheld."""
    outgoing: bool = False
    """Whether the phone itself called or wrote."""
    ringing: bool = False
    """Whether the phone rings now."""
    answered_at: float | None = None
    over: bool = True
    """Whether the call has ended."""
    steps: tuple[dict[str, Any], ...] = ()
    gap: bool = False
    """Whether it came after a while."""

    @property
    def encoding(self) -> str:
        """How the text is encoded."""
        return sms_encoding(self.text)

    @property
    def code(self) -> str | None:
        """The one-time password in the text."""
        return find_code(self.text)


class PhoneView(Struct, frozen=True, kw_only=True):
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
    """Return what a phone shows, with at most `limit` entries of its thread; the number is in E.164."""
    with engine:
        ringing = {one.call.callid for one in engine.calls.phones.now() if one.number == number}
        sources: tuple[Iterator[ThreadEntry], ...] = (
            map(_sms_entry, reversed(engine.sms.by_phone.get(number, {}).values())),
            map(_reply_entry, reversed(engine.inbound_sms.by_phone.get(number, {}).values())),
            (_call_entry(call, number, ringing) for call in reversed(engine.calls.by_phone.get(number, {}).values())),
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
            habit=engine.outcome_rules.of("call", number).outcome,
        )


def _sms_entry(message: Message) -> ThreadEntry:
    return ThreadEntry(**asdict(from_message(message)), other=message.shown_sender)


def _reply_entry(reply: InboundSms) -> ThreadEntry:
    return ThreadEntry(**asdict(from_reply(reply)), other=reply.recipient, outgoing=True)


def _call_entry(call: Call, number: str, ringing: set[str]) -> ThreadEntry:
    outgoing = call.direction == "inbound" and call.caller == number
    return ThreadEntry(
        **{**asdict(from_call(call)), "text": "" if call.answered_at else call.content},
        other=call.recipient if outgoing else with_plus(call.caller),
        outgoing=outgoing,
        ringing=call.callid in ringing,
        answered_at=call.answered_at,
        over=call.ended is not None,
        steps=tuple({"at": step.at, "name": step.name, **step.facts} for step in call.steps),
    )


def _with_gaps(entries: Iterable[ThreadEntry]) -> Iterator[ThreadEntry]:
    before = float("-inf")
    for entry in entries:
        gap, before = entry.at - before >= _GAP, entry.at
        yield replace(entry, gap=gap)


def _subscribed(lines: Iterable[SubscribedNumber]) -> tuple[str, ...]:
    return tuple(f"+{line.number}" for line in lines if line.owner is not None)
