"""What can be asked of dial-in numbers (API section 6) and of SMS-in numbers (API section 4): the same five things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlencode

import msgspec

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.operations import checks, replies
from xoxzo.cloudpy.operations.operation import FORM, Effect, Listing, Operation, form

if TYPE_CHECKING:
    from collections.abc import Callable

    from xoxzo.cloudpy.protocols import CallbackUrls

Number = TypeVar("Number")
Subscription = TypeVar("Subscription")


class Lines(msgspec.Struct, Generic[Number, Subscription], frozen=True, kw_only=True):
    """The requests of one kind of number.

    Attributes:
        name: the resource, for instance ``dins``.
        path: where its numbers are, for instance ``/voice/dins/``.
        key: the field that holds a number's key, for instance ``din_uid``.
        purpose: what a number's action URL is for, as `CallbackUrls` names it.
        number: makes a free number of its record and its key.
        subscription: makes a subscribed number of its record, its key and its action URL.
    """

    name: str
    path: str
    key: str
    purpose: str
    number: Callable[[dict[str, Any], str], Number]
    subscription: Callable[[dict[str, Any], str, str | None], Subscription]

    def search(self, country: str | None, prefix: str | None) -> Listing[Number]:
        """List the numbers that are free (API section 6.1)."""
        conditions = {
            "country": None if country is None else checks.country(country),
            "prefix": None if prefix is None else checks.prefix(prefix),
        }
        return Listing(
            name=f"{self.name}.search",
            method="GET",
            path=self.path,
            effect=Effect.READ,
            read=self._read_number,
            query=urlencode([(name, value) for name, value in conditions.items() if value is not None]),
        )

    def subscribe(self, uid: str) -> Operation[Subscription]:
        """Subscribe a number; the first fee is charged at once (API section 6.2)."""
        uid = checks.words(self.key, uid)

        def read(body: bytes) -> Subscription:
            # No source shows the body: the status alone says that it worked, whatever stands in it or not.
            try:
                raw = replies.record(body)
            except replies.Unreadable:
                raw = {}
            return self._subscribed(raw, str(raw.get(self.key) or uid))

        return Operation(
            name=f"{self.name}.subscribe",
            method="POST",
            path=self._subscriptions,
            effect=Effect.CREATE,
            read=read,
            body=form({self.key: uid}),
            content_type=FORM,
        )

    def list(self) -> Listing[Subscription]:
        """List the numbers that the account subscribes (API section 6.3)."""
        return Listing(
            name=f"{self.name}.list",
            method="GET",
            path=self._subscriptions,
            effect=Effect.READ,
            read=self._read_subscription,
        )

    def set_action_url(self, uid: str, action_url: str | None, callbacks: CallbackUrls | None) -> Operation[None]:
        """Say which address is called when the number is (API section 6.4)."""
        address = checks.callback_url("action_url", action_url, callbacks, self.purpose, uid)
        if address is None:
            raise InvalidArgument("action_url", "is required, or callbacks to make one")
        return Operation(
            name=f"{self.name}.set_action_url",
            method="POST",
            path=self._subscription_path(uid),
            effect=Effect.IDEMPOTENT,
            read=replies.nothing,
            body=form({"action_url": address}),
            content_type=FORM,
        )

    def unsubscribe(self, uid: str) -> Operation[None]:
        """Release a number (API section 6.5)."""
        return Operation(
            name=f"{self.name}.unsubscribe",
            method="DELETE",
            path=self._subscription_path(uid),
            effect=Effect.IDEMPOTENT,
            read=replies.nothing,
            absent_is_done=True,
        )

    @property
    def _subscriptions(self) -> str:
        return f"{self.path}subscriptions/"

    def _subscription_path(self, uid: str) -> str:
        return f"{self._subscriptions}{checks.path_id(self.key, uid)}/"

    def _read_number(self, element: bytes) -> Number:
        raw = replies.record(element)
        return self.number(raw, replies.required(raw, self.key))

    def _read_subscription(self, element: bytes) -> Subscription:
        raw = replies.record(element)
        return self._subscribed(raw, replies.required(raw, self.key))

    def _subscribed(self, raw: dict[str, Any], uid: str) -> Subscription:
        action = raw.get("action")
        url = action.get("url") if isinstance(action, dict) else None
        return self.subscription(raw, uid, str(url) if url else None)
