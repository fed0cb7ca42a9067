"""The timeline: all messages and calls, searched; and one of them with everything that came of it."""

from __future__ import annotations

from urllib.parse import quote

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.errors import ItemNotFound
from xoxzo.cloudpy.simulator.queries.results import SearchResult
from xoxzo.cloudpy.simulator.web.console.page_request import ActionResult, Page, PageNotFound, PageRequest
from xoxzo.cloudpy.simulator.web.console.pages import form_fields

HOME = "/console/messages"

_ONE_PAGE = 50
_LONGEST_QUERY = 500
_PATIENCE = 0.1
"""Real seconds of looking for one page; a link goes on."""


def show_list(visit: PageRequest) -> Page:
    """Show what was found, the newest first."""
    query = visit.query.get("q", "")[:_LONGEST_QUERY].strip()
    before = form_fields.cursor(visit)
    problem, found, following = "", tuple[SearchResult, ...](), None
    try:
        page = visit.simulator.search(query, limit=_ONE_PAGE, before=before, patience=_PATIENCE)
        found, following = page.items, page.next
    except SimulatorError as error:
        problem = error.render(visit.gettext)
    facts = {"query": query, "problem": problem, "found": found, "next": following, "before": before}
    return Page("messages.html", visit.gettext("Timeline"), ("sms", "call", "reply"), facts)


def show_one(visit: PageRequest) -> Page:
    """Show everything about one message or call."""
    try:
        timeline = visit.simulator.timeline(visit.ident)
    except ItemNotFound:
        raise PageNotFound from None
    found = timeline.found
    incoming = found.kind == "call" and visit.simulator.find_call(found.ident).direction == "inbound"
    tried = any(entry.name == "callback" for entry in timeline.entries)
    facts = {
        "found": found,
        "phone": found.sender if incoming or found.kind == "reply" else found.recipient,
        "entries": timeline.entries,
        "next_try": timeline.next_try,
        "resendable": tried or timeline.next_try is not None,
    }
    topics = ("sms", "call", "reply", "callback", "click")
    return Page("subject.html", f"{found.recipient} · {visit.gettext('Timeline')}", topics, facts)


def resend(visit: PageRequest) -> ActionResult:
    """Post a callback once more, or the one that waits at once."""
    ident = form_fields.text(visit, "ident")
    visit.simulator.resend_callback(ident)
    return ActionResult(visit.gettext("The callback is posted again."), f"{HOME}/{quote(ident, safe='')}")


ACTS = {"/console/callbacks/resend": resend}
"""What can be posted from here."""
