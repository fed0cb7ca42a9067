"""What things cost, and how a cost is written (API section 1.7)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from xoxzo.cloudpy.simulator.settings import Price


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
