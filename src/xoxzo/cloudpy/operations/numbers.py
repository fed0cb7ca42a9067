"""Dial-in numbers (API section 6) and SMS-in numbers (API section 4): both kinds have the same five operations."""

from __future__ import annotations

from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import msgspec

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.models import DialInNumber, DialInSubscription, SmsInNumber, SmsInSubscription
from xoxzo.cloudpy.operations import bodies, checks, operation
from xoxzo.cloudpy.protocols import CallbackUrls

Number = TypeVar("Number", DialInNumber, SmsInNumber)
Subscription = TypeVar("Subscription", DialInSubscription, SmsInSubscription)


class NumberOperations(msgspec.Struct, Generic[Number, Subscription], frozen=True, kw_only=True):
    """The operations on one kind of number."""

    name: str
    """The resource, for instance ``dins``."""
    path: str
    """Where its numbers are, for instance ``/voice/dins/``."""
    key: str
    """The field that holds a number's key, for instance ``din_uid``."""
    purpose: str
    """What a number's action URL is for, as `CallbackUrls` names it."""
    number: type[Number]
    """The class of a free number."""
    subscription: type[Subscription]
    """The class of a subscribed number."""

    def search(self, *, country: str | None = None, prefix: str | None = None) -> operation.Listing[Number]:
        """List the numbers that can be subscribed (API section 6.1)."""
        given = {name: value for name, value in (("country", country), ("prefix", prefix)) if value is not None}
        query = urlencode({name: checks.formatted(name, value) for name, value in given.items()})
        return operation.list_operation(f"{self.name}.search", self.path, bodies.reader(self.number), query)

    def subscribe(self, uid: str) -> operation.Operation[Subscription]:
        """Subscribe a number; the first fee is charged at once (API section 6.2)."""
        uid = checks.text(self.key, uid)

        def read(body: bytes) -> Subscription:
            # No source shows the body: the status alone says that it worked, whatever stands in it or not.
            try:
                raw = bodies.decode_record(body)
            except bodies.DecodingError:
                raw = {}
            return self._subscribed(raw, str(raw.get(self.key) or uid))

        return operation.write_operation(f"{self.name}.subscribe", self._subscriptions, read, {self.key: uid})

    def list(self) -> operation.Listing[Subscription]:
        """List the numbers that the account subscribes (API section 6.3)."""

        def read(element: bytes) -> Subscription:
            raw = bodies.decode_record(element)
            return self._subscribed(raw, bodies.required(raw, self.key))

        return operation.list_operation(f"{self.name}.list", self._subscriptions, read)

    def set_action_url(
        self, uid: str, *, action_url: str | None = None, callbacks: CallbackUrls | None = None
    ) -> operation.Operation[None]:
        """Set the URL that is called when the number is (API section 6.4)."""
        address = checks.callback_url("action_url", action_url, callbacks, self.purpose, uid)
        if address is None:
            raise InvalidArgument("action_url", "is required, or callbacks to make one")
        name, path, fields = f"{self.name}.set_action_url", self._subscription_path(uid), {"action_url": address}
        return operation.write_operation(name, path, bodies.ignore_body, fields, effect=operation.Effect.IDEMPOTENT)

    def unsubscribe(self, uid: str) -> operation.Operation[None]:
        """Release a number (API section 6.5)."""
        return operation.delete_operation(f"{self.name}.unsubscribe", self._subscription_path(uid))

    @property
    def _subscriptions(self) -> str:
        return f"{self.path}subscriptions/"

    def _subscription_path(self, uid: str) -> str:
        return f"{self._subscriptions}{checks.path_id(self.key, uid)}/"

    def _subscribed(self, raw: dict[str, Any], uid: str) -> Subscription:
        action = raw.get("action")
        url = action.get("url") if isinstance(action, dict) else None
        return bodies.record(self.subscription, raw, **{self.key: uid}, action_url=str(url) if url else None)


DINS = NumberOperations(
    name="dins",
    path="/voice/dins/",
    key="din_uid",
    purpose="incoming-call",
    number=DialInNumber,
    subscription=DialInSubscription,
)

SINS = NumberOperations(
    name="sins",
    path="/sms/sins/",
    key="sin_uid",
    purpose="incoming-sms",
    number=SmsInNumber,
    subscription=SmsInSubscription,
)
