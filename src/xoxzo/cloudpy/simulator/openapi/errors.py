"""What the API answers when it does not do what was asked (API section 1.5)."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.openapi.shapes import Endpoint, Json, array, integer, number, record, ref, text

SCHEMAS: dict[str, Json] = {
    "Detail": record({"detail": text()}, description="An error that concerns the whole request."),
    "Reasons": array(text(), "What is wrong with one field.", minItems=1),
    "NotEnoughCredits": record(
        {
            "non_field_errors": array(
                text(pattern=r"^Not enough credits(, required: [0-9.]+)?$"), minItems=1, maxItems=1
            )
        },
        description="The balance is too low. Nothing was sent and nothing taken.",
    ),
}


def _with_detail(description: str, detail: str, **headers: Json) -> Json:
    shown: Json = {"headers": {name.replace("_", "-"): header for name, header in headers.items()}} if headers else {}
    content = {"application/json": {"schema": ref("Detail"), "example": {"detail": detail}}}
    return {"description": description, **shown, "content": content}


RESPONSES: dict[str, Json] = {
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

COST = number("Credits; one credit is one Japanese yen before tax. An integer, or with a fraction.")


def responses(endpoint: Endpoint) -> Json:
    """Return all answers that are not the wished one, by status."""
    found: Json = {}
    if endpoint.wrong or endpoint.any_name_wrong:
        found["400"] = _invalid(endpoint)
    found["401"] = _shared("Unauthorized")
    found["403"] = _forbidden() if endpoint.charged else _shared("Forbidden")
    if endpoint.missing:
        found["404"] = _shared("NotFound")
    found["405"] = _shared("MethodNotAllowed")
    if endpoint.body is not None:
        found["408"] = _shared("TooSlow")
        found["413"] = _shared("TooLarge")
        found["415"] = _shared("UnsupportedMediaType")
    found["429"] = _shared("Throttled")
    found["503"] = _shared("Unsaved")
    return found


def _shared(name: str) -> Json:
    return {"$ref": f"#/components/responses/{name}"}


def _invalid(endpoint: Endpoint) -> Json:
    names = endpoint.wrong if endpoint.body is None else (*endpoint.wrong, "non_field_errors")
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
        "content": {
            "application/json": {
                "schema": bodies[0] if len(bodies) == 1 else {"anyOf": bodies},
                "example": {(names or ("foo",))[0]: [reason]},
            }
        },
    }


def _forbidden() -> Json:
    permission = RESPONSES["Forbidden"]
    return {
        "description": f"Too few credits; or: {permission['description']}",
        "content": {
            "application/json": {
                "schema": {"anyOf": [ref("NotEnoughCredits"), ref("Detail")]},
                "examples": {
                    "credits": {"value": {"non_field_errors": ["Not enough credits, required: 20"]}},
                    "permission": {"value": permission["content"]["application/json"]["example"]},
                },
            }
        },
    }
