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
from itertools import repeat
from typing import get_args

from msgspec import Struct

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.engine.records.traffic import CallStatus, InboundSmsStatus, Message, SmsStatus, Traffic
from xoxzo.cloudpy.simulator.queries.results import ResultKind, ResultPage, SearchResult, newest_first, result_from

_WORD = re.compile(r'(?P<minus>-?)(?:(?P<key>[a-z]+):)?(?:"(?P<quoted>[^"]*)"|(?P<plain>\S+))')
_FIGURES = re.compile(r"[^0-9+]")
_MAX_QUERY_LENGTH = 500
_MIN_IDENT_LENGTH = 6
"""Fewer characters are looked for in texts alone: some id begins with almost any letter or two."""
_STATUSES: tuple[str, ...] = (*get_args(SmsStatus), *get_args(CallStatus), *get_args(InboundSmsStatus))
_STATUSES_BY_WORD = {name.lower().replace(" ", "-"): frozenset({name}) for name in _STATUSES}
_STATUSES_BY_WORD |= {"ok": frozenset({"DELIVERED"}), "failed": frozenset({"FAIL", "FAILED"})}
_KINDS = get_args(ResultKind)
_KEYS = frozenset({"to", "from", "status", "tag", "kind", "id", ""})

Predicate = Callable[[SearchResult], bool]


class SearchQuery(Struct, frozen=True):
    """A search that was read."""

    tests: tuple[tuple[Predicate, bool], ...]
    """What has to be true, or false, of all that is found."""
    number: str | None
    """The one recipient's number in the query, when it is complete; it can be looked up."""
    kinds: frozenset[str]
    """The kinds that can fit."""
    words: tuple[str, ...]
    """What a text must hold, or an id begin with."""
    statuses: frozenset[str] | None
    """The statuses in the query; ``None`` for any."""

    def fits(self, found: SearchResult) -> bool:
        """Say whether it finds a message, a call or a reply."""
        for test, wanted in self.tests:  # noqa: SIM110 - `all` takes three times as long
            if test(found) is not wanted:
                return False
        return True


def parse_search(text: str) -> SearchQuery:
    """Read a search; raise `SimulatorError` if it is too long or asks for an unknown status or kind."""
    if len(text) > _MAX_QUERY_LENGTH:
        raise SimulatorError("search_too_long", "a search has at most {n} characters", n=_MAX_QUERY_LENGTH)
    tests: list[tuple[Predicate, bool]] = []
    number = statuses = None
    kinds = frozenset(_KINDS)
    words: list[str] = []
    for word in _WORD.finditer(text):
        key, wanted = word["key"] or "", not word["minus"]
        value = word["plain"] if word["quoted"] is None else word["quoted"]
        if key not in _KEYS:
            # No word of the language, so a part of the text: `http://…`, for instance.
            key, value = "", f"{key}:{value}" if key else value
        if not value:
            continue
        tests.append((_test(key, value), wanted))
        if not wanted:
            continue
        if not key:
            words.append(value)
        elif key == "status":
            statuses = _statuses(value)
        elif key == "kind":
            kinds &= {value.lower()}
        elif key == "to" and re.fullmatch(r"\+[0-9]{7,15}", value):
            number = value
    return SearchQuery(tuple(tests), number, kinds, tuple(words), statuses)


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


def _number(value: str, of: Callable[[SearchResult], str]) -> Predicate:
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
    wanted = _STATUSES_BY_WORD.get(value.lower().replace(" ", "-"))
    if wanted is None:
        template, known = N_("there is no status {wanted!r}; there are {known}"), ", ".join(_STATUSES_BY_WORD)
        raise SimulatorError("unknown_status", template, wanted=value, known=known)
    return wanted


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


MAX_EXAMINED = 200_000
"""Records that one page of a search examines; the next page continues from there."""

_EXPORTED_TOGETHER = 1_000
_CHUNK_SIZE = 500
"""How many records are examined between two checks of the time."""


