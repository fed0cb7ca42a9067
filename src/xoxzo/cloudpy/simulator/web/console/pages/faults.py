"""Faults: what goes wrong on purpose, switched on and off."""

from __future__ import annotations

from contextlib import suppress

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.commands.faults import ALL_ENDPOINTS, CALLBACK_KINDS, KINDS
from xoxzo.cloudpy.simulator.web.console.page_request import ActionResult, Page, PageRequest
from xoxzo.cloudpy.simulator.web.console.pages import form_fields

HOME = "/console/faults"

_TIMED = frozenset({"throttled", "slow", "hang", "refuse", "callback_late"})
"""Kinds that ask for seconds."""

SAID = {
    "throttled": (N_("Too many requests"), N_("Answers 429 with Retry-After, and does nothing.")),
    "error": (N_("Server error"), N_("Answers 500, and does nothing.")),
    "error_after": (N_("Done, but answers 500"), N_("Does what was asked, and answers 500.")),
    "slow": (N_("Slow answer"), N_("Does what was asked, and answers after some seconds.")),
    "hang": (N_("Hangs"), N_("Does nothing, and closes the connection after some seconds.")),
    "drop": (N_("Connection dropped"), N_("Does nothing, and closes the connection.")),
    "refuse": (N_("Connection refused"), N_("Closes the port for some seconds. This page stays connected.")),
    "lose_reply": (N_("Reply lost"), N_("Does what was asked, and closes the connection instead of answering.")),
    "truncate": (N_("Reply cut short"), N_("Does what was asked, and answers with JSON that breaks off.")),
    "callback_late": (N_("Callback late"), N_("Posts a callback some seconds later, and so out of order.")),
    "callback_twice": (N_("Callback twice"), N_("Posts a callback two times.")),
    "callback_lost": (N_("Callback lost"), N_("Posts no callback, as if it had been delivered.")),
}
"""The name of each kind of fault, and what it does."""


def show(visit: PageRequest) -> Page:
    """Show every kind of fault, with a switch."""
    desk = visit.simulator.faults
    active = list(desk)
    kinds = [
        {
            "kind": kind,
            "name": SAID[kind][0],
            "does": SAID[kind][1],
            "timed": kind in _TIMED,
            "of_callbacks": kind in CALLBACK_KINDS,
            "count": desk.counts[kind],
            "active": [fault for fault in active if fault.kind == kind],
        }
        for kind in KINDS
    ]
    facts = {"kinds": kinds, "active": active, "endpoints": sorted(desk.endpoints), "everything": ALL_ENDPOINTS}
    return Page("faults.html", visit.gettext("Faults"), ("fault",), facts)


def add(visit: PageRequest) -> ActionResult:
    """Switch a fault on."""
    kind = form_fields.text(visit, "kind")
    visit.simulator.faults.add(
        kind,
        form_fields.text(visit, "endpoint") or ALL_ENDPOINTS,
        chance=form_fields.number(visit, "percent", 100) / 100,
        times=form_fields.whole(visit, "times") if form_fields.text(visit, "times") else None,
        seconds=form_fields.number(visit, "seconds", 5),
    )
    return ActionResult(visit.gettext("On: {fault}").format(fault=visit.gettext(SAID[kind][0])), HOME)


def remove(visit: PageRequest) -> ActionResult:
    """Switch one fault off."""
    visit.simulator.faults.remove(form_fields.whole(visit, "ident"))
    return ActionResult(visit.gettext("The fault is off."), HOME)


def off(visit: PageRequest) -> ActionResult:
    """Switch all faults of one kind off; some may have ended by themselves."""
    desk, kind = visit.simulator.faults, form_fields.text(visit, "kind")
    for fault in desk:
        if fault.kind == kind:
            with suppress(SimulatorError):
                desk.remove(fault.ident)
    return ActionResult(visit.gettext("Off: {fault}").format(fault=visit.gettext(SAID.get(kind, (kind,))[0])), HOME)


def all_normal(visit: PageRequest) -> ActionResult:
    """Switch all faults off."""
    visit.simulator.faults.all_normal()
    return ActionResult(visit.gettext("All is normal again."), HOME)


ACTS = {
    f"{HOME}/add": add,
    f"{HOME}/remove": remove,
    f"{HOME}/off": off,
    f"{HOME}/all-normal": all_normal,
}
"""What can be posted from here."""
