"""Estimate the price of an SMS, as far as prices are published (API section 1.7)."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.text.length import measure

# Credits per part.
_PRICES = {"JP": Decimal(10), "MY": Decimal(3)}
# One sample shows a tracked message of one part at 15 credits in Japan. Whether longer ones pay it per part is unknown.
_TRACKING_SURCHARGE = Decimal(5)

_COUNTRY = re.compile(r"[A-Z]{2}")

TOO_LONG = N_("the text is over 660 characters and cannot be sent")
NOT_PUBLISHED = N_("no price is published for this country: give yours as price=")
K_PREMIUM_NOT_PUBLISHED = N_("the price of K-premium has not been published since 2025-03-01: give yours as price=")
TRACKING_INFERRED = N_("link tracking is estimated at 5 credits a message, as in one sample")
TRACKING_LENGTH = N_("the text is measured before its link is replaced; what Xoxzo measures is not known")


class CostEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """The estimated price of sending a text once. One credit is one yen before tax."""

    parts: int | None
    """SMS parts charged, 1 to 10; ``None`` if the text is too long to be sent."""
    price: Decimal | None
    """Credits per part; ``None`` if no price is known."""
    surcharge: Decimal
    """Credits for link tracking."""
    credits: Decimal | None
    """Parts × price + surcharge; ``None`` if that is unknown, and ``notes`` says why."""
    notes: tuple[str, ...]
    """What is missing from the estimate, and what is inferred rather than published."""


def estimate(
    text: str,
    country: str = "JP",
    *,
    track_link: bool = False,
    k_premium: bool = False,
    price: Decimal | int | None = None,
) -> CostEstimate:
    """Estimate the price of a text. Nothing is sent.

    Two prices are published: 10 credits per part for Japan and 3 for Malaysia (API section 1.7). Prices for other
    countries are not published, and your account may have its own: pass yours as ``price``. If no price is known,
    ``credits`` is ``None``.

    Args:
        text: the message as it will be sent.
        country: the recipient's country, as ISO 3166-1 alpha-2.
        track_link: whether the message is sent with ``track_link``, which costs extra (API section 2.5).
        k_premium: whether the message is sent on the K-premium route, which is for Japan only (API section 2.1).
        price: credits per part, 0 or more, instead of the published price.

    Returns:
        The estimate, with what is missing and what is inferred in ``notes``.

    Raises:
        InvalidArgument: a country that is not two capital letters, K-premium outside Japan, a price that is no exact
            number or below 0.
    """
    if not _COUNTRY.fullmatch(country):
        raise InvalidArgument("country", "must be two capital letters, for instance JP")
    if k_premium and country != "JP":
        raise InvalidArgument("k_premium", "must not be set for another country than JP")
    notes = []
    parts = measure(text).parts
    if parts is None:
        notes.append(TOO_LONG)
    known = _PRICES.get(country) if price is None and not k_premium else _exact(price)
    if known is None:
        notes.append(K_PREMIUM_NOT_PUBLISHED if k_premium else NOT_PUBLISHED)
    if track_link:
        notes += [TRACKING_INFERRED, TRACKING_LENGTH]
    surcharge = _TRACKING_SURCHARGE if track_link else Decimal(0)
    total = None if parts is None or known is None else parts * known + surcharge
    return CostEstimate(parts=parts, price=known, surcharge=surcharge, credits=total, notes=tuple(notes))


def _exact(price: Decimal | int | None) -> Decimal | None:
    if price is None:
        return None
    if isinstance(price, bool) or not isinstance(price, (Decimal, int)):
        raise InvalidArgument("price", "must be a Decimal or an int, not {type}", type=type(price).__name__)
    exact = Decimal(price)
    if not exact.is_finite() or exact < 0:
        raise InvalidArgument("price", "must be 0 or more")
    return exact
