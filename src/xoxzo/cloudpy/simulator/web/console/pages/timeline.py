"""The timeline: all messages and calls, searched; and one of them with everything that came of it."""

from __future__ import annotations

from urllib.parse import quote

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.errors import ItemNotFound
from xoxzo.cloudpy.simulator.queries.results import SearchResult
from xoxzo.cloudpy.simulator.web.console.page_request import ActionResult, Page, PageNotFound, PageRequest

HOME = "/console/messages"

_ONE_PAGE = 50
_MAX_QUERY_LENGTH = 500
_SEARCH_SECONDS = 0.1
"""Real seconds of searching for one page; a link continues."""


def show_list(request: PageRequest) -> Page:
    """Show what was found, the newest first."""
    query = request.query.get("q", "")[:_MAX_QUERY_LENGTH].strip()
    before = request.cursor
    problem, found, following = "", tuple[SearchResult, ...](), None
    try:
        page = request.simulator.search(query, limit=_ONE_PAGE, before=before, timeout=_SEARCH_SECONDS)
        found, following = page.items, page.next
    except SimulatorError as error:
        problem = error.render(request.gettext)
    facts = {"query": query, "problem": problem, "found": found, "next": following, "before": before}
    return Page("messages.html", request.gettext("Timeline"), ("sms", "call", "reply"), facts)


def show_one(request: PageRequest) -> Page:
    """Show everything about one message or call."""
    try:
        timeline = request.simulator.timeline(request.ident)
    except ItemNotFound:
        raise PageNotFound from None
    found = timeline.found
    incoming = found.kind == "call" and request.simulator.find_call(found.ident).direction == "inbound"
    tried = any(entry.name == "callback" for entry in timeline.entries)
    facts = {
        "found": found,
        "phone": found.sender if incoming or found.kind == "reply" else found.recipient,
        "entries": timeline.entries,
        "next_try": timeline.next_try,
        "resendable": tried or timeline.next_try is not None,
    }
    topics = ("sms", "call", "reply", "callback", "click")
    return Page("subject.html", f"{found.recipient} · {request.gettext('Timeline')}", topics, facts)


def resend(request: PageRequest) -> ActionResult:
    """Post a callback once more, or the one that waits at once."""
    ident = request.text("ident")
    request.simulator.resend_callback(ident)
    return ActionResult(request.gettext("The callback is posted again."), f"{HOME}/{quote(ident, safe='')}")


ACTS = {"/console/callbacks/resend": resend}
"""What can be posted from here."""
