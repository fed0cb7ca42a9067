"""What people at Xoxzo do for all accounts: the K-premium senders that they have registered (API section 2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .world import World


@dataclass(frozen=True, slots=True)
class Sender:
    """A K-premium sender that is registered."""

    digits: str


class SenderDesk:
    """Knows which K-premium senders may be used: those of the settings, and those registered since."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.senders: dict[str, Sender] = {}

    def register(self, digits: str) -> None:
        """Register a sender; twice is fine."""
        if digits not in self.senders:
            sender = Sender(digits)
            self._world.touch(sender)
            self.restore(sender)
            self._world.tell("sender", digits, what="registered")

    def restore(self, sender: Sender) -> None:
        """Take back a sender that was saved."""
        self.senders[sender.digits] = sender

    def known(self, digits: str) -> bool:
        """Say whether a sender may be used; without a list in the settings, any may (API section 15.28)."""
        listed = self._world.settings.k_premium_senders
        return listed is None or digits in listed or digits in self.senders
