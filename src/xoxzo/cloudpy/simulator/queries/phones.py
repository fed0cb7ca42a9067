"""Phones and calls: which there are, and what a phone received and sent."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from xoxzo.cloudpy.simulator.errors import ItemNotFound
from xoxzo.cloudpy.simulator.queries.records import (
    CallRecord,
    ReceivedSms,
    SentReply,
    call_record,
    reply_record,
    sms_record,
)
from xoxzo.cloudpy.simulator.queries.results import (
    ResultPage,
    SearchResult,
    below,
    by_serial,
    from_call,
    from_message,
    from_reply,
    newest_first,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xoxzo.cloudpy.simulator.engine.engine import Engine


@dataclass(frozen=True, slots=True)
class PhoneSummary:
    """A phone in the list of phones."""

    number: str
    serial: int
    """That of what reached it last; a cursor for the next page."""
    last: SearchResult
    """What reached it last."""
    messages: int
    calls: int


class PhoneQueries:
    """What one phone received and sent.

    Args:
        engine: The service.
        number: The phone's number, in E.164.
    """

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
        """Return what it received and sent, the newest first.

        Args:
            limit: How many at most.
            before: Only what has a lower serial number.
        """
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
    """Return a call as it is now, incoming or outgoing.

    Raises:
        ItemNotFound: There is no such call.
    """
    with engine:
        call = engine.calls.calls.get(callid)
        if call is None:
            raise ItemNotFound("no_such_call", "there is no such call")
        return call_record(call)


def list_phones(engine: Engine, limit: int, before: int | None) -> ResultPage[PhoneSummary]:
    """Return the phones that were reached, the latest first.

    Args:
        engine: The service.
        limit: How many at most.
        before: Only those whose last serial number is lower.
    """
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
