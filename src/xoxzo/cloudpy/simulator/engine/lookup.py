"""Carrier look-up (API section 8.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.simulator.carriers import carrier_of
from xoxzo.cloudpy.simulator.prices import as_json, exact

if TYPE_CHECKING:
    from .accounts import Account, Accounts
    from .world import World


class LookupDesk:
    """Tells which carrier a number belongs to."""

    def __init__(self, world: World, accounts: Accounts) -> None:
        self._world = world
        self._accounts = accounts

    def look_up(self, account: Account, number: str) -> dict[str, object]:
        """Return what is known of a number, as the API shows it; nothing found costs the same (API section 15.64).

        Raises:
            NotEnoughCredits: Nothing was taken.
        """
        price = exact(self._world.settings.lookup_price)
        self._accounts.charge(account, price)
        ident = self._world.msgid()
        carrier = carrier_of(self._world.settings.carriers, number)
        self._world.tell("lookup", ident, numbers={"of": number}, what=carrier.name if carrier else "nothing found")
        return {
            "id": ident,
            "mcc": carrier and carrier.mcc,
            "mnc": carrier and carrier.mnc,
            "mccmnc": carrier and carrier.mcc + carrier.mnc,
            "carrier": carrier and carrier.name,
            "country": carrier and carrier.country,
            "recipient": number,
            "cost": as_json(price),
        }
