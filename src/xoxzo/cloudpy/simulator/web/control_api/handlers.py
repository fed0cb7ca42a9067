"""One function for each request of the control API; its docstring is the summary in the document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from msgspec import Struct
from starlette.exceptions import HTTPException

from xoxzo.cloudpy.simulator.api.request_log import LoggedRequest, LogPage
from xoxzo.cloudpy.simulator.commands.faults import ALL_ENDPOINTS, Fault
from xoxzo.cloudpy.simulator.commands.office import AccountRecord
from xoxzo.cloudpy.simulator.engine.rules import format_time, is_digits
from xoxzo.cloudpy.simulator.queries.overview import Overview
from xoxzo.cloudpy.simulator.queries.phones import PhoneSummary
from xoxzo.cloudpy.simulator.queries.results import (
    CallRecord,
    OutcomeRule,
    ResultPage,
    SearchResult,
    SentReply,
    TemplateRecord,
)
from xoxzo.cloudpy.simulator.queries.search import Totals
from xoxzo.cloudpy.simulator.queries.timeline import Timeline
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation
from xoxzo.cloudpy.simulator.settings_text import SettingEntry, setting_entries
from xoxzo.cloudpy.simulator.web.control_api import schemas

B = TypeVar("B")


class ControlRequest(Struct, Generic[B], frozen=True):
    """A request that was read."""

    ident: str
    """The id in the path, or an empty text."""
    query: dict[str, str]
    body: B
    origin: str = ""
    """Scheme and host that the simulator was reached by."""

    def number(self, what: str) -> int:
        """Return the number in the path; raise `HTTPException` 404 if it is not one."""
        if not is_digits(self.ident):
            raise HTTPException(404, f"there is no such {what}")
        return int(self.ident)

    def integer(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - a number, or the default
        """Return a whole number of the query; raise `HTTPException` 400 if it is not one."""
        text = self.query.get(name)
        if text is None:
            return default
        if not is_digits(text):
            raise HTTPException(400, f"{name} must be a whole number")
        return int(text)

    def page(self, limit: int = 50) -> dict[str, Any]:
        """Return which page of a list the query asks for; raise `HTTPException` 400 as `integer` does."""
        return {"limit": self.integer("limit", limit), "before": self.integer("before")}


class Handlers:
    """The handlers for one simulator."""

    def __init__(self, simulator: Simulation) -> None:
        self.simulator = simulator

    def health(self, _request: ControlRequest[None]) -> schemas.Health:
        """Return the health of the simulator."""
        return schemas.Health("ok", format_time(self.simulator.now.timestamp()), self.simulator.instance)

    def settings(self, _request: ControlRequest[None]) -> list[SettingEntry]:
        """List all settings."""
        return setting_entries(self.simulator.settings)

    def reset(self, _request: ControlRequest[schemas.EmptyBody]) -> schemas.Completed:
        """Delete everything, logs included; clock and faults stay."""
        self.simulator.reset()
        return schemas.Completed()

    def search(self, request: ControlRequest[None]) -> ResultPage[SearchResult]:
        """Find messages, calls and replies, the newest first."""
        return self.simulator.search(request.query.get("q", ""), **request.page())

    def totals(self, request: ControlRequest[None]) -> Totals:
        """Count what a search finds, with parts and credits, by status."""
        return self.simulator.totals(request.query.get("q", ""))

    def export_csv(self, request: ControlRequest[None]) -> Iterator[bytes]:
        """Return all that a search finds as a CSV file for spreadsheets, the newest first."""
        return self.simulator.export(request.query.get("q", ""))

    def export_json(self, request: ControlRequest[None]) -> Iterator[bytes]:
        """Return all that a search finds as a JSON file, the newest first."""
        return self.simulator.export(request.query.get("q", ""), form="json")

    def timeline(self, request: ControlRequest[None]) -> Timeline:
        """Return everything that happened to a message, a call or a reply."""
        return self.simulator.timeline(request.ident)

    def overview(self, request: ControlRequest[None]) -> Overview:
        """Return what happened in each of the last minutes, and the present figures."""
        return self.simulator.overview(request.integer("minutes", 60))

    def requests(self, request: ControlRequest[None]) -> LogPage:
        """List the latest requests to the API with their answers, the newest first; credentials are masked."""
        status, text = (request.query.get(name, "") for name in ("status", "q"))
        return self.simulator.requests(status=status, text=text, origin=request.origin, **request.page())

    def request(self, request: ControlRequest[None]) -> LoggedRequest:
        """Show one request to the API."""
        return self.simulator.api.log.get(request.number("request"), request.origin)

    def phones(self, request: ControlRequest[None]) -> ResultPage[PhoneSummary]:
        """List the phones that were reached, the latest first."""
        return self.simulator.phones(**request.page())

    def phone(self, request: ControlRequest[None]) -> schemas.PhoneState:
        """Show what a phone received."""
        held = self.simulator.phone(request.ident)
        return schemas.PhoneState(held.number, list(held.inbox), list(held.calls))

    def thread(self, request: ControlRequest[None]) -> ResultPage[SearchResult]:
        """Show what reached a phone and what was written on it, the newest first."""
        return self.simulator.phone(request.ident).thread(**request.page(100))

    def write(self, request: ControlRequest[schemas.WriteSms]) -> SentReply:
        """Send an SMS from a phone to a receiving number."""
        return self.simulator.phone(request.ident).reply(request.body.sin, request.body.text)

    def dial(self, request: ControlRequest[schemas.DialNumber]) -> CallRecord:
        """Call a dial-in number from a phone."""
        return self.simulator.phone(request.ident).dial(request.body.din, anonymous=request.body.anonymous)

    def ring(self, request: ControlRequest[schemas.IncomingCall]) -> CallRecord:
        """Start an incoming call."""
        return self.simulator.incoming_call(request.body.din, request.body.caller, sid=request.body.sid)

    def call(self, request: ControlRequest[None]) -> CallRecord:
        """Show a call with its steps, incoming or outgoing."""
        return self.simulator.find_call(request.ident)

    def answer(self, request: ControlRequest[schemas.EmptyBody]) -> CallRecord:
        """Answer a ringing call."""
        self.simulator.carrier.answer(request.ident)
        return self.simulator.find_call(request.ident)

    def decline(self, request: ControlRequest[schemas.EmptyBody]) -> CallRecord:
        """Decline a ringing call."""
        self.simulator.carrier.decline(request.ident)
        return self.simulator.find_call(request.ident)

    def ignore(self, request: ControlRequest[schemas.EmptyBody]) -> CallRecord:
        """Ignore a ringing call, which ends by itself."""
        self.simulator.carrier.ignore(request.ident)
        return self.simulator.find_call(request.ident)

    def hang_up(self, request: ControlRequest[schemas.EmptyBody]) -> CallRecord:
        """Hang up a call in progress."""
        self.simulator.carrier.hang_up(request.ident)
        return self.simulator.find_call(request.ident)

    def deliver(self, request: ControlRequest[schemas.EmptyBody]) -> Timeline:
        """Deliver a message now."""
        self.simulator.carrier.deliver(request.ident)
        return self.simulator.timeline(request.ident)

    def fail(self, request: ControlRequest[schemas.EmptyBody]) -> Timeline:
        """Fail a message now."""
        self.simulator.carrier.fail(request.ident)
        return self.simulator.timeline(request.ident)

    def delay(self, request: ControlRequest[schemas.Delay]) -> Timeline:
        """Deliver a message later."""
        self.simulator.carrier.delay(request.ident, request.body.seconds)
        return self.simulator.timeline(request.ident)

    def held(self, _request: ControlRequest[None]) -> tuple[SearchResult, ...]:
        """List the held messages and the ringing calls."""
        return self.simulator.carrier.held()

    def rules(self, _request: ControlRequest[None]) -> tuple[OutcomeRule, ...]:
        """List the carriers' rules."""
        return self.simulator.carrier.rules

    def add_rule(self, request: ControlRequest[schemas.NewRule]) -> OutcomeRule:
        """Add a rule for the outcome of messages or calls."""
        rule = request.body
        return self.simulator.carrier.add_rule(rule.pattern, rule.outcome, kind=rule.kind, seconds=rule.seconds)

    def remove_rule(self, request: ControlRequest[schemas.EmptyBody]) -> schemas.Completed:
        """Remove a rule."""
        self.simulator.carrier.remove_rule(request.number("rule"))
        return schemas.Completed()

    def callbacks(self, request: ControlRequest[None]) -> list[schemas.CallbackAttemptState]:
        """List the tries to deliver a callback, the oldest first: all, or those of one message or call."""
        ident = request.query.get("id")
        return [
            schemas.attempt_state(attempt) for attempt in self.simulator.callbacks if ident in {None, attempt.ident}
        ]

    def resend(self, request: ControlRequest[schemas.EmptyBody]) -> schemas.Completed:
        """Post a callback now, or once more."""
        self.simulator.resend_callback(request.ident)
        return schemas.Completed()

    def templates(self, _request: ControlRequest[None]) -> tuple[TemplateRecord, ...]:
        """List the SMS templates of all accounts."""
        return self.simulator.office.templates

    def approve(self, request: ControlRequest[schemas.EmptyBody]) -> TemplateRecord:
        """Approve the pending text of a template."""
        return self.simulator.office.approve(request.number("template"))

    def give_back(self, request: ControlRequest[schemas.EmptyBody]) -> TemplateRecord:
        """Return a template to its author; the previous text applies again."""
        return self.simulator.office.give_back(request.number("template"))

    def accounts(self, _request: ControlRequest[None]) -> tuple[AccountRecord, ...]:
        """List the accounts that were ever charged."""
        return self.simulator.office.accounts()

    def add_credits(self, request: ControlRequest[schemas.AddCredits]) -> AccountRecord:
        """Add credits to an account, as if they had been bought."""
        return self.simulator.office.add_credits(request.ident, request.body.amount, token=request.body.token)

    def verify(self, request: ControlRequest[schemas.SetVerified]) -> AccountRecord:
        """Verify an account, or take that back."""
        return self.simulator.office.verify(request.ident, request.body.verified, token=request.body.token)

    def free_form(self, request: ControlRequest[schemas.SetFreeForm]) -> AccountRecord:
        """Allow an account to send texts of its own, or templates only."""
        return self.simulator.office.allow_free_form(request.ident, request.body.allowed, token=request.body.token)

    def senders(self, _request: ControlRequest[None]) -> schemas.SendersState:
        """List the K-premium senders."""
        return self._senders()

    def _senders(self) -> schemas.SendersState:
        return schemas.SendersState(list(self.simulator.office.senders), self.simulator.office.any_sender)

    def register_sender(self, request: ControlRequest[schemas.NewSender]) -> schemas.SendersState:
        """Register a K-premium sender."""
        self.simulator.office.register_sender(request.body.sender)
        return self._senders()

    def _clock(self) -> schemas.ClockState:
        due = self.simulator.next_due
        return schemas.ClockState(
            format_time(self.simulator.now.timestamp()),
            self.simulator.clock_stopped,
            None if due is None else format_time(due.timestamp()),
        )

    def clock(self, _request: ControlRequest[None]) -> schemas.ClockState:
        """Return the state of the clock."""
        return self._clock()

    def stop_clock(self, _request: ControlRequest[schemas.EmptyBody]) -> schemas.ClockState:
        """Stop the clock."""
        self.simulator.stop_clock()
        return self._clock()

    def run_clock(self, _request: ControlRequest[schemas.EmptyBody]) -> schemas.ClockState:
        """Start the clock from the time that it shows."""
        self.simulator.run_clock()
        return self._clock()

    async def advance(self, request: ControlRequest[schemas.Advance]) -> schemas.ClockState:
        """Advance a stopped clock; responds when the callbacks that fell due were answered."""
        far = request.body
        await self.simulator.advance_async(far.seconds, minutes=far.minutes, hours=far.hours, days=far.days)
        return self._clock()

    def faults(self, _request: ControlRequest[None]) -> schemas.FaultsState:
        """List the active faults, and count the hits of each kind."""
        return schemas.FaultsState(list(self.simulator.faults), dict(self.simulator.faults.counts))

    def add_fault(self, request: ControlRequest[schemas.NewFault]) -> Fault:
        """Add a fault."""
        fault = request.body
        given = {name: value for name in ("chance", "seconds") if (value := getattr(fault, name)) is not None}
        return self.simulator.faults.add(fault.kind, fault.endpoint or ALL_ENDPOINTS, times=fault.times, **given)

    def remove_fault(self, request: ControlRequest[schemas.EmptyBody]) -> schemas.Completed:
        """Remove a fault."""
        self.simulator.faults.remove(request.number("fault"))
        return schemas.Completed()

    def all_normal(self, _request: ControlRequest[schemas.EmptyBody]) -> schemas.Completed:
        """Remove all faults."""
        self.simulator.faults.all_normal()
        return schemas.Completed()
