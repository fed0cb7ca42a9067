"""`/openapi.json`: the API describes itself, to anyone; the real service has no such path."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.api.http import ApiResponse, json_response

PATH = b"/openapi.json"


def describe(method: str, base_url: str) -> ApiResponse:
    """Answer with the OpenAPI document, whose only server is the one that answers.

    Args:
        method: GET or HEAD; anything else is 405.
        base_url: The address that the caller used, so that a page that tries calls out never reaches the real service.
    """
    allow = (b"allow", b"GET, HEAD")
    if method not in {"GET", "HEAD"}:
        refusal = json_response(405, {"detail": f'Method "{method}" not allowed.'})
        return ApiResponse(405, refusal.body, (*refusal.headers, allow))
    from xoxzo.cloudpy.simulator.openapi import document

    answer = json_response(200, document(base_url))
    return ApiResponse(200, answer.body, (*answer.headers, allow))
