"""The page of Xoxzo's office: approve templates, add credits, register senders, give rights."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.web.console.page_request import ActionResult, Page, PageRequest, command

HOME = "/console/office"

_MAX_SHOWN = 200


def show(request: PageRequest) -> Page:
    """Show the templates, those that wait first, the accounts and the registered senders."""
    office = request.simulator.office
    templates = sorted(office.templates, key=lambda one: (one.pending_content is None, -one.id))
    accounts = list(office.accounts())
    facts = {
        "templates": templates[:_MAX_SHOWN],
        "templates_left": max(0, len(templates) - _MAX_SHOWN),
        "accounts": accounts[:_MAX_SHOWN],
        "accounts_left": max(0, len(accounts) - _MAX_SHOWN),
        "senders": office.senders,
        "any_sender": office.any_sender,
    }
    return Page("office.html", request.gettext("Xoxzo actions"), ("sms", "call", "din", "account", "sender"), facts)


def add_credits(request: PageRequest) -> ActionResult:
    """Give an account credits."""
    written = request.text("amount")
    try:
        amount = Decimal(written)
    except InvalidOperation:
        raise SimulatorError("invalid_amount", "The amount must be a number.") from None
    request.simulator.office.add_credits(request.text("sid"), amount)
    return request.done(N_("{amount} credits were added."), HOME, amount=written)


def register_sender(request: PageRequest) -> ActionResult:
    """Register a sender for K-premium."""
    digits = request.text("digits")
    request.simulator.office.register_sender(digits)
    return request.done(N_("{digits} is registered."), HOME, digits=digits)


def verify(request: PageRequest) -> ActionResult:
    """Say whether an account is verified, and so may subscribe numbers."""
    verified = request.text("verified") == "yes"
    request.simulator.office.verify(request.text("sid"), verified)
    message = N_("The account is verified.") if verified else N_("The account is not verified any more.")
    return request.done(message, HOME)


def allow_free_form(request: PageRequest) -> ActionResult:
    """Say whether an account may send texts of its own, or templates only."""
    allowed = request.text("allowed") == "yes"
    request.simulator.office.allow_free_form(request.text("sid"), allowed)
    message = N_("The account may send texts of its own.") if allowed else N_("The account may send templates only.")
    return request.done(message, HOME)


ACTS = {
    f"{HOME}/approve": command(
        lambda request: {"name": request.simulator.office.approve(request.integer("ident")).name},
        N_("“{name}” is approved."),
        HOME,
    ),
    f"{HOME}/return": command(
        lambda request: {"name": request.simulator.office.give_back(request.integer("ident")).name},
        N_("“{name}” was returned."),
        HOME,
    ),
    f"{HOME}/credits": add_credits,
    f"{HOME}/senders": register_sender,
    f"{HOME}/verify": verify,
    f"{HOME}/free-form": allow_free_form,
}
"""What can be posted from here."""
