"""What people at Xoxzo do for all accounts: the K-premium senders that they have registered (API section 2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.simulator.engine.records.rules import RegisteredSender

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.engine.context import EngineContext


class RegisteredSenderService:
    """Knows which K-premium senders may be used: those of the settings, and those registered since."""

    def __init__(self, context: EngineContext) -> None:
        self._context = context
        self.senders: dict[str, RegisteredSender] = {}

    def register(self, digits: str) -> None:
        """Register a sender; twice is fine."""
        if digits not in self.senders:
            sender = RegisteredSender(digits)
            self._context.mark_changed(sender)
            self.restore(sender)
            self._context.publish("sender", digits, what="registered")

    def restore(self, sender: RegisteredSender) -> None:
        """Take back a sender that was saved."""
        self.senders[sender.digits] = sender

    def known(self, digits: str) -> bool:
        """Say whether a sender may be used; without a list in the settings, any may (API section 15.28)."""
        listed = self._context.settings.k_premium_senders
        return listed is None or digits in listed or digits in self.senders
