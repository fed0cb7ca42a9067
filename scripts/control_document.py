"""Describes the control API of the simulator from its table: as an OpenAPI document, and as a table in Markdown."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from xoxzo.cloudpy.simulator.web.control_api.routes import PREFIX, ROUTES_BY_SUBJECT, ControlRoute

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


def document() -> Json:
    """Return the document, with a simulator's usual address."""
    entries = [entry for chapter in ROUTES_BY_SUBJECT.values() for entry in chapter]
    kinds = [kind for entry in entries for kind in (entry.body, entry.result) if kind is not None]
    shapes, schemas = msgspec.json.schema_components(kinds, ref_template=_REF)
    sent = {entry.body.__name__ for entry in entries if entry.body is not None}
    for name, schema in schemas.items():
        if name not in sent and "properties" in schema:  # a default is for who makes one: all fields are answered
            schema["required"] = list(schema["properties"])
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
        "servers": [{"url": "http://127.0.0.1:8080"}],
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
    media_type = entry.file or "application/json"
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
            return {
                **{name: inner for name, inner in value.items() if name not in {"format", "default"}},
                "type": "number",
            }
        return {name: _numbers(inner) for name, inner in value.items()}
    return [_numbers(inner) for inner in value] if isinstance(value, list) else value
