"""Puts the chapters together into one OpenAPI 3.1 document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.simulator.openapi import errors, otp, sms, templates, voice
from xoxzo.cloudpy.simulator.openapi.account import ACCOUNT, UTILITIES
from xoxzo.cloudpy.simulator.openapi.numbers import DINS, SINS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xoxzo.cloudpy.simulator.openapi.shapes import Body, Chapter, Endpoint, Json

CHAPTERS: tuple[Chapter, ...] = (
    sms.CHAPTER,
    templates.CHAPTER,
    SINS,
    voice.CHAPTER,
    DINS,
    otp.CHAPTER,
    UTILITIES,
    ACCOUNT,
)
"""In the order of the API's own description: sections 2 to 9."""

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_ABOUT = """Xoxzo's telephony API as the simulator of xoxzo.cloudpy serves it.

Every path ends in a slash. A GET without it is redirected; anything else without it is 404. Bodies are forms of either
kind or JSON, in UTF-8. Moments are UTC and carry no zone. A repeated POST sends and charges again: no key stops it.

What no source tells (section 15 of the description that the simulator was written from) is answered here as the
simulator answers by default.
"""


def document(server: str | None = None) -> Json:
    """Return the document; `server` is the only address in it, by default the real service's and a simulator's."""
    servers = [
        {"url": "https://api.xoxzo.com", "description": "The real service: messages reach people and cost money."},
        {"url": "http://127.0.0.1:8080", "description": "The simulator on this machine."},
    ]
    schemas = dict(errors.SCHEMAS)
    for chapter in CHAPTERS:
        schemas |= chapter.schemas
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
        "info": {
            "title": "Xoxzo telephony API",
            "version": "2026-06-11",  # the day of the last known change of a call (API sections 2.1 and 13)
            "summary": "SMS, calls, dial-in numbers, one-time passwords.",
            "description": _ABOUT,
        },
        "servers": servers if server is None else [{"url": server}],
        "security": [{"basic": []}],
        "tags": [{"name": chapter.title, "description": chapter.description} for chapter in CHAPTERS],
        "paths": _paths(CHAPTERS),
        "components": {
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic", "description": "User name: SID. Password: auth token."}
            },
            "schemas": schemas,
            "responses": errors.RESPONSES,
        },
    }


def _paths(chapters: Iterable[Chapter]) -> Json:
    paths: Json = {}
    for chapter in chapters:
        for endpoint in chapter.endpoints:
            paths.setdefault(endpoint.path, {})[endpoint.method] = _operation(endpoint, chapter.title)
    return paths


def _operation(endpoint: Endpoint, tag: str) -> Json:
    success: Json = {"description": endpoint.answer}
    if endpoint.result is not None:
        success["content"] = {_JSON: {"schema": endpoint.result, "example": endpoint.example}}
    if endpoint.leads_to:
        success["links"] = {name: {"operationId": name, **found} for name, found in endpoint.leads_to.items()}
    operation: Json = {"operationId": endpoint.name, "summary": endpoint.summary, "tags": [tag]}
    if endpoint.description:
        operation["description"] = endpoint.description
    if endpoint.retired:
        operation["deprecated"] = True
    if endpoint.parameters:
        operation["parameters"] = list(endpoint.parameters)
    if endpoint.body is not None:
        operation["requestBody"] = _body(endpoint.body)
    successes = {str(status): success for status in (endpoint.status, endpoint.or_status) if status}
    operation["responses"] = {**successes, **errors.responses(endpoint)}
    operation["x-section"] = endpoint.section
    return operation


def _body(body: Body) -> Json:
    form = {"schema": body.form_schema or body.schema, "example": body.form_example or body.example}
    json = {"schema": body.schema, "example": body.example}
    return {"required": True, "content": {_FORM: form, _JSON: json, "multipart/form-data": form}}


def closed(piece: Any) -> Any:  # noqa: ANN401 - any piece of a JSON document
    """Return a piece of the document whose objects have no properties but those that it names.

    The document itself leaves them open, because the real service may add some, and clients must not mind.
    """
    if isinstance(piece, list):
        return [closed(item) for item in piece]
    if not isinstance(piece, dict):
        return piece
    found = {name: closed(value) for name, value in piece.items()}
    if found.get("type") == "object" and isinstance(found.get("properties"), dict):
        found.setdefault("additionalProperties", False)
    return found


def strict(whole: Json) -> Json:
    """Return a document that is closed but for what callers send: fields that nobody knows are ignored there."""
    found: Json = closed(whole)
    for methods in whole["paths"].values():
        for operation in methods.values():
            for media_type in operation.get("requestBody", {"content": {}})["content"].values():
                name = media_type["schema"]["$ref"].rpartition("/")[2]
                found["components"]["schemas"][name] = whole["components"]["schemas"][name]
    return found
