"""Parse the webhook payload of Alertmanager, which Grafana sends as well."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads the annotation
from typing import Literal

import msgspec

from xoxzo.cloudpy.errors import InvalidArgument

VERSIONS = frozenset({"4", "1"})
"""Alertmanager has posted version 4 since 2017. Grafana posts the same fields, and more, as version 1."""


class Alert(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One alert.

    Attributes:
        status: ``firing`` or ``resolved``.
        labels: the labels, which identify it.
        annotations: the annotations, such as a summary.
        starts_at: when it began to fire.
        fingerprint: Alertmanager's hash of the labels.
    """

    status: Literal["firing", "resolved"]
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    starts_at: datetime
    fingerprint: str = ""

    @property
    def identity(self) -> str:
        """What identifies the same alert in another notification."""
        return self.fingerprint or repr(sorted(self.labels.items()))


class Notification(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A notification about one group of alerts.

    Attributes:
        version: the version of the payload.
        group_key: the key of the group, which stays the same when Alertmanager restarts.
        status: ``resolved`` if no alert of the group fires.
        receiver: the name of the receiver in Alertmanager's configuration.
        alerts: the alerts of the group.
        truncated_alerts: how many alerts were left out because of ``max_alerts``.
    """

    version: str
    group_key: str
    status: Literal["firing", "resolved"]
    receiver: str = ""
    alerts: tuple[Alert, ...] = ()
    truncated_alerts: int = 0

    @property
    def key(self) -> str:
        """What identifies the same group in another notification."""
        return f"{self.receiver}\n{self.group_key}"

    @property
    def firing(self) -> tuple[Alert, ...]:
        """The firing alerts."""
        return tuple(alert for alert in self.alerts if alert.status == "firing")


def parse(body: bytes) -> Notification:
    """Parse a payload.

    Raises:
        InvalidArgument: it is not a notification, or has another version.
    """
    try:
        notification = msgspec.json.decode(body, type=Notification)
    except msgspec.ValidationError as error:
        # The library names the field and the type, never the value.
        raise InvalidArgument("body", "is no notification of Alertmanager's: {why}", why=error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidArgument("body", "is no notification of Alertmanager's: it cannot be read as JSON") from None
    if notification.version not in VERSIONS:
        raise InvalidArgument("version", "must be 4 (Alertmanager) or 1 (Grafana)")
    return notification
