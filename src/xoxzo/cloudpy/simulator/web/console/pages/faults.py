"""Faults: what goes wrong on purpose, switched on and off."""

from __future__ import annotations

from contextlib import suppress

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.commands.faults import ALL_ENDPOINTS, CALLBACK_KINDS, KINDS
from xoxzo.cloudpy.simulator.web.console.page_request import ActionResult, Page, PageRequest, command

HOME = "/console/faults"

_TIMED = frozenset({"throttled", "slow", "hang", "refuse", "callback_late"})
"""Kinds that ask for seconds."""

NAMES = {
    "throttled": (N_("Too many requests"), N_("Answers 429 with Retry-After, and does nothing.")),
    "error": (N_("Server error"), N_("Answers 500, and does nothing.")),
    "error_after": (N_("Done, but answers 500"), N_("Carries out the request, and answers 500.")),
    "slow": (N_("Slow answer"), N_("Carries out the request, and answers after some seconds.")),
    "hang": (N_("Hangs"), N_("Does nothing, and closes the connection after some seconds.")),
    "drop": (N_("Connection dropped"), N_("Does nothing, and closes the connection.")),
    "refuse": (N_("Connection refused"), N_("Closes the port for some seconds. This page stays connected.")),
    "lose_reply": (N_("Reply lost"), N_("Carries out the request, and closes the connection without an answer.")),
    "truncate": (N_("Reply cut short"), N_("Carries out the request, and answers with incomplete JSON.")),
    "callback_late": (N_("Callback late"), N_("Posts a callback some seconds later, and so out of order.")),
    "callback_twice": (N_("Callback twice"), N_("Posts a callback two times.")),
    "callback_lost": (N_("Callback lost"), N_("Posts no callback, as if it had been delivered.")),
}
"""The name of each kind of fault, and what it does."""


def show(request: PageRequest) -> Page:
    """Show every kind of fault, with a switch."""
    injector = request.simulator.faults
    active = list(injector)
    kinds = [
        {
            "kind": kind,
            "name": NAMES[kind][0],
            "does": NAMES[kind][1],
            "timed": kind in _TIMED,
            "of_callbacks": kind in CALLBACK_KINDS,
            "count": injector.counts[kind],
            "active": [fault for fault in active if fault.kind == kind],
        }
        for kind in KINDS
    ]
    facts = {"kinds": kinds, "active": active, "endpoints": sorted(injector.endpoints), "everything": ALL_ENDPOINTS}
    return Page("faults.html", request.gettext("Faults"), ("fault",), facts)


def add(request: PageRequest) -> ActionResult:
    """Switch a fault on."""
    kind = request.text("kind")
    request.simulator.faults.add(
        kind,
        request.text("endpoint") or ALL_ENDPOINTS,
        chance=request.number("percent", 100) / 100,
        times=request.integer("times") if request.text("times") else None,
        seconds=request.number("seconds", 5),
    )
    return request.done(N_("On: {fault}"), HOME, fault=request.gettext(NAMES[kind][0]))


def off(request: PageRequest) -> ActionResult:
    """Switch all faults of one kind off; some may have ended by themselves."""
    injector, kind = request.simulator.faults, request.text("kind")
    for fault in injector:
        if fault.kind == kind:
            with suppress(SimulatorError):
                injector.remove(fault.ident)
    return request.done(N_("Off: {fault}"), HOME, fault=request.gettext(NAMES.get(kind, (kind,))[0]))


ACTS = {
    f"{HOME}/add": add,
    f"{HOME}/remove": command(
        lambda request: request.simulator.faults.remove(request.integer("ident")), N_("The fault is off."), HOME
    ),
    f"{HOME}/off": off,
    f"{HOME}/all-normal": command(
        lambda request: request.simulator.faults.all_normal(), N_("All faults are off."), HOME
    ),
}
"""What can be posted from here."""
