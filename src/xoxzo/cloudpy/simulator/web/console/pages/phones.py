"""Phones: those that were reached, and one of them on screen."""

from __future__ import annotations

from urllib.parse import quote

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.rules import is_number
from xoxzo.cloudpy.simulator.queries.phones import phone_view
from xoxzo.cloudpy.simulator.web.console.page_request import Page, PageRequest, Values

CALL_OUTCOMES = {
    "answer": N_("answers automatically"),
    "hold": N_("rings until you answer"),
    "decline": N_("declines"),
    "ignore": N_("is not answered"),
}
"""What a phone does when it is called."""

_SHORT_THREAD, _LONG_THREAD = 60, 600


def show(request: PageRequest) -> Page:
    """Show the list, and the phone that was chosen; where none was, the one that was reached last."""
    wanted = request.ident or request.query.get("number", "").strip().replace(" ", "")
    if wanted:
        _check(wanted)
    before = request.cursor
    phones = request.simulator.phones(limit=50, before=before)
    number = wanted or (phones.items[0].number if phones.items else "")
    limit = _LONG_THREAD if request.query.get("all") else _SHORT_THREAD
    facts = {
        "phones": phones.items,
        "next": phones.next,
        "before": before,
        "phone": phone_view(request.simulator.engine, number, limit) if number else None,
        "number": number,
        "chosen": bool(wanted),
        "call_outcomes": CALL_OUTCOMES,
        "sin_offered": request.simulator.settings.legacy_sin,
    }
    title = request.gettext("Phones")
    topics = ("sms", "call", "reply", "din", "sin")
    return Page("phones.html", f"{number} · {title}" if wanted else title, topics, facts)


def page_of(request: PageRequest) -> str:
    """Return the path of the page of the phone that was acted for."""
    return f"/console/phones/{quote(request.text('number'), safe='')}"


def reply(request: PageRequest) -> None:
    """Write from a phone to a receiving number."""
    request.simulator.phone(_check(request.text("number"))).reply(request.text("sin"), request.form.get("text", ""))


def dial(request: PageRequest) -> Values:
    """Call a dial-in number from a phone."""
    din = request.text("din").replace(" ", "")
    phone = request.simulator.phone(_check(request.text("number")))
    phone.dial(din, anonymous=request.text("anonymous") == "yes")
    return {"number": din}


def set_call_outcome(request: PageRequest) -> Values:
    """Choose what a phone does when it is called: a rule of the carrier's for this number alone."""
    number, outcome = _check(request.text("number")), request.text("outcome")
    carrier = request.simulator.carrier
    if outcome not in CALL_OUTCOMES:
        raise SimulatorError("invalid_choice", "There is no such choice.")
    earlier = [rule.ident for rule in carrier.rules if rule.kind == "call" and rule.pattern == number]
    carrier.add_rule(number, outcome, kind="call")
    for ident in earlier:
        carrier.remove_rule(ident)
    return {"outcome": request.gettext(CALL_OUTCOMES[outcome])}


def _check(number: str) -> str:
    if not is_number(number):
        template = N_("“{number}” is not an E.164 number, such as +818011112222.")
        raise SimulatorError("invalid_phone_number", template, number=number)
    return number
