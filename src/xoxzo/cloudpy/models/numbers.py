"""Records of dial-in numbers (API section 6) and of the retired SMS-in numbers (API section 4)."""

from __future__ import annotations

from decimal import Decimal

from xoxzo.cloudpy.models.base import Model

__all__ = ["DialInNumber", "DialInSubscription", "SmsInNumber", "SmsInSubscription"]


class DialInNumber(Model, frozen=True, kw_only=True):
    """A dial-in number that can be subscribed (API section 6.1).

    Attributes:
        din_uid: its key; all other calls take it.
        din: the number with its country code, without ``+``.
        country_code: the dialling code, for instance ``81``.
        prefix: the area prefix without its 0, for instance ``50``.
        minute_cost: credits per minute of an incoming call.
        monthly_cost: credits per 30 days.
    """

    din_uid: str
    din: str = ""
    country_code: str = ""
    prefix: str = ""
    minute_cost: Decimal | None = None
    monthly_cost: Decimal | None = None


class DialInSubscription(DialInNumber, frozen=True, kw_only=True):
    """A dial-in number that you subscribe (API section 6.3).

    Attributes:
        action_url: the URL that Xoxzo asks what to do with an incoming call; ``None`` if none is set.
    """

    action_url: str | None = None


class SmsInNumber(Model, frozen=True, kw_only=True):
    """A number that received SMS (API section 4). The service ended on 2024-04-30, and no sample of a reply survives.

    Only the key is certain. The other fields are read as those of a dial-in number. Prices may be in ``raw``.

    Attributes:
        sin_uid: its key; all other calls take it.
        sin: the number with its country code.
        country_code: the dialling code, for instance ``81``.
        prefix: the area prefix without its 0.
    """

    sin_uid: str
    sin: str = ""
    country_code: str = ""
    prefix: str = ""


class SmsInSubscription(SmsInNumber, frozen=True, kw_only=True):
    """A number for incoming SMS that you subscribe (API section 4). The service ended on 2024-04-30.

    Attributes:
        action_url: the URL that an incoming SMS was posted to; ``None`` if none is set.
    """

    action_url: str | None = None
