"""Carrier look-up (API section 8.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.simulator.carriers import carrier_of
from xoxzo.cloudpy.simulator.engine.rules.pricing import as_decimal, price_json

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.engine.context import EngineContext
    from xoxzo.cloudpy.simulator.engine.records.accounts import Account
    from xoxzo.cloudpy.simulator.engine.services.accounts import AccountService


class CarrierLookupService:
    """Looks up the carrier of a number."""

    def __init__(self, context: EngineContext, accounts: AccountService) -> None:
        self._context = context
        self._accounts = accounts

    def look_up(self, account: Account, number: str) -> dict[str, object]:
        """Return what is known of a number, as the API shows it; nothing found costs the same (API section 15.64).

        Raises:
            NotEnoughCredits: Nothing was taken.
        """
        price = as_decimal(self._context.settings.lookup_price)
        self._accounts.charge(account, price)
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
