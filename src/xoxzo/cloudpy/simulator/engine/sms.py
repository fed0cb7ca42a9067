"""SMS from acceptance to delivery (API section 2)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from xoxzo.cloudpy.simulator.clock import stamp
from xoxzo.cloudpy.simulator.prices import as_json, exact
from xoxzo.cloudpy.simulator.text import parts

from .accounts import Account, Accounts
from .callbacks import CallbackDesk
from .links import LinkDesk, LinkTracking
from .routing import route
from .world import World

SmsStatus = Literal["QUEUED", "DELIVERING", "DELIVERED", "FAIL"]

TEST_TEXT = "This is a test message from Xoxzo."
"""What accounts that never bought credits send (API section 15.27)."""


class MessageTooLong(Exception):
    """The text has more than 660 characters, or needs more parts than there are (API section 2.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsRequest:
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


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """A message that was accepted and paid."""

    msgid: str
    account: Account = field(repr=False)
    request: SmsRequest
    text: str
    shown_sender: str
    """What the phone shows, which may differ from the requested sender (API section 2.1, K-premium matrix)."""
    parts: int
    cost: Decimal
    tracking: LinkTracking | None
    sent: float
    status: SmsStatus = "QUEUED"

    def view(self, base_url: str, *, hide_cost: bool, all_accesses: bool) -> dict[str, object]:
        """Return it as the API shows it (API section 2.2).

        Args:
            base_url: How the addresses in it begin.
            hide_cost: Show the cost as 0 while it is QUEUED (API section 15.22).
            all_accesses: List every time that a tracked link was opened (API section 15.25).
        """
        hidden = hide_cost and self.status == "QUEUED"
        return {
            "msgid": self.msgid,
            "url": f"{base_url}/sms/messages/{self.msgid}/",
            "recipient": self.request.recipient,
            "sender": self.request.sender,
            "status": self.status,
            "sent_time": stamp(self.sent),
            "cost": 0 if hidden else as_json(self.cost, as_float=self.tracking is not None),
            "parts": self.parts,
            "tags": list(self.request.tags),
            "link_tracking": self.tracking.view(all_accesses=all_accesses) if self.tracking else None,
        }


class SmsDesk:
    """Accepts messages, takes their price and brings them to the phones."""

    def __init__(self, world: World, accounts: Accounts, callbacks: CallbackDesk) -> None:
        self._world = world
        self._accounts = accounts
        self._callbacks = callbacks
        self.links = LinkDesk(world, callbacks)
        self.messages: dict[str, Message] = {}
        self.by_phone: dict[str, dict[str, Message]] = {}
        accounts.on_forget(self._forget_all)

    def send(self, account: Account, request: SmsRequest) -> Message:
        """Accept a message and take its price.

        Raises:
            MessageTooLong: More than 660 characters, measured after a link was replaced (API section 15.26).
            NotEnoughCredits: Nothing was sent and nothing taken.
        """
        settings, world = self._world.settings, self._world
        text = measured = request.text
        tracking = None
        if request.track_link:
            text, measured, tracking = self.links.shorten(request)
        if settings.test_text and request.fixed_cost is None:
            text = measured = TEST_TEXT
        count = parts(measured)
        if count is None:
            raise MessageTooLong
        price, shown_sender = route(settings, request)
        if request.fixed_cost is None:
            cost = price * count + (exact(settings.tracking_price) if tracking else 0)
        else:
            cost = request.fixed_cost
        self._accounts.charge(account, cost)
        message = Message(
            msgid=world.msgid(),
            account=account,
            request=request,
            text=text,
            shown_sender=shown_sender,
            parts=count,
            cost=cost,
            tracking=tracking,
            sent=world.now(),
        )
        world.touch(message)
        self._keep(message)
        self._tell(message, content=text)
        world.after(settings.sms_queued_seconds, lambda: self._deliver(message))
        return message

    def restore(self, message: Message) -> None:
        """Take back a message that was saved; it goes on from when it was sent."""
        settings = self._world.settings
        self._keep(message)
        delivering = message.sent + settings.sms_queued_seconds
        if message.status == "QUEUED":
            self._world.at(delivering, lambda: self._deliver(message))
        elif message.status == "DELIVERING" and message.request.recipient not in settings.stuck_numbers:
            self._world.at(delivering + settings.sms_delivering_seconds, lambda: self._finish(message))

    def find(self, account: Account, msgid: str) -> Message | None:
        """Return an account's message."""
        return account.messages.get(msgid)

    def newest_first(self, account: Account) -> Iterator[Message]:
        """Yield an account's messages (API section 15.18)."""
        return reversed(account.messages.values())

    def view(self, message: Message, base_url: str) -> dict[str, object]:
        """Return a message as the API shows it now."""
        settings = self._world.settings
        return message.view(
            base_url,
            hide_cost=settings.cost_hidden_while_queued,
            all_accesses=settings.multi_click,
        )

    def _deliver(self, message: Message) -> None:
        self._move(message, "DELIVERING")
        settings = self._world.settings
        if message.request.recipient not in settings.stuck_numbers:
            self._world.after(settings.sms_delivering_seconds, lambda: self._finish(message))

    def _finish(self, message: Message) -> None:
        failed = message.request.recipient in self._world.settings.fail_numbers
        self._move(message, "FAIL" if failed else "DELIVERED")
        if url := message.request.callback_url:
            shown = self.view(message, message.request.base_url)
            names = ("msgid", "status", "recipient", "sender", "sent_time", "cost", "tags", "url")
            self._callbacks.post("sms", message.msgid, url, {name: shown[name] for name in names})

    def _move(self, message: Message, status: SmsStatus) -> None:
        message.status = status
        if message.msgid in self.messages:  # it may have been forgotten meanwhile
            self._world.touch(message)
        self._tell(message)

    def _tell(self, message: Message, content: str | None = None) -> None:
        if not self._world.listeners:
            return
        self._world.tell(
            "sms",
            message.msgid,
            numbers={"to": message.request.recipient},
            content=content,
            status=message.status,
            parts=message.parts,
            cost=as_json(message.cost),
        )

    def _keep(self, message: Message) -> None:
        self.messages[message.msgid] = message
        message.account.messages[message.msgid] = message
        self.by_phone.setdefault(message.request.recipient, {})[message.msgid] = message
        if message.tracking:
            self.links.messages[message.tracking.path] = message
        if len(self.messages) > self._world.settings.max_messages:
            self._forget(self.messages.pop(next(iter(self.messages))))

    def _forget_all(self, account: Account) -> None:
        for msgid in list(account.messages):
            self._forget(self.messages.pop(msgid))

    def _forget(self, message: Message) -> None:
        self._world.forget(message)
        message.account.messages.pop(message.msgid, None)
        if message.tracking:
            del self.links.messages[message.tracking.path]
        inbox = self.by_phone[message.request.recipient]
        del inbox[message.msgid]
        if not inbox:
            del self.by_phone[message.request.recipient]
