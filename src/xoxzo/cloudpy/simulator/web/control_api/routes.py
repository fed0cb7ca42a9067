"""The table of all requests of the control API: it is routed and described from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_type_hints

from msgspec import Struct

from xoxzo.cloudpy.simulator.queries.results import SearchResult
from xoxzo.cloudpy.simulator.web.control_api.handlers import Handlers

PREFIX = "/_simulator/"


class ControlRoute(Struct, frozen=True):
    """One request of the control API."""

    method: str
    path: str
    """Below `/_simulator/`; the name in braces is the id."""
    handler: Callable[..., Any]
    status: int = 200
    query: tuple[str, ...] = ()
    slow: bool = False
    """Whether it may take long; then it runs in a thread, so that other requests go on."""
    file: tuple[str, Any] | None = None
    """The media type and the type of what is answered piece by piece."""

    @property
    def name(self) -> str:
        """What it is called in the document."""
        return self.handler.__name__

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (self.handler.__doc__ or "").strip()

    @property
    def body(self) -> Any:  # noqa: ANN401 - a type
        """The type of its body; ``None`` for reading."""
        [given] = get_type_hints(self.handler)[
            "_request" if "_request" in get_type_hints(self.handler) else "request"
        ].__args__
        return None if given is type(None) else given

    @property
    def result(self) -> Any:  # noqa: ANN401 - a type
        """The type of its answer."""
        return self.file[1] if self.file else get_type_hints(self.handler)["return"]


def _get(path: str, handler: Callable[..., Any], *query: str, slow: bool = False) -> ControlRoute:
    return ControlRoute("GET", path, handler, query=query, slow=slow)


def _post(path: str, handler: Callable[..., Any], status: int = 200) -> ControlRoute:
    return ControlRoute("POST", path, handler, status)


ROUTES_BY_SUBJECT: dict[str, tuple[ControlRoute, ...]] = {
    "The simulator": (
        _get("health", Handlers.health),
        _get("settings", Handlers.settings),
        _post("reset", Handlers.reset),
    ),
    "Searching": (
        _get("search", Handlers.search, "q", "limit", "before", slow=True),
        _get("totals", Handlers.totals, "q", slow=True),
        ControlRoute("GET", "export.csv", Handlers.export_csv, query=("q",), file=("text/csv", str)),
        ControlRoute(
            "GET", "export.json", Handlers.export_json, query=("q",), file=("application/json", list[SearchResult])
        ),
        _get("timeline/{id}", Handlers.timeline),
        _get("overview", Handlers.overview, "minutes", slow=True),
    ),
    "Request log": (
        _get("requests", Handlers.requests, "status", "q", "limit", "before"),
        _get("requests/{id}", Handlers.request),
    ),
    "Phones": (
        _get("phones", Handlers.phones, "limit", "before"),
        _get("phones/{number}", Handlers.phone),
        _get("phones/{number}/thread", Handlers.thread, "limit", "before"),
        _post("phones/{number}/messages", Handlers.write, 201),
        _post("phones/{number}/calls", Handlers.dial, 201),
    ),
    "Calls": (
        _post("calls", Handlers.ring, 201),
        _get("calls/{id}", Handlers.call),
        _post("calls/{id}/answer", Handlers.answer),
        _post("calls/{id}/decline", Handlers.decline),
        _post("calls/{id}/ignore", Handlers.ignore),
        _post("calls/{id}/hang-up", Handlers.hang_up),
    ),
    "Carriers": (
        _get("held", Handlers.held),
        _post("messages/{id}/deliver", Handlers.deliver),
        _post("messages/{id}/fail", Handlers.fail),
        _post("messages/{id}/delay", Handlers.delay),
        _get("rules", Handlers.rules),
        _post("rules", Handlers.add_rule, 201),
        _post("rules/{id}/remove", Handlers.remove_rule),
    ),
    "Callbacks": (_get("callbacks", Handlers.callbacks, "id"), _post("callbacks/{id}/resend", Handlers.resend)),
    "Xoxzo": (
        _get("templates", Handlers.templates),
        _post("templates/{id}/approve", Handlers.approve),
        _post("templates/{id}/return", Handlers.give_back),
        _get("accounts", Handlers.accounts),
        _post("accounts/{sid}/credits", Handlers.add_credits),
        _post("accounts/{sid}/verify", Handlers.verify),
        _post("accounts/{sid}/free-form", Handlers.free_form),
        _get("senders", Handlers.senders),
        _post("senders", Handlers.register_sender, 201),
    ),
    "Clock": (
        _get("clock", Handlers.clock),
        _post("clock/stop", Handlers.stop_clock),
        _post("clock/run", Handlers.run_clock),
        _post("clock/advance", Handlers.advance),
    ),
    "Faults": (
        _get("faults", Handlers.faults),
        _post("faults", Handlers.add_fault, 201),
        _post("faults/{id}/remove", Handlers.remove_fault),
        _post("faults/all-normal", Handlers.all_normal),
    ),
}
"""By subject, in the order in which they are documented."""
