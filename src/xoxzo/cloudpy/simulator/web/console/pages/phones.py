"""Phones: those that were reached, and one of them on screen."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.commands.carrier import CarrierCommands
from xoxzo.cloudpy.simulator.engine.rules import is_number
from xoxzo.cloudpy.simulator.queries.phones import phone_view
from xoxzo.cloudpy.simulator.web.console.page_request import ActionResult, Page, PageRequest

TOPICS = ("sms", "call", "reply", "din", "sin")
"""Events that change a phone."""

CALL_OUTCOMES = {
    "answer": N_("answers automatically"),
    "hold": N_("rings until you answer"),
    "decline": N_("declines"),
    "ignore": N_("is not answered"),
}
"""What a phone does when it is called."""

NOT_E164 = N_("“{number}” is not an E.164 number, such as +818011112222.")

_SHORT_THREAD, _LONG_THREAD = 60, 600


def show(request: PageRequest) -> Page:
    """Show the list, and the phone that was chosen; where none was, the one that was reached last."""
    wanted = request.ident or request.query.get("number", "").strip().replace(" ", "")
    if wanted and not is_number(wanted):
        raise SimulatorError("invalid_phone_number", NOT_E164, number=wanted)
    before = request.cursor
    phones = request.simulator.phones(limit=50, before=before)
    number = wanted or (phones.items[0].number if phones.items else "")
    limit = _LONG_THREAD if request.query.get("all") else _SHORT_THREAD
    phone = phone_view(request.simulator.engine, number, limit) if number else None
    facts = {
        "phones": phones.items,
        "next": phones.next,
        "before": before,
        "phone": phone,
        "number": number,
        "chosen": bool(wanted),
        "call_outcomes": CALL_OUTCOMES,
        "sin_offered": request.simulator.settings.legacy_sin,
    }
    title = request.gettext("Phones")
    return Page("phones.html", f"{number} · {title}" if wanted else title, TOPICS, facts)


def path_of(number: str) -> str:
    """Return the path of a phone's page."""
    return f"/console/phones/{quote(number, safe='')}"


def reply(request: PageRequest) -> ActionResult:
    """Write from a phone to a receiving number."""
    number, sin = request.text("number"), request.text("sin")
    request.simulator.phone(_checked(number)).reply(sin, request.form.get("text", ""))
    return request.done(N_("Sent."), path_of(number))


def dial(request: PageRequest) -> ActionResult:
    """Call a dial-in number from a phone."""
    number, din = request.text("number"), request.text("din").replace(" ", "")
    request.simulator.phone(_checked(number)).dial(din, anonymous=request.text("anonymous") == "yes")
    return request.done(N_("Calling {number}…"), path_of(number), number=din)


def set_call_outcome(request: PageRequest) -> ActionResult:
    """Choose what a phone does when it is called: a rule of the carrier's for this number alone."""
    number, outcome = _checked(request.text("number")), request.text("outcome")
    carrier = request.simulator.carrier
    if outcome not in CALL_OUTCOMES:
        raise SimulatorError("invalid_choice", "There is no such choice.")
    earlier = [rule.ident for rule in carrier.rules if rule.kind == "call" and rule.pattern == number]
    carrier.add_rule(number, outcome, kind="call")
    for ident in earlier:
        carrier.remove_rule(ident)
    message = N_("When called, this phone {outcome}.")
    return request.done(message, path_of(number), outcome=request.gettext(CALL_OUTCOMES[outcome]))


def _call_action(act: Callable[[CarrierCommands, str], None], message: str) -> Callable[[PageRequest], ActionResult]:
    """Return the action that applies a command to a call, and leads back to the phone or the carrier's page."""

    def action(request: PageRequest) -> ActionResult:
        act(request.simulator.carrier, request.text("ident"))
        number = request.text("number")
        return request.done(message, path_of(number) if number else "/console/carrier")

    return action


def _checked(number: str) -> str:
    if not is_number(number):
        raise SimulatorError("invalid_phone_number", NOT_E164, number=number)
    return number


ACTS = {
    "/console/phones/reply": reply,
    "/console/phones/dial": dial,
    "/console/phones/call-outcome": set_call_outcome,
    "/console/calls/answer": _call_action(CarrierCommands.answer, N_("Answered.")),
    "/console/calls/decline": _call_action(CarrierCommands.decline, N_("Declined.")),
    "/console/calls/ignore": _call_action(CarrierCommands.ignore, N_("It rings until the caller gives up.")),
    "/console/calls/hang-up": _call_action(CarrierCommands.hang_up, N_("Hung up.")),
}
"""What can be posted from here."""
