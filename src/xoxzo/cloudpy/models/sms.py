"""Records of SMS messages (API section 2)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from xoxzo.cloudpy.models.base import Model, OpenEnum

__all__ = ["FoundMessages", "LinkTracking", "Message", "MessageStatus", "SentMessage"]


class MessageStatus(OpenEnum):
    """The status of an SMS (API section 2.2). The help centre's ``OK`` and ``FAILED`` become the API's values."""

    QUEUED = "QUEUED"
    DELIVERING = "DELIVERING"
    DELIVERED = "DELIVERED"
    FAIL = "FAIL"

    @classmethod
    def _missing_(cls, value: object) -> OpenEnum | None:
        if value == "OK":
            return cls.DELIVERED
        return cls.FAIL if value == "FAILED" else super()._missing_(value)

    @property
    def is_final(self) -> bool:
        """Whether the status no longer changes."""
        return self in {MessageStatus.DELIVERED, MessageStatus.FAIL}


class SentMessage(Model, frozen=True, kw_only=True):
    """An SMS that the server has accepted.

    Attributes:
        msgid: its id; ``client.sms.get`` takes it.
        reference: the reference that it was sent with, or ``None``.
    """

    msgid: str
    reference: str | None = None


class LinkTracking(Model, frozen=True, kw_only=True):
    """The tracked link of an SMS (API section 2.5).

    Attributes:
        link: the URL in the text.
        shortlink: the short URL that replaced it.
        accessed: whether it was opened.
        accessed_on: when it was first opened, in UTC.
    """

    link: str = ""
    shortlink: str = ""
    accessed: bool = False
    accessed_on: datetime | None = None


class Message(Model, frozen=True, kw_only=True):
    """The server's record of an SMS (API section 2.2). The text itself is never returned.

    Attributes:
        msgid: its id.
        recipient: the number, with ``+``.
        sender: as requested; carriers may replace it.
        status: its status.
        sent_time: when the server accepted it, in UTC; ``None`` while unknown.
        cost: credits; 0 at first, until the server has updated the record.
        tags: the tags that it was sent with, the reference included.
        parts: SMS parts charged; ``None`` if the server does not say.
        link_tracking: the tracked link; ``None`` if there is none.
        url: the URL of the record.
    """

    msgid: str
    recipient: str = ""
    sender: str = ""
    status: MessageStatus
    sent_time: datetime | None = None
    cost: Decimal | None = None
    tags: tuple[str, ...] = ()
    parts: int | None = None
    link_tracking: LinkTracking | None = None
    url: str = ""


class FoundMessages(Model, frozen=True, kw_only=True):
    """The messages in the list of sent messages that have a reference.

    The list has an undocumented size limit. It can prove that a message was sent, and never that one was not.

    Attributes:
        reference: the reference.
        messages: the messages that have it; empty means *unproven*, not *not sent*.
    """

    reference: str
    messages: tuple[Message, ...] = ()

    @property
    def found(self) -> bool:
        """Whether the list proves that a message with this reference was sent."""
        return bool(self.messages)
