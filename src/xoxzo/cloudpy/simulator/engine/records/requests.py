"""What is remembered of how a record came about: the request, and each change of its status."""

from __future__ import annotations

from dataclasses import dataclass

MAX_BODY_BYTES = 8_192
"""Bytes of a request's body that are stored."""
StatusChange = tuple[float, str, str]
"""A change of status: when, to what, and why; the reason is empty where it is the usual course."""


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request as it came in. Its credentials are not stored."""

    method: str
    path: str
    content_type: str
    user_agent: str
    request_id: str
    """The `X-Request-Id` that the caller gave it, or an empty text."""
    body: bytes
    """At most `MAX_BODY_BYTES` bytes of it."""
    size: int
    """How many bytes it had."""
