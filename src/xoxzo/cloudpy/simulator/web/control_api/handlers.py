"""What each request of the control API does: one function each, given the simulator and what was asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from starlette.exceptions import HTTPException

from xoxzo.cloudpy.simulator.commands.faults import ALL_ENDPOINTS, Fault
from xoxzo.cloudpy.simulator.commands.office import AccountRecord
from xoxzo.cloudpy.simulator.engine.rules.phone_numbers import is_digits
from xoxzo.cloudpy.simulator.engine.rules.timestamps import format_time
from xoxzo.cloudpy.simulator.queries.overview import Overview
from xoxzo.cloudpy.simulator.queries.phones import PhoneSummary
from xoxzo.cloudpy.simulator.queries.records import OutcomeRule, SentReply, TemplateRecord
from xoxzo.cloudpy.simulator.queries.results import ResultPage, SearchResult
from xoxzo.cloudpy.simulator.queries.timeline import Timeline
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation
from xoxzo.cloudpy.simulator.web.control_api import request_schemas
from xoxzo.cloudpy.simulator.web.control_api.response_schemas import (
    CallbackAttemptState,
    CallState,
    ClockState,
    Completed,
    FaultsState,
    Health,
    PhoneState,
    SendersState,
    Setting,
    attempt_state,
    call_state,
)

B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class ControlRequest(Generic[B]):
    """A request that was read."""

    ident: str
    """What stands in the path, or an empty text."""
    query: dict[str, str]
    body: B

    def number(self, what: str) -> int:
        """Return the number in the path.

        Raises:
            HTTPException: 404: it is none.
        """
        if not is_digits(self.ident):
            raise HTTPException(404, f"there is no such {what}")
        return int(self.ident)

    def whole(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - a number, or the default
        """Return a whole number of the query.

        Raises:
            HTTPException: 400: it is none.
        """
        text = self.query.get(name)
        if text is None:
            return default
        if not is_digits(text):
            raise HTTPException(400, f"{name} must be a whole number")
        return int(text)


def health(simulator: Simulation, _asked: ControlRequest[None]) -> Health:
    """Say that it answers."""
    return Health("ok", format_time(simulator.now.timestamp()), simulator.instance)


def settings(simulator: Simulation, _asked: ControlRequest[None]) -> list[Setting]:
    """List all settings."""
    from xoxzo.cloudpy.simulator.settings_text import setting_entries

    return [Setting(entry.name, entry.value, entry.meaning) for entry in setting_entries(simulator.settings)]


def reset(simulator: Simulation, _asked: ControlRequest[request_schemas.EmptyBody]) -> Completed:
    """Forget everything but the faults."""
    simulator.reset()
    return Completed()


def search(simulator: Simulation, asked: ControlRequest[None]) -> ResultPage[SearchResult]:
    """Find messages, calls and replies, the newest first."""
    query = asked.query.get("q", "")
    return simulator.search(query, limit=asked.whole("limit", 50), before=asked.whole("before"))


def timeline(simulator: Simulation, asked: ControlRequest[None]) -> Timeline:
    """Tell all that happened to a message, a call or a reply."""
    return simulator.timeline(asked.ident)


def overview(simulator: Simulation, asked: ControlRequest[None]) -> Overview:
    """Tell how much happened in each of the last minutes, and how things stand."""
    return simulator.overview(asked.whole("minutes", 60))


def phones(simulator: Simulation, asked: ControlRequest[None]) -> ResultPage[PhoneSummary]:
    """List the phones that were reached, the latest first."""
    return simulator.phones(limit=asked.whole("limit", 50), before=asked.whole("before"))


def phone(simulator: Simulation, asked: ControlRequest[None]) -> PhoneState:
    """Show what a phone received."""
    held = simulator.phone(asked.ident)
    return PhoneState(held.number, list(held.inbox), list(map(call_state, held.calls)))


def thread(simulator: Simulation, asked: ControlRequest[None]) -> ResultPage[SearchResult]:
    """Show what reached a phone and what was written on it, the newest first."""
    return simulator.phone(asked.ident).thread(limit=asked.whole("limit", 100), before=asked.whole("before"))


def write(simulator: Simulation, asked: ControlRequest[request_schemas.WriteSms]) -> SentReply:
    """Write an SMS on a phone, to a receiving number."""
    return simulator.phone(asked.ident).reply(asked.body.sin, asked.body.text)


def dial(simulator: Simulation, asked: ControlRequest[request_schemas.DialNumber]) -> CallState:
    """Dial a dial-in number on a phone."""
    return call_state(simulator.phone(asked.ident).dial(asked.body.din, anonymous=asked.body.anonymous))


def ring(simulator: Simulation, asked: ControlRequest[request_schemas.IncomingCall]) -> CallState:
    """Let a call come in."""
    return call_state(simulator.incoming_call(asked.body.din, asked.body.caller, sid=asked.body.sid))


def call(simulator: Simulation, asked: ControlRequest[None]) -> CallState:
    """Show a call with its steps, incoming or outgoing."""
    return call_state(simulator.find_call(asked.ident))


def answer(simulator: Simulation, asked: ControlRequest[request_schemas.EmptyBody]) -> CallState:
    """Pick up the phone that a call rings at."""
    simulator.carrier.answer(asked.ident)
    return call_state(simulator.find_call(asked.ident))


def decline(simulator: Simulation, asked: ControlRequest[request_schemas.EmptyBody]) -> CallState:
    """Decline a call that rings."""
    simulator.carrier.decline(asked.ident)
    return call_state(simulator.find_call(asked.ident))


def ignore(simulator: Simulation, asked: ControlRequest[request_schemas.EmptyBody]) -> CallState:
    """Let a phone ring until it stops by itself."""
    simulator.carrier.ignore(asked.ident)
    return call_state(simulator.find_call(asked.ident))


def hang_up(simulator: Simulation, asked: ControlRequest[request_schemas.EmptyBody]) -> CallState:
    """End a call in which somebody talks."""
    simulator.carrier.hang_up(asked.ident)
    return call_state(simulator.find_call(asked.ident))


def deliver(simulator: Simulation, asked: ControlRequest[request_schemas.EmptyBody]) -> Timeline:
    """Deliver a message now."""
    simulator.carrier.deliver(asked.ident)
    return simulator.timeline(asked.ident)


def fail(simulator: Simulation, asked: ControlRequest[request_schemas.EmptyBody]) -> Timeline:
    """Let a message fail now."""
    simulator.carrier.fail(asked.ident)
    return simulator.timeline(asked.ident)


def delay(simulator: Simulation, asked: ControlRequest[request_schemas.Delay]) -> Timeline:
    """Let a message arrive later."""
    simulator.carrier.delay(asked.ident, asked.body.seconds)
    return simulator.timeline(asked.ident)


def held(simulator: Simulation, _asked: ControlRequest[None]) -> tuple[SearchResult, ...]:
    """List the messages that wait for a decision, and the calls that ring."""
    return simulator.carrier.held()


def rules(simulator: Simulation, _asked: ControlRequest[None]) -> tuple[OutcomeRule, ...]:
    """List the carriers' rules."""
    return simulator.carrier.rules


