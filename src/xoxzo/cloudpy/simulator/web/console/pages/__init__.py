"""The pages of the console: what each shows, and what can be posted from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import unquote

from msgspec.structs import replace

from xoxzo.cloudpy.simulator.web.console.page_request import Action, ActionResult, Page, PageNotFound, PageRequest
from xoxzo.cloudpy.simulator.web.console.pages import (
    carrier,
    clock,
    faults,
    office,
    overview,
    phones,
    requests,
    timeline,
)

_PAGES: dict[str, Callable[[PageRequest], Page]] = {
    "/": phones.show,
    "/console": phones.show,
    "/console/phones": phones.show,
    "/console/messages": timeline.show_list,
    "/console/calls": timeline.show_list,
    "/console/requests": requests.show_list,
    "/console/carrier": carrier.show,
    "/console/office": office.show,
    "/console/faults": faults.show,
    "/console/clock": clock.show,
    "/console/overview": overview.show,
    "/console/delete": timeline.confirm_deletion,
}

SLOW_PATHS = frozenset({"/console/messages", "/console/calls", "/console/requests", "/console/overview"})
"""Pages that search all records, so they are better made in a thread."""

_PAGES_WITH_ID: dict[str, Callable[[PageRequest], Page]] = {
    "/console/phones/": phones.show,
    "/console/messages/": timeline.show_one,
    "/console/calls/": timeline.show_one,
    "/console/requests/": requests.show_one,
}
"""Pages of one record or phone, whose id or number follows the last slash."""

_ACTIONS: dict[str, Action] = {
    **phones.ACTS,
    **timeline.ACTS,
    **carrier.ACTS,
    **office.ACTS,
    **faults.ACTS,
    **clock.ACTS,
}


def show_page(request: PageRequest) -> Page:
    """Return the page of a path; raise `PageNotFound` if there is none."""
    if found := _PAGES.get(request.path):
        return found(request)
    home, _, ident = request.path.rpartition("/")
    if (found := _PAGES_WITH_ID.get(f"{home}/")) and ident:
        return found(replace(request, ident=unquote(ident, errors="replace")))
    raise PageNotFound


def act(request: PageRequest, form: Mapping[str, str]) -> ActionResult | Awaitable[ActionResult]:
    """Carry out what was posted; raise `PageNotFound`, or `SimulatorError` if it cannot be done."""
    if found := _ACTIONS.get(request.path):
        return found(replace(request, form=form))
    raise PageNotFound


def error_page(request: PageRequest, problem: str) -> Page:
    """Return a page that shows a problem."""
    return Page("error.html", request.gettext("Something is not right"), (), {"problem": problem})
