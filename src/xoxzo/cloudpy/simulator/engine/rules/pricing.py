"""What things cost, how a cost is written, and by which route an SMS goes (API sections 1.7 and 2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from xoxzo.cloudpy.simulator.settings import Price, Settings, carrier_of


def as_decimal(price: Price) -> Decimal:
    """Return a price as an exact decimal; 0.1 stays a tenth."""
    return Decimal(str(price)) if isinstance(price, float) else Decimal(price)


def price_for_number(prices: Mapping[str, Price], number: str) -> Decimal:
    """Return the price under the longest dialling code that begins a number; ``""`` stands for all others."""
    digits = number.removeprefix("+")
    for length in (3, 2, 1, 0):
        price = prices.get(digits[:length])
        if price is not None:
            return as_decimal(price)
    return Decimal(0)


def has_dialling_code(codes: frozenset[str], number: str) -> bool:
    """Say whether a number begins with one of some dialling codes."""
    return any(number.removeprefix("+").startswith(code) for code in codes)


def price_json(cost: Decimal, *, as_float: bool = False) -> int | float:
    """Return a cost as the API writes it: an integer, or a float where tracking is charged (API section 2.2)."""
    return float(cost) if as_float or cost != int(cost) else int(cost)


def sms_route(
    settings: Settings, *, recipient: str, sender: str, k_premium: str, k_premium_sender: str
) -> tuple[Decimal, str]:
    """Return the price of each part and the sender that the phone shows (API section 2.1, K-premium matrix).

    A K-premium message goes out with the registered sender, or with the carrier's fixed one. Under Lite some carriers
    get it by the standard route, at the standard price. A number without a known carrier is treated as one of those
    that show the registered sender.
    """
    if k_premium:
        carrier = carrier_of(settings.carriers, recipient)
        if k_premium == "full" or carrier is None or carrier.k_premium_lite:
            fixed = carrier.k_premium_sender if carrier else None
            return as_decimal(settings.k_premium_price), fixed or k_premium_sender
    return price_for_number(settings.sms_prices, recipient), sender
