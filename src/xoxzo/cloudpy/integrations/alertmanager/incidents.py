"""Alerts as Alertmanager posts them, and Grafana as well; the state of an incident and its notification attempts."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

import msgspec

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import InvalidArgument

_NO_NOTIFICATION = N_(
    "is not a notification of Alertmanager or Grafana ({why}): if your own template replaces the body there, remove it"
)


class Alert(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One alert."""

    status: Literal["firing", "resolved"]
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    starts_at: datetime = datetime.min.replace(tzinfo=UTC)
    """When it began to fire; in year 1 if that is unknown."""
    fingerprint: str = ""
    """Alertmanager's hash of the labels."""

    def __post_init__(self) -> None:
        """Read a time without a zone as UTC: two times must be comparable."""
        if self.starts_at.tzinfo is None:
            msgspec.structs.force_setattr(self, "starts_at", self.starts_at.replace(tzinfo=UTC))

    @property
    def identity(self) -> str:
        """What identifies the same alert in another notification."""
        return self.fingerprint or repr(sorted(self.labels.items()))


class Notification(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A notification about one group of alerts."""

    version: str
    group_key: str
    """The key of the group, which stays the same when Alertmanager restarts."""
    status: Literal["firing", "resolved"]
    receiver: str = ""
    """The name of the receiver in Alertmanager's configuration."""
    alerts: tuple[Alert, ...] = ()
    truncated_alerts: int = 0
    """How many alerts were left out because of ``max_alerts``."""

    @property
    def key(self) -> str:
        """What identifies the same group in another notification."""
        return f"{self.receiver}\n{self.group_key}"

    @property
    def firing(self) -> tuple[Alert, ...]:
        """Its firing alerts."""
        return tuple(alert for alert in self.alerts if alert.status == "firing")


def parse_notification(body: bytes) -> Notification:
    """Parse the body of a webhook or raise `InvalidArgument`. Unknown fields are ignored; ``null`` counts as absent."""
    try:
        notification = msgspec.convert(_without_nulls(msgspec.json.decode(body)), Notification)
    except msgspec.ValidationError as error:
        # The library names the field and the type, never the value.
        raise InvalidArgument("body", _NO_NOTIFICATION, why=error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidArgument("body", _NO_NOTIFICATION, why="it cannot be read as JSON") from None
    # Alertmanager has posted version 4 since 2017. Grafana posts the same fields, and more, as version 1.
    if notification.version not in {"4", "1"}:
        raise InvalidArgument("version", "must be 4 (Alertmanager) or 1 (Grafana)")
    if notification.status == "firing" and not notification.alerts:
        raise InvalidArgument("alerts", "must have an alert while the status is firing")
    return notification


def _without_nulls(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


class Phase(StrEnum):
    """The phase of an incident."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    ENDED = "ended"
    """All rounds of the policy are done without an acknowledgement."""
    RESOLVED = "resolved"
    CLOSED = "closed"
    """Resolved, and all SMS about the resolution were sent."""


ACKNOWLEDGEABLE = frozenset({Phase.OPEN, Phase.ENDED})
"""The phases in which nobody has acknowledged the incident, and it is not resolved."""


class Verdict(StrEnum):
    """The effect of a notification of Alertmanager."""

    OPENED = "opened"
    NEWS = "news"
    """An alert joined the group, or fired again."""
    REPEAT = "repeat"
    RESOLVED = "resolved"
    IGNORED = "ignored"
    """An unknown group was resolved."""
    UNROUTED = "unrouted"
    """No route matches."""
    HEARTBEAT = "heartbeat"
    """It was a heartbeat, and nothing else."""


class Kind(StrEnum):
    """The kind of a notification attempt."""

    SMS = "sms"
    CALL = "call"
    NEWS = "news"
    """An SMS about alerts that joined the group."""
    RESOLVED = "resolved"
    """An SMS about the resolved group."""


class Outcome(StrEnum):
    """The outcome of a notification attempt."""

    CLAIMED = "claimed"
    """It is about to be sent."""
    RINGING = "ringing"
    SENT = "sent"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    UNKNOWN = "unknown"
    """It may have been sent."""
    UNSENT = "unsent"
    """It was not sent, and may be tried again."""
    REFUSED = "refused"
    """It was not sent, and will not be tried again."""


IN_FLIGHT = frozenset({Outcome.CLAIMED, Outcome.RINGING})
"""The outcomes that are not final."""
MAYBE_SENT = frozenset({Outcome.SENT, Outcome.ANSWERED, Outcome.UNANSWERED, Outcome.UNKNOWN})
"""The outcomes of attempts that were sent, or may have been."""


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """The state of an incident. All times are seconds since 1970."""

    ident: str
    """The id, short enough to be spoken."""
    group_key: str
    """What identifies its group of alerts: the ``key`` of notifications."""
    policy: str
    """The name of its escalation policy."""
    phase: Phase = Phase.OPEN
    alerts: tuple[Alert, ...] = ()
    """The firing alerts of the latest notification."""
    truncated: int = 0
    """How many more alerts that notification left out."""
    opened: float = 0.0
    notified: float = 0.0
    """When Alertmanager last posted about it."""
    run: int = 1
    """The number of the escalation, from 1; each begins with the first step."""
    version: int = 1
    """The number of the latest change of its alerts, from 1."""
    announced: int = 1
    """The latest version that was sent to all who got an SMS."""
    round: int = 1
    """The number of the round in this run, from 1."""
    rounds_done: int = 0
    """The rounds that notified at least one person."""
    step: int = 0
    """The index of the current step."""
    tries: int = 0
    """How many times the current step was done."""
    due: float = 0.0
    """When the current step is due."""
    not_before: float = 0.0
    """Nothing is sent before this time, after a failure."""
    failures: int = 0
    """How many times in a row nothing could be sent."""
    reached: bool = False
    """Whether this round notified at least one person."""
    acknowledged_by: str = ""
    """Who acknowledged it; ``""`` without an acknowledgement."""
    urgent: bool = False
    """Whether it ignores quiet hours: a page, or a missing heartbeat."""
    secret: str = ""
    """The key that signs its links."""


class NotificationAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One SMS or call to one person."""

    key: str
    """A unique key, which is sent as the reference."""
    incident: str
    """The incident's id."""
    run: int
    """The incident's run when it was claimed; so are ``version``, ``round``, ``step`` and ``tries``."""
    version: int
    round: int
    step: int
    tries: int
    kind: Kind
    person: str
    outcome: Outcome = Outcome.CLAIMED
    at: float = 0.0
    """When it was claimed, in seconds since 1970."""
    callid: str = ""
    """The id of a call that was placed; ``""`` otherwise."""
