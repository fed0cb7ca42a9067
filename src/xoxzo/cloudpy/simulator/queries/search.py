"""Finding messages, calls and replies, the newest first, a page at a time."""

from __future__ import annotations

import heapq
import math
import time
from itertools import repeat
from typing import TYPE_CHECKING, TypeVar

from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.engine.records.calls import Call
from xoxzo.cloudpy.simulator.engine.records.sms import InboundSms, Message
from xoxzo.cloudpy.simulator.queries.results import (
    MessageFields,
    ResultPage,
    SearchResult,
    below,
    by_serial,
    newest_first,
    result_from,
)
from xoxzo.cloudpy.simulator.queries.search_syntax import SearchQuery, parse_search

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Thing = TypeVar("Thing", Message, Call, InboundSms)

MAX_EXAMINED = 200_000
"""Records that one page of a search examines; the next page continues from there."""

_CHUNK_SIZE = 500
"""How many records are examined between two checks of the time."""


def search(
    engine: Engine, text: str, limit: int, before: int | None, timeout: float | None = None
) -> ResultPage[SearchResult]:
    """Return what fits a search, newest first.

    Args:
        engine: Where to look. It is held only while the lists are copied.
        text: The search, in the language of `grammar`; empty for everything.
        limit: How many at most.
        before: Only what has a lower serial number.
        timeout: Real seconds after which the next page goes on; ``None`` for any time.

    Raises:
        SimulatorError: The search is wrong.
    """
    query = parse_search(text)
    deadline = math.inf if timeout is None else time.perf_counter() + timeout
    with engine:
        lists = _candidates(engine, query)
    messages, calls, replies = (below(things, before) for things in lists)
    things: Iterator[tuple[Message | Call | InboundSms, int]] = heapq.merge(
        _plausible(messages, query), zip(calls, repeat(1)), zip(replies, repeat(1)), key=lambda one: -one[0].serial
    )
    fields = MessageFields()
    items: list[SearchResult] = []
    last = None
    examined, next_check = 0, _CHUNK_SIZE
    for thing, passed in things:
        late = examined >= next_check and time.perf_counter() > deadline
        if len(items) == limit or examined >= MAX_EXAMINED or late:
            return ResultPage(tuple(items), last)
        if examined >= next_check:
            next_check = examined + _CHUNK_SIZE
        examined += passed
        last = thing.serial
        candidate = fields.at(thing) if isinstance(thing, Message) else result_from(thing)
        if all(test(candidate) for test in query.fits):
            items.append(result_from(thing))
    return ResultPage(tuple(items), None)


def _candidates(engine: Engine, query: SearchQuery) -> tuple[list[Message], list[Call], list[InboundSms]]:
    """Copy what may fit, newest first; a complete number is looked up instead of searched for."""
    messages: Iterable[Message] = engine.sms.messages.values()
    calls: Iterable[Call] = engine.calls.calls.values()
    if query.number is not None:
        messages = engine.sms.by_phone.get(query.number, {}).values()
        calls = engine.calls.by_phone.get(query.number, {}).values()
    return (
        newest_first(messages) if "sms" in query.kinds else [],
        by_serial(calls) if "call" in query.kinds else [],
        newest_first(engine.inbound_sms.replies.values()) if "reply" in query.kinds else [],
    )


def _plausible(messages: list[Message], query: SearchQuery) -> Iterator[tuple[Message, int]]:
    """Yield messages that may fit, each with how many were passed for it.

    Whether a word is in any of some hundred texts is found out at once, in their texts taken together. Of those that
    were passed over, the last one is yielded nevertheless: it shows how far the search has come.
    """
    if not query.words:
        yield from zip(messages, repeat(1))
        return
    for start in range(0, len(messages), _CHUNK_SIZE):
        some = messages[start : start + _CHUNK_SIZE]
        if _may_fit(some, query.words):
            yield from zip(some, repeat(1))
        else:
            yield some[-1], len(some)


def _may_fit(messages: list[Message], words: tuple[str, ...]) -> bool:
    texts = "\n".join([message.text for message in messages]).casefold()
    for word in words:
        if word.casefold() not in texts:
            idents = "\n".join([message.msgid for message in messages])
            if word not in idents:
                return False
    return True
