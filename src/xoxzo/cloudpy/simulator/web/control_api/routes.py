"""The table of all requests of the control API, from which it is routed, and its OpenAPI document made from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, get_type_hints

import msgspec
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


Json = dict[str, Any]

_ABOUT = """Requests to the simulator of xoxzo.cloudpy besides Xoxzo's own API: they read its state, and act for phones,
carriers and the people at Xoxzo.

It needs no credentials and answers this machine alone: the Host header has to name it. Every body is JSON, even an
empty one. Moments are seconds since 1970 on the simulator's clock, or `YYYY-MM-DD HH:MM:SS` in UTC where they are
texts; amounts are credits.
"""
_NAMES = {"number": "A phone's number, in E.164.", "sid": "Whose account.", "id": "Its id."}
_QUERY: dict[str, tuple[str, Json]] = {
    "q": ("Words that must all fit; see the page on the simulator.", {"type": "string", "maxLength": 500}),
    "status": (
        "2xx, 3xx, 4xx, 5xx, `none` for no answer, `failed` for the last three, or a status such as 404.",
        {"type": "string"},
    ),
    "id": ("A msgid, callid or conferenceid.", {"type": "string"}),
    "limit": ("How many at most.", {"type": "integer", "minimum": 1, "maximum": 1000}),
    "before": ("The `next` of the page before.", {"type": "integer"}),
    "minutes": ("How many.", {"type": "integer", "minimum": 1, "maximum": 1440, "default": 60}),
}
_REF = "#/components/schemas/{name}"


def document(server: str | None = None) -> Json:
    """Return the document, with one server: by default a simulator's usual address."""
    entries = [entry for chapter in ROUTES_BY_SUBJECT.values() for entry in chapter]
    kinds = [kind for entry in entries for kind in (entry.body, entry.result) if kind is not None]
    shapes, schemas = msgspec.json.schema_components(kinds, ref_template=_REF)
    known = iter(shapes)
    paths: Json = {}
    for tag, chapter in ROUTES_BY_SUBJECT.items():
        for entry in chapter:
            body = None if entry.body is None else next(known)
            paths.setdefault(PREFIX + entry.path, {})[entry.method.lower()] = _operation(entry, tag, body, next(known))
    whole: Json = {
        "openapi": "3.1.0",
        "info": {
            "title": "Control of the Xoxzo simulator",
            "version": "1",
            "summary": "Phones, carriers, clock and faults.",
            "description": _ABOUT,
        },
        "servers": [{"url": server or "http://127.0.0.1:8080"}],
        "tags": [{"name": tag} for tag in ROUTES_BY_SUBJECT],
        "paths": paths,
        "components": {"schemas": {**schemas, "Problem": _PROBLEM}},
    }
    numbered: Json = _numbers(whole)
    return numbered


def table() -> str:
    """Return all requests as a table in Markdown: what the page on the simulator shows."""
    lines = ["| request | what it does |", "|---|---|"]
    for chapter in ROUTES_BY_SUBJECT.values():
        for entry in chapter:
            path = re.sub(r"{(\w+)}", r"<\1>", PREFIX + entry.path)
            query = f"?{'&'.join(entry.query)}" if entry.query else ""
            fields = "" if entry.body is None else f" `{{{_fields(entry.body)}}}`"
            lines.append(f"| `{entry.method} {path}{query}`{fields} | {entry.summary} |")
    return "\n".join(lines)


def _fields(body: type) -> str:
    return ", ".join(f'"{field.name}"' for field in msgspec.structs.fields(body))


_PROBLEM: Json = {
    "type": "object",
    "required": ["detail"],
    "properties": {"detail": {"type": "string", "description": "The reason, as a sentence."}},
}


def _operation(entry: ControlRoute, tag: str, body: Json | None, result: Json) -> Json:
    operation: Json = {"operationId": entry.name, "summary": entry.summary.rstrip("."), "tags": [tag]}
    inside = re.findall(r"{(\w+)}", entry.path)
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "description": _NAMES[name]}
        for name in inside
    ]
    parameters += [
        {"name": name, "in": "query", "schema": _QUERY[name][1], "description": _QUERY[name][0]} for name in entry.query
    ]
    if parameters:
        operation["parameters"] = parameters
    refusals = {403: "The Host header does not name this machine."}
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
        refusals |= {413: "The body is too large.", 415: "The body is no JSON.", 503: "The database cannot be written."}
    if body is not None or {*entry.query} - {"id"}:
        refusals[400] = "A parameter or a field is not valid."
    if inside:
        refusals[404] = "Not found."
    problem = {"application/json": {"schema": {"$ref": _REF.format(name="Problem")}}}
    media_type = entry.file[0] if entry.file else "application/json"
    done = {"description": "Done.", "content": {media_type: {"schema": result}}}
    operation["responses"] = {
        str(entry.status): done,
        **{str(status): {"description": why, "content": problem} for status, why in sorted(refusals.items())},
    }
    return operation


def _numbers(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Describe amounts as what they are written as: numbers, where msgspec's schema has texts for them."""
    if isinstance(value, dict):
        if value.get("format") == "decimal":
            return {**{name: inner for name, inner in value.items() if name != "format"}, "type": "number"}
        return {name: _numbers(inner) for name, inner in value.items()}
    return [_numbers(inner) for inner in value] if isinstance(value, list) else value
