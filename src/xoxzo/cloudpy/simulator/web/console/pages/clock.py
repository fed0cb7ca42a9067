"""The clock: real, or stopped and advanced by its user."""

from __future__ import annotations

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.queries.overview import NextEventKind, next_event
from xoxzo.cloudpy.simulator.web.console.page_request import Action, ActionResult, Page, PageRequest, command

HOME = "/console/clock"

TOPICS = ("sms", "call", "callback", "otp", "din", "sin")
"""Events that change what is due."""

STEPS = ((60, N_("1 minute")), (3_600, N_("1 hour")), (86_400, N_("1 day")), (30 * 86_400, N_("30 days")))
"""How far the clock can be advanced with one press, in seconds."""

NEXT_EVENTS: dict[NextEventKind, str] = {
    "message": N_("a message to {number} moves on"),
    "otp": N_("a one-time password for {number} expires"),
    "renewal": N_("the number {number} is renewed"),
    "callback": N_("a callback is tried again"),
    "other": "",
}
"""What happens next, by its kind; an empty text where no record shows it."""


def show(request: PageRequest) -> Page:
    """Show the time, what is due next, and how to advance."""
    event = next_event(request.simulator.engine)
    coming = None if event is None else (event.at, NEXT_EVENTS[event.kind], event.number)
    return Page("clock.html", request.gettext("Clock"), TOPICS, {"steps": STEPS, "coming": coming})


async def advance(request: PageRequest) -> ActionResult:
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
    return request.done(N_("The clock was advanced."), HOME)


ACTS: dict[str, Action] = {
    f"{HOME}/stop": command(lambda request: request.simulator.stop_clock(), N_("The clock is stopped."), HOME),
    f"{HOME}/run": command(lambda request: request.simulator.run_clock(), N_("The clock is running."), HOME),
    f"{HOME}/advance": advance,
}
"""What can be posted from here."""
