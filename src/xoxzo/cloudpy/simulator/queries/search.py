"""Finding messages, calls and replies, the newest first, a page at a time.

A search is words apart from each other; all of them must fit. `to:`, `from:`, `status:`, `tag:`, `kind:` and `id:` look
at one record, every other word at the text, and a long one at the beginning of the id as well. A minus in front means
"not", double quotes hold words together.
"""

from __future__ import annotations

import heapq
import math
import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from decimal import Decimal
from itertools import chain, repeat
from typing import TypeVar

from msgspec import Struct

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.engine.records.traffic import Call, InboundSms, Message
from xoxzo.cloudpy.simulator.queries.results import (
    MessageFields,
    ResultPage,
    SearchResult,
    below,
    by_serial,
    newest_first,
    result_from,
)

_WORD = re.compile(r'(?P<minus>-?)(?:(?P<key>[a-z]+):)?(?:"(?P<quoted>[^"]*)"|(?P<plain>\S+))')
_FIGURES = re.compile(r"[^0-9+]")
_MAX_QUERY_LENGTH = 500
_MIN_IDENT_LENGTH = 6
"""Fewer characters are looked for in texts alone: some id begins with almost any letter or two."""
_STATUSES = {
    "queued": "QUEUED",
    "delivering": "DELIVERING",
    "delivered": "DELIVERED",
    "ok": "DELIVERED",
    "fail": "FAIL",
    "failed": ("FAIL", "FAILED"),
    "in-progress": "IN PROGRESS",
    "in progress": "IN PROGRESS",
    "answered": "ANSWERED",
    "no-answer": "NO ANSWER",
    "no answer": "NO ANSWER",
    "received": "RECEIVED",
    "no-action-url": "NO ACTION URL",
    "no-credits": "NO CREDITS",
}
_KINDS = ("sms", "call", "reply")
_KEYS = frozenset({"to", "from", "status", "tag", "kind", "id", ""})


Searchable = SearchResult | MessageFields
"""What tests look at."""

Predicate = Callable[[Searchable], bool]


class SearchQuery(Struct, frozen=True):
    """A search that was read."""

    fits: tuple[Predicate, ...]
    """What has to be true of whatever is found."""
    number: str | None
    """The one recipient's number in the query, when it is complete; it can be looked up."""
    kinds: frozenset[str]
    """The kinds that can fit."""
    words: tuple[str, ...]
    """What a text must hold, or an id begin with."""
    statuses: frozenset[str] | None = None
    """The statuses in the query; ``None`` for any."""


def parse_search(text: str) -> SearchQuery:
    """Read a search; raise `SimulatorError` if it is too long or asks for an unknown status or kind."""
    if len(text) > _MAX_QUERY_LENGTH:
        raise SimulatorError("search_too_long", "a search has at most {n} characters", n=_MAX_QUERY_LENGTH)
    fits: list[Predicate] = []
    number = statuses = None
    kinds = frozenset(_KINDS)
    words: list[str] = []
    for word in _WORD.finditer(text):
        key, minus = word["key"] or "", bool(word["minus"])
        value = word["plain"] if word["quoted"] is None else word["quoted"]
        if key not in _KEYS:
            # No word of the language, so a part of the text: `http://…`, for instance.
            key, value = "", f"{key}:{value}" if key else value
        if not value:
            continue
        test = _test(key, value)
        if minus:
            fits.append(_not(test))
            continue
        fits.append(test)
        if not key:
            words.append(value)
        elif key == "status":
            statuses = _statuses(value)
        elif key == "kind":
            kinds &= {value.lower()}
        elif key == "to" and re.fullmatch(r"\+[0-9]{7,15}", value):
            number = value
    return SearchQuery(tuple(fits), number, kinds, tuple(words), statuses)


def toggled(text: str, key: str, value: str) -> str:
    """Return a search with a word such as ``tag:x`` added, or without it where it is there; it has one status at most.

    A value that the language cannot express, because it holds a double quote, leaves the search as it is.
    """
    if '"' in value:
        return text
    added = f'{key}:"{value}"' if re.search(r"\s", value) else f"{key}:{value}"
    words = [word[0] for word in _WORD.finditer(text)]
    kept = [word for word in words if word != added and not (key == "status" and word.startswith("status:"))]
    return " ".join(kept if added in words else [*kept, added])


def _not(test: Predicate) -> Predicate:
    return lambda found: not test(found)


def _number(value: str, of: Callable[[Searchable], str]) -> Predicate:
    figures = _FIGURES.sub("", value)
    if value.startswith("+"):
        return lambda found: of(found).startswith(figures)
    # A Japanese number as people write it has a 0 that its E.164 form has not.
    figures = figures.removeprefix("0")
    if not figures:
        lowered = value.casefold()
        return lambda found: lowered in of(found).casefold()
    return lambda found: figures in of(found)


def _statuses(value: str) -> frozenset[str]:
    wanted = _STATUSES.get(value.lower())
    if wanted is None:
        known = ", ".join(name for name in _STATUSES if " " not in name)
        raise SimulatorError(
            "unknown_status", "there is no status {wanted!r}; there are {known}", wanted=value, known=known
        )
    return frozenset((wanted,) if isinstance(wanted, str) else wanted)


