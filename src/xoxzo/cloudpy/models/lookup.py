"""Records of look-ups (API section 8)."""

from __future__ import annotations

from decimal import Decimal

from xoxzo.cloudpy.models.base import Model

__all__ = ["CarrierLookup"]


class CarrierLookup(Model, frozen=True, kw_only=True):
    """The carrier of a mobile number (API section 8.1).

    For numbers that were ported to another carrier, the result depends on the network. The codes are text, because a
    leading 0 counts.

    Attributes:
        found: whether a carrier was found; landline numbers have none. The look-up is charged in both cases.
        recipient: the number, with ``+``.
        carrier: the carrier's name, for instance ``KDDI``; ``""`` if none was found. The same goes for the next four.
        country: ISO 3166-1 alpha-2, for instance ``JP``.
        mcc: the mobile country code, for instance ``440``.
        mnc: the mobile network code, for instance ``54``.
        mccmnc: both together.
        cost: credits.
        id: the id of the look-up; no known endpoint takes it.
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
