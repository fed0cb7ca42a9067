"""Holds replies against the OpenAPI document: status, headers and body must be what it names, and no more."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import jsonschema_rs

from openapi import closed
from xoxzo.cloudpy.simulator.api.http import ApiResponse
from xoxzo.cloudpy.simulator.openapi import document

Json = dict[str, Any]


DOCUMENT: Json = closed(document("api"))
_NOT_THE_API = ("/openapi.json", "/s/", "/calls/", "/voice/simple/playback/")
"""The document itself, short links, which stand on a host of their own in the real service, and retired paths."""
_PATHS = [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in DOCUMENT["paths"]]


def check(method: str, path: str, reply: ApiResponse) -> None:
    """Fail unless the document names this reply to that request; paths that it does not have are 404 or redirected."""
    found = next((name for pattern, name in _PATHS if pattern.fullmatch(path)), None)
    if found is None:
        assert reply.status in {301, 404} or path.startswith(_NOT_THE_API), (method, path, reply)
    elif method != "OPTIONS":
        check_described("get" if method == "HEAD" else method.lower(), found, reply)


def check_described(method: str, path: str, reply: ApiResponse) -> None:
    """Fail unless the document names this reply to a method of one of its paths."""
    where = f"{method.upper()} {path}: {reply}"
    responses = DOCUMENT["paths"][path].get(method, {"responses": _FOR_OTHERS})["responses"]
    assert str(reply.status) in responses, f"undocumented status, {where}"
    response = responses[str(reply.status)]
    if "$ref" in response:
        response = DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]]
    headers = {name.decode().lower(): value.decode() for name, value in reply.headers}
    missing = [name for name in response.get("headers", ()) if name.lower() not in headers]
    assert not missing, f"without {missing}, {where}"
    if "content" not in response:
        assert not reply.body, f"undocumented body, {where}"
        assert "content-type" not in headers, f"a type for no body, {where}"
        return
    kind = headers["content-type"]
    assert kind in response["content"], f"undocumented type, {where}"
    rules = validator(_text(response["content"][kind]["schema"]))
    errors = [error.message for error in rules.iter_errors(json.loads(reply.body))]
    assert not errors, f"{errors}, {where}"


_FOR_OTHERS: Json = {
    "401": {"$ref": "#/components/responses/Unauthorized"},
    "403": {"$ref": "#/components/responses/Forbidden"},
    "405": {"$ref": "#/components/responses/MethodNotAllowed"},
    "429": {"$ref": "#/components/responses/Throttled"},
}


def _text(schema: Json) -> str:
    return json.dumps(schema, sort_keys=True)


@cache
def validator(schema: str) -> Any:
    """Return what validates against a schema of the document, given as its JSON text."""
    root = {**json.loads(schema), "components": {"schemas": DOCUMENT["components"]["schemas"]}}
    return jsonschema_rs.Draft202012Validator(root, validate_formats=True)
