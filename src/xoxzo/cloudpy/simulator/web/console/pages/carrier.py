"""The carrier's desk: what waits to be delivered, decided by hand, and rules that decide by themselves."""

from __future__ import annotations

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.simulator.queries.status import count_held, list_held
from xoxzo.cloudpy.simulator.web.console.page_request import ActionResult, Page, PageRequest
from xoxzo.cloudpy.simulator.web.console.pages import form_fields

HOME = "/console/carrier"

_MOST_SHOWN = 200

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
"""What can become of a message or a call."""


def show(visit: PageRequest) -> Page:
    """Show what is held, and the rules."""
    engine = visit.simulator.engine
    held = list_held(engine, _MOST_SHOWN)
    total = count_held(engine)
    facts = {
        "held": held,
        "held_in_all": total,
        "held_left": total - len(held),
        "rules": list(visit.simulator.carrier.rules),
        "outcomes": OUTCOMES,
    }
    return Page("carrier.html", visit.gettext("Carrier actions"), ("sms", "call"), facts)


def deliver(visit: PageRequest) -> ActionResult:
    """Deliver a message that is held."""
    visit.simulator.carrier.deliver(form_fields.text(visit, "ident"))
    return ActionResult(visit.gettext("The message was delivered."), HOME)


def fail(visit: PageRequest) -> ActionResult:
    """Fail a message that is held."""
    visit.simulator.carrier.fail(form_fields.text(visit, "ident"))
    return ActionResult(visit.gettext("The message has failed."), HOME)


def delay(visit: PageRequest) -> ActionResult:
    """Deliver a message later."""
    seconds = form_fields.number(visit, "seconds", 60)
    visit.simulator.carrier.delay(form_fields.text(visit, "ident"), seconds)
    return ActionResult(
        visit.gettext("The message will be delivered in {seconds} s.").format(seconds=f"{seconds:g}"), HOME
    )


def add_rule(visit: PageRequest) -> ActionResult:
    """Add a rule for a number or a prefix."""
    kind, _, outcome = form_fields.text(visit, "rule").partition(" ")
    seconds = form_fields.number(visit, "seconds", 60) if outcome == "delay" else 0.0
    pattern = form_fields.text(visit, "pattern").replace(" ", "")
    visit.simulator.carrier.add_rule(pattern, outcome, kind="call" if kind == "call" else "sms", seconds=seconds)
    return ActionResult(visit.gettext("The rule is in force."), HOME)


def remove_rule(visit: PageRequest) -> ActionResult:
    """Remove a rule."""
    visit.simulator.carrier.remove_rule(form_fields.whole(visit, "ident"))
    return ActionResult(visit.gettext("The rule is gone."), HOME)


ACTS = {
    f"{HOME}/deliver": deliver,
    f"{HOME}/fail": fail,
    f"{HOME}/delay": delay,
    f"{HOME}/rules/add": add_rule,
    f"{HOME}/rules/remove": remove_rule,
}
"""What can be posted from here."""
