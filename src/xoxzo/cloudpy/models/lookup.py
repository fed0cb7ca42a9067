"""Look-ups (API section 8)."""

from __future__ import annotations

from decimal import Decimal

from xoxzo.cloudpy.models.base import Model

__all__ = ["CarrierLookup"]


class CarrierLookup(Model, frozen=True, kw_only=True):
    """Which carrier a mobile number belongs to (API section 8.1).

    Numbers that moved between carriers are reported as well as the network can. The codes are text: a leading 0 counts.

    Attributes:
        found: whether a carrier was found; none is for a landline. It is charged either way.
        recipient: the number asked about, with ``+``.
        carrier: the carrier's name, for instance ``KDDI``; ``""`` when none was found, as for the next four.
        country: ISO 3166-1 alpha-2, for instance ``JP``.
        mcc: the mobile country code, for instance ``440``.
        mnc: the mobile network code, for instance ``54``.
        mccmnc: both together.
        cost: credits.
        id: the look-up's own id; no path is known that takes it.
    """

    found: bool
    recipient: str = ""
    carrier: str = ""
    country: str = ""
    mcc: str = ""
    mnc: str = ""
    mccmnc: str = ""
    cost: Decimal | None = None
    id: str = ""