def search(
    engine: Engine, text: str, limit: int, before: int | None, timeout: float | None = None
) -> ResultPage[SearchResult]:
    """Return at most `limit` results with serials below `before`, in `timeout` real seconds, or `SimulatorError`."""
    query, last = parse_search(text), None
    items: list[SearchResult] = []
    for record, examined, late in _examine(engine, query, before, timeout):
        if late or len(items) == limit or examined >= MAX_EXAMINED:
            return ResultPage(tuple(items), last)
        last = record.serial
        if query.fits(result := result_from(record)):
            items.append(result)
    return ResultPage(tuple(items), None)


def found_pages(engine: Engine, text: str) -> Iterable[tuple[SearchResult, ...]]:
    """Return all that a search finds, the newest first, some at a time; raise `SimulatorError` for a bad search."""
    parse_search(text)

    def pages() -> Iterator[tuple[SearchResult, ...]]:
        before = None
        while True:
            page = search(engine, text, _EXPORTED_TOGETHER, before)
            yield page.items
            if (before := page.next) is None:
                return

    return pages()


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
    """Those of messages first, then those of calls and replies."""
    is_complete: bool
    """Whether all were counted; if not, the time was up, and there are more."""

    def of(self, statuses: Collection[str] | None) -> Total:
        """Return the sum over some statuses, or over all."""
        parts = [total for status, total in self.by_status.items() if statuses is None or status in statuses]
        cost = sum((one.cost for one in parts), Decimal(0))
        return Total(sum(one.count for one in parts), sum(one.parts for one in parts), cost)


def totals(engine: Engine, text: str, timeout: float | None = None) -> Totals:
    """Count what a search finds, by status, in `timeout` real seconds, or raise `SimulatorError`."""
    query, late = parse_search(text), False
    found = {status: Total(0, 0, Decimal(0)) for status in _STATUSES}
    for record, _, late in _examine(engine, query, None, timeout):
        if late:
            break
        if query.fits(result := result_from(record)):
            total = found[result.status]
            total.count += 1
            total.parts += result.parts
            total.cost += result.cost
    return Totals({status: total for status, total in found.items() if total.count}, not late)


def _examine(
    engine: Engine, query: SearchQuery, before: int | None, timeout: float | None
) -> Iterator[tuple[Traffic, int, bool]]:
    """Yield what may fit, the newest first, each with how many were examined before, and whether the time is up."""
    deadline = math.inf if timeout is None else time.perf_counter() + timeout
    number = query.number
    with engine:
        sms, calls, replies = engine.sms, engine.calls, engine.sms.replies
        # A complete number is looked up instead of searched for.
        sent = newest_first((sms.messages if number is None else sms.by_phone.get(number, {})).values(), before)
        called = newest_first((calls.calls if number is None else calls.by_phone.get(number, {})).values(), before)
        replied = newest_first(replies.values(), before)
    kinds: list[Iterable[tuple[Traffic, int]]] = []
    if "sms" in query.kinds:
        kinds.append(_plausible(sent, query.words))
    kinds += (
        zip(records, repeat(1)) for kind, records in (("call", called), ("reply", replied)) if kind in query.kinds
    )
    examined, next_check = 0, _CHUNK_SIZE
    for record, passed in heapq.merge(*kinds, key=lambda one: -one[0].serial):
        late = examined >= next_check and time.perf_counter() > deadline
        if examined >= next_check:
            next_check = examined + _CHUNK_SIZE
        yield record, examined, late
        examined += passed


def _plausible(messages: list[Message], words: tuple[str, ...]) -> Iterator[tuple[Message, int]]:
    """Yield messages that may hold words, each with how many were passed for it.

    Whether a word is in any of some hundred texts is found out at once, in their texts taken together. Of those that
    were passed over, the last one is yielded nevertheless: it shows how far the search has come.
    """
    if not words:
        yield from zip(messages, repeat(1))
        return
    for start in range(0, len(messages), _CHUNK_SIZE):
        some = messages[start : start + _CHUNK_SIZE]
        texts = "\n".join([message.text for message in some]).casefold()
        if all(word.casefold() in texts or any(word in one.msgid for one in some) for word in words):
            yield from zip(some, repeat(1))
        else:
            yield some[-1], len(some)
