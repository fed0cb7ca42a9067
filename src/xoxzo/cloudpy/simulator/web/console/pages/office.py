"""Xoxzo's desk: what a person at Xoxzo does. Approves templates, adds credits, registers senders, gives rights."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.web.console.page_request import ActionResult, Page, PageRequest
from xoxzo.cloudpy.simulator.web.console.pages import form_fields

HOME = "/console/office"

_MOST_SHOWN = 200


def show(visit: PageRequest) -> Page:
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
        visit.gettext("Xoxzo actions"),
        ("sms", "call", "din", "account", "sender"),
        facts,
    )


def approve(visit: PageRequest) -> ActionResult:
    """Put the text that waits into force."""
    record = visit.simulator.office.approve(form_fields.whole(visit, "ident"))
    return ActionResult(visit.gettext("“{name}” is approved.").format(name=record.name), HOME)


def give_back(visit: PageRequest) -> ActionResult:
    """Return a text to its author."""
    record = visit.simulator.office.give_back(form_fields.whole(visit, "ident"))
    return ActionResult(visit.gettext("“{name}” was returned.").format(name=record.name), HOME)


def add_credits(visit: PageRequest) -> ActionResult:
    """Give an account credits."""
    written = form_fields.text(visit, "amount")
    try:
        amount = Decimal(written)
    except InvalidOperation:
        raise SimulatorError("invalid_amount", "The amount must be a number.") from None
    visit.simulator.office.add_credits(form_fields.text(visit, "sid"), amount)
    return ActionResult(visit.gettext("{amount} credits were added.").format(amount=written), HOME)


def register_sender(visit: PageRequest) -> ActionResult:
    """Register a sender for K-premium."""
    digits = form_fields.text(visit, "digits")
    visit.simulator.office.register_sender(digits)
    return ActionResult(visit.gettext("{digits} is registered.").format(digits=digits), HOME)


def verify(visit: PageRequest) -> ActionResult:
    """Say whether an account is verified, and so may subscribe numbers."""
    verified = form_fields.text(visit, "verified") == "yes"
    visit.simulator.office.verify(form_fields.text(visit, "sid"), verified)
    said = N_("The account is verified.") if verified else N_("The account is not verified any more.")
    return ActionResult(visit.gettext(said), HOME)


def allow_free_form(visit: PageRequest) -> ActionResult:
    """Say whether an account may send texts of its own, or templates alone."""
    allowed = form_fields.text(visit, "allowed") == "yes"
    visit.simulator.office.allow_free_form(form_fields.text(visit, "sid"), allowed)
    said = N_("The account may send texts of its own.") if allowed else N_("The account may send templates alone.")
    return ActionResult(visit.gettext(said), HOME)


ACTS = {
    f"{HOME}/approve": approve,
    f"{HOME}/return": give_back,
    f"{HOME}/credits": add_credits,
    f"{HOME}/senders": register_sender,
    f"{HOME}/verify": verify,
    f"{HOME}/free-form": allow_free_form,
}
"""What can be posted from here."""
