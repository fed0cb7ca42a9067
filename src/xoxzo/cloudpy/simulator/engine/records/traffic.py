"""SMS in both directions, calls and conferences, the requests they came from, and the callbacks that report them."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct, field

from xoxzo.cloudpy.simulator.engine.records.accounts import Account, Record
from xoxzo.cloudpy.simulator.engine.rules import Playback, Say, as_decimal, format_time, price_json

MAX_BODY_BYTES = 8_192
"""Bytes of a request's body that are stored."""
StatusChange = tuple[float, str, str]
"""A change of status: when, to what, and why; the reason is empty where it is the usual course."""


class ReceivedRequest(Struct, frozen=True):
    """A request as it came in. Its credentials are not stored."""

    method: str
    path: str
    content_type: str
    user_agent: str
    request_id: str
    """The `X-Request-Id` that the caller gave it, or an empty text."""
    body: bytes
    """At most `MAX_BODY_BYTES` bytes of it."""
    size: int
    """How many bytes it had."""


CallbackKind = Literal["sms", "call", "conference", "click", "reply"]
CallbackOutcome = Literal["delivered", "will retry", "gave up", "refused"]


class CallbackAttempt(Struct, frozen=True):
    """One try to deliver a callback."""

    kind: CallbackKind
    ident: str
    """The msgid, callid, conferenceid, or the id of a reply."""
    url: str
    attempt: int
    at: float
    """When it ended, seconds since 1970 on the simulator's clock."""
    status: int | None
    error: str | None
    outcome: CallbackOutcome
    content_type: str = ""
    body: str = ""
    """What was posted."""
    answer: str = ""
    """The beginning of what was answered."""
    answer_headers: tuple[tuple[str, str], ...] = ()


class CallbackDelivery(Struct, eq=False):
    """A callback that was not answered with 200 yet."""

    kind: CallbackKind
    ident: str
    url: str
    body: bytes
    content_type: str
    due: float
    """When the next try begins, or the one that is under way began."""
    attempt: int = 1
    """Which one that is."""
    repeated: bool = False
    """Whether a command posted it again; then it has one attempt."""
    under_way: bool = False
    """Whether it is being posted now."""


class LinkTracking(Struct, kw_only=True):
    """A link in a message that was replaced by a short one."""

    link: str
    path: str
    """The last part of the short address: five characters."""
    shortlink: str
    accesses: list[float] = []
    """When it was opened, the first time first."""

    def view(self, *, all_accesses: bool) -> dict[str, object]:
        """Return it as the API shows it (API sections 2.2, 15.24 and 15.25)."""
        first = format_time(self.accesses[0]) if self.accesses else None
        shown = {"accessed": bool(first), "accessed_on": first, "link": self.link, "shortlink": self.shortlink}
        return {**shown, "accesses": [format_time(moment) for moment in self.accesses]} if all_accesses else {**shown}


SmsStatus = Literal["QUEUED", "DELIVERING", "DELIVERED", "FAIL"]


class SmsRequest(Struct, frozen=True, kw_only=True):
    """A checked request to send (API section 2.1)."""

    text: str
    recipient: str
    sender: str
    tags: tuple[str, ...] = ()
    callback_url: str | None = None
    track_link: bool = False
    click_callback_url: str | None = None
    k_premium: Literal["", "full", "lite"] = ""
    """Full is `jp_kp`, lite is `jp_kpl`."""
    k_premium_sender: str = ""
    fixed_cost: Decimal | None = None
    """What the whole message costs, however long: a text of Xoxzo's own, which no setting replaces."""
    base_url: str = "http://localhost"


class Message(Record, kw_only=True, eq=False):
    """A message that was accepted and paid."""

    msgid: str
    account: Account
    request: SmsRequest
    text: str
    shown_sender: str
    """What the phone shows, which may differ from the requested sender (API section 2.1, K-premium matrix)."""
    parts: int
    cost: Decimal
    tracking: LinkTracking | None
    sent: float
    status: SmsStatus = "QUEUED"
    serial: int = 0
    """Its place in the order of all messages and calls."""
    due: float | None = None
    """When it will be delivered or fail; ``None`` before it is known, and while it is held."""
    moves: list[StatusChange] = field(default_factory=list)
    received: ReceivedRequest | None = None
    """The request that it came from."""

    def view(self, base_url: str, *, hide_cost: bool, all_accesses: bool) -> dict[str, object]:
        """Return it as the API shows it (API section 2.2), on request without its cost while QUEUED (15.22)."""
        hidden = hide_cost and self.status == "QUEUED"
        return {
            "msgid": self.msgid,
            "url": f"{base_url}/sms/messages/{self.msgid}/",
            "recipient": self.request.recipient,
            "sender": self.request.sender,
            "status": self.status,
            "sent_time": format_time(self.sent),
            "cost": 0 if hidden else price_json(self.cost, as_float=self.tracking is not None),
            "parts": self.parts,
            "tags": list(self.request.tags),
            "link_tracking": self.tracking.view(all_accesses=all_accesses) if self.tracking else None,
        }


InboundSmsStatus = Literal["RECEIVED", "NO ACTION URL", "NO CREDITS"]


class InboundSms(Record, kw_only=True, eq=False):
    """An SMS from a phone to a receiving number."""

    ident: str
    account: Account
    sender: str
    recipient: str
    """The receiving number, with its +."""
    text: str
    cost: Decimal
    at: float
    status: InboundSmsStatus
    serial: int


CallStatus = Literal["IN PROGRESS", "ANSWERED", "NO ANSWER", "FAILED"]


class Step(Struct, frozen=True):
    """One step of a call."""

    at: float
    name: str
    facts: dict[str, object] = {}


class CallRequest(Struct, frozen=True, kw_only=True):
    """A checked request to call (API section 5.1)."""

    caller: str
    recipient: str
    content: Say | Playback
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
            "caller": self.caller.removeprefix("+"),
            "recipient": self.recipient,
            "status": self.status,
            "start_time": format_time(self.started),
            "end_time": None if self.ended is None else format_time(self.ended),
            "duration": self.duration,
            "cost": 0 if self.ended is None else price_json(self.charged),
            "tags": list(self.tags),
        }

    def reached(self) -> list[str]:
        """Return the numbers that it reached; an outbound call's caller is a number of the account's."""
        caller = [self.caller] if self.direction == "inbound" and self.caller else []
        return [*caller, self.recipient, *(str(step.facts["number"]) for step in self.steps if step.name == "transfer")]


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


Traffic = Message | Call | InboundSms
"""What reaches phones, or leaves them; serial numbers give them one order."""
