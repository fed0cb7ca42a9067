"""Callbacks under way, and the attempts to deliver them (API section 10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

CallbackKind = Literal["sms", "call", "conference", "click", "reply"]
CallbackOutcome = Literal["delivered", "will retry", "gave up", "refused"]


@dataclass(frozen=True, slots=True)
class CallbackAttempt:
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


@dataclass(slots=True, eq=False)
class CallbackDelivery:
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
    under_way: bool = field(default=False, repr=False)
    """Whether it is being posted now."""
