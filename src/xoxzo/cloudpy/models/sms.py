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
    """An SMS that the server has accepted."""

    msgid: str
    """Its id; ``client.sms.get`` takes it."""
    reference: str | None = None
    """The reference that it was sent with, or ``None``."""


class LinkTracking(Model, frozen=True, kw_only=True):
    """The tracked link of an SMS (API section 2.5)."""

    link: str = ""
    """The URL in the text."""
    shortlink: str = ""
    """The short URL that replaced it."""
    accessed: bool = False
    """Whether it was opened."""
    accessed_on: datetime | None = None
    """When it was first opened, in UTC."""


class Message(Model, frozen=True, kw_only=True):
    """The server's record of an SMS (API section 2.2). The text itself is never returned."""

    msgid: str
    """Its id."""
    recipient: str = ""
    """The number, with ``+``."""
    sender: str = ""
    """As requested; carriers may replace it."""
    status: MessageStatus
    """Its status."""
    sent_time: datetime | None = None
    """When the server accepted it, in UTC; ``None`` while unknown."""
    cost: Decimal | None = None
    """Credits; 0 at first, until the server has updated the record."""
    tags: tuple[str, ...] = ()
    """The tags that it was sent with, the reference included."""
    parts: int | None = None
    """SMS parts charged; ``None`` if the server does not say."""
    link_tracking: LinkTracking | None = None
    """The tracked link; ``None`` if there is none."""
    url: str = ""
    """The URL of the record."""


class FoundMessages(Model, frozen=True, kw_only=True):
    """The messages in the list of sent messages that have a reference.

    The list has an undocumented size limit. It can prove that a message was sent, and never that one was not.
    """

    reference: str
    """The reference."""
    messages: tuple[Message, ...] = ()
    """The messages that have it; empty means *unproven*, not *not sent*."""

    @property
    def found(self) -> bool:
        """Whether the list proves that a message with this reference was sent."""
        return bool(self.messages)
