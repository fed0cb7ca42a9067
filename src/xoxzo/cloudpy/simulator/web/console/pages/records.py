"""Pages that show what happened: timeline, request log and overview."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.api.request_log import STATUS_CLASSES, LoggedRequest
from xoxzo.cloudpy.simulator.engine.rules import ItemNotFound
from xoxzo.cloudpy.simulator.queries.search import parse_search, without_status
from xoxzo.cloudpy.simulator.queries.timeline import form_fields
from xoxzo.cloudpy.simulator.web.console.page_request import Page, PageNotFound, PageRequest
from xoxzo.cloudpy.simulator.web.console.pages.actions import FAULTS

_ONE_PAGE = 50
_MAX_QUERY_LENGTH = 500
_SEARCH_SECONDS, _COUNT_SECONDS = 0.1, 0.05
"""Real seconds of searching for one page, after which a link continues, and of counting."""
_MAX_MADE = 10
_MINUTES = 60
_MAX_REFUSED = 10


def show_timeline(request: PageRequest) -> Page:
    """Show all messages, calls and replies, or those that were found, the newest first."""
    query, simulator = request.query.get("q", "")[:_MAX_QUERY_LENGTH].strip(), request.simulator
    before = request.cursor
    facts: dict[str, Any] = {"query": query, "problem": "", "found": (), "next": None, "before": before}
    try:
        page = simulator.search(query, limit=_ONE_PAGE, before=before, timeout=_SEARCH_SECONDS)
        facts |= {"found": page.items, "next": page.next}
        if page.items:
            # How many there are of each status, whatever status was asked for.
            statuses = parse_search(query).statuses
            totals = simulator.totals(without_status(query), timeout=_COUNT_SECONDS)
            facts |= {"total": totals.of(statuses), "totals": totals, "statuses": statuses}
    except SimulatorError as error:
        facts["problem"] = error.render(request.gettext)
    return Page("messages.html", request.gettext("Timeline"), ("sms", "call", "reply"), facts)


def show_record(request: PageRequest) -> Page:
    """Show everything about one message or call."""
    simulator = request.simulator
    try:
        timeline = simulator.timeline(request.ident)
    except ItemNotFound:
        raise PageNotFound from None
    found = timeline.found
    incoming = found.kind == "call" and simulator.find_call(found.ident).direction == "inbound"
    tried = any(entry.name == "callback" for entry in timeline.entries)
    facts = {
        "found": found,
        "logged": simulator.api.log.answered_with(found.ident),
        "phone": found.sender if incoming or found.kind == "reply" else found.recipient,
        "entries": timeline.entries,
        "next_try": timeline.next_try,
        "resendable": tried or timeline.next_try is not None,
    }
    topics = ("sms", "call", "reply", "callback", "click")
    return Page("subject.html", f"{found.recipient} · {request.gettext('Timeline')}", topics, facts)


def show_requests(request: PageRequest) -> Page:
    """Show the latest requests to the API that fit with their answers, the newest first."""
    text, status = (request.query.get(name, "")[:_MAX_QUERY_LENGTH].strip() for name in ("q", "status"))
    problem, log = "", None
    try:
        log = request.simulator.api.log.find(status, text, _ONE_PAGE, request.cursor, request.origin)
    except SimulatorError as error:
        problem = error.render(request.gettext)
    facts = {"text": text, "status": status, "classes": STATUS_CLASSES, "log": log, "problem": problem}
    return Page("requests.html", request.gettext("Request log"), ("request",), {**facts, "before": request.cursor})


def show_request(request: PageRequest) -> Page:
    """Show one request with its answer, and lead to what it made."""
    simulator = request.simulator
    try:
        found = simulator.api.log.get(int(request.ident) if request.ident.isdecimal() else 0, request.origin)
    except ItemNotFound:
        raise PageNotFound from None
    made = []
    for ident in _idents(found):
        with suppress(ItemNotFound):
            made.append(simulator.timeline(ident).found)
    facts = {
        "found": found,
        "fields": form_fields(found.body, dict(found.headers).get("content-type", "")),
        "body": _indented(found.body),
        "answer": _indented(found.answer),
        "made": made,
        "fault_names": FAULTS,
    }
    return Page("request.html", f"{found.method} {found.path}", (), facts)


def _idents(found: LoggedRequest) -> Iterator[str]:
    """Yield the first msgids and callids that an answer names, if it is that of a request that created something."""
    if found.method == "POST" and found.status == 201:
        with suppress(ValueError):
            answer = json.loads(found.answer)
            for item in (answer if isinstance(answer, list) else [answer])[:_MAX_MADE]:
                if isinstance(item, dict):
                    yield from (str(item[name]) for name in ("msgid", "callid") if name in item)


def _indented(text: str) -> str:
    """Return JSON with one value a line, and any other text as it is."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return text


_TONES = {
    "DELIVERED": "good",
    "ANSWERED": "good",
    "QUEUED": "wait",
    "DELIVERING": "wait",
    "IN PROGRESS": "wait",
    "FAIL": "bad",
    "NO ANSWER": "bad",
    "FAILED": "bad",
}
"""How each status is coloured, in the order in which they are drawn."""


def show_overview(request: PageRequest) -> Page:
    """Show the last hour in charts, and what was refused."""
    figures = request.simulator.overview(_MINUTES)
    minutes = figures.minutes
    states = []
    for name, counts in ((N_("Messages"), figures.sms), (N_("Calls"), figures.calls)):
        shown = [(status, tone, counts[status]) for status, tone in _TONES.items() if counts.get(status)]
        states.append((request.gettext(name), sum(counts.values()), shown))
    facts = {
        "sms": sum(one.sms for one in minutes),
        "calls": sum(one.calls for one in minutes),
        "posted": sum(one.callbacks_ok for one in minutes),
        "failed": sum(one.callbacks_failed for one in minutes),
        "spent": sum((one.spent for one in minutes), Decimal(0)),
        "figures": figures,
        "peak": max(one.sms + one.calls for one in minutes),
        "callback_peak": max(one.callbacks_ok + one.callbacks_failed for one in minutes),
        "balances": [float(one.balance) for one in minutes],
        "states": states,
        "refused": request.simulator.requests(status="failed", limit=_MAX_REFUSED).items,
    }
    topics = ("sms", "call", "callback", "request", "account", "din")
    return Page("overview.html", request.gettext("Overview"), topics, facts)
