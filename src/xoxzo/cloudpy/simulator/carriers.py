"""Which carrier a number belongs to: for the look-up and for the K-premium routes (API sections 2.1 and 8.1).

The ranges are the simulator's own. Real ones are finer, and numbers move between carriers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable


class Carrier(Struct, frozen=True, kw_only=True):
    """Mobile numbers that begin alike, and who carries them."""

    prefix: str
    """How the numbers begin, in E.164 without the +."""
    name: str
    """As the look-up returns it."""
    country: str
    """ISO 3166 code of two letters."""
    mcc: str
    """Mobile country code, three digits."""
    mnc: str
    """Mobile network code, two or three digits."""
    k_premium_sender: str | None = None
    """What phones of this carrier show for `jp_kp`; ``None`` shows the registered sender (API section 2.1)."""
    k_premium_lite: bool = True
    """Whether `jp_kpl` takes the K-premium route to it, and not the standard one (API section 2.1)."""


def japan_and_malaysia() -> tuple[Carrier, ...]:
    """Return the ranges of the default settings.

    SoftBank's fixed sender and its standard route under Lite are those of API section 2.1; of the two pages that
    disagree about Rakuten under Lite, the one that takes the K-premium route is followed.
    """
    return (
        Carrier(prefix="8190", name="NTT DOCOMO INC", country="JP", mcc="440", mnc="10"),
        Carrier(prefix="8180", name="KDDI", country="JP", mcc="440", mnc="54"),
        Carrier(
            prefix="8170",
            name="SOFTBANK",
            country="JP",
            mcc="440",
            mnc="20",
            k_premium_sender="21053",
            k_premium_lite=False,
        ),
        Carrier(prefix="8160", name="RAKUTEN MOBILE", country="JP", mcc="440", mnc="11"),
        Carrier(prefix="6012", name="MAXIS", country="MY", mcc="502", mnc="12"),
    )


def carrier_of(carriers: Iterable[Carrier], number: str) -> Carrier | None:
    """Return the carrier with the longest prefix that begins a number, or ``None``: a landline, or unknown."""
    digits = number.removeprefix("+")
    fitting = [carrier for carrier in carriers if digits.startswith(carrier.prefix)]
    return max(fitting, key=lambda carrier: len(carrier.prefix), default=None)
