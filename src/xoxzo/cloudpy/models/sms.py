"""SMS messages (API section 2)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from xoxzo.cloudpy.models.base import Model, OpenEnum

__all__ = ["FoundMessages", "LinkTracking", "Message", "MessageStatus", "SentMessage"]


class MessageStatus(OpenEnum):
    """Where an SMS is (API section 2.2). The help centre's words ``OK`` and ``FAILED`` read as the API's."""

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
        """Whether the carrier has said its last word."""
        return self in {MessageStatus.DELIVERED, MessageStatus.FAIL}


class SentMessage(Model, frozen=True, kw_only=True):
    """An SMS that the server has taken.

    Attributes:
        msgid: its id, to ask for its status with.
        reference: the reference that it was sent with, or ``None``.
    """

    msgid: str
    reference: str | None = None


class LinkTracking(Model, frozen=True, kw_only=True):
    """What became of the tracked link of an SMS (API section 2.5).

    Attributes:
        link: the address as it was in the text.
        shortlink: the short address that took its place.
        accessed: whether it was opened.
        accessed_on: when it was first opened, in UTC.
    """

    link: str = ""
    shortlink: str = ""
    accessed: bool = False
    accessed_on: datetime | None = None


class Message(Model, frozen=True, kw_only=True):
    """An SMS as the server knows it (API section 2.2). The text itself is never returned.

    Attributes:
        msgid: its id.
        recipient: the number, with ``+``.
        sender: as requested; carriers may have replaced it.
        status: where it is.
        sent_time: when the server took it, in UTC; ``None`` while unknown.
        cost: credits; 0 at first, until the record is refreshed.
        tags: the tags it was sent with, our reference among them.
        parts: SMS parts billed, where the server says so.
        link_tracking: what became of a tracked link, where there was one.
        url: the record's address.
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
    """What the sent list says of a reference.

    The list is capped at an unstated number of records, so it can prove that a message was sent and never that one
    was not.

    Attributes:
        reference: what was looked for.
        messages: the messages that carry it; empty means *unproven*, not *not sent*.
    """

    reference: str
    messages: tuple[Message, ...] = ()

    @property
    def found(self) -> bool:
        """Whether the list proves that a message with this reference was sent."""
        return bool(self.messages)