def _test(key: str, value: str) -> Predicate:
    """Return the test that a word such as ``to:x`` asks for; an empty key stands for the text."""
    lowered = value.casefold()
    match key:
        case "to":
            return _number(value, lambda found: found.recipient)
        case "from" if any(letter.isalpha() for letter in value):
            return lambda found: lowered in found.sender.casefold()
        case "from":
            return _number(value, lambda found: found.sender)
        case "status":
            statuses = _statuses(value)
            return lambda found: found.status in statuses
        case "tag":
            return lambda found: any(lowered == tag.casefold() for tag in found.tags)
        case "kind":
            kind = value.lower()
            if kind not in _KINDS:
                template, known = N_("there is no kind {wanted!r}; there are {known}"), ", ".join(_KINDS)
                raise SimulatorError("unknown_kind", template, wanted=value, known=known)
            return lambda found: found.kind == kind
        case "id":
            return lambda found: found.ident.startswith(value)
        case _ if len(value) < _MIN_IDENT_LENGTH:
            return lambda found: lowered in found.text.casefold()
        case _:
            return lambda found: lowered in found.text.casefold() or found.ident.startswith(value)


Record = TypeVar("Record", Message, Call, InboundSms)

MAX_EXAMINED = 200_000
"""Records that one page of a search examines; the next page continues from there."""

_CHUNK_SIZE = 500
"""How many records are examined between two checks of the time."""


def search(
    engine: Engine, text: str, limit: int, before: int | None, timeout: float | None = None
) -> ResultPage[SearchResult]:
    """Return at most `limit` results with serials below `before`, in `timeout` real seconds, or `SimulatorError`."""
    query = parse_search(text)
    deadline = math.inf if timeout is None else time.perf_counter() + timeout
    with engine:
        lists = _candidates(engine, query)
    messages, calls, replies = (below(records, before) for records in lists)
    records: Iterator[tuple[Message | Call | InboundSms, int]] = heapq.merge(
        _plausible(messages, query), zip(calls, repeat(1)), zip(replies, repeat(1)), key=lambda one: -one[0].serial
    )
    fields = MessageFields()
    items: list[SearchResult] = []
    last = None
    examined, next_check = 0, _CHUNK_SIZE
    for record, passed in records:
        late = examined >= next_check and time.perf_counter() > deadline
        if len(items) == limit or examined >= MAX_EXAMINED or late:
            return ResultPage(tuple(items), last)
        if examined >= next_check:
            next_check = examined + _CHUNK_SIZE
        examined += passed
        last = record.serial
        candidate = fields.at(record) if isinstance(record, Message) else result_from(record)
        if all(test(candidate) for test in query.fits):
            items.append(result_from(record))
    return ResultPage(tuple(items), None)


def without_status(text: str) -> str:
    """Return a search without the statuses that it asks for."""
    return " ".join(word[0] for word in _WORD.finditer(text) if not word[0].startswith("status:"))


class Total(Struct):
    """How many messages, calls and replies there are, with their parts and credits."""

    count: int
    parts: int
    cost: Decimal


class Totals(Struct):
    """What a search finds in all."""

    by_status: dict[str, Total]
    is_complete: bool
    """Whether all were counted; if not, the time was up, and there are more."""

    def of(self, statuses: Collection[str] | None) -> Total:
        """Return the sum over some statuses, or over all."""
        parts = [total for status, total in self.by_status.items() if statuses is None or status in statuses]
        cost = sum((one.cost for one in parts), Decimal(0))
        return Total(sum(one.count for one in parts), sum(one.parts for one in parts), cost)


def totals(engine: Engine, text: str, timeout: float | None = None) -> Totals:
    """Count what a search finds, by status, in `timeout` real seconds, or raise `SimulatorError`."""
    query = parse_search(text)
    deadline = math.inf if timeout is None else time.perf_counter() + timeout
    with engine:
        messages, calls, replies = _candidates(engine, query)
    fields, found = MessageFields(), Totals({}, True)
    records: Iterator[tuple[Message | Call | InboundSms, int]] = chain(
        _plausible(messages, query), zip(calls, repeat(1)), zip(replies, repeat(1))
    )
    examined, next_check = 0, _CHUNK_SIZE
    for record, passed in records:
        examined += passed
        if examined >= next_check:
            next_check = examined + _CHUNK_SIZE
            if time.perf_counter() > deadline:
                found.is_complete = False
                break
        if query.fits:
            candidate = fields.at(record) if isinstance(record, Message) else result_from(record)
            if not all(test(candidate) for test in query.fits):
                continue
        total = found.by_status.get(record.status)
        if total is None:
            total = found.by_status[record.status] = Total(0, 0, Decimal(0))
        total.count += 1
        total.parts += 0 if isinstance(record, Call) else record.parts if isinstance(record, Message) else 1
        total.cost += record.charged if isinstance(record, Call) else record.cost
    return found


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
