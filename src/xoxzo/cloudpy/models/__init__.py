"""The records that Xoxzo returns, as frozen, hashable values.

Each record has the server's own record in ``raw``, unknown fields included. A ``repr`` masks phone numbers and leaves
``raw`` and texts out, so that a record may be logged.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from xoxzo.cloudpy.models.base import Model, OpenEnum
from xoxzo.cloudpy.models.templates import (
    RenderedText as RenderedText,
    Template as Template,
    TemplateStatus as TemplateStatus,
)


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


class CallStatus(OpenEnum):
    """The status of a call (API section 5.2)."""

    IN_PROGRESS = "IN PROGRESS"
    ANSWERED = "ANSWERED"
    NO_ANSWER = "NO ANSWER"
    FAILED = "FAILED"

    @property
    def is_final(self) -> bool:
        """Whether the call has ended."""
        return self in {CallStatus.ANSWERED, CallStatus.NO_ANSWER, CallStatus.FAILED}


class StartedCall(Model, frozen=True, kw_only=True):
    """A call that the server has accepted."""

    callid: str
    """Its id; ``client.calls.get`` takes it."""
    reference: str | None = None
    """The reference that it was started with, or ``None``."""


class Call(Model, frozen=True, kw_only=True):
    """The server's record of a call (API section 5.2)."""

    callid: str
    """Its id."""
    caller: str = ""
    """The caller's number, without ``+``."""
    recipient: str = ""
    """The number called, with ``+``."""
    status: CallStatus
    """Its status."""
    direction: str = ""
    """``outbound``, or ``inbound`` for a call to one of your dial-in numbers."""
    call_type: str = ""
    """For instance ``simple/playbacks``, for text-to-speech calls as well."""
    start_time: datetime | None = None
    """When it was started, in UTC; ``None`` while unknown."""
    end_time: datetime | None = None
    """When it ended, in UTC; ``None`` until then."""
    duration: int = 0
    """Seconds of talk, not the time between start and end."""
    cost: Decimal | None = None
    """Credits for the whole call; 0 until it has ended."""
    tags: tuple[str, ...] = ()
    """The tags that it was started with."""
    url: str = ""
    """The URL of the record."""


class ConferenceParticipant(Model, frozen=True, kw_only=True):
    """One phone of a conference that was started (API section 5.3)."""

    participant: str = ""
    """The number called."""
    callid: str = ""
    """The id of the call to it; ``client.calls.get`` takes it too."""


class StartedConference(Model, frozen=True, kw_only=True):
    """A conference that the server has accepted (API section 5.3)."""

    conferenceid: str
    """Its id; ``client.conferences.get`` takes it."""
    reference: str | None = None
    """The reference that it was started with, or ``None``."""
    participants: tuple[ConferenceParticipant, ...] = ()
    """The phones that are called, each with the id of its call."""


class Conference(Model, frozen=True, kw_only=True):
    """The server's record of a conference (API section 5.4). It has no status; each of its calls has one."""

    conferenceid: str
    """Its id."""
    participants: tuple[Call, ...] = ()
    """The calls to its participants."""
    start_time: datetime | None = None
    """When it was started, in UTC; ``None`` while unknown."""
    end_time: datetime | None = None
    """When it ended, in UTC; ``None`` until then."""
    duration: int = 0
    """Seconds of the longest call's talk."""
    cost: Decimal | None = None
    """Credits, the sum of all calls; 0 until it has ended."""


class DialInNumber(Model, frozen=True, kw_only=True):
    """A dial-in number that can be subscribed (API section 6.1)."""

    din_uid: str
    """Its key; all other calls take it."""
    din: str = ""
    """The number with its country code, without ``+``."""
    country_code: str = ""
    """The dialling code, for instance ``81``."""
    prefix: str = ""
    """The area prefix without its 0, for instance ``50``."""
    minute_cost: Decimal | None = None
    """Credits per minute of an incoming call."""
    monthly_cost: Decimal | None = None
    """Credits per 30 days."""


class DialInSubscription(DialInNumber, frozen=True, kw_only=True):
    """A dial-in number that you subscribe (API section 6.3)."""

    action_url: str | None = None
    """The URL that Xoxzo asks what to do with an incoming call; ``None`` if none is set."""


class SmsInNumber(Model, frozen=True, kw_only=True):
    """A number that received SMS (API section 4). The service ended on 2024-04-30, and no sample of a reply survives.

    Only the key is certain. The other fields are read as those of a dial-in number. Prices may be in ``raw``.
    """

    sin_uid: str
    """Its key; all other calls take it."""
    sin: str = ""
    """The number with its country code."""
    country_code: str = ""
    """The dialling code, for instance ``81``."""
    prefix: str = ""
    """The area prefix without its 0."""


class SmsInSubscription(SmsInNumber, frozen=True, kw_only=True):
    """A number for incoming SMS that you subscribe (API section 4). The service ended on 2024-04-30."""

    action_url: str | None = None
    """The URL that an incoming SMS was posted to; ``None`` if none is set."""


class OtpWebsite(Model, frozen=True, kw_only=True):
    """A website that is registered for one-time passwords (API section 7.1)."""

    website: str
    """The name that was registered; requests must name it in exactly the same way."""
    message: str = ""
    """The server's sentence."""


class OtpRequest(Model, frozen=True, kw_only=True):
    """A one-time password that is being sent (API section 7.2). The code itself is never returned."""

    msgid: str
    """The id of the SMS."""
    otp_id: str
    """The id with which Xoxzo's tutorial verifies a code. The documented reply has no such field, so this is the
    ``msgid`` unless the server sends one (API section 15.55)."""


class OtpVerification(Model, frozen=True, kw_only=True):
    """The result of verifying a code (API section 7.3)."""

    verified: bool
    """Whether the server accepted the code; ``False`` for a wrong, expired or used code."""
    message: str = ""
    """The server's sentence; a ``repr`` leaves it out, because it may contain the code."""


class CarrierLookup(Model, frozen=True, kw_only=True):
    """The carrier of a mobile number (API section 8.1).

    For numbers that were ported to another carrier, the result depends on the network. The codes are text, because a
    leading 0 counts.
    """

    found: bool
    """Whether a carrier was found; landline numbers have none. The look-up is charged in both cases."""
    recipient: str = ""
    """The number, with ``+``."""
    carrier: str = ""
    """The carrier's name, for instance ``KDDI``; ``""`` if none was found. The same goes for the next four."""
    country: str = ""
    """ISO 3166-1 alpha-2, for instance ``JP``."""
    mcc: str = ""
    """The mobile country code, for instance ``440``."""
    mnc: str = ""
    """The mobile network code, for instance ``54``."""
    mccmnc: str = ""
    """Both together."""
    cost: Decimal | None = None
    """Credits."""
    id: str = ""
    """The id of the look-up; no known endpoint takes it."""


class Credits(Model, frozen=True, kw_only=True):
    """The account's balance (API section 9.1)."""

    credits: Decimal
    """In credits, each 1 yen before tax; below 0 only on postpaid accounts."""
