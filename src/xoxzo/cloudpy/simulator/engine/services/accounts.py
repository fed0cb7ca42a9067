"""Accounts and their credits, registered senders, and the carrier look-up (API sections 1, 2.1 and 8.1)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from xoxzo.cloudpy.simulator.engine.context import EngineContext
from xoxzo.cloudpy.simulator.engine.errors import NotEnoughCredits
from xoxzo.cloudpy.simulator.engine.records.accounts import Account, RegisteredSender
from xoxzo.cloudpy.simulator.engine.rules import as_decimal, price_json
from xoxzo.cloudpy.simulator.settings import carrier_of


class AccountService:
    """All accounts.

    An account is stored once it was charged. Until then it is made anew for each request, so that guessed credentials
    fill no memory.
    """

    def __init__(self, context: EngineContext) -> None:
        self._context = context
        self._accounts: dict[tuple[str, str], Account] = {}
        self._on_delete: list[Callable[[Account], None]] = []

    def get(self, sid: str, token: str) -> Account:
        """Return the account of a pair."""
        return self._accounts.get((sid, token)) or Account(sid, token, as_decimal(self._context.settings.credits))

    def charge(self, account: Account, amount: Decimal, *, needs: Decimal | None = None) -> None:
        """Take credits, or raise `NotEnoughCredits`: prepaid accounts need it, and `needs` (API section 15.9)."""
        required = amount if needs is None else max(needs, amount)
        if account.credits < required and not self._context.settings.postpaid:
            raise NotEnoughCredits(required)
        self.refund(account, -amount)

    def refund(self, account: Account, amount: Decimal) -> None:
        """Give credits back."""
        account.credits += amount
        self._context.minute(self._context.now()).spent -= amount
        self.restore(account)

    def buy(self, account: Account, amount: Decimal) -> None:
        """Add credits that were bought (API section 1.7)."""
        account.credits += amount
        account.bought = True
        self._context.minute(self._context.now()).bought += amount
        self.restore(account)
        self._context.publish("account", account.sid, what="credits added", credits=float(amount))

    def look_up(self, account: Account, number: str) -> dict[str, object]:
        """Return what is known of a number, as the API shows it; nothing found costs the same (API section 15.64)."""
        price = as_decimal(self._context.settings.lookup_price)
        self.charge(account, price)
        ident = self._context.msgid()
        carrier = carrier_of(self._context.settings.carriers, number)
        self._context.publish(
            "lookup", ident, numbers={"of": number}, what=carrier.name if carrier else "nothing found"
        )
        return {
            "id": ident,
            "mcc": carrier and carrier.mcc,
            "mnc": carrier and carrier.mnc,
            "mccmnc": carrier and carrier.mcc + carrier.mnc,
            "carrier": carrier and carrier.name,
            "country": carrier and carrier.country,
            "recipient": number,
            "cost": price_json(price),
        }

    def allow(self, account: Account, *, verified: bool | None = None, free_form: bool | None = None) -> None:
        """Verify an account, or let it send texts of its own, or take that back; ``None`` leaves a right as it is."""
        if verified is not None:
            account.verified = verified
        if free_form is not None:
            account.free_form = free_form
        self.restore(account)
        self._context.publish("account", account.sid, what="rights changed")

    def by_sid(self, sid: str) -> Account | None:
        """Return the stored account of a SID, or ``None``; with several tokens, the one that was first charged."""
        return next((account for account in self._accounts.values() if account.sid == sid), None)

    def all(self) -> list[Account]:
        """Return all stored accounts, the oldest first."""
        return list(self._accounts.values())

    def on_delete(self, deleted: Callable[[Account], None]) -> None:
        """Call `deleted` for each account that is deleted."""
        self._on_delete.append(deleted)

    def restore(self, account: Account) -> None:
        """Store an account, whether charged, changed or loaded; over the limit, the oldest is deleted."""
        known = self._accounts.setdefault((account.sid, account.token), account)
        if known is account:  # a deleted one may still pay for a number that it subscribes
            self._context.mark_changed(account)
        if len(self._accounts) > self._context.settings.max_accounts:
            oldest = self._accounts.pop(next(iter(self._accounts)))
            self._context.mark_deleted(oldest)
            for deleted in self._on_delete:
                deleted(oldest)


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
