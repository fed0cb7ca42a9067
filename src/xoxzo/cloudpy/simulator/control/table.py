"""What the control API can be asked: the one table from which it is routed, described and documented."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_type_hints

from . import doors


@dataclass(frozen=True, slots=True)
class Entry:
    """One request of the control API."""

    method: str
    path: str
    """Below `/_simulator/`; what stands in braces is the id."""
    door: Callable[..., Any]
    status: int = 200
    query: tuple[str, ...] = ()
    slow: bool = False
    """Whether it may take long enough to hold others up; then it gets a thread."""

    @property
    def name(self) -> str:
        """What it is called in the document."""
        return self.door.__name__

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (self.door.__doc__ or "").strip()

    @property
    def body(self) -> Any:  # noqa: ANN401 - a type
        """The type of its body; ``None`` for reading."""
        [given] = get_type_hints(self.door)["_asked" if "_asked" in get_type_hints(self.door) else "asked"].__args__
        return None if given is type(None) else given

    @property
    def result(self) -> Any:  # noqa: ANN401 - a type
        """The type of its answer."""
        return get_type_hints(self.door)["return"]


def _get(path: str, door: Callable[..., Any], *query: str, slow: bool = False) -> Entry:
    return Entry("GET", path, door, query=query, slow=slow)


def _post(path: str, door: Callable[..., Any], status: int = 200) -> Entry:
    return Entry("POST", path, door, status)


CHAPTERS: dict[str, tuple[Entry, ...]] = {
    "The simulator": (
        _get("health", doors.health),
        _get("settings", doors.settings),
        _post("reset", doors.reset),
    ),
    "Looking": (
        _get("search", doors.search, "q", "limit", "before", slow=True),
        _get("timeline/{id}", doors.timeline),
        _get("overview", doors.overview, "minutes", slow=True),
    ),
    "Phones": (
        _get("phones", doors.phones, "limit", "before"),
        _get("phones/{number}", doors.phone),
        _get("phones/{number}/thread", doors.thread, "limit", "before"),
        _post("phones/{number}/messages", doors.write, 201),
        _post("phones/{number}/calls", doors.dial, 201),
    ),
    "Calls": (
        _post("calls", doors.ring, 201),
        _get("calls/{id}", doors.call),
        _post("calls/{id}/answer", doors.answer),
        _post("calls/{id}/decline", doors.decline),
        _post("calls/{id}/ignore", doors.ignore),
        _post("calls/{id}/hang-up", doors.hang_up),
    ),
    "Carriers": (
        _get("held", doors.held),
        _post("messages/{id}/deliver", doors.deliver),
        _post("messages/{id}/fail", doors.fail),
        _post("messages/{id}/delay", doors.delay),
        _get("rules", doors.rules),
        _post("rules", doors.add_rule, 201),
        _post("rules/{id}/remove", doors.remove_rule),
    ),
    "Callbacks": (
        _get("callbacks", doors.callbacks, "id"),
        _post("callbacks/{id}/resend", doors.resend),
    ),
    "Xoxzo": (
        _get("templates", doors.templates),
        _post("templates/{id}/approve", doors.approve),
        _post("templates/{id}/return", doors.give_back),
        _get("accounts", doors.accounts),
        _post("accounts/{sid}/credits", doors.add_credits),
        _post("accounts/{sid}/verify", doors.verify),
        _post("accounts/{sid}/free-form", doors.free_form),
        _get("senders", doors.senders),
        _post("senders", doors.register_sender, 201),
    ),
    "Clock": (
        _get("clock", doors.clock),
        _post("clock/stop", doors.stop_clock),
        _post("clock/run", doors.run_clock),
        _post("clock/advance", doors.advance),
    ),
    "Faults": (
        _get("faults", doors.faults),
        _post("faults", doors.add_fault, 201),
        _post("faults/{id}/remove", doors.remove_fault),
        _post("faults/all-normal", doors.all_normal),
    ),
}
"""By subject, in the order in which they are documented."""
