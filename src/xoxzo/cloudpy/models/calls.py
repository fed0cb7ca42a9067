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
    """A call that the server has accepted.

    Attributes:
        callid: its id; ``client.calls.get`` takes it.
        reference: the reference that it was started with, or ``None``.
    """

    callid: str
    reference: str | None = None


class Call(Model, frozen=True, kw_only=True):
    """The server's record of a call (API section 5.2).

    Attributes:
        callid: its id.
        caller: the caller's number, without ``+``.
        recipient: the number called, with ``+``.
        status: its status.
        direction: ``outbound``, or ``inbound`` for a call to one of your dial-in numbers.
        call_type: for instance ``simple/playbacks``, for text-to-speech calls as well.
        start_time: when it was started, in UTC; ``None`` while unknown.
        end_time: when it ended, in UTC; ``None`` until then.
        duration: seconds of talk, not the time between start and end.
        cost: credits for the whole call; 0 until it has ended.
        tags: the tags that it was started with.
        url: the URL of the record.
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


class ConferenceParticipant(Model, frozen=True, kw_only=True):
    """One phone of a conference that was started (API section 5.3).

    Attributes:
        participant: the number called.
        callid: the id of the call to it; ``client.calls.get`` takes it too.
    """

    participant: str = ""
    callid: str = ""


class StartedConference(Model, frozen=True, kw_only=True):
    """A conference that the server has accepted (API section 5.3).

    Attributes:
        conferenceid: its id; ``client.conferences.get`` takes it.
        reference: the reference that it was started with, or ``None``.
        participants: the phones that are called, each with the id of its call.
    """

    conferenceid: str
    reference: str | None = None
    participants: tuple[ConferenceParticipant, ...] = ()


class Conference(Model, frozen=True, kw_only=True):
    """The server's record of a conference (API section 5.4). It has no status; each of its calls has one.

    Attributes:
        conferenceid: its id.
        participants: the calls to its participants.
        start_time: when it was started, in UTC; ``None`` while unknown.
        end_time: when it ended, in UTC; ``None`` until then.
        duration: seconds of the longest call's talk.
        cost: credits, the sum of all calls; 0 until it has ended.
    """

    conferenceid: str
    participants: tuple[Call, ...] = ()
    start_time: datetime | None = None
    end_time: datetime | None = None
    duration: int = 0
    cost: Decimal | None = None
