"""Xoxzo's desk: what a person at Xoxzo does. Approves templates, adds credits, registers senders, gives rights."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.console.visit import Done, Page, Visit

from . import posted

HOME = "/console/office"

_MOST_SHOWN = 200


def show(visit: Visit) -> Page:
    """Show the templates, those that wait first, the accounts and the registered senders."""
    office = visit.simulator.office
    templates = sorted(office.templates, key=lambda one: (one.pending_content is None, -one.id))
    accounts = list(office.accounts())
    facts = {
        "templates": templates[:_MOST_SHOWN],
        "templates_left": max(0, len(templates) - _MOST_SHOWN),
        "accounts": accounts[:_MOST_SHOWN],
        "accounts_left": max(0, len(accounts) - _MOST_SHOWN),
        "senders": office.senders,
        "any_sender": office.any_sender,
    }
    return Page(
        "office.html",
        visit.say("Xoxzo desk"),
        ("sms", "call", "din", "account", "sender"),
        facts,
    )


def approve(visit: Visit) -> Done:
    """Put the text that waits into force."""
    record = visit.simulator.office.approve(posted.whole(visit, "ident"))
    return Done(visit.say("“{name}” is approved.", name=record.name), HOME)


def give_back(visit: Visit) -> Done:
    """Return a text to its author."""
    record = visit.simulator.office.give_back(posted.whole(visit, "ident"))
    return Done(visit.say("“{name}” was returned.", name=record.name), HOME)


def add_credits(visit: Visit) -> Done:
    """Give an account credits."""
    written = posted.text(visit, "amount")
    try:
        amount = Decimal(written)
    except InvalidOperation:
        raise SimulatorError(visit.say("The amount must be a number.")) from None
    visit.simulator.office.add_credits(posted.text(visit, "sid"), amount)
    return Done(visit.say("{amount} credits were added.", amount=written), HOME)


def register_sender(visit: Visit) -> Done:
    """Register a sender for K-premium."""
    digits = posted.text(visit, "digits")
    visit.simulator.office.register_sender(digits)
    return Done(visit.say("{digits} is registered.", digits=digits), HOME)


def verify(visit: Visit) -> Done:
    """Say whether an account is verified, and so may subscribe numbers."""
    verified = posted.text(visit, "verified") == "yes"
    visit.simulator.office.verify(posted.text(visit, "sid"), verified)
    said = "The account is verified." if verified else "The account is not verified any more."
    return Done(visit.say(said), HOME)


def allow_free_form(visit: Visit) -> Done:
    """Say whether an account may send texts of its own, or templates alone."""
    allowed = posted.text(visit, "allowed") == "yes"
    visit.simulator.office.allow_free_form(posted.text(visit, "sid"), allowed)
    said = "The account may send texts of its own." if allowed else "The account may send templates alone."
    return Done(visit.say(said), HOME)


ACTS = {
    f"{HOME}/approve": approve,
    f"{HOME}/return": give_back,
    f"{HOME}/credits": add_credits,
    f"{HOME}/senders": register_sender,
    f"{HOME}/verify": verify,
    f"{HOME}/free-form": allow_free_form,
}
"""What can be posted from here."""
