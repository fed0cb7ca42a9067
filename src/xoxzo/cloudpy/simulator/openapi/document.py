"""Puts the chapters together into one OpenAPI 3.1 document, with the responses that all endpoints share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.simulator.openapi import account, sms, voice
from xoxzo.cloudpy.simulator.openapi.shapes import array, integer, record, ref, text

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.openapi.shapes import Body, Chapter, Endpoint, Json

CHAPTERS: tuple[Chapter, ...] = (
    sms.CHAPTER,
    sms.TEMPLATES,
    voice.SINS,
    voice.CHAPTER,
    voice.DINS,
    account.OTP,
    account.UTILITIES,
    account.ACCOUNT,
)
"""In the order of the API's own description: sections 2 to 9."""

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_ABOUT = """Xoxzo's telephony API as the simulator of xoxzo.cloudpy serves it.

Every path ends in a slash. A GET without it is redirected; anything else without it is 404. Bodies are forms of either
kind or JSON, in UTF-8. Moments are UTC and carry no zone. A repeated POST sends and charges again: no key stops it.

Where the API's documentation is silent (section 15 of the description that the simulator was written from), this
document describes what the simulator does by default.
"""
_SERVERS = [
    {"url": "https://api.xoxzo.com", "description": "The real service: messages reach people and cost money."},
    {"url": "http://127.0.0.1:8080", "description": "The simulator on this machine."},
]
ERROR_SCHEMAS: dict[str, Json] = {
    "Detail": record("An error that concerns the whole request.", detail=text()),
    "Reasons": array(text(), "What is wrong with one field.", minItems=1),
    "NotEnoughCredits": record(
        "The balance is too low. Nothing was sent and nothing taken.",
        non_field_errors=array(text(pattern=r"^Not enough credits(, required: [0-9.]+)?$"), minItems=1, maxItems=1),
    ),
}


def _with_detail(description: str, detail: str, **headers: Json) -> Json:
    shown: Json = {"headers": {name.replace("_", "-"): header for name, header in headers.items()}} if headers else {}
    return {"description": description, **shown, "content": _content(ref("Detail"), {"detail": detail})}


def _content(schema: Json, example: object) -> Json:
    return {_JSON: {"schema": schema, "example": example}}


_RESPONSES: dict[str, Json] = {
    "Unauthorized": _with_detail(
        "SID and token are missing or wrong. This comes before every other check.",
        "Invalid sid/token",
        WWW_Authenticate={"schema": text(), "example": 'Basic realm="api"'},
    ),
    "Forbidden": _with_detail(
        "The account, or the address that it calls from, may not do this. Nothing was done.",
        "You do not have permission to perform this action.",
    ),
    "NotFound": {"description": "There is no such thing, or it belongs to another account. The answer has no body."},
    "MethodNotAllowed": _with_detail(
        "Every method that this path does not have is answered so; `Allow` names those that it has.",
        'Method "PUT" not allowed.',
        Allow={"schema": text(), "example": "GET, HEAD, OPTIONS"},
    ),
    "TooSlow": _with_detail(
        "The simulator's own: the body did not arrive within 30 seconds.", "Request body too slow."
    ),
    "TooLarge": _with_detail(
        "The body is too large; the simulator takes 1 MB. The connection is closed.", "Request body too large."
    ),
    "UnsupportedMediaType": _with_detail(
        "The body is neither a form nor JSON.", 'Unsupported media type "text/plain" in request.'
    ),
    "Throttled": _with_detail(
        "Too many requests. Nothing was done, so the call can be repeated after the wait.",
        "Request was throttled. Expected available in 1 second.",
        Retry_After={"description": "Seconds to wait.", "schema": integer(minimum=0), "example": 1},
    ),
    "Unsaved": _with_detail(
        "The simulator's own: what was asked could not be written to its database, and was not done.",
        "The simulator cannot write to its database.",
    ),
}


def document(server: str | None = None) -> Json:
    """Return the document; `server` is the only address in it, by default the real service's and a simulator's."""
    schemas = dict(ERROR_SCHEMAS)
    paths: Json = {}
    for chapter in CHAPTERS:
        schemas |= chapter.schemas
        for endpoint in chapter.endpoints:
            paths.setdefault(endpoint.path, {})[endpoint.method] = _operation(endpoint, chapter)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
        "info": {
            "title": "Xoxzo telephony API",
            "version": "2026-06-11",  # the day of the last known change of a call (API sections 2.1 and 13)
            "summary": "SMS, calls, dial-in numbers, one-time passwords.",
            "description": _ABOUT,
        },
        "servers": _SERVERS if server is None else [{"url": server}],
        "security": [{"basic": []}],
        "tags": [{"name": chapter.title, "description": chapter.description} for chapter in CHAPTERS],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic", "description": "User name: SID. Password: auth token."}
            },
            "schemas": schemas,
            "responses": _RESPONSES,
        },
    }


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
        names = () if endpoint.body is None else tuple(chapter.schemas[endpoint.body.schema]["properties"])
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
    permission = _RESPONSES["Forbidden"]
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
    """Return a document that is closed but for what callers send, where unknown fields are ignored."""
    found: Json = closed(whole)
    for methods in whole["paths"].values():
        for operation in methods.values():
            for media_type in operation.get("requestBody", {"content": {}})["content"].values():
                name = media_type["schema"]["$ref"].rpartition("/")[2]
                found["components"]["schemas"][name] = whole["components"]["schemas"][name]
    return found
