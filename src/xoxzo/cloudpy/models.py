"""What comes back from Xoxzo, as plain frozen values.

Every value keeps the server's whole record in ``raw``, unknown fields included. A ``repr`` masks phone numbers and
leaves ``raw`` out, so that a value may be logged.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

import msgspec

from xoxzo.cloudpy.masking import mask_digits

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

_NUMBERS = frozenset({"recipient", "caller", "sender", "din"})


def _shown(field: str, value: object) -> object:
    return mask_digits(value) if field in _NUMBERS and isinstance(value, str) else value


class _OpenEnum(enum.StrEnum):
    """An enum that keeps a value it does not know as text: a new status must never break a running program."""

    @classmethod
    def _missing_(cls, value: object) -> _OpenEnum | None:
        if not isinstance(value, str):
            return None
        stranger = str.__new__(cls, value)
        stranger._name_ = value
        stranger._value_ = value
        return stranger

    # The same as the text that it equals, whatever the member is called.
    __hash__ = str.__hash__

    @property
    def is_known(self) -> bool:
        """Whether this is one of the values that the API document names."""
        return self._value_ in type(self)._value2member_map_


class MessageStatus(_OpenEnum):
    """Where an SMS is (API section 2.2). The help centre's words ``OK`` and ``FAILED`` read as the API's."""

    QUEUED = "QUEUED"
    DELIVERING = "DELIVERING"
    DELIVERED = "DELIVERED"
    FAIL = "FAIL"

    @classmethod
    def _missing_(cls, value: object) -> _OpenEnum | None:
        if value == "OK":
            return cls.DELIVERED
        return cls.FAIL if value == "FAILED" else super()._missing_(value)

    @property
    def is_final(self) -> bool:
        """Whether the carrier has said its last word."""
        return self in {MessageStatus.DELIVERED, MessageStatus.FAIL}


class CallStatus(_OpenEnum):
    """Where a call is (API section 5.2)."""

    IN_PROGRESS = "IN PROGRESS"
    ANSWERED = "ANSWERED"
    NO_ANSWER = "NO ANSWER"
    FAILED = "FAILED"

    @property
    def is_final(self) -> bool:
        """Whether the call is over."""
        return self in {CallStatus.ANSWERED, CallStatus.NO_ANSWER, CallStatus.FAILED}


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """What all replies share.

    Attributes:
        raw: the server's record as it came.
    """

    raw: dict[str, Any] = msgspec.field(default_factory=dict)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, _shown(name, getattr(self, name))) for name in self.__struct_fields__ if name != "raw"]

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({fields})"


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


class StartedCall(Model, frozen=True, kw_only=True):
    """A call that the server has begun to place.

    Attributes:
        callid: its id, to ask for its status with.
    """

    callid: str


class Call(Model, frozen=True, kw_only=True):
    """A call as the server knows it (API section 5.2).

    Attributes:
        callid: its id.
        caller: the caller's number; the server leaves its ``+`` out.
        recipient: the number rung, with ``+``.
        status: where it is.
        direction: ``outbound``, or ``inbound`` for a call to one of your dial-in numbers.
        call_type: for instance ``simple/playbacks``, which TTS calls are too.
        start_time: when it was placed, in UTC; ``None`` while unknown.
        end_time: when it ended, in UTC; ``None`` until then.
        duration: seconds of talk, not the time between start and end.
        cost: credits for the whole call; 0 until it has ended.
        tags: the tags it was placed with.
        url: the record's address.
    """

    callid: str
    caller: str = ""
    recipient: str = ""
    status: CallStatus
    direction: str = ""
    call_type: str = ""
    start_time: datetime | None = None
    end_time: datetime | None = None
    duration: int = 0
    cost: Decimal | None = None
    tags: tuple[str, ...] = ()
    url: str = ""


class DialInNumber(Model, frozen=True, kw_only=True):
    """A dial-in number that can be subscribed (API section 6.1).

    Attributes:
        din_uid: the key used everywhere else.
        din: the number with its country code, without ``+``.
        country_code: the dialling code, for instance ``81``.
        prefix: the area prefix without its 0, for instance ``50``.
        minute_cost: credits per minute of an incoming call.
        monthly_cost: credits per 30 days.
    """

    din_uid: str
    din: str = ""
    country_code: str = ""
    prefix: str = ""
    minute_cost: Decimal | None = None
    monthly_cost: Decimal | None = None


class DialInSubscription(DialInNumber, frozen=True, kw_only=True):
    """A dial-in number that you subscribe (API section 6.3).

    Attributes:
        action_url: the address asked what to do with an incoming call; ``None`` when none is set.
    """

    action_url: str | None = None


class Credits(Model, frozen=True, kw_only=True):
    """The account's balance (API section 9.1).

    Attributes:
        credits: 1 credit is 1 yen before tax; below 0 only on postpaid accounts.
    """

    credits: Decimal
