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


class DeliveryReport(Model, frozen=True, kw_only=True):
    """An SMS has a final status (API section 10.1).

    Attributes:
        reference: the reference of the callback URL, or ``None``.
        msgid: the message's id; ``""`` if the report has none.
        status: the status; an unknown one is unchanged.
        recipient: the recipient's number.
        sender: the sender that was requested.
        sent_time: when the server accepted the message, in UTC.
        cost: credits.
        parts: SMS parts that were billed, or ``None``.
        tags: the tags of the message.
    """

    reference: str | None = None
    msgid: str = ""
    status: MessageStatus
    recipient: str = ""
    sender: str = ""
    sent_time: datetime | None = None
    cost: Decimal | None = None
    parts: int | None = None
    tags: tuple[str, ...] = ()


class CallEnded(Model, frozen=True, kw_only=True):
    """A call or a conference has ended (API section 10.2).

    Attributes:
        reference: the reference of the callback URL, or ``None``.
        callid: the call's id; ``""`` for a conference.
        conferenceid: the conference's id; ``""`` for a call.
        status: how the call ended; empty for a conference, which has no status.
        recipient: the number that was called.
        caller: the caller's number; the server leaves out its ``+``.
        start_time: when it began, in UTC.
        end_time: when it ended, in UTC.
        duration: seconds of talk.
        cost: credits.
        tags: the tags of the call.
    """

    reference: str | None = None
    callid: str = ""
    conferenceid: str = ""
    status: CallStatus
    recipient: str = ""
    caller: str = ""
    start_time: datetime | None = None
    end_time: datetime | None = None
    duration: int = 0
    cost: Decimal | None = None
    tags: tuple[str, ...] = ()


class LinkClicked(Model, frozen=True, kw_only=True):
    """The tracked link of an SMS was opened for the first time (API section 10.3).

    Attributes:
        reference: the reference of the callback URL, or ``None``.
        msgid: the message's id; ``""`` if the callback has none.
        recipient: the recipient's number.
        link: the URL in the message.
        shortlink: the short URL that replaced it.
        accessed_on: when it was opened, in UTC.
        tags: the tags of the message.
    """

    reference: str | None = None
    msgid: str = ""
    recipient: str = ""
    link: str = ""
    shortlink: str = ""
    accessed_on: datetime | None = None
    tags: tuple[str, ...] = ()


class IncomingCall(Model, frozen=True, kw_only=True):
    """A caller dials a dial-in number, and Xoxzo requests an action (API sections 10.4 and 11).

    Attributes:
        reference: the reference of the action URL, or ``None``.
        caller: the caller's number in E.164; ``None`` if it is withheld.
        recipient: the dial-in number, in E.164.
    """

    reference: str | None = None
    caller: str | None = None
    recipient: str = ""

    @property
    def is_anonymous(self) -> bool:
        """Whether the caller withheld the number."""
        return self.caller is None


class IncomingSMS(Model, frozen=True, kw_only=True):
    """A subscribed number received an SMS. Xoxzo ended this service in 2024; its fields were not documented.

    Attributes:
        reference: the reference of the action URL, or ``None``.
        sender: the sender, in E.164 if it is a number.
        recipient: the subscribed number, in E.164.
        message: the message.
        received_time: when it came in, in UTC.
    """

    reference: str | None = None
    sender: str = ""
    recipient: str = ""
    message: str = ""
    received_time: datetime | None = None


Event = DeliveryReport | CallEnded | LinkClicked | IncomingCall | IncomingSMS
"""Every kind of event."""
