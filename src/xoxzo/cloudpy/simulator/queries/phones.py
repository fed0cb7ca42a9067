"""Phones and calls: which there are, what a phone received and sent, and what it shows."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.engine.records.traffic import InboundSms, Message, Traffic
from xoxzo.cloudpy.simulator.engine.rules import ItemNotFound, find_code
from xoxzo.cloudpy.simulator.queries.results import (
    CallRecord,
    ReceivedSms,
    ResultPage,
    SearchResult,
    SentReply,
    call_record,
    newest_first,
    result_from,
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
    """What one phone received and sent. Each property shows the state at the moment at which it is read."""

    def __init__(self, engine: Engine, number: str) -> None:
        self.number = number
        self._engine = engine

    @property
    def inbox(self) -> tuple[ReceivedSms, ...]:
        """Every SMS that was sent to it, oldest first; `status` says whether it has arrived."""
        with self._engine as engine:
            messages = engine.sms.by_phone.get(self.number, {}).values()
            return tuple(ReceivedSms(one.msgid, one.shown_sender, one.text, one.parts, one.status) for one in messages)

    @property
    def calls(self) -> tuple[CallRecord, ...]:
        """Every call to it, oldest first."""
        with self._engine as engine:
            return tuple(map(call_record, reversed(newest_first(engine.calls.by_phone.get(self.number, {}).values()))))

    @property
    def sent(self) -> tuple[SentReply, ...]:
        """Every SMS that was written on it, oldest first."""
        with self._engine as engine:
            replies = engine.sms.replies.by_phone.get(self.number, {}).values()
            return tuple(SentReply(reply.ident, reply.recipient, reply.text, reply.status) for reply in replies)

    def thread(self, *, limit: int = 100, before: int | None = None) -> ResultPage[SearchResult]:
        """Return what it received and sent, the newest first.

        Args:
            limit: How many at most.
            before: Only what is older: the `next` of the page before.
        """
        with self._engine as engine:
            items = tuple(map(result_from, islice(_newest(engine, self.number, before), limit + 1)))
        return ResultPage(items[:limit], items[limit - 1].serial if len(items) > limit else None)


def find_call(engine: Engine, callid: str) -> CallRecord:
    """Return a call as it is now, incoming or outgoing; raise `ItemNotFound` if there is none."""
    with engine:
        call = engine.calls.calls.get(callid)
        if call is None:
            raise ItemNotFound("no_such_call", "there is no such call")
        return call_record(call)


def list_phones(engine: Engine, limit: int, before: int | None) -> ResultPage[PhoneSummary]:
    """Return `limit` phones, the last reached first; only those whose last serial number is below `before`."""
    shown: list[PhoneSummary] = []
    with engine:
        for number, serial in reversed(engine.context.phones.items()):
            if before is not None and serial >= before:
                continue
            # One call may have reached several phones: their serial number is one, so they stay on one page.
            if len(shown) >= limit and serial < shown[-1].serial:
                return ResultPage(tuple(shown), shown[-1].serial)
            messages, calls = (len(kind.by_phone.get(number, ())) for kind in (engine.sms, engine.calls))
            shown.append(PhoneSummary(number, serial, result_from(next(_newest(engine, number))), messages, calls))
    return ResultPage(tuple(shown), None)


def _newest(engine: Engine, number: str, before: int | None = None) -> Iterator[Traffic]:
    """Yield what reached a phone and what it wrote, with serials below `before`, the newest first."""
    kinds = engine.context.traffic
    records: list[list[Traffic]] = [newest_first(kind.by_phone.get(number, {}).values(), before) for kind in kinds]
    return heapq.merge(*records, key=lambda record: -record.serial)


_GAP = 1_800
"""Seconds without a message after which the thread shows the time again."""


class ThreadEntry(SearchResult, frozen=True, kw_only=True):
    """One thing in a phone's thread. The `text` of an unanswered call is what it would have spoken."""

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
        """How the text is counted: as ASCII, or else as Unicode, where fewer characters fit (API section 2.4)."""
        return "ASCII" if self.text.isascii() else "Unicode"

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
    call_outcome: str
    """What it does when it is called: an outcome of the carrier's rules, or of the settings."""


def phone_view(engine: Engine, number: str, limit: int) -> PhoneView:
    """Return what a phone shows, with at most `limit` entries of its thread; the number is in E.164."""
    with engine:
        ringing = {one.call.callid for one in engine.calls.ringing.values() if one.number == number}
        newest = [_entry(record, number, ringing) for record in islice(_newest(engine, number), limit + 1)]
        calls = [entry for entry in newest if entry.kind == "call"]
        busy = (call for call in calls if not call.over and (call.ringing or call.outgoing or call.answered_at))
        dins, sins = (
            tuple(f"+{line.number}" for line in service.lines.values() if line.owner is not None)
            for service in (engine.dins, engine.sins)
        )
        return PhoneView(
            number=number,
            entries=tuple(_with_gaps(reversed(newest[:limit]))),
            more=len(newest) > limit,
            busy=next(busy, None),
            call=calls[0] if calls else None,
            dins=dins,
            sins=sins,
            call_outcome=engine.outcome_rules.of("call", number).outcome,
        )


def _entry(record: Traffic, number: str, ringing: Collection[str]) -> ThreadEntry:
    found = asdict(result_from(record))
    if isinstance(record, Message):
        return ThreadEntry(**found, other=record.shown_sender)
    if isinstance(record, InboundSms):
        return ThreadEntry(**found, other=record.recipient, outgoing=True)
    outgoing = record.direction == "inbound" and record.caller == number
    return ThreadEntry(
        **{**found, "text": "" if record.answered_at else record.content},
        other=record.recipient if outgoing else found["sender"],
        outgoing=outgoing,
        ringing=record.callid in ringing,
        answered_at=record.answered_at,
        over=record.ended is not None,
        steps=tuple({"at": step.at, "name": step.name, **step.facts} for step in record.steps),
    )


def _with_gaps(entries: Iterable[ThreadEntry]) -> Iterator[ThreadEntry]:
    before = float("-inf")
    for entry in entries:
        gap, before = entry.at - before >= _GAP, entry.at
        yield replace(entry, gap=gap)