def add_rule(simulator: Simulation, asked: ControlRequest[request_schemas.NewRule]) -> OutcomeRule:
    """Decide what becomes of messages or calls from now on."""
    rule = asked.body
    return simulator.carrier.add_rule(rule.pattern, rule.outcome, kind=rule.kind, seconds=rule.seconds)


def remove_rule(simulator: Simulation, asked: ControlRequest[request_schemas.EmptyBody]) -> Completed:
    """End a rule."""
    simulator.carrier.remove_rule(asked.number("rule"))
    return Completed()


def callbacks(simulator: Simulation, asked: ControlRequest[None]) -> list[CallbackAttemptState]:
    """List the tries to deliver a callback, the oldest first: all, or those of one message or call."""
    ident = asked.query.get("id")
    return [attempt_state(attempt) for attempt in simulator.callbacks if ident in {None, attempt.ident}]


def resend(simulator: Simulation, asked: ControlRequest[request_schemas.EmptyBody]) -> Completed:
    """Post a callback now, or once more."""
    simulator.resend_callback(asked.ident)
    return Completed()


def templates(simulator: Simulation, _asked: ControlRequest[None]) -> tuple[TemplateRecord, ...]:
    """List the SMS templates of all accounts."""
    return simulator.office.templates


def approve(simulator: Simulation, asked: ControlRequest[request_schemas.EmptyBody]) -> TemplateRecord:
    """Put the text of a template that waits into force."""
    return simulator.office.approve(asked.number("template"))


