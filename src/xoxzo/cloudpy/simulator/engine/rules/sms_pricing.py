"""By which route an SMS goes: what it costs and which sender the phone shows (API section 2.1, K-premium matrix)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.simulator.carriers import carrier_of
from xoxzo.cloudpy.simulator.engine.rules.prices import as_decimal, price_for_number

if TYPE_CHECKING:
    from decimal import Decimal

    from xoxzo.cloudpy.simulator.engine.records.sms import SmsRequest
    from xoxzo.cloudpy.simulator.settings import Settings


def route(settings: Settings, request: SmsRequest) -> tuple[Decimal, str]:
    """Return the price of each part and the sender that the phone shows.

    A K-premium message goes out with the registered sender, or with the carrier's fixed one. Under Lite some carriers
    get it by the standard route, at the standard price. A number without a known carrier is treated as one of those
    that show the registered sender.
    """
    if request.k_premium:
        carrier = carrier_of(settings.carriers, request.recipient)
        if request.k_premium == "full" or carrier is None or carrier.k_premium_lite:
            fixed = carrier.k_premium_sender if carrier else None
            return as_decimal(settings.k_premium_price), fixed or request.k_premium_sender
    return price_for_number(settings.sms_prices, request.recipient), request.sender
