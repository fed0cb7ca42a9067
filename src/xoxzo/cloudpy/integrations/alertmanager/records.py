"""What is known of an incident and of what was done for it: plain values."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from xoxzo.cloudpy.integrations.alertmanager.payload import Alert  # noqa: TC001 - msgspec reads the annotation


class Phase(StrEnum):
    """Where an incident is."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    ENDED = "ended"
    """The list has come to its end and nobody acknowledged."""
    RESOLVED = "resolved"
    CLOSED = "closed"
    """Resolved, and everybody knows who shall."""


class Verdict(StrEnum):
    """What a notification meant."""

    OPENED = "opened"
    NEWS = "news"
    REPEAT = "repeat"
    RESOLVED = "resolved"
    IGNORED = "ignored"
    """All is well with a group of which nothing was known."""
    UNROUTED = "unrouted"
    """No route fits."""


class Kind(StrEnum):
    """What goes out."""

    SMS = "sms"
    CALL = "call"
    NEWS = "news"
    RESOLVED = "resolved"


class Outcome(StrEnum):
    """What became of a message or call."""

    CLAIMED = "claimed"
    """It is about to go out."""
    RINGING = "ringing"
    SENT = "sent"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    DOUBT = "doubt"
    """It may have gone out."""
    UNSENT = "unsent"
    """It surely did not go out, and may do so yet."""
    REFUSED = "refused"
    """It surely did not go out, and never will."""


UNDER_WAY = frozenset({Outcome.CLAIMED, Outcome.RINGING})
"""Of which nobody knows yet."""
GONE = frozenset({Outcome.SENT, Outcome.ANSWERED, Outcome.UNANSWERED, Outcome.DOUBT})
"""What went out, or may have."""


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """The state of an incident.

    Attributes:
        ident: its id, short enough to be said.
        key: of its group.
        plan: the name of its list.
        phase: where it is.
        alerts: those that fire, as they were told last.
        opened: when it was, in seconds since 1970; all times are.
        heard: when Alertmanager spoke of it last.
        run: counts escalations: each begins with the first step.
        version: counts news.
        told: the news that those who got an SMS know of.
        lap: counts how often the list was begun in this run.
        spent: how many of those laps reached somebody.
        step: where in the list.
        tries: how often this step was done.
        due: when the next may be done.
        held: nothing goes out before this time.
        failures: in a row.
        reached: whether this lap reached anybody.
        by: who acknowledged.
    """

    ident: str
    key: str
    plan: str
    phase: Phase = Phase.OPEN
    alerts: tuple[Alert, ...] = ()
    opened: float = 0.0
    heard: float = 0.0
    run: int = 1
    version: int = 1
    told: int = 1
    lap: int = 1
    spent: int = 0
    step: int = 0
    tries: int = 0
    due: float = 0.0
    held: float = 0.0
    failures: int = 0
    reached: bool = False
    by: str = ""


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """One message or call to one person.

    Attributes:
        key: unique; it travels as the reference.
        incident: the id.
        run: of the incident when it was claimed; so are ``version``, ``lap``, ``step`` and ``tries``.
        kind: what it is.
        person: the name.
        outcome: what became of it.
        at: when it was claimed.
        callid: of a call that was placed.
    """

    key: str
    incident: str
    run: int
    version: int
    lap: int
    step: int
    tries: int
    kind: Kind
    person: str
    outcome: Outcome = Outcome.CLAIMED
    at: float = 0.0
    callid: str = ""
