"""The addresses of the console: which page each shows, and what can be posted to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable
from urllib.parse import quote, unquote

from msgspec import Struct
from msgspec.structs import replace

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.simulator.web.console.page_request import Page, PageNotFound, PageRequest, Values
from xoxzo.cloudpy.simulator.web.console.pages import actions, records
from xoxzo.cloudpy.simulator.web.console.pages.actions import phone_page

_PAGES: dict[str, Callable[[PageRequest], Page]] = {
    "/": actions.show_phones,
    "/console": actions.show_phones,
    "/console/phones": actions.show_phones,
    "/console/messages": records.show_timeline,
    "/console/calls": records.show_timeline,
    "/console/requests": records.show_requests,
    "/console/carrier": actions.show_carrier,
    "/console/office": actions.show_office,
    "/console/faults": actions.show_faults,
    "/console/clock": actions.show_clock,
    "/console/overview": records.show_overview,
    "/console/delete": lambda it: Page(
        "delete.html", it.gettext("Delete everything"), ("sms",), {"figures": it.simulator.overview(1)}
    ),
}

SLOW_PATHS = frozenset({"/console/messages", "/console/calls", "/console/requests", "/console/overview"})
"""Pages that search all records, so they are better made in a thread."""

_PAGES_WITH_ID: dict[str, Callable[[PageRequest], Page]] = {
    "/console/phones/": actions.show_phones,
    "/console/messages/": records.show_record,
    "/console/calls/": records.show_record,
    "/console/requests/": records.show_request,
}
"""Pages of one record or phone, whose id or number follows the last slash."""


class Action(Struct, frozen=True):
    """What a form does."""

    do: Callable[[PageRequest], Values | Awaitable[Values | None] | None]
    message: str
    """Says that it was done; what `do` returned is put into it."""
    to: Callable[[PageRequest], str] = lambda request: "/".join(request.path.split("/")[:3])
    """The path of the page that shows it, for browsers that run no script; by default the one of the form."""


_ACTIONS = {
    "/console/phones/reply": Action(actions.reply, N_("Sent."), phone_page),
    "/console/phones/dial": Action(actions.dial, N_("Calling {number}…"), phone_page),
    "/console/phones/call-outcome": Action(
        actions.set_call_outcome, N_("When called, this phone {outcome}."), phone_page
    ),
    "/console/calls/answer": Action(lambda it: it.simulator.carrier.answer(it.ident), N_("Answered."), phone_page),
    "/console/calls/decline": Action(lambda it: it.simulator.carrier.decline(it.ident), N_("Declined."), phone_page),
    "/console/calls/ignore": Action(
        lambda it: it.simulator.carrier.ignore(it.ident), N_("It rings until the caller gives up."), phone_page
    ),
    "/console/calls/hang-up": Action(lambda it: it.simulator.carrier.hang_up(it.ident), N_("Hung up."), phone_page),
    "/console/callbacks/resend": Action(
        lambda it: it.simulator.resend_callback(it.ident),
        N_("The callback is posted again."),
        lambda it: f"/console/messages/{quote(it.ident, safe='')}",
    ),
    "/console/delete": Action(lambda it: it.simulator.reset(), N_("Everything was deleted."), lambda _it: "/"),
    "/console/carrier/deliver": Action(
        lambda it: it.simulator.carrier.deliver(it.ident), N_("The message was delivered.")
    ),
    "/console/carrier/fail": Action(lambda it: it.simulator.carrier.fail(it.ident), N_("The message has failed.")),
    "/console/carrier/delay": Action(actions.delay, N_("The message will be delivered in {seconds} s.")),
    "/console/carrier/rules/add": Action(actions.add_rule, N_("The rule was added.")),
    "/console/carrier/rules/remove": Action(
        lambda it: it.simulator.carrier.remove_rule(it.integer("ident")), N_("The rule was deleted.")
    ),
    "/console/office/approve": Action(
        lambda it: {"name": it.simulator.office.approve(it.integer("ident")).name}, N_("“{name}” is approved.")
    ),
    "/console/office/return": Action(
        lambda it: {"name": it.simulator.office.give_back(it.integer("ident")).name}, N_("“{name}” was returned.")
    ),
    "/console/office/credits": Action(actions.add_credits, N_("{amount} credits were added.")),
    "/console/office/senders": Action(actions.register_sender, N_("{digits} is registered.")),
    "/console/office/verify": Action(actions.verify, "{message}"),
    "/console/office/free-form": Action(actions.allow_free_form, "{message}"),
    "/console/faults/add": Action(actions.add_fault, N_("On: {fault}")),
    "/console/faults/remove": Action(
        lambda it: it.simulator.faults.remove(it.integer("ident")), N_("The fault is off.")
    ),
    "/console/faults/off": Action(actions.end_faults, N_("Off: {fault}")),
    "/console/faults/all-normal": Action(lambda it: it.simulator.faults.all_normal(), N_("All faults are off.")),
    "/console/clock/stop": Action(lambda it: it.simulator.stop_clock(), N_("The clock is stopped.")),
    "/console/clock/run": Action(lambda it: it.simulator.run_clock(), N_("The clock is running.")),
    "/console/clock/advance": Action(actions.advance, N_("The clock was advanced.")),
}


def show_page(request: PageRequest) -> Page:
    """Return the page of a path; raise `PageNotFound` if there is none."""
    if found := _PAGES.get(request.path):
        return found(request)
    home, _, ident = request.path.rpartition("/")
    if (found := _PAGES_WITH_ID.get(f"{home}/")) and ident:
        return found(replace(request, ident=unquote(ident, errors="replace")))
    raise PageNotFound


async def act(request: PageRequest, form: Mapping[str, str]) -> tuple[str, str]:
    """Do what was posted; return what was done, in the reader's language, and the path of the page that shows it.

    Raise `PageNotFound`, or `SimulatorError` if it cannot be done.
    """
    action = _ACTIONS.get(request.path)
    if action is None:
        raise PageNotFound
    request = replace(request, form=form, ident=form.get("ident", "").strip())
    done = action.do(request)
    values = await done if isawaitable(done) else done
    return request.gettext(action.message).format(**(values or {})), action.to(request)


def error_page(request: PageRequest, problem: str) -> Page:
    """Return a page that shows a problem."""
    return Page("error.html", request.gettext("Something is not right"), (), {"problem": problem})
