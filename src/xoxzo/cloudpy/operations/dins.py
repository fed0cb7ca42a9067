"""Dial-in numbers (API section 6)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from xoxzo.cloudpy.models import DialInNumber, DialInSubscription
from xoxzo.cloudpy.operations import checks, replies
from xoxzo.cloudpy.operations.operation import FORM, Effect, Listing, Operation, form

_SUBSCRIPTIONS = "/voice/dins/subscriptions/"


def search_dins(*, country: str | None = None, prefix: str | None = None) -> Listing[DialInNumber]:
    """List the numbers that are free (API section 6.1)."""
    conditions = {
        "country": None if country is None else checks.country(country),
        "prefix": None if prefix is None else checks.prefix(prefix),
    }
    return Listing(
        name="dins.search",
        method="GET",
        path="/voice/dins/",
        effect=Effect.READ,
        read=_read_number,
        query=urlencode([(name, value) for name, value in conditions.items() if value is not None]),
    )


def subscribe_din(din_uid: str) -> Operation[DialInSubscription]:
    """Subscribe a number; the first month is charged at once (API section 6.2)."""
    din_uid = checks.words("din_uid", din_uid)

    def read(body: bytes) -> DialInSubscription:
        # No source shows the body: the status alone says that it worked, whatever stands in it or not.
        try:
            raw = replies.record(body)
        except replies.Unreadable:
            raw = {}
        return _subscription(raw, str(raw.get("din_uid") or din_uid))

    return Operation(
        name="dins.subscribe",
        method="POST",
        path=_SUBSCRIPTIONS,
        effect=Effect.CREATE,
        read=read,
        body=form({"din_uid": din_uid}),
        content_type=FORM,
    )


def list_dins() -> Listing[DialInSubscription]:
    """List the numbers that the account subscribes (API section 6.3)."""
    return Listing(name="dins.list", method="GET", path=_SUBSCRIPTIONS, effect=Effect.READ, read=_read_subscription)


def set_action_url(din_uid: str, *, action_url: str) -> Operation[None]:
    """Say which address is asked what to do with an incoming call (API section 6.4)."""
    return Operation(
        name="dins.set_action_url",
        method="POST",
        path=_subscription_path(din_uid),
        effect=Effect.IDEMPOTENT,
        read=replies.nothing,
        body=form({"action_url": checks.url("action_url", action_url)}),
        content_type=FORM,
    )


def unsubscribe_din(din_uid: str) -> Operation[None]:
    """Release a number (API section 6.5)."""
    return Operation(
        name="dins.unsubscribe",
        method="DELETE",
        path=_subscription_path(din_uid),
        effect=Effect.IDEMPOTENT,
        read=replies.nothing,
        absent_is_done=True,
    )


def _subscription_path(din_uid: str) -> str:
    return f"{_SUBSCRIPTIONS}{checks.path_id('din_uid', din_uid)}/"


def _number_fields(raw: dict[str, Any]) -> dict[str, Any]:
    return {
        "din": replies.text(raw, "din"),
        "country_code": replies.text(raw, "country_code"),
        "prefix": replies.text(raw, "prefix"),
        "minute_cost": replies.amount(raw, "minute_cost"),
        "monthly_cost": replies.amount(raw, "monthly_cost"),
        "raw": raw,
    }


def _read_number(element: bytes) -> DialInNumber:
    raw = replies.record(element)
    return DialInNumber(din_uid=replies.required(raw, "din_uid"), **_number_fields(raw))


def _read_subscription(element: bytes) -> DialInSubscription:
    raw = replies.record(element)
    return _subscription(raw, replies.required(raw, "din_uid"))


def _subscription(raw: dict[str, Any], din_uid: str) -> DialInSubscription:
    action = raw.get("action")
    url = action.get("url") if isinstance(action, dict) else None
    return DialInSubscription(din_uid=din_uid, action_url=str(url) if url else None, **_number_fields(raw))
