"""SMS that come in to a receiving number (SIN, API sections 4 and 10)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from xoxzo.cloudpy.simulator.engine.errors import NotEnoughCredits
from xoxzo.cloudpy.simulator.engine.records.sms import InboundSms, InboundSmsStatus
from xoxzo.cloudpy.simulator.engine.rules.phone_numbers import without_plus
from xoxzo.cloudpy.simulator.engine.rules.retention import outlived, remove_from_index, surplus
from xoxzo.cloudpy.simulator.engine.rules.timestamps import format_time
from xoxzo.cloudpy.simulator.engine.services.accounts import AccountService

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.engine.context import EngineContext
    from xoxzo.cloudpy.simulator.engine.services.callbacks import CallbackService
    from xoxzo.cloudpy.simulator.engine.services.subscribed_numbers import SubscribedNumberService


class InboundSmsService:
    """Takes what phones write, charges it, and posts it to the action URL of the number."""

    def __init__(
        self,
        context: EngineContext,
        accounts: AccountService,
        sins: SubscribedNumberService,
        callbacks: CallbackService,
    ) -> None:
        self._context = context
        self._accounts = accounts
        self._sins = sins
        self._callbacks = callbacks
        self.replies: dict[str, InboundSms] = {}
        self.by_phone: dict[str, dict[str, InboundSms]] = {}

    def receive(self, sin: str, sender: str, text: str) -> InboundSms:
        """Let an SMS come in.

        Without an action URL, or without the credits for it, nothing is posted and nothing taken.

        Args:
            sin: A subscribed receiving number, with or without its +.
            sender: The phone that writes, in E.164.
            text: What it writes.

        Raises:
            UnknownNumber: No account subscribes the number.
        """
        line = self._sins.by_number(sin)
        assert line.owner is not None  # noqa: S101 - by_number finds subscribed lines alone
        status: InboundSmsStatus = "NO ACTION URL"
        cost = Decimal(line.range.minute_cost)
        if line.action_url is not None:
            try:
                self._accounts.charge(line.owner, cost)
                status = "RECEIVED"
            except NotEnoughCredits:
                status = "NO CREDITS"
        reply = InboundSms(
            ident=self._context.msgid(),
            account=line.owner,
            sender=sender,
            recipient=f"+{line.number}",
            text=text,
            cost=cost if status == "RECEIVED" else Decimal(0),
            at=self._context.now(),
            status=status,
            serial=self._context.serial(),
        )
        self._context.mark_changed(reply)
        self.restore(reply)
        numbers = {"from": sender, "to": reply.recipient}
        self._context.publish("reply", reply.ident, numbers=numbers, content=text, status=status)
        if status == "RECEIVED" and line.action_url is not None:
            self._callbacks.post("reply", reply.ident, line.action_url, _report(reply))
        return reply

    def restore(self, reply: InboundSms) -> None:
        """Store a reply, new or loaded; over the limit, the oldest are deleted."""
        self._context.note_serial(reply.serial)
        self.replies[reply.ident] = reply
        self.by_phone.setdefault(reply.sender, {})[reply.ident] = reply
        self._context.phones.reached(reply.sender, reply.serial)
        for ident in surplus(self.replies, self._context.settings.max_messages):
            self._delete(self.replies.pop(ident))

    def delete_before(self, moment: float) -> None:
        """Delete what came in before a moment."""
        for ident in outlived(self.replies, lambda reply: reply.at, moment):
            self._delete(self.replies.pop(ident))

    def _delete(self, reply: InboundSms) -> None:
        self._context.mark_deleted(reply)
        self._context.phones.forgotten(reply.sender)
        remove_from_index(self.by_phone, reply.sender, reply.ident)


def _report(reply: InboundSms) -> dict[str, object]:
    """Return the fields of the callback; no source documents their names (API section 10)."""
    return {
        "sender": reply.sender,
        "recipient": without_plus(reply.recipient),
        "message": reply.text,
        "received_time": format_time(reply.at),
    }
