"""`/openapi.json`: the API describes itself, to anyone; the real service has no such path."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.http import Reply

from .exchange import reply

PATH = b"/openapi.json"


def describe(method: str, base_url: str) -> Reply:
    """Answer with the OpenAPI document, whose only server is the one that was asked.

    Args:
        method: GET or HEAD; anything else is 405.
        base_url: The address that the caller used, so that a page that tries calls out never reaches the real service.
    """
    allow = (b"allow", b"GET, HEAD")
    if method not in {"GET", "HEAD"}:
        refusal = reply(405, {"detail": f'Method "{method}" not allowed.'})
        return Reply(405, refusal.body, (*refusal.headers, allow))
    from xoxzo.cloudpy.simulator.openapi import document

    answer = reply(200, document(base_url))
    return Reply(200, answer.body, (*answer.headers, allow))
