"""Puts the chapters together into the API's OpenAPI 3.1 document, with the responses that all endpoints share.

`chapters/` holds the data: a JSON file for each chapter of the API's description, in the shape of `Chapter`, and
`common.json` with what they share.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

Json = dict[str, Any]
CHAPTERS = (
    "sms",
    "templates",
    "receiving_numbers",
    "voice",
    "dial_in_numbers",
    "one_time_passwords",
    "utilities",
    "account",
)
"""In the order of the API's own description: sections 2 to 9."""


class Body(Struct, frozen=True, forbid_unknown_fields=True):
    """The fields that an endpoint takes, as a form of either kind and as JSON (API section 1.3)."""

    schema: str
    """The name of the schema."""
    example: Json
    form_schema: str = ""
    """Where a form cannot say what JSON says."""
    form_example: Json | None = None


class Endpoint(Struct, frozen=True, forbid_unknown_fields=True):
    """One call of the API."""

    section: str
    """Where the API's description has it."""
    method: str
    path: str
    name: str
    summary: str
    answer: str
    """What a success means."""
    description: str = ""
    parameters: tuple[Json, ...] = ()
    body: Body | None = None
    status: int = 200
    or_status: int | None = None
    """Another status of the same success, where the API's description leaves both open."""
    result: Json | None = None
    """The schema of a success; None where it has no body."""
    example: object = None
    leads_to: Mapping[str, Json] = {}
    """The endpoints that a success can be continued with, and where their `parameters` or `requestBody` are found."""
    wrong: tuple[str, ...] | None = None
    """Names under which a 400 may list reasons; ``None`` for the names in the body's schema."""
    any_name_wrong: bool = False
    """Whether a 400 may name what the caller made up: an unknown parameter."""
    refusals: tuple[Json, ...] = ()
    """Schemas of further bodies of a 400."""
    charged: bool = False
    """Whether it takes credits, of which there may be too few."""
    retired: bool = False


class Chapter(Struct, frozen=True, forbid_unknown_fields=True):
    """The endpoints of one chapter with the schemas that they bring along."""

    title: str
    description: str
    schemas: Mapping[str, Json]
    endpoints: tuple[Endpoint, ...]


class Common(Struct, frozen=True, forbid_unknown_fields=True):
    """What the chapters share."""

    document: Json
    """The document but for its chapters; its version is the day of the last known change of a call (API section 13)."""
    schemas: Mapping[str, Json]
    """Of errors."""
    responses: Mapping[str, Json]
    """Those that no endpoint describes itself."""
    sms_options: Mapping[str, Json]
    """The fields that a schema with `"sms_options": true` has besides its own (API section 2.1)."""


@cache
def common() -> Common:
    """Return what the chapters share."""
    return _read("common", Common)


@cache
def chapters() -> tuple[Chapter, ...]:
    """Return all chapters."""
    return tuple(_read(name, Chapter) for name in CHAPTERS)


T = TypeVar("T")


def _read(name: str, kind: type[T]) -> T:
    return msgspec.json.decode((Path(__file__).parent / "chapters" / f"{name}.json").read_bytes(), type=kind)


def _schema(schema: Json) -> Json:
    if "sms_options" not in schema:
        return schema
    more = {name: value for name, value in schema.items() if name != "sms_options"}
    return {**more, "properties": {**schema["properties"], **common().sms_options}}


def ref(name: str) -> Json:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def _content(schema: Json, example: object) -> Json:
    return {_JSON: {"schema": schema, "example": example}}


_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"


def document() -> Json:
    """Return the document."""
    schemas = dict(common().schemas)
    paths: Json = {}
    for chapter in chapters():
        schemas |= {name: _schema(schema) for name, schema in chapter.schemas.items()}
        for endpoint in chapter.endpoints:
            paths.setdefault(endpoint.path, {})[endpoint.method] = _operation(endpoint, chapter)
    whole = dict(common().document)
    whole["tags"] = [{"name": chapter.title, "description": chapter.description} for chapter in chapters()]
    components = {**whole.pop("components"), "schemas": schemas, "responses": common().responses}
    return {**whole, "paths": paths, "components": components}


