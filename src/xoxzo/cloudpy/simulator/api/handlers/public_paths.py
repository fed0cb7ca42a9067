"""Paths that need no credentials: short links (API section 2.5), and the API's description of itself."""

from __future__ import annotations

import string
from urllib.parse import quote

from xoxzo.cloudpy.simulator.api.http import DATABASE_UNWRITABLE, ApiRequest, ApiResponse, empty_response, json_response
from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.errors import NotSaved

LINK_PATH = b"/s/"
"""How the path of every short link begins; the real ones stand on a host of their own."""

_AS_IT_IS = string.punctuation


def follow(engine: Engine, request: ApiRequest) -> ApiResponse:
    """Answer `GET /s/<five characters>` with a redirection to the link; only GET counts as a click."""
    if request.method != "GET":
        return empty_response(404 if request.method == "HEAD" else 405)
    path = request.path.removeprefix(LINK_PATH).decode("latin-1")
    try:
        with engine:
            link = engine.sms.links.open(path)
    except NotSaved:
        return json_response(503, {"detail": DATABASE_UNWRITABLE})
    if link is None:
        return empty_response(404)
    # Whatever the sender wrote: a header has printable ASCII alone.
    return ApiResponse(302, b"", ((b"location", quote(link, safe=_AS_IT_IS).encode()),))


DOCUMENT_PATH = b"/openapi.json"


def describe(method: str, base_url: str) -> ApiResponse:
    """Answer GET or HEAD with the OpenAPI document, with `base_url` alone: no page reaches the real service."""
    allow = (b"allow", b"GET, HEAD")
    if method not in {"GET", "HEAD"}:
        refusal = json_response(405, {"detail": f'Method "{method}" not allowed.'})
        return ApiResponse(405, refusal.body, (*refusal.headers, allow))
    from xoxzo.cloudpy.simulator.openapi import document

    answer = json_response(200, document("api", base_url))
    return ApiResponse(200, answer.body, (*answer.headers, allow))
