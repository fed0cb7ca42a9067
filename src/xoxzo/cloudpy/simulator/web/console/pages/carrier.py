"""The carriers' page: messages and calls that are held, and rules that decide their outcome."""

from __future__ import annotations

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.simulator.queries.overview import count_held, list_held
from xoxzo.cloudpy.simulator.web.console.page_request import ActionResult, Page, PageRequest, command

HOME = "/console/carrier"

_MAX_SHOWN = 200

OUTCOMES = {
    "sms deliver": N_("is delivered"),
    "sms fail": N_("fails"),
    "sms hold": N_("held until you decide"),
    "sms delay": N_("delivered later"),
    "call answer": N_("is answered"),
    "call decline": N_("is declined"),
    "call ignore": N_("not answered"),
    "call fail": N_("out of reach"),
    "call hold": N_("ring until you answer"),
}
"""The outcomes of a message or a call."""


def show(request: PageRequest) -> Page:
    """Show what is held, and the rules."""
    engine = request.simulator.engine
    held = list_held(engine, _MAX_SHOWN)
    total = count_held(engine)
    facts = {
        "held": held,
        "held_in_all": total,
        "held_left": total - len(held),
        "rules": list(request.simulator.carrier.rules),
        "outcomes": OUTCOMES,
    }
    return Page("carrier.html", request.gettext("Carrier actions"), ("sms", "call"), facts)


def delay(request: PageRequest) -> ActionResult:
    """Deliver a message later."""
    seconds = request.number("seconds", 60)
    request.simulator.carrier.delay(request.text("ident"), seconds)
    return request.done(N_("The message will be delivered in {seconds} s."), HOME, seconds=f"{seconds:g}")


def add_rule(request: PageRequest) -> ActionResult:
    """Add a rule for a number or a prefix."""
    kind, _, outcome = request.text("rule").partition(" ")
    seconds = request.number("seconds", 60) if outcome == "delay" else 0.0
    pattern = request.text("pattern").replace(" ", "")
    request.simulator.carrier.add_rule(pattern, outcome, kind="call" if kind == "call" else "sms", seconds=seconds)
    return request.done(N_("The rule was added."), HOME)


ACTS = {
    f"{HOME}/deliver": command(
        lambda request: request.simulator.carrier.deliver(request.text("ident")), N_("The message was delivered."), HOME
    ),
    f"{HOME}/fail": command(
        lambda request: request.simulator.carrier.fail(request.text("ident")), N_("The message has failed."), HOME
    ),
    f"{HOME}/delay": delay,
    f"{HOME}/rules/add": add_rule,
    f"{HOME}/rules/remove": command(
        lambda request: request.simulator.carrier.remove_rule(request.integer("ident")),
        N_("The rule was deleted."),
        HOME,
    ),
}
"""What can be posted from here."""
