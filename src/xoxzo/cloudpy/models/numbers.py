"""Records of dial-in numbers (API section 6) and of the retired SMS-in numbers (API section 4)."""

from __future__ import annotations

from decimal import Decimal

from xoxzo.cloudpy.models.base import Model

__all__ = ["DialInNumber", "DialInSubscription", "SmsInNumber", "SmsInSubscription"]


class DialInNumber(Model, frozen=True, kw_only=True):
    """A dial-in number that can be subscribed (API section 6.1)."""

    din_uid: str
    """Its key; all other calls take it."""
    din: str = ""
    """The number with its country code, without ``+``."""
    country_code: str = ""
    """The dialling code, for instance ``81``."""
    prefix: str = ""
    """The area prefix without its 0, for instance ``50``."""
    minute_cost: Decimal | None = None
    """Credits per minute of an incoming call."""
    monthly_cost: Decimal | None = None
    """Credits per 30 days."""


class DialInSubscription(DialInNumber, frozen=True, kw_only=True):
    """A dial-in number that you subscribe (API section 6.3)."""

    action_url: str | None = None
    """The URL that Xoxzo asks what to do with an incoming call; ``None`` if none is set."""


class SmsInNumber(Model, frozen=True, kw_only=True):
    """A number that received SMS (API section 4). The service ended on 2024-04-30, and no sample of a reply survives.

    Only the key is certain. The other fields are read as those of a dial-in number. Prices may be in ``raw``.
    """

    sin_uid: str
    """Its key; all other calls take it."""
    sin: str = ""
    """The number with its country code."""
    country_code: str = ""
    """The dialling code, for instance ``81``."""
    prefix: str = ""
    """The area prefix without its 0."""


class SmsInSubscription(SmsInNumber, frozen=True, kw_only=True):
    """A number for incoming SMS that you subscribe (API section 4). The service ended on 2024-04-30."""

    action_url: str | None = None
    """The URL that an incoming SMS was posted to; ``None`` if none is set."""
