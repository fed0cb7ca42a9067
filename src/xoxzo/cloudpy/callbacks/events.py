"""The events that Xoxzo reports by callbacks (API section 10).

The API's documentation does not name all fields of a callback. ``raw`` has every field that was posted.
"""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal

from xoxzo.cloudpy.models import CallStatus, MessageStatus
from xoxzo.cloudpy.models.base import Model


class Purpose(enum.StrEnum):
    """What a callback URL is for; its value is a part of the URL's path."""

    DELIVERY_REPORT = "delivery-report"
    CALL_ENDED = "call-ended"
    LINK_CLICKED = "link-clicked"
    INCOMING_CALL = "incoming-call"
    INCOMING_SMS = "incoming-sms"

    @property
    def is_lasting(self) -> bool:
        """Whether the URL is stored with a subscribed number, and so never expires by default."""
        return self in {Purpose.INCOMING_CALL, Purpose.INCOMING_SMS}


class _Event(Model, frozen=True, kw_only=True):
    """What all events have."""

    reference: str | None = None
    """The reference of the callback URL or the action URL, or ``None``."""


class DeliveryReport(_Event, frozen=True, kw_only=True):
    """An SMS has a final status (API section 10.1)."""

    msgid: str = ""
    """The message's id; ``""`` if the report has none."""
    status: MessageStatus
    """The status; an unknown one is unchanged."""
    recipient: str = ""
    """The recipient's number."""
    sender: str = ""
    """The sender that was requested."""
    sent_time: datetime | None = None
    """When the server accepted the message, in UTC."""
    cost: Decimal | None = None
    """Credits."""
    parts: int | None = None
    """SMS parts that were billed, or ``None``."""
    tags: tuple[str, ...] = ()
    """The tags of the message."""


class CallEnded(_Event, frozen=True, kw_only=True):
    """A call or a conference has ended (API section 10.2)."""

    callid: str = ""
    """The call's id; ``""`` for a conference."""
    conferenceid: str = ""
    """The conference's id; ``""`` for a call."""
    status: CallStatus
    """How the call ended; empty for a conference, which has no status."""
    recipient: str = ""
    """The number that was called."""
    caller: str = ""
    """The caller's number; the server leaves out its ``+``."""
    start_time: datetime | None = None
    """When it began, in UTC."""
    end_time: datetime | None = None
    """When it ended, in UTC."""
    duration: int = 0
    """Seconds of talk."""
    cost: Decimal | None = None
    """Credits."""
    tags: tuple[str, ...] = ()
    """The tags of the call."""


class LinkClicked(_Event, frozen=True, kw_only=True):
    """The tracked link of an SMS was opened for the first time (API section 10.3)."""

    msgid: str = ""
    """The message's id; ``""`` if the callback has none."""
    recipient: str = ""
    """The recipient's number."""
    link: str = ""
    """The URL in the message."""
    shortlink: str = ""
    """The short URL that replaced it."""
    accessed_on: datetime | None = None
    """When it was opened, in UTC."""
    tags: tuple[str, ...] = ()
    """The tags of the message."""


class IncomingCall(_Event, frozen=True, kw_only=True):
    """A caller dials a dial-in number, and Xoxzo requests an action (API sections 10.4 and 11)."""

    caller: str | None = None
    """The caller's number in E.164; ``None`` if it is withheld."""
    recipient: str = ""
    """The dial-in number, in E.164."""

    @property
    def is_anonymous(self) -> bool:
        """Whether the caller withheld the number."""
        return self.caller is None


class IncomingSMS(_Event, frozen=True, kw_only=True):
    """A subscribed number received an SMS. Xoxzo ended this service in 2024; its fields were not documented."""

    sender: str = ""
    """The sender, in E.164 if it is a number."""
    recipient: str = ""
    """The subscribed number, in E.164."""
    message: str = ""
    """The message."""
    received_time: datetime | None = None
    """When it came in, in UTC."""


Event = DeliveryReport | CallEnded | LinkClicked | IncomingCall | IncomingSMS
"""Every kind of event."""
