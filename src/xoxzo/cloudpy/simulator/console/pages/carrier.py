"""The carrier's desk: what waits to be delivered, decided by hand, and rules that decide by themselves."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.console.visit import Done, Page, Visit
from xoxzo.cloudpy.simulator.looking.found import from_call, from_message

from . import posted

HOME = "/console/carrier"

_MOST_SHOWN = 200

OUTCOMES = {
    "sms deliver": "delivered",
    "sms fail": "failed",
    "sms hold": "held until you decide",
    "sms delay": "delivered later",
    "call answer": "answered",
    "call decline": "declined",
    "call ignore": "not answered",
    "call fail": "out of reach",
    "call hold": "ring until you answer",
}
"""What can become of a message or a call."""


def show(visit: Visit) -> Page:
    """Show what is held, and the rules."""
    with visit.simulator.engine as engine:
        messages, phones = engine.sms.held(), engine.calls.phones.now()
        # Very many may be held: only what is shown is made into values.
        held = [*map(from_message, messages[:_MOST_SHOWN])]
        held += (from_call(phone.call) for phone in phones[:_MOST_SHOWN])
    facts = {
        "held": sorted(held, key=lambda found: found.serial)[:_MOST_SHOWN],
        "held_in_all": len(messages) + len(phones),
        "held_left": max(0, len(messages) + len(phones) - _MOST_SHOWN),
        "rules": list(visit.simulator.carrier.rules),
        "outcomes": OUTCOMES,
    }
    return Page("carrier.html", visit.say("Carrier desk"), ("sms", "call"), facts)


def deliver(visit: Visit) -> Done:
    """Deliver a message that is held."""
    visit.simulator.carrier.deliver(posted.text(visit, "ident"))
    return Done(visit.say("The message was delivered."), HOME)


def fail(visit: Visit) -> Done:
    """Fail a message that is held."""
    visit.simulator.carrier.fail(posted.text(visit, "ident"))
    return Done(visit.say("The message has failed."), HOME)


def delay(visit: Visit) -> Done:
    """Deliver a message later."""
    seconds = posted.number(visit, "seconds", 60)
    visit.simulator.carrier.delay(posted.text(visit, "ident"), seconds)
    return Done(visit.say("The message will be delivered in {seconds} s.", seconds=f"{seconds:g}"), HOME)


def add_rule(visit: Visit) -> Done:
    """Add a rule for a number or a prefix."""
    kind, _, outcome = posted.text(visit, "rule").partition(" ")
    seconds = posted.number(visit, "seconds", 60) if outcome == "delay" else 0.0
    pattern = posted.text(visit, "pattern").replace(" ", "")
    visit.simulator.carrier.add_rule(pattern, outcome, kind="call" if kind == "call" else "sms", seconds=seconds)
    return Done(visit.say("The rule is in force."), HOME)


def remove_rule(visit: Visit) -> Done:
    """Remove a rule."""
    visit.simulator.carrier.remove_rule(posted.whole(visit, "ident"))
    return Done(visit.say("The rule is gone."), HOME)


ACTS = {
    f"{HOME}/deliver": deliver,
    f"{HOME}/fail": fail,
    f"{HOME}/delay": delay,
    f"{HOME}/rules/add": add_rule,
    f"{HOME}/rules/remove": remove_rule,
}
"""What can be posted from here."""
