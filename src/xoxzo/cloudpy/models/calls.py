"""Records of voice calls and conferences (API section 5)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from xoxzo.cloudpy.models.base import Model, OpenEnum

__all__ = ["Call", "CallStatus", "Conference", "ConferenceParticipant", "StartedCall", "StartedConference"]


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
