"""The request that a record came from, and the callbacks that report it (API section 10)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

MAX_BODY_BYTES = 8_192
"""Bytes of a request's body that are stored."""
StatusChange = tuple[float, str, str]
"""A change of status: when, to what, and why; the reason is empty where it is the usual course."""


class ReceivedRequest(Struct, frozen=True):
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


CallbackKind = Literal["sms", "call", "conference", "click", "reply"]
CallbackOutcome = Literal["delivered", "will retry", "gave up", "refused"]


class CallbackAttempt(Struct, frozen=True):
    """One try to deliver a callback."""

    kind: CallbackKind
    ident: str
    """The msgid, callid, conferenceid, or the id of a reply."""
    url: str
    attempt: int
    at: float
    """When it ended, seconds since 1970 on the simulator's clock."""
    status: int | None
    error: str | None
    outcome: CallbackOutcome
    content_type: str = ""
    body: str = ""
    """What was posted."""
    answer: str = ""
    """The beginning of what was answered."""
    answer_headers: tuple[tuple[str, str], ...] = ()


class CallbackDelivery(Struct, eq=False):
    """A callback that was not answered with 200 yet."""

    kind: CallbackKind
    ident: str
    url: str
    body: bytes
    content_type: str
    due: float
    """When the next try begins, or the one that is under way began."""
    attempt: int = 1
    """Which one that is."""
    repeated: bool = False
    """Whether a command posted it again; then it has one attempt."""
    under_way: bool = False
    """Whether it is being posted now."""
