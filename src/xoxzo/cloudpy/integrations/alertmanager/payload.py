"""What Alertmanager posts to a webhook: version 4 of its payload."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads the annotation
from typing import Literal

import msgspec

from xoxzo.cloudpy.errors import InvalidArgument

VERSION = "4"


class Alert(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One alert.

    Attributes:
        status: whether it fires or has resolved.
        labels: what identifies it.
        annotations: what is told of it.
        starts_at: since when it fires.
        fingerprint: a hash of its labels, made by Alertmanager.
    """

    status: Literal["firing", "resolved"]
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    starts_at: datetime
    fingerprint: str = ""

    @property
    def identity(self) -> str:
        """What makes it the same alert the next time."""
        return self.fingerprint or repr(sorted(self.labels.items()))


class Notification(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A group of alerts, as Alertmanager tells of it.

    Attributes:
        version: of the payload.
        group_key: identifies the group; Alertmanager keeps it over restarts.
        status: ``resolved`` once no alert of the group fires.
        receiver: which of Alertmanager's receivers this is.
        alerts: those of the group, unless ``truncated_alerts`` of them were left out.
        truncated_alerts: how many were left out by ``max_alerts``.
    """

    version: str
    group_key: str
    status: Literal["firing", "resolved"]
    receiver: str = ""
    alerts: tuple[Alert, ...] = ()
    truncated_alerts: int = 0

    @property
    def key(self) -> str:
        """What makes it the same group the next time."""
        return f"{self.receiver}\n{self.group_key}"

    @property
    def firing(self) -> tuple[Alert, ...]:
        """The alerts that fire."""
        return tuple(alert for alert in self.alerts if alert.status == "firing")


def read(body: bytes) -> Notification:
    """Read what was posted.

    Raises:
        InvalidArgument: it is no notification, or of another version.
    """
    try:
        notification = msgspec.json.decode(body, type=Notification)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidArgument("body", f"is no notification of Alertmanager's: {_plain(error)}") from None
    if notification.version != VERSION:
        raise InvalidArgument("version", "must be 4, the one that Alertmanager has posted since 2017")
    return notification


def _plain(error: Exception) -> str:
    # Which field and type, never a value.
    return str(error) if isinstance(error, msgspec.ValidationError) else "it cannot be read as JSON"
