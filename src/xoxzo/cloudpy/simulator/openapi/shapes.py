"""JSON Schemas in few words, and what an endpoint of the document is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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


def array(items: Json, description: str = "", **rules: object) -> Json:
    """Return the schema of a list."""
    return _with(description, {"type": "array", "items": items, **rules})


def record(properties: Mapping[str, Json], *, optional: tuple[str, ...] = (), description: str = "") -> Json:
    """Return the schema of an object; all of its properties are always there but the optional ones."""
    schema: Json = {"type": "object", "properties": dict(properties)}
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


def _with(description: str, schema: Json) -> Json:
    return {**schema, "description": description} if description else schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The fields that an endpoint takes, as a form of either kind and as JSON (API section 1.3)."""

    schema: Json
    example: Json
    form_schema: Json | None = None
    """Where a form cannot say what JSON says."""
    form_example: Json | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One call of the API."""

    section: str
    """Where the API's description has it."""
    method: str
    path: str
    name: str
    summary: str
    description: str = ""
    parameters: tuple[Json, ...] = ()
    body: Body | None = None
    status: int = 200
    or_status: int | None = None
    """Another status of the same success, where the API's description leaves both open."""
    answer: str
    """What a success means."""
    result: Json | None = None
    """The schema of a success; None where it has no body."""
    example: object = None
    leads_to: Mapping[str, Json] = field(default_factory=dict)
    """What a success can be taken on with: by endpoint's name, where its `parameters` or `requestBody` are found."""
    wrong: tuple[str, ...] = ()
    """Names under which a 400 may list reasons."""
    any_name_wrong: bool = False
    """Whether a 400 may name what the caller made up: an unknown parameter."""
    refusals: tuple[Json, ...] = ()
    """Schemas of further bodies of a 400."""
    charged: bool = False
    """Whether it takes credits, of which there may be too few."""
    missing: bool = False
    """Whether the path's id may be unknown: 404 without a body."""
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """The endpoints of one chapter with the schemas that they bring along."""

    title: str
    description: str
    endpoints: tuple[Endpoint, ...]
    schemas: Mapping[str, Json]