def give_back(simulator: Simulation, asked: ControlRequest[request_schemas.EmptyBody]) -> TemplateRecord:
    """Return a template to its author; the text before it counts again."""
    return simulator.office.give_back(asked.number("template"))


def accounts(simulator: Simulation, _asked: ControlRequest[None]) -> tuple[AccountRecord, ...]:
    """List the accounts that were ever charged."""
    return simulator.office.accounts()


def add_credits(simulator: Simulation, asked: ControlRequest[request_schemas.AddCredits]) -> AccountRecord:
    """Add credits to an account, as if they had been bought."""
    return simulator.office.add_credits(asked.ident, asked.body.amount, token=asked.body.token)


def verify(simulator: Simulation, asked: ControlRequest[request_schemas.SetVerified]) -> AccountRecord:
    """Verify an account, or take that back."""
    return simulator.office.verify(asked.ident, asked.body.verified, token=asked.body.token)


def free_form(simulator: Simulation, asked: ControlRequest[request_schemas.SetFreeForm]) -> AccountRecord:
    """Let an account send texts of its own, or templates alone."""
    return simulator.office.allow_free_form(asked.ident, asked.body.allowed, token=asked.body.token)


def senders(simulator: Simulation, _asked: ControlRequest[None]) -> SendersState:
    """List the K-premium senders."""
    return SendersState(list(simulator.office.senders), simulator.office.any_sender)


def register_sender(simulator: Simulation, asked: ControlRequest[request_schemas.NewSender]) -> SendersState:
    """Register a K-premium sender."""
    simulator.office.register_sender(asked.body.sender)
    return SendersState(list(simulator.office.senders), simulator.office.any_sender)


def clock(simulator: Simulation, _asked: ControlRequest[None]) -> ClockState:
    """Tell how the clock stands."""
    due = simulator.next_due
    return ClockState(
        format_time(simulator.now.timestamp()),
        simulator.clock_stopped,
        None if due is None else format_time(due.timestamp()),
    )


def stop_clock(simulator: Simulation, asked: ControlRequest[request_schemas.EmptyBody]) -> ClockState:
    """Let time stand still."""
    simulator.stop_clock()
    return clock(simulator, ControlRequest(asked.ident, asked.query, None))


def run_clock(simulator: Simulation, asked: ControlRequest[request_schemas.EmptyBody]) -> ClockState:
    """Let time go on from where it stands."""
    simulator.run_clock()
    return clock(simulator, ControlRequest(asked.ident, asked.query, None))


async def advance(simulator: Simulation, asked: ControlRequest[request_schemas.Advance]) -> ClockState:
    """Advance a clock that stands still; answers when the callbacks that fell due were answered."""
    far = asked.body
    await simulator.advance_async(far.seconds, minutes=far.minutes, hours=far.hours, days=far.days)
    return clock(simulator, ControlRequest(asked.ident, asked.query, None))


def faults(simulator: Simulation, _asked: ControlRequest[None]) -> FaultsState:
    """List the faults that are on, and count those that have hit."""
    return FaultsState(list(simulator.faults), dict(simulator.faults.counts))


def add_fault(simulator: Simulation, asked: ControlRequest[request_schemas.NewFault]) -> Fault:
    """Let something go wrong."""
    fault = asked.body
    given = {name: value for name in ("chance", "seconds") if (value := getattr(fault, name)) is not None}
    return simulator.faults.add(fault.kind, fault.endpoint or ALL_ENDPOINTS, times=fault.times, **given)


def remove_fault(simulator: Simulation, asked: ControlRequest[request_schemas.EmptyBody]) -> Completed:
    """End one fault."""
    simulator.faults.remove(asked.number("fault"))
    return Completed()


def all_normal(simulator: Simulation, _asked: ControlRequest[request_schemas.EmptyBody]) -> Completed:
    """End all faults."""
    simulator.faults.all_normal()
    return Completed()
