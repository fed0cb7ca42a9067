"""The table of all requests of the control API: it is routed and described from it, and says what each does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import asdict
from starlette.exceptions import HTTPException

from xoxzo.cloudpy.simulator.api.request_log import LoggedRequest, LogPage
from xoxzo.cloudpy.simulator.commands.actions import AccountRecord
from xoxzo.cloudpy.simulator.commands.faults import ALL_ENDPOINTS, Fault
from xoxzo.cloudpy.simulator.engine.rules import format_time, is_digits
from xoxzo.cloudpy.simulator.queries import overview, phones, results, search, timeline
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation
from xoxzo.cloudpy.simulator.settings_text import SettingEntry, setting_entries
from xoxzo.cloudpy.simulator.web.control_api import schemas

PREFIX = "/_simulator/"
R = TypeVar("R")


class ControlRequest(Struct, frozen=True):
    """A request that was read."""

    simulator: Simulation
    ident: str
    """The id in the path, or an empty text."""
    query: dict[str, str]
    body: Any
    """Of the type in the table; ``None`` for reading."""
    origin: str
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


class ControlRoute(Struct, frozen=True):
    """One request of the control API."""

    method: str
    path: str
    """Below `/_simulator/`; the name in braces is the id."""
    query: tuple[str, ...]
    name: str
    """What it is called in the document."""
    summary: str
    """What it does, in a sentence."""
    result: Any
    """The type of its answer."""
    handler: Callable[[ControlRequest], Any]
    """Returns the answer; or nothing or an awaitable of it, and what is in `AFTERWARDS` answers."""
    body: type[Struct] | None = None
    """The type of its body; ``None`` for reading."""
    status: int = 200
    slow: bool = False
    """Whether it may take long; then it runs in a thread, so that other requests go on."""
    file: str = ""
    """The media type of what is answered piece by piece; empty for all others."""


# A row of the table names first what comes and what goes, and then what is done.
Row = Callable[[str, Callable[[ControlRequest], R]], ControlRoute]


def _row(method: str, target: str, result: object, name: str, **more: Any) -> Row[Any]:  # noqa: ANN401 - of ControlRoute
    path, _, query = target.partition("?")
    name = name or path.rpartition("/")[2].replace("-", "_")
    fields = (method, path, tuple(query.split("&")) if query else (), name)
    return lambda summary, handler: ControlRoute(*fields, summary, result, handler, **more)


def _get(target: str, result: type[R], name: str = "", *, slow: bool = False) -> Row[R]:
    return _row("GET", target, result, name, slow=slow)


def _post(
    path: str, result: type[R], name: str = "", body: type[Struct] = schemas.EmptyBody, status: int = 200
) -> Row[R | Awaitable[None] | None]:
    return _row("POST", path, result, name, body=body, status=status)


def _phone(it: ControlRequest) -> schemas.PhoneState:
    phone = it.simulator.phone(it.ident)
    return schemas.PhoneState(phone.number, list(phone.inbox), list(phone.calls))


def _callbacks(it: ControlRequest) -> list[schemas.CallbackAttemptState]:
    wanted = (attempt for attempt in it.simulator.callbacks if it.query.get("id") in {None, attempt.ident})
    return [schemas.CallbackAttemptState(**{**asdict(one), "at": format_time(one.at)}) for one in wanted]


def _senders(it: ControlRequest) -> schemas.SendersState:
    return schemas.SendersState(list(it.simulator.office.senders), it.simulator.office.any_sender)


def _clock(it: ControlRequest) -> schemas.ClockState:
    now, due = it.simulator.now.timestamp(), it.simulator.next_due
    next_due = None if due is None else format_time(due.timestamp())
    return schemas.ClockState(format_time(now), it.simulator.clock_stopped, next_due)


def _add_fault(it: ControlRequest) -> Fault:
    given = {name: value for name, value in asdict(it.body).items() if value is not None}
    return it.simulator.faults.add(**{**given, "endpoint": it.body.endpoint or ALL_ENDPOINTS})


AFTERWARDS: dict[Any, Callable[[ControlRequest], Any]] = {
    schemas.Completed: lambda _it: schemas.Completed(),
    results.CallRecord: lambda it: it.simulator.find_call(it.ident),
    timeline.Timeline: lambda it: it.simulator.timeline(it.ident),
    schemas.SendersState: _senders,
    schemas.ClockState: _clock,
}
"""What answers, by its type, after a handler that returned nothing."""

ROUTES_BY_SUBJECT: dict[str, tuple[ControlRoute, ...]] = {
    "The simulator": (
        _get("health", schemas.Health)(
            "Return the health of the simulator.",
            lambda it: schemas.Health("ok", format_time(it.simulator.now.timestamp()), it.simulator.instance),
        ),
        _get("settings", list[SettingEntry])("List all settings.", lambda it: setting_entries(it.simulator.settings)),
        _post("reset", schemas.Completed)(
            "Delete everything, logs included; clock and faults stay.", lambda it: it.simulator.reset()
        ),
    ),
    "Searching": (
        _get("search?q&limit&before", results.ResultPage[results.SearchResult], slow=True)(
            "Find messages, calls and replies, the newest first.",
            lambda it: it.simulator.search(it.query.get("q", ""), **it.page()),
        ),
        _get("totals?q", search.Totals, slow=True)(
            "Count what a search finds, with parts and credits, by status.",
            lambda it: it.simulator.totals(it.query.get("q", "")),
        ),
        _row("GET", "export.csv?q", str, "export_csv", file="text/csv")(
            "Return all that a search finds as a CSV file for spreadsheets, the newest first.",
            lambda it: it.simulator.export(it.query.get("q", "")),
        ),
        _row("GET", "export.json?q", list[results.SearchResult], "export_json", file="application/json")(
            "Return all that a search finds as a JSON file, the newest first.",
            lambda it: it.simulator.export(it.query.get("q", ""), form="json"),
        ),
        _get("timeline/{id}", timeline.Timeline, "timeline")(
            "Return everything that happened to a message, a call or a reply.",
            lambda it: it.simulator.timeline(it.ident),
        ),
        _get("overview?minutes", overview.Overview, slow=True)(
            "Return what happened in each of the last minutes, and the present figures.",
            lambda it: it.simulator.overview(it.integer("minutes", 60)),
        ),
    ),
    "Request log": (
        _get("requests?status&q&limit&before", LogPage)(
            "List the latest requests to the API with their answers, the newest first; credentials are masked.",
            lambda it: it.simulator.requests(
                status=it.query.get("status", ""), text=it.query.get("q", ""), origin=it.origin, **it.page()
            ),
        ),
        _get("requests/{id}", LoggedRequest, "request")(
            "Show one request to the API.", lambda it: it.simulator.api.log.get(it.number("request"), it.origin)
        ),
    ),
    "Phones": (
        _get("phones?limit&before", results.ResultPage[phones.PhoneSummary])(
            "List the phones that were reached, the latest first.", lambda it: it.simulator.phones(**it.page())
        ),
        _get("phones/{number}", schemas.PhoneState, "phone")("Show what a phone received.", _phone),
        _get("phones/{number}/thread?limit&before", results.ResultPage[results.SearchResult])(
            "Show what reached a phone and what was written on it, the newest first.",
            lambda it: it.simulator.phone(it.ident).thread(**it.page(100)),
        ),
        _post("phones/{number}/messages", results.SentReply, "write", schemas.WriteSms, 201)(
            "Send an SMS from a phone to a receiving number.",
            lambda it: it.simulator.phone(it.ident).reply(**asdict(it.body)),
        ),
        _post("phones/{number}/calls", results.CallRecord, "dial", schemas.DialNumber, 201)(
            "Call a dial-in number from a phone.", lambda it: it.simulator.phone(it.ident).dial(**asdict(it.body))
        ),
    ),
    "Calls": (
        _post("calls", results.CallRecord, "ring", schemas.IncomingCall, 201)(
            "Start an incoming call.", lambda it: it.simulator.incoming_call(**asdict(it.body))
        ),
        _get("calls/{id}", results.CallRecord, "call")(
            "Show a call with its steps, incoming or outgoing.", lambda it: it.simulator.find_call(it.ident)
        ),
        _post("calls/{id}/answer", results.CallRecord)(
            "Answer a ringing call.", lambda it: it.simulator.carrier.answer(it.ident)
        ),
        _post("calls/{id}/decline", results.CallRecord)(
            "Decline a ringing call.", lambda it: it.simulator.carrier.decline(it.ident)
        ),
        _post("calls/{id}/ignore", results.CallRecord)(
            "Ignore a ringing call, which ends by itself.", lambda it: it.simulator.carrier.ignore(it.ident)
        ),
        _post("calls/{id}/hang-up", results.CallRecord)(
            "Hang up a call in progress.", lambda it: it.simulator.carrier.hang_up(it.ident)
        ),
    ),
    "Carriers": (
        _get("held", tuple[results.SearchResult, ...])(
            "List the held messages and the ringing calls.", lambda it: it.simulator.carrier.held()
        ),
        _post("messages/{id}/deliver", timeline.Timeline)(
            "Deliver a message now.", lambda it: it.simulator.carrier.deliver(it.ident)
        ),
        _post("messages/{id}/fail", timeline.Timeline)(
            "Fail a message now.", lambda it: it.simulator.carrier.fail(it.ident)
        ),
        _post("messages/{id}/delay", timeline.Timeline, body=schemas.Delay)(
            "Deliver a message later.", lambda it: it.simulator.carrier.delay(it.ident, it.body.seconds)
        ),
        _get("rules", tuple[results.OutcomeRule, ...])(
            "List the carriers' rules.", lambda it: it.simulator.carrier.rules
        ),
        _post("rules", results.OutcomeRule, "add_rule", schemas.NewRule, 201)(
            "Add a rule for the outcome of messages or calls.",
            lambda it: it.simulator.carrier.add_rule(**asdict(it.body)),
        ),
        _post("rules/{id}/remove", schemas.Completed, "remove_rule")(
            "Remove a rule.", lambda it: it.simulator.carrier.remove_rule(it.number("rule"))
        ),
    ),
    "Callbacks": (
        _get("callbacks?id", list[schemas.CallbackAttemptState])(
            "List the tries to deliver a callback, the oldest first: all, or those of one message or call.", _callbacks
        ),
        _post("callbacks/{id}/resend", schemas.Completed)(
            "Post a callback now, or once more.", lambda it: it.simulator.resend_callback(it.ident)
        ),
    ),
    "Xoxzo": (
        _get("templates", tuple[results.TemplateRecord, ...])(
            "List the SMS templates of all accounts.", lambda it: it.simulator.office.templates
        ),
        _post("templates/{id}/approve", results.TemplateRecord)(
            "Approve the pending text of a template.", lambda it: it.simulator.office.approve(it.number("template"))
        ),
        _post("templates/{id}/return", results.TemplateRecord, "give_back")(
            "Return a template to its author; the previous text applies again.",
            lambda it: it.simulator.office.give_back(it.number("template")),
        ),
        _get("accounts", tuple[AccountRecord, ...])(
            "List the accounts that were ever charged.", lambda it: it.simulator.office.accounts()
        ),
        _post("accounts/{sid}/credits", AccountRecord, "add_credits", schemas.AddCredits)(
            "Add credits to an account, as if they had been bought.",
            lambda it: it.simulator.office.add_credits(it.ident, **asdict(it.body)),
        ),
        _post("accounts/{sid}/verify", AccountRecord, body=schemas.SetVerified)(
            "Verify an account, or take that back.", lambda it: it.simulator.office.verify(it.ident, **asdict(it.body))
        ),
        _post("accounts/{sid}/free-form", AccountRecord, body=schemas.SetFreeForm)(
            "Allow an account to send texts of its own, or templates only.",
            lambda it: it.simulator.office.allow_free_form(it.ident, **asdict(it.body)),
        ),
        _get("senders", schemas.SendersState)("List the K-premium senders.", _senders),
        _post("senders", schemas.SendersState, "register_sender", schemas.NewSender, 201)(
            "Register a K-premium sender.", lambda it: it.simulator.office.register_sender(it.body.sender)
        ),
    ),
    "Clock": (
        _get("clock", schemas.ClockState)("Return the state of the clock.", _clock),
        _post("clock/stop", schemas.ClockState, "stop_clock")("Stop the clock.", lambda it: it.simulator.stop_clock()),
        _post("clock/run", schemas.ClockState, "run_clock")(
            "Start the clock from the time that it shows.", lambda it: it.simulator.run_clock()
        ),
        _post("clock/advance", schemas.ClockState, body=schemas.Advance)(
            "Advance a stopped clock; responds when the callbacks that fell due were answered.",
            lambda it: it.simulator.advance_async(**asdict(it.body)),
        ),
    ),
    "Faults": (
        _get("faults", schemas.FaultsState)(
            "List the active faults, and count the hits of each kind.",
            lambda it: schemas.FaultsState(list(it.simulator.faults), dict(it.simulator.faults.counts)),
        ),
        _post("faults", Fault, "add_fault", schemas.NewFault, 201)("Add a fault.", _add_fault),
        _post("faults/{id}/remove", schemas.Completed, "remove_fault")(
            "Remove a fault.", lambda it: it.simulator.faults.remove(it.number("fault"))
        ),
        _post("faults/all-normal", schemas.Completed)(
            "Remove all faults.", lambda it: it.simulator.faults.all_normal()
        ),
    ),
}
"""By subject, in the order in which they are documented."""