def _operation(endpoint: Endpoint, chapter: Chapter) -> Json:
    success: Json = {"description": endpoint.answer}
    if endpoint.result is not None:
        success["content"] = _content(endpoint.result, endpoint.example)
    if endpoint.leads_to:
        success["links"] = {name: {"operationId": name, **found} for name, found in endpoint.leads_to.items()}
    operation: Json = {"operationId": endpoint.name, "summary": endpoint.summary, "tags": [chapter.title]}
    if endpoint.description:
        operation["description"] = endpoint.description
    if endpoint.retired:
        operation["deprecated"] = True
    if endpoint.parameters:
        operation["parameters"] = list(endpoint.parameters)
    if endpoint.body is not None:
        operation["requestBody"] = _body(endpoint.body)
    successes = {str(status): success for status in (endpoint.status, endpoint.or_status) if status}
    operation["responses"] = {**successes, **_errors(endpoint, chapter)}
    operation["x-section"] = endpoint.section
    return operation


def _body(body: Body) -> Json:
    form = {"schema": ref(body.form_schema or body.schema), "example": body.form_example or body.example}
    json = {"schema": ref(body.schema), "example": body.example}
    return {"required": True, "content": {_FORM: form, _JSON: json, "multipart/form-data": form}}


def _errors(endpoint: Endpoint, chapter: Chapter) -> Json:
    """Return all answers that are no success, by status (API section 1.5)."""
    names, has_body = endpoint.wrong, endpoint.body is not None
    if names is None:
        names = () if endpoint.body is None else tuple(_schema(chapter.schemas[endpoint.body.schema])["properties"])
    found: Json = {}
    if names or endpoint.any_name_wrong:
        found["400"] = _invalid(endpoint, (*names, "non_field_errors") if has_body else names)
    shared = {"401": "Unauthorized", "403": "Forbidden"}
    if "{" in endpoint.path or endpoint.retired:
        shared["404"] = "NotFound"
    shared["405"] = "MethodNotAllowed"
    if has_body:
        shared |= {"408": "TooSlow", "413": "TooLarge", "415": "UnsupportedMediaType"}
    shared |= {"429": "Throttled", "503": "Unsaved"}
    found |= {status: {"$ref": f"#/components/responses/{name}"} for status, name in shared.items()}
    if endpoint.charged:
        found["403"] = _forbidden()
    return found


def _invalid(endpoint: Endpoint, names: tuple[str, ...]) -> Json:
    fields: Json = {"type": "object", "minProperties": 1}
    if names:
        fields["properties"] = {name: ref("Reasons") for name in names}
    fields["additionalProperties"] = ref("Reasons") if endpoint.any_name_wrong else False
    bodies = [fields, *endpoint.refusals]
    if endpoint.body is not None:
        bodies.append(ref("Detail"))  # the body could not even be read (API section 15.14)
    reason = "Invalid parameter" if endpoint.body is None else "This field is required."
    return {
        "description": "Something is wrong with the request: reasons by field, or one `detail`. Nothing was done.",
        "content": _content(bodies[0] if len(bodies) == 1 else {"anyOf": bodies}, {(names or ("foo",))[0]: [reason]}),
    }


def _forbidden() -> Json:
    permission = common().responses["Forbidden"]
    return {
        "description": f"Too few credits; or: {permission['description']}",
        "content": {
            _JSON: {
                "schema": {"anyOf": [ref("NotEnoughCredits"), ref("Detail")]},
                "examples": {
                    "credits": {"value": {"non_field_errors": ["Not enough credits, required: 20"]}},
                    "permission": {"value": permission["content"][_JSON]["example"]},
                },
            }
        },
    }
