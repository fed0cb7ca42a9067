"""The table of all requests of the control API, from which it is routed and documented."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_type_hints

from msgspec import Struct

from xoxzo.cloudpy.simulator.web.control_api import handlers

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
        return get_type_hints(self.handler)["return"]


def _get(path: str, handler: Callable[..., Any], *query: str, slow: bool = False) -> ControlRoute:
    return ControlRoute("GET", path, handler, query=query, slow=slow)


def _post(path: str, handler: Callable[..., Any], status: int = 200) -> ControlRoute:
    return ControlRoute("POST", path, handler, status)


ROUTES_BY_SUBJECT: dict[str, tuple[ControlRoute, ...]] = {
    "The simulator": (
        _get("health", handlers.health),
        _get("settings", handlers.settings),
        _post("reset", handlers.reset),
    ),
    "Searching": (
        _get("search", handlers.search, "q", "limit", "before", slow=True),
        _get("timeline/{id}", handlers.timeline),
        _get("overview", handlers.overview, "minutes", slow=True),
    ),
    "Phones": (
        _get("phones", handlers.phones, "limit", "before"),
        _get("phones/{number}", handlers.phone),
        _get("phones/{number}/thread", handlers.thread, "limit", "before"),
        _post("phones/{number}/messages", handlers.write, 201),
        _post("phones/{number}/calls", handlers.dial, 201),
    ),
    "Calls": (
        _post("calls", handlers.ring, 201),
        _get("calls/{id}", handlers.call),
        _post("calls/{id}/answer", handlers.answer),
        _post("calls/{id}/decline", handlers.decline),
        _post("calls/{id}/ignore", handlers.ignore),
        _post("calls/{id}/hang-up", handlers.hang_up),
    ),
    "Carriers": (
        _get("held", handlers.held),
        _post("messages/{id}/deliver", handlers.deliver),
        _post("messages/{id}/fail", handlers.fail),
        _post("messages/{id}/delay", handlers.delay),
        _get("rules", handlers.rules),
        _post("rules", handlers.add_rule, 201),
        _post("rules/{id}/remove", handlers.remove_rule),
    ),
    "Callbacks": (_get("callbacks", handlers.callbacks, "id"), _post("callbacks/{id}/resend", handlers.resend)),
    "Xoxzo": (
        _get("templates", handlers.templates),
        _post("templates/{id}/approve", handlers.approve),
        _post("templates/{id}/return", handlers.give_back),
        _get("accounts", handlers.accounts),
        _post("accounts/{sid}/credits", handlers.add_credits),
        _post("accounts/{sid}/verify", handlers.verify),
        _post("accounts/{sid}/free-form", handlers.free_form),
        _get("senders", handlers.senders),
        _post("senders", handlers.register_sender, 201),
    ),
    "Clock": (
        _get("clock", handlers.clock),
        _post("clock/stop", handlers.stop_clock),
        _post("clock/run", handlers.run_clock),
        _post("clock/advance", handlers.advance),
    ),
    "Faults": (
        _get("faults", handlers.faults),
        _post("faults", handlers.add_fault, 201),
        _post("faults/{id}/remove", handlers.remove_fault),
        _post("faults/all-normal", handlers.all_normal),
    ),
}
"""By subject, in the order in which they are documented."""
