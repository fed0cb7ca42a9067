"""Calls and conferences (API section 5), and what happened on them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from msgspec import Struct, field

from xoxzo.cloudpy.simulator.engine.records.accounts import Account, Record
from xoxzo.cloudpy.simulator.engine.records.requests import ReceivedRequest
from xoxzo.cloudpy.simulator.engine.rules.formats import format_time, without_plus
from xoxzo.cloudpy.simulator.engine.rules.pricing import as_decimal, price_json

CallStatus = Literal["IN PROGRESS", "ANSWERED", "NO ANSWER", "FAILED"]


class Step(Struct, frozen=True):
    """One step of a call."""

    at: float
    name: str
    facts: dict[str, object] = {}


class CallRequest(Struct, frozen=True, kw_only=True):
    """A checked request to call (API section 5.1). Exactly one of `recording_url` and `tts_message` is given."""

    caller: str
    recipient: str
    recording_url: str | None = None
    tts_message: str | None = None
    tts_lang: str | None = None
    callback_url: str | None = None
    tags: tuple[str, ...] = ()
    din_caller: bool = False
    base_url: str = "http://localhost"


class Call(Record, kw_only=True, eq=False):
    """A call, outbound or inbound."""

    callid: str
    account: Account
    caller: str
    recipient: str
    call_type: Literal["simple/playbacks", "simple/conferences", "din"]
    direction: Literal["outbound", "inbound"]
    minute_price: Decimal
    started: float
    tags: tuple[str, ...] = ()
    content: str = ""
    """What is spoken when it is answered, or the URL of what is played; empty where an action URL decides."""
    callback_url: str | None = None
    base_url: str = "http://localhost"
    conferenceid: str = ""
    """The conference that it belongs to, or an empty text."""
    ended: float | None = None
    duration: int = 0
    charged: Decimal = Decimal(0)
    status: CallStatus = "IN PROGRESS"
    steps: list[Step] = field(default_factory=list)
    answered_at: float | None = None
    serial: int = 0
    """Its place in the order of all messages and calls."""
    received: ReceivedRequest | None = None
    """The request that it came from; ``None`` for one that came in."""

    def view(self, base_url: str) -> dict[str, object]:
        """Return it as the API shows it (API sections 5.2 and 15.43)."""
        return {
            "callid": self.callid,
            "url": f"{base_url}/voice/calls/{self.callid}/",
            "call_type": self.call_type,
            "direction": self.direction,
            "caller": without_plus(self.caller),
            "recipient": self.recipient,
            "status": self.status,
            "start_time": format_time(self.started),
            "end_time": None if self.ended is None else format_time(self.ended),
            "duration": self.duration,
            "cost": 0 if self.ended is None else price_json(self.charged),
            "tags": list(self.tags),
        }

    def reached(self) -> Iterator[tuple[float, str]]:
        """Yield when it reached which phone; an outbound call's caller is a number of the account's."""
        if self.direction == "inbound" and self.caller:
            yield self.started, self.caller
        yield self.started, self.recipient
        yield from ((step.at, str(step.facts["number"])) for step in self.steps if step.name == "transfer")


class ConferenceRequest(Struct, frozen=True, kw_only=True):
    """A checked request for a conference (API section 5.3)."""

    caller: str
    participants: tuple[str, ...]
    callback_url: str | None = None
    tags: tuple[str, ...] = ()
    base_url: str = "http://localhost"


class Conference(Record, kw_only=True, eq=False):
    """A conference and the calls that it consists of."""

    conferenceid: str
    account: Account
    request: ConferenceRequest
    started: float
    legs: tuple[Call, ...]

    @property
    def ended(self) -> float | None:
        """When the last call ended, or ``None``."""
        ends = [leg.ended for leg in self.legs if leg.ended is not None]
        return max(ends) if len(ends) == len(self.legs) else None

    def view(self, base_url: str) -> dict[str, object]:
        """Return it as the API shows it (API section 5.4): the cost of all calls, the duration of the longest."""
        ended = self.ended
        cost = sum(leg.charged for leg in self.legs if leg.ended is not None)
        return {
            "conferenceid": self.conferenceid,
            "start_time": format_time(self.started),
            "end_time": None if ended is None else format_time(ended),
            "duration": max(leg.duration for leg in self.legs),
            "cost": price_json(as_decimal(cost)),
            "participants": [leg.view(base_url) for leg in self.legs],
        }
