"""JSON Schemas in few words, fields that several chapters share, and what an endpoint of the document is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

Json = dict[str, Any]

NUMBER = "+818011112222"
"""A recipient for examples; nobody has it."""


def text(description: str = "", **rules: object) -> Json:
    """Return the schema of a text."""
    return _with(description, {"type": "string", **rules})


def integer(description: str = "", **rules: object) -> Json:
    """Return the schema of an integer."""
    return _with(description, {"type": "integer", **rules})


def number(description: str = "", **rules: object) -> Json:
    """Return the schema of a number, with or without a fraction (API section 1.7 has both kinds of cost)."""
    return _with(description, {"type": "number", **rules})


def flag(description: str) -> Json:
    """Return the schema of a switch (API sections 1.3 and 15.29)."""
    return {
        "type": ["string", "boolean"],
        "description": f"{description} The text `true`, or JSON true, switches it on; anything else is off.",
    }


def stamp(description: str) -> Json:
    """Return the schema of a moment: UTC, with no zone mark (API section 1.8)."""
    return text(
        f"{description} UTC, whole seconds.", pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$"
    )


def url(description: str) -> Json:
    """Return the schema of an address that the service will call."""
    return text(f"{description} An absolute http or https URL.", format="uri", maxLength=2000)


def cost(description: str) -> Json:
    """Return the schema of a cost."""
    return {**COST, "description": f"{COST['description']} {description}"}


def array(items: Json, description: str = "", **rules: object) -> Json:
    """Return the schema of a list."""
    return _with(description, {"type": "array", "items": items, **rules})


def one_or_more(items: Json, most: int = 1, least: int = 1) -> Json:
    """Return the schema of a list with bounds on its length."""
    return array(items, minItems=least, maxItems=most)


def record(description: str = "", /, *, optional: Iterable[str] = (), **properties: Json) -> Json:
    """Return the schema of an object; all of its properties are always there but the optional ones."""
    schema: Json = {"type": "object", "properties": properties}
    if required := [name for name in properties if name not in optional]:
        schema["required"] = required
    return _with(description, schema)


def ref(name: str) -> Json:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(schema: Json) -> Json:
    """Return a schema that takes null as well."""
    if "$ref" in schema:
        return {"oneOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}


def query(name: str, description: str, schema: Json, **rules: object) -> Json:
    """Return a parameter in the query."""
    return {"name": name, "in": "query", "description": description, "schema": schema, **rules}


def in_path(name: str, description: str, schema: Json) -> Json:
    """Return a parameter in the path."""
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def response_value(pointer: str, *names: str) -> dict[str, Json]:
    """Return links to the endpoints that take a value of the response as their parameter of the same name."""
    return {name: {"parameters": {pointer.rpartition("/")[2]: f"$response.body#/{pointer}"}} for name in names}


def _with(description: str, schema: Json) -> Json:
    return {**schema, "description": description} if description else schema


COST = number("Credits; one credit is one Japanese yen before tax. An integer, or with a fraction.")
RECIPIENT = text(
    "A phone number in E.164 with its +; Japanese ones without the trunk 0.",
    pattern=r"^\+[1-9][0-9]{6,14}$",
    examples=[NUMBER],
)
SENDER = text(
    "What the phone shows: letters and digits, at most 10; digits alone, at most 15. Carriers may replace it. Whether "
    "hyphens, blanks and other ASCII characters are taken is not known; the simulator takes them by default.",
    pattern=r"^(\+?[0-9]{1,15}|[!-~]([ -~]{0,8}[!-~])?)$",
)
CALLER = text(
    "The number that the phone shows, with or without its +. Carriers may replace it.", pattern=r"^\+?[0-9]{1,15}$"
)
TAGS = text("Words of your own, separated by commas. They come back as a list.")
SMS_OPTIONS: dict[str, Json] = {
    "callbackurl": url("Is posted the delivery report."),
    "tags": TAGS,
    "track_link": flag("Puts a short address in place of the first link of the text, and counts clicks on it."),
    "lt_callbackurl": url("Is called at the first click on a tracked link."),
    "jp_kp": flag("Sends by the K-premium route (Japan only); needs `jp_kp_sender`."),
    "jp_kpl": flag("Sends by K-premium Lite (Japan only); needs `jp_kp_sender` and excludes `jp_kp`."),
    "jp_kp_sender": text("The registered sender of a K-premium message.", pattern="^[0-9]{1,15}$"),
}
"""Fields that several chapters share (API sections 1.8 and 2.1)."""


class Body(Struct, frozen=True):
    """The fields that an endpoint takes, as a form of either kind and as JSON (API section 1.3)."""

    schema: str
    """The name of the schema."""
    example: Json
    form_schema: str = ""
    """Where a form cannot say what JSON says."""
    form_example: Json | None = None


class Endpoint(Struct, frozen=True):
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


class Chapter(Struct, frozen=True):
    """The endpoints of one chapter with the schemas that they bring along."""

    title: str
    description: str
    schemas: Mapping[str, Json]
    endpoints: tuple[Endpoint, ...]
