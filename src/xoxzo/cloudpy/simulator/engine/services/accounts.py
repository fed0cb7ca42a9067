"""Accounts, their credits and numbers, registered senders, and the carrier look-up (API sections 1, 2.1, 4, 6, 8.1)."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from decimal import Decimal
from typing import Literal

from xoxzo.cloudpy.simulator.engine.context import DAY_SECONDS, EngineContext
from xoxzo.cloudpy.simulator.engine.records.accounts import Account, RegisteredSender, SubscribedNumber, is_same_account
from xoxzo.cloudpy.simulator.engine.rules import ItemNotFound, NotEnoughCredits, as_decimal, price_json
from xoxzo.cloudpy.simulator.settings import carrier_of


class AccountService:
    """All accounts, and the K-premium senders that are registered.

    An account is stored once it was charged. Until then it is made anew for each request, so that guessed credentials
    fill no memory.
    """

    def __init__(self, context: EngineContext) -> None:
        self._context = context
        self.accounts: dict[tuple[str, str], Account] = {}
        """All that are stored, the oldest first, by SID and token."""
        self.senders: dict[str, RegisteredSender] = {}
        """K-premium senders that were registered besides those of the settings."""
        self.on_delete: list[Callable[[Account], None]] = []
        """Called with each account that is deleted."""

    def get(self, sid: str, token: str) -> Account:
        """Return the account of a pair."""
        return self.accounts.get((sid, token)) or Account(sid, token, as_decimal(self._context.settings.credits))

    def charge(self, account: Account, amount: Decimal, *, needs: Decimal | None = None) -> None:
        """Take credits, or raise `NotEnoughCredits`: prepaid accounts need it, and `needs` (API section 15.9)."""
        required = amount if needs is None else max(needs, amount)
        if account.credits < required and not self._context.settings.postpaid:
            raise NotEnoughCredits(required)
        self.refund(account, -amount)

    def pay(self, account: Account, amount: Decimal) -> bool:
        """Take credits if the account can pay; say whether it could."""
        try:
            self.charge(account, amount)
        except NotEnoughCredits:
            return False
        return True

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
        found = carrier.name if carrier else "nothing found"
        self._context.publish("lookup", ident, numbers={"of": number}, what=found)
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

    def allow(self, account: Account, right: Literal["verified", "free_form"], allowed: bool) -> None:
        """Verify an account, or let it send texts of its own, or take that back."""
        setattr(account, right, allowed)
        self.restore(account)
        self._context.publish("account", account.sid, what="rights changed")

    def restore(self, account: Account) -> None:
        """Store an account, whether charged, changed or loaded; over the limit, the oldest is deleted."""
        known = self.accounts.setdefault((account.sid, account.token), account)
        if known is account:  # a deleted one may still pay for a number that it subscribes
            self._context.mark_changed(account)
        if len(self.accounts) > self._context.settings.max_accounts:
            oldest = self.accounts.pop(next(iter(self.accounts)))
            self._context.mark_deleted(oldest)
            for deleted in self.on_delete:
                deleted(oldest)

    def register_sender(self, digits: str) -> None:
        """Register a K-premium sender; twice is fine."""
        if digits not in self.senders:
            sender = self.senders[digits] = RegisteredSender(digits)
            self._context.mark_changed(sender)
            self._context.publish("sender", digits, what="registered")

    def knows_sender(self, digits: str) -> bool:
        """Say whether a K-premium sender may be used; without a list in the settings, any may (API section 15.28)."""
        listed = self._context.settings.k_premium_senders
        return listed is None or digits in listed or digits in self.senders


MONTH_SECONDS = 30 * DAY_SECONDS

_UID_LETTERS = string.ascii_lowercase + string.digits


class SubscribedNumberService:
    """Subscribes and releases numbers. A number belongs to one account at a time, as at the real service."""

    def __init__(self, context: EngineContext, accounts: AccountService, kind: Literal["din", "sin"]) -> None:
        self._context = context
        self._accounts = accounts
        self._kind: Literal["din", "sin"] = kind
        ranges = context.settings.din_ranges if kind == "din" else context.settings.sin_ranges
        self.lines: dict[str, SubscribedNumber] = {}
        # Random numbers of its own: the offer is the same whatever was sent before.
        generator = random.Random(f"{kind} {context.settings.seed}")  # noqa: S311 - see EngineContext
        for offered in ranges:
            for index in range(context.settings.numbers_per_range):
                uid = offered.country + "".join(generator.choices(_UID_LETTERS, k=14))
                number = f"{offered.country_code}{offered.prefix}{offered.first + index:0{offered.digits}d}"
                self.lines[uid] = SubscribedNumber(kind, uid, number, offered)
        accounts.on_delete.append(self._free_all)

    def search(self, country: str, prefix: str) -> list[SubscribedNumber]:
        """Return the free numbers of a country (two letters) that begin with a prefix; empty texts match all."""
        return [
            line
            for line in self.lines.values()
            if line.owner is None and line.number.startswith(prefix) and country.upper() in {"", line.range.country}
        ]

    def subscribed(self, account: Account) -> list[SubscribedNumber]:
        """Return an account's numbers, the oldest subscription first."""
        subscribed = [line for line in self.lines.values() if is_same_account(line.owner, account)]
        return sorted(subscribed, key=lambda line: line.since)

    def subscribe(self, account: Account, uid: str) -> SubscribedNumber | None:
        """Rent a number and take its first month; ``None`` if it is not free (15.47). Or raise `NotEnoughCredits`."""
        line = self.lines.get(uid)
        if line is None or line.owner is not None:
            return None
        self._accounts.charge(account, as_decimal(line.range.initial_cost) + as_decimal(line.range.monthly_cost))
        line.owner, line.since, line.action_url = account, self._context.now(), None
        line.term += 1
        line.months = 1
        self._context.mark_changed(line)
        self._await_renewal(line)
        self._publish(line, "subscribed")
        return line

    def restore(self, line: SubscribedNumber) -> None:
        """Take back a subscribed line that was saved, in place of the one on offer; it is renewed when it would be."""
        # With another seed or other ranges than before the number may be on offer under another uid, or not at all.
        offered = [one.uid for one in self.lines.values() if one.number == line.number and one.uid != line.uid]
        for uid in offered:
            del self.lines[uid]
        self.lines[line.uid] = line
        self._await_renewal(line)

    def find(self, account: Account, uid: str) -> SubscribedNumber | None:
        """Return a number that the account subscribes, or ``None``."""
        line = self.lines.get(uid)
        return line if line and is_same_account(line.owner, account) else None

    def set_action(self, line: SubscribedNumber, url: str) -> None:
        """Set the URL that is requested when a call or message comes in (API section 6.4)."""
        line.action_url = url
        self._context.mark_changed(line)
        self._publish(line, "action set")

    def release(self, line: SubscribedNumber) -> None:
        """Give a number back; within 24 hours part of the first month returns (API sections 6.5 and 15.54)."""
        if line.owner is not None and self._context.now() - line.since < DAY_SECONDS:
            share = as_decimal(self._context.settings.early_release_refund)
            self._accounts.refund(line.owner, as_decimal(line.range.monthly_cost) * share)
        self._publish(line, "released")
        self._free(line)

    def by_number(self, number: str, sid: str | None = None) -> tuple[SubscribedNumber, Account]:
        """Return a number, with or without its +, and its subscriber, any or that of a SID; or raise `ItemNotFound`."""
        digits = number.removeprefix("+")
        for line in self.lines.values():
            if line.number == digits and line.owner is not None and sid in {None, line.owner.sid}:
                return line, line.owner
        raise ItemNotFound("not_subscribed", "the number is not subscribed")

    def _await_renewal(self, line: SubscribedNumber) -> None:
        term = line.term

        def renew() -> None:
            if line.owner is None or line.term != term:
                return
            if self._accounts.pay(line.owner, as_decimal(line.range.monthly_cost)):
                line.months += 1
                self._context.mark_changed(line)
                self._await_renewal(line)
                self._publish(line, "renewed")
            else:
                self._publish(line, "not renewed")
                self._free(line)

        self._context.at(line.since + line.months * MONTH_SECONDS, renew)

    def _free_all(self, account: Account) -> None:
        for line in self.lines.values():
            if line.owner is account:
                self._free(line)

    def _free(self, line: SubscribedNumber) -> None:
        line.owner = line.action_url = None
        self._context.mark_deleted(line)

    def _publish(self, line: SubscribedNumber, what: str) -> None:
        self._context.publish(self._kind, line.uid, numbers={"number": line.number}, what=what)
