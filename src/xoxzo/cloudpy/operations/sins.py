"""SMS-in numbers (API section 4), retired: the service ended on 2024-04-30."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.models import SmsInNumber, SmsInSubscription
from xoxzo.cloudpy.operations import replies
from xoxzo.cloudpy.operations.lines import Lines

if TYPE_CHECKING:
    from xoxzo.cloudpy.operations.operation import Listing, Operation
    from xoxzo.cloudpy.protocols import CallbackUrls


def search_sins(*, country: str | None = None, prefix: str | None = None) -> Listing[SmsInNumber]:
    """List the numbers that are free (API section 4)."""
    return _SINS.search(country, prefix)


def subscribe_sin(sin_uid: str) -> Operation[SmsInSubscription]:
    """Subscribe a number; it was charged at once (API section 4)."""
    return _SINS.subscribe(sin_uid)


def list_sins() -> Listing[SmsInSubscription]:
    """List the numbers that the account subscribes (API section 4)."""
    return _SINS.list()


def set_action_url(
    sin_uid: str, *, action_url: str | None = None, callbacks: CallbackUrls | None = None
) -> Operation[None]:
    """Say which address an incoming SMS is posted to (API section 4)."""
    return _SINS.set_action_url(sin_uid, action_url, callbacks)


def unsubscribe_sin(sin_uid: str) -> Operation[None]:
    """Release a number (API section 4)."""
    return _SINS.unsubscribe(sin_uid)


def _number(raw: dict[str, Any], sin_uid: str) -> SmsInNumber:
    return SmsInNumber(sin_uid=sin_uid, **_fields(raw))


def _subscription(raw: dict[str, Any], sin_uid: str, action_url: str | None) -> SmsInSubscription:
    return SmsInSubscription(sin_uid=sin_uid, action_url=action_url, **_fields(raw))


def _fields(raw: dict[str, Any]) -> dict[str, Any]:
    # No sample of a reply survives; the names are those of dial-in numbers (API section 15.38).
    return {
        "sin": replies.text(raw, "sin"),
        "country_code": replies.text(raw, "country_code"),
        "prefix": replies.text(raw, "prefix"),
        "raw": raw,
    }


_SINS = Lines(
    name="sins", path="/sms/sins/", key="sin_uid", purpose="incoming-sms", number=_number, subscription=_subscription
)
