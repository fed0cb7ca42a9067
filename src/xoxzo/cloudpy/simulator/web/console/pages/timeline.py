"""The timeline: all messages and calls, searched; and one of them with its whole history."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.errors import ItemNotFound
from xoxzo.cloudpy.simulator.queries.search import parse_search, without_status
from xoxzo.cloudpy.simulator.web.console.page_request import ActionResult, Page, PageNotFound, PageRequest, command

HOME = "/console/messages"

_ONE_PAGE = 50
_MAX_QUERY_LENGTH = 500
_SEARCH_SECONDS, _COUNT_SECONDS = 0.1, 0.05
"""Real seconds of searching for one page, after which a link continues, and of counting."""


def show_list(request: PageRequest) -> Page:
    """Show what was found, the newest first."""
    query = request.query.get("q", "")[:_MAX_QUERY_LENGTH].strip()
    before = request.cursor
    facts: dict[str, Any] = {"query": query, "problem": "", "found": (), "next": None, "before": before}
    try:
        page = request.simulator.search(query, limit=_ONE_PAGE, before=before, timeout=_SEARCH_SECONDS)
        facts |= {"found": page.items, "next": page.next}
        if page.items:
            facts |= _totals(request, query)
    except SimulatorError as error:
        facts["problem"] = error.render(request.gettext)
    return Page("messages.html", request.gettext("Timeline"), ("sms", "call", "reply"), facts)


def _totals(request: PageRequest, query: str) -> dict[str, Any]:
    """Return the sum of what is found, and how many there are of each status, whatever status was asked for."""
    statuses = parse_search(query).statuses
    totals = request.simulator.totals(without_status(query), timeout=_COUNT_SECONDS)
    return {"total": totals.of(statuses), "totals": totals, "statuses": statuses}


def show_one(request: PageRequest) -> Page:
    """Show everything about one message or call."""
    try:
        timeline = request.simulator.timeline(request.ident)
    except ItemNotFound:
        raise PageNotFound from None
    found = timeline.found
    incoming = found.kind == "call" and request.simulator.find_call(found.ident).direction == "inbound"
    tried = any(entry.name == "callback" for entry in timeline.entries)
    log = request.simulator.api.log
    facts = {
        "found": found,
        "logged": log.answered_with(found.ident),
        "phone": found.sender if incoming or found.kind == "reply" else found.recipient,
        "entries": timeline.entries,
        "next_try": timeline.next_try,
        "resendable": tried or timeline.next_try is not None,
    }
    topics = ("sms", "call", "reply", "callback", "click")
    return Page("subject.html", f"{found.recipient} · {request.gettext('Timeline')}", topics, facts)


def confirm_deletion(request: PageRequest) -> Page:
    """Ask whether everything is to be deleted, and say what that is."""
    return Page(
        "delete.html", request.gettext("Delete everything"), ("sms",), {"figures": request.simulator.overview(1)}
    )


def resend(request: PageRequest) -> ActionResult:
    """Post a callback once more, or the one that waits at once."""
    ident = request.text("ident")
    request.simulator.resend_callback(ident)
    return request.done(N_("The callback is posted again."), f"{HOME}/{quote(ident, safe='')}")


ACTS = {
    "/console/callbacks/resend": resend,
    "/console/delete": command(lambda request: request.simulator.reset(), N_("Everything was deleted."), "/"),
}
"""What can be posted from here."""
