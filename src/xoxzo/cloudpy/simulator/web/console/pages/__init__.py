"""The pages of the console: what each shows, and what can be posted from it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from xoxzo.cloudpy.simulator.web.console.page_request import ActionResult, Page, PageNotFound, PageRequest
from xoxzo.cloudpy.simulator.web.console.pages import carrier, clock, faults, office, overview, phones, timeline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

_PAGES: dict[str, Callable[[PageRequest], Page]] = {
    "/": phones.show,
    "/console": phones.show,
    "/console/phones": phones.show,
    "/console/messages": timeline.show_list,
    "/console/calls": timeline.show_list,
    "/console/carrier": carrier.show,
    "/console/office": office.show,
    "/console/faults": faults.show,
    "/console/clock": clock.show,
    "/console/overview": overview.show,
}

_LONG = frozenset({"/console/messages", "/console/calls", "/console/overview"})
"""Pages that search all records."""

_OF_ONE: dict[str, Callable[[PageRequest], Page]] = {
    "/console/phones/": phones.show,
    "/console/messages/": timeline.show_one,
    "/console/calls/": timeline.show_one,
}
"""Pages of one thing, whose id or number stands behind the last slash."""

_ACTS: dict[str, Callable[[PageRequest], ActionResult | Awaitable[ActionResult]]] = {}
for _of_page in (phones.ACTS, timeline.ACTS, carrier.ACTS, office.ACTS, faults.ACTS, clock.ACTS):
    _ACTS.update(_of_page)


class Routes:
    """Which page answers which path."""

    def page(self, request: PageRequest) -> Page:
        """Return the page of a path.

        Raises:
            NotHere: There is none.
        """
        if found := _PAGES.get(request.path):
            return found(request)
        home, _, ident = request.path.rpartition("/")
        if (found := _OF_ONE.get(f"{home}/")) and ident:
            return found(replace(request, ident=unquote(ident, errors="replace")))
        raise PageNotFound

    def looks_through_much(self, request: PageRequest) -> bool:
        """Say whether the page of a path may take a while, and is better made in a thread."""
        return request.path in _LONG

    def act(self, request: PageRequest, form: Mapping[str, str]) -> ActionResult | Awaitable[ActionResult]:
        """Do what was posted.

        Raises:
            NotHere: Nothing can be posted there.
            SimulatorError: It cannot be done; the text says why.
        """
        if found := _ACTS.get(request.path):
            return found(replace(request, form=form))
        raise PageNotFound


def error_page(request: PageRequest, problem: str) -> Page:
    """Return a page that tells a problem."""
    return Page("error.html", request.gettext("Something is not right"), (), {"problem": problem})
