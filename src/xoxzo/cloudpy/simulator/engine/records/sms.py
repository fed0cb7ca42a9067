"""SMS in both directions (API sections 2 and 4), and tracked links (API section 2.5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct, field

from xoxzo.cloudpy.simulator.engine.records.accounts import Account, Record
from xoxzo.cloudpy.simulator.engine.records.requests import ReceivedRequest, StatusChange
from xoxzo.cloudpy.simulator.engine.rules.formats import format_time
from xoxzo.cloudpy.simulator.engine.rules.pricing import price_json


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
        shown: dict[str, object] = {
            "accessed": first is not None,
            "accessed_on": first,
            "link": self.link,
            "shortlink": self.shortlink,
        }
        return {**shown, "accesses": [format_time(moment) for moment in self.accesses]} if all_accesses else shown


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
