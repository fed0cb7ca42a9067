"""Count the SMS parts of a text as Xoxzo does (API section 2.4), estimate their price, and shorten texts to them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from decimal import Decimal

import msgspec

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import InvalidArgument

# The most units that 1, 2, 3 … parts hold.
_MAX_UNITS_ASCII = (140, 264, 396, 528, 660)
_MAX_UNITS_OTHER = (70, 132, 198, 264, 330, 396, 462, 528, 594, 660)
# Credits per part.
_PRICES = {"JP": Decimal(10), "MY": Decimal(3)}
# One sample shows a tracked message of one part at 15 credits in Japan. Whether longer ones pay it per part is unknown.
_TRACKING_SURCHARGE = Decimal(5)

_COUNTRY = re.compile(r"[A-Z]{2}")


class TextLength(msgspec.Struct, frozen=True, kw_only=True):
    """The length of a text, and the SMS parts that it is charged as."""

    units: int
    """UTF-16 code units, which Xoxzo counts: an emoji is two."""
    ascii_only: bool
    """Whether every character is ASCII. This, and not GSM-7, decides how much fits into a part."""
    parts: int | None
    """SMS parts charged, 1 to 10; ``None`` if the text is too long to be sent."""
    limit: int
    """The greatest number of units that can be sent."""


def measure(text: str) -> TextLength:
    """Count the units and SMS parts of a text by Xoxzo's table.

    Args:
        text: the message as it will be sent.

    Returns:
        The length; ``parts`` is ``None`` for a text over 660 units.
    """
    ascii_only = text.isascii()
    # A lone surrogate counts as one unit. Whether it can be sent is checked elsewhere.
    units = len(text) if ascii_only else len(text.encode("utf-16-le", "surrogatepass")) // 2
    table = _MAX_UNITS_ASCII if ascii_only else _MAX_UNITS_OTHER
    limit = table[-1]
    parts = None if units > limit else bisect_left(table, units) + 1
    return TextLength(units=units, ascii_only=ascii_only, parts=parts, limit=limit)


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
        notes.append(N_("the text is over 660 characters and cannot be sent"))
    known = _PRICES.get(country) if price is None and not k_premium else _exact(price)
    if known is None and k_premium:
        notes.append(N_("the price of K-premium has not been published since 2025-03-01: give yours as price="))
    elif known is None:
        notes.append(N_("no price is published for this country: give yours as price="))
    if track_link:
        notes.append(N_("link tracking is estimated at 5 credits a message, as in one sample"))
        notes.append(N_("the text is measured before its link is replaced; what Xoxzo measures is not known"))
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


def shorten(text: str, max_parts: int) -> str:
    """Return a text on one line, cut with an ellipsis if it needs more SMS parts than `max_parts`."""
    line = one_line(text)
    if fits_parts(line, max_parts):
        return line
    return cut(line, longest(len(line), lambda length: fits_parts(cut(line, length), max_parts)) or 0)


def fits_parts(text: str, max_parts: int) -> bool:
    """Return whether a text can be sent, and needs at most `max_parts` SMS parts."""
    return (measure(text).parts or max_parts + 1) <= max_parts


def one_line(text: str) -> str:
    """Replace control characters, line breaks and runs of blanks by one blank each."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def longest(maximum: int, fits: Callable[[int], bool]) -> int | None:
    """Return a large length up to `maximum` that fits, or ``None``, by bisection.

    It is the largest one if every smaller length fits, too.
    """
    if not fits(0):
        return None
    low, high = 0, maximum
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def cut(text: str, length: int) -> str:
    """Return the beginning of a text with an ellipsis, or the entire text if it is not longer than `length`."""
    if len(text) <= length:
        return text
    start = text[:length].rstrip()
    # One character outside GSM-7 would halve what fits into a part.
    return start + ("..." if start.isascii() else "…")
