"""SMS that come in to a receiving number (SIN, API sections 4 and 10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from xoxzo.cloudpy.simulator.clock import stamp
from xoxzo.cloudpy.simulator.numbers import bare

from .accounts import Account, Accounts, NotEnoughCredits
from .pruning import outlived, surplus

if TYPE_CHECKING:
    from .callbacks import CallbackDesk
    from .lines import LineDesk
    from .world import World

ReplyStatus = Literal["RECEIVED", "NO ACTION URL", "NO CREDITS"]


@dataclass(slots=True, kw_only=True, eq=False)
class Reply:
    """An SMS from a phone to a receiving number."""

    ident: str
    account: Account = field(repr=False)
    sender: str
    recipient: str
    """The receiving number, with its +."""
    text: str
    cost: Decimal
    at: float
    status: ReplyStatus
    serial: int


class ReplyDesk:
    """Takes what phones write, charges it, and posts it to the action URL of the number."""

    def __init__(self, world: World, accounts: Accounts, sins: LineDesk, callbacks: CallbackDesk) -> None:
        self._world = world
        self._accounts = accounts
        self._sins = sins
        self._callbacks = callbacks
        self.replies: dict[str, Reply] = {}
        self.by_phone: dict[str, dict[str, Reply]] = {}

    def receive(self, sin: str, sender: str, text: str) -> Reply:
        """Let an SMS come in.

        Without an action URL, or without the credits for it, nothing is posted and nothing taken.

        Args:
            sin: A subscribed receiving number, with or without its +.
            sender: The phone that writes, in E.164.
            text: What it writes.

        Raises:
            UnknownNumber: Nobody subscribes the number.
        """
        line = self._sins.by_number(sin)
        assert line.owner is not None  # noqa: S101 - by_number finds subscribed lines alone
        status: ReplyStatus = "NO ACTION URL"
        cost = Decimal(line.range.minute_cost)
        if line.action_url is not None:
            try:
                self._accounts.charge(line.owner, cost)
                status = "RECEIVED"
            except NotEnoughCredits:
                status = "NO CREDITS"
        reply = Reply(
            ident=self._world.msgid(),
            account=line.owner,
            sender=sender,
            recipient=f"+{line.number}",
            text=text,
            cost=cost if status == "RECEIVED" else Decimal(0),
            at=self._world.now(),
            status=status,
            serial=self._world.serial(),
        )
        self._world.touch(reply)
        self.restore(reply)
        numbers = {"from": sender, "to": reply.recipient}
        self._world.tell("reply", reply.ident, numbers=numbers, content=text, status=status)
        if status == "RECEIVED" and line.action_url is not None:
            self._callbacks.post("reply", reply.ident, line.action_url, _report(reply))
        return reply

    def restore(self, reply: Reply) -> None:
        """Keep a reply, new or saved, and forget the oldest when there are too many."""
        self._world.saw(reply.serial)
        self.replies[reply.ident] = reply
        self.by_phone.setdefault(reply.sender, {})[reply.ident] = reply
        self._world.phones.reached(reply.sender, reply.serial)
        for ident in surplus(self.replies, self._world.settings.max_messages):
            self._forget(self.replies.pop(ident))

    def forget_before(self, moment: float) -> None:
        """Forget what came in before a moment."""
        for ident in outlived(self.replies, lambda reply: reply.at, moment):
            self._forget(self.replies.pop(ident))

    def _forget(self, reply: Reply) -> None:
        self._world.forget(reply)
        self._world.phones.forgotten(reply.sender)
        written = self.by_phone[reply.sender]
        del written[reply.ident]
        if not written:
            del self.by_phone[reply.sender]


def _report(reply: Reply) -> dict[str, object]:
    """Return the fields of the callback; no source tells their names (API section 10)."""
    return {
        "sender": reply.sender,
        "recipient": bare(reply.recipient),
        "message": reply.text,
        "received_time": stamp(reply.at),
    }
