"""Pages to act for others, and what is posted from them: phones, carriers, the people at Xoxzo, faults, the clock."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal, InvalidOperation
from urllib.parse import quote

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.commands.faults import ALL_ENDPOINTS, CALLBACK_KINDS, KINDS
from xoxzo.cloudpy.simulator.engine.rules import is_number
from xoxzo.cloudpy.simulator.queries.overview import NextEventKind, count_held, list_held, next_event
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


def show_phones(request: PageRequest) -> Page:
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


def phone_page(request: PageRequest) -> str:
    """Return the path of the page of the phone that was acted for, else that of the carriers."""
    number = request.text("number")
    return f"/console/phones/{quote(number, safe='')}" if number else "/console/carrier"


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


def show_carrier(request: PageRequest) -> Page:
    """Show the messages and calls that are held, and the rules that decide their outcome."""
    held, total = list_held(request.simulator.engine, _MAX_SHOWN), count_held(request.simulator.engine)
    facts = {
        "held": held,
        "held_in_all": total,
        "held_left": total - len(held),
        "rules": list(request.simulator.carrier.rules),
        "outcomes": OUTCOMES,
    }
    return Page("carrier.html", request.gettext("Carrier actions"), ("sms", "call"), facts)


def delay(request: PageRequest) -> Values:
    """Deliver a message later."""
    seconds = request.number("seconds", 60)
    request.simulator.carrier.delay(request.ident, seconds)
    return {"seconds": f"{seconds:g}"}


def add_rule(request: PageRequest) -> None:
    """Add a rule for a number or a prefix."""
    kind, _, outcome = request.text("rule").partition(" ")
    seconds = request.number("seconds", 60) if outcome == "delay" else 0.0
    pattern = request.text("pattern").replace(" ", "")
    request.simulator.carrier.add_rule(pattern, outcome, kind="call" if kind == "call" else "sms", seconds=seconds)


def show_office(request: PageRequest) -> Page:
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


def add_credits(request: PageRequest) -> Values:
    """Give an account credits."""
    written = request.text("amount")
    try:
        amount = Decimal(written)
    except InvalidOperation:
        raise SimulatorError("invalid_amount", "The amount must be a number.") from None
    request.simulator.office.add_credits(request.text("sid"), amount)
    return {"amount": written}


def register_sender(request: PageRequest) -> Values:
    """Register a sender for K-premium."""
    request.simulator.office.register_sender(request.text("digits"))
    return {"digits": request.text("digits")}


def verify(request: PageRequest) -> Values:
    """Say whether an account is verified, and so may subscribe numbers."""
    verified = request.text("verified") == "yes"
    request.simulator.office.verify(request.text("sid"), verified)
    message = N_("The account is verified.") if verified else N_("The account is not verified any more.")
    return {"message": request.gettext(message)}


def allow_free_form(request: PageRequest) -> Values:
    """Say whether an account may send texts of its own, or templates only."""
    allowed = request.text("allowed") == "yes"
    request.simulator.office.allow_free_form(request.text("sid"), allowed)
    message = N_("The account may send texts of its own.") if allowed else N_("The account may send templates only.")
    return {"message": request.gettext(message)}


_TIMED = frozenset({"throttled", "slow", "hang", "refuse", "callback_late"})
"""Kinds of faults that ask for seconds."""

FAULTS = {
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


def show_faults(request: PageRequest) -> Page:
    """Show every kind of fault, with a switch."""
    injector = request.simulator.faults
    active = list(injector)
    kinds = [
        {
            "kind": kind,
            "name": FAULTS[kind][0],
            "does": FAULTS[kind][1],
            "timed": kind in _TIMED,
            "of_callbacks": kind in CALLBACK_KINDS,
            "count": injector.counts[kind],
            "active": [fault for fault in active if fault.kind == kind],
        }
        for kind in KINDS
    ]
    facts = {"kinds": kinds, "active": active, "endpoints": sorted(injector.endpoints), "everything": ALL_ENDPOINTS}
    return Page("faults.html", request.gettext("Faults"), ("fault",), facts)


def add_fault(request: PageRequest) -> Values:
    """Switch a fault on."""
    kind = request.text("kind")
    request.simulator.faults.add(
        kind,
        request.text("endpoint") or ALL_ENDPOINTS,
        chance=request.number("percent", 100) / 100,
        times=request.integer("times") if request.text("times") else None,
        seconds=request.number("seconds", 5),
    )
    return {"fault": request.gettext(FAULTS[kind][0])}


def end_faults(request: PageRequest) -> Values:
    """Switch all faults of one kind off; some may have ended by themselves."""
    kind = request.text("kind")
    for fault in request.simulator.faults:
        if fault.kind == kind:
            with suppress(SimulatorError):
                request.simulator.faults.remove(fault.ident)
    return {"fault": request.gettext(FAULTS.get(kind, (kind,))[0])}


_STEPS = ((60, N_("1 minute")), (3_600, N_("1 hour")), (86_400, N_("1 day")), (30 * 86_400, N_("30 days")))
"""How far the clock can be advanced with one press, in seconds."""

_NEXT_EVENTS: dict[NextEventKind, str] = {
    "message": N_("a message to {number} moves on"),
    "otp": N_("a one-time password for {number} expires"),
    "renewal": N_("the number {number} is renewed"),
    "callback": N_("a callback is tried again"),
    "other": "",
}
"""What happens next, by its kind; an empty text where no record shows it."""


def show_clock(request: PageRequest) -> Page:
    """Show the time, what is due next, and how to advance."""
    event = next_event(request.simulator.engine)
    coming = None if event is None else (event[0], _NEXT_EVENTS[event[1]], event[2])
    topics = ("sms", "call", "callback", "otp", "din", "sin")
    return Page("clock.html", request.gettext("Clock"), topics, {"steps": _STEPS, "coming": coming})


async def advance(request: PageRequest) -> None:
    """Advance the stopped clock; done when the callbacks that fell due were answered."""
    simulator = request.simulator
    if request.text("to") == "next":
        due = simulator.next_due
        if due is None:
            raise SimulatorError("nothing_due", "Nothing is due.")
        seconds = max(0.0, (due - simulator.now).total_seconds())
    else:
        seconds = request.number("seconds")
    await simulator.advance_async(seconds)
