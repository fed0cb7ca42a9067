"""What Xoxzo tells us by itself, as values (API section 10).

What the API's description leaves open (which fields come, how they are spelt) may be missing here and is in ``raw``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.models.base import Model

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from xoxzo.cloudpy.models import CallStatus, MessageStatus


class DeliveryReport(Model, frozen=True, kw_only=True):
    """An SMS has reached its end (API section 10.1).

    Attributes:
        reference: what the URL was made for; ``None`` when it was made for no message in particular.
        msgid: the message's id; ``""`` when the report names none.
        status: where the message is; a word that is not known is kept as it is.
        recipient: the number.
        sender: as requested.
        sent_time: when the server took the message, in UTC.
        cost: credits.
        parts: SMS parts billed, where the report says so.
        tags: the tags that it was sent with.
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
    """A call or a conference is over (API section 10.2).

    Attributes:
        reference: what the URL was made for, or ``None``.
        callid: the call's id; ``""`` for a conference.
        conferenceid: the conference's id; ``""`` for a call.
        status: how the call ended; for a conference, which has no status of its own, an empty one.
        recipient: the number that was rung.
        caller: the number that was shown; the server leaves its ``+`` out.
        start_time: when it was placed, in UTC.
        end_time: when it ended, in UTC.
        duration: seconds of talk.
        cost: credits.
        tags: the tags that it was placed with.
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
        reference: what the URL was made for, or ``None``.
        msgid: the message's id; ``""`` when the callback names none.
        recipient: the number.
        link: the address as it was in the text.
        shortlink: the short address that took its place.
        accessed_on: when it was opened, in UTC.
        tags: the tags that it was sent with.
    """

    reference: str | None = None
    msgid: str = ""
    recipient: str = ""
    link: str = ""
    shortlink: str = ""
    accessed_on: datetime | None = None
    tags: tuple[str, ...] = ()


class IncomingCall(Model, frozen=True, kw_only=True):
    """A dial-in number rings, and Xoxzo asks what to do (API sections 10.4 and 11).

    Attributes:
        reference: what the action URL was made for, or ``None``.
        caller: who calls, in E.164; ``None`` when the number is withheld.
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
    """An SMS came in to a number of ours. The service ended in 2024; the names of its fields are not known.

    Attributes:
        reference: what the action URL was made for, or ``None``.
        sender: who wrote, in E.164 where it is a number.
        recipient: the number that was written to, in E.164.
        text: what was written.
        received_time: when, in UTC.
    """

    reference: str | None = None
    sender: str = ""
    recipient: str = ""
    text: str = ""
    received_time: datetime | None = None


Event = DeliveryReport | CallEnded | LinkClicked | IncomingCall | IncomingSMS
"""Everything that can be received."""
