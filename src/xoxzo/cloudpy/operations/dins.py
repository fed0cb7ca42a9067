"""Dial-in numbers (API section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.models import DialInNumber, DialInSubscription
from xoxzo.cloudpy.operations import replies
from xoxzo.cloudpy.operations.lines import Lines

if TYPE_CHECKING:
    from xoxzo.cloudpy.operations.operation import Listing, Operation
    from xoxzo.cloudpy.protocols import CallbackUrls


def search_dins(*, country: str | None = None, prefix: str | None = None) -> Listing[DialInNumber]:
    """List the numbers that are free (API section 6.1)."""
    return _DINS.search(country, prefix)


def subscribe_din(din_uid: str) -> Operation[DialInSubscription]:
    """Subscribe a number; the first month is charged at once (API section 6.2)."""
    return _DINS.subscribe(din_uid)


def list_dins() -> Listing[DialInSubscription]:
    """List the numbers that the account subscribes (API section 6.3)."""
    return _DINS.list()


def set_action_url(
    din_uid: str, *, action_url: str | None = None, callbacks: CallbackUrls | None = None
) -> Operation[None]:
    """Say which address is asked what to do with an incoming call (API section 6.4)."""
    return _DINS.set_action_url(din_uid, action_url, callbacks)


def unsubscribe_din(din_uid: str) -> Operation[None]:
    """Release a number (API section 6.5)."""
    return _DINS.unsubscribe(din_uid)


def _number(raw: dict[str, Any], din_uid: str) -> DialInNumber:
    return DialInNumber(din_uid=din_uid, **_fields(raw))


def _subscription(raw: dict[str, Any], din_uid: str, action_url: str | None) -> DialInSubscription:
    return DialInSubscription(din_uid=din_uid, action_url=action_url, **_fields(raw))


def _fields(raw: dict[str, Any]) -> dict[str, Any]:
    return {
        "din": replies.text(raw, "din"),
        "country_code": replies.text(raw, "country_code"),
        "prefix": replies.text(raw, "prefix"),
        "minute_cost": replies.amount(raw, "minute_cost"),
        "monthly_cost": replies.amount(raw, "monthly_cost"),
        "raw": raw,
    }


_DINS = Lines(
    name="dins", path="/voice/dins/", key="din_uid", purpose="incoming-call", number=_number, subscription=_subscription
)
