"""Records of look-ups (API section 8)."""

from __future__ import annotations

from decimal import Decimal

from xoxzo.cloudpy.models.base import Model

__all__ = ["CarrierLookup"]


class CarrierLookup(Model, frozen=True, kw_only=True):
    """The carrier of a mobile number (API section 8.1).

    For numbers that were ported to another carrier, the result depends on the network. The codes are text, because a
    leading 0 counts.
    """

    found: bool
    """Whether a carrier was found; landline numbers have none. The look-up is charged in both cases."""
    recipient: str = ""
    """The number, with ``+``."""
    carrier: str = ""
    """The carrier's name, for instance ``KDDI``; ``""`` if none was found. The same goes for the next four."""
    country: str = ""
    """ISO 3166-1 alpha-2, for instance ``JP``."""
    mcc: str = ""
    """The mobile country code, for instance ``440``."""
    mnc: str = ""
    """The mobile network code, for instance ``54``."""
    mccmnc: str = ""
    """Both together."""
    cost: Decimal | None = None
    """Credits."""
    id: str = ""
    """The id of the look-up; no known endpoint takes it."""
