"""SMS-in numbers, retired (API section 4): the requests of dial-in numbers on paths and with a key of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xoxzo.cloudpy.models import SmsInNumber, SmsInSubscription
from xoxzo.cloudpy.operations.numbers import SINS
from xoxzo.cloudpy.operations.operation import Effect, Listing, Operation

Refused = Callable[..., str]

UID = "JPafr34rafic76tf"
NUMBER = b'{"country_code": "81", "sin": "818011112222", "sin_uid": "JPafr34rafic76tf", "initial_cost": 500}'
FIELDS: dict[str, Any] = {"sin_uid": UID, "sin": "818011112222", "country_code": "81"}
RAW = {"country_code": "81", "sin": "818011112222", "sin_uid": UID, "initial_cost": 500}
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("operation", "wire", "effect"),
    [
        (SINS.search(), ("sins.search", "GET", "/sms/sins/", "", b"", None), Effect.READ),
        (
            SINS.search(prefix="8180", country="JP"),
            ("sins.search", "GET", "/sms/sins/", "country=JP&prefix=8180", b"", None),
            Effect.READ,
        ),
        (
            SINS.subscribe(UID),
            ("sins.subscribe", "POST", "/sms/sins/subscriptions/", "", b"sin_uid=JPafr34rafic76tf", FORM),
            Effect.CREATE,
        ),
        (SINS.list(), ("sins.list", "GET", "/sms/sins/subscriptions/", "", b"", None), Effect.READ),
        (
            SINS.set_action_url(UID, action_url="https://example.com/in"),
            (
                "sins.set_action_url",
                "POST",
                "/sms/sins/subscriptions/JPafr34rafic76tf/",
                "",
                b"action_url=https%3A%2F%2Fexample.com%2Fin",
                FORM,
            ),
            Effect.IDEMPOTENT,
        ),
        (
            SINS.unsubscribe("a?b"),
            ("sins.unsubscribe", "DELETE", "/sms/sins/subscriptions/a%3Fb/", "", b"", None),
            Effect.IDEMPOTENT,
        ),
    ],
)
def test_requests(operation: Operation[Any], wire: tuple[object, ...], effect: Effect) -> None:
    """Each request has the method, the path and the body that the last official client had for it."""
    name, method, path, query, body, content_type = wire
    assert (operation.name, operation.method, operation.path, operation.query) == (name, method, path, query)
    assert (operation.body, operation.content_type, operation.effect) == (body, content_type, effect)
    assert isinstance(operation, Listing) is (name in {"sins.search", "sins.list"})


@pytest.mark.parametrize(
    ("field", "make", "values"),
    [
        ("country", lambda: SINS.search(country="jp"), ()),
        ("prefix", lambda: SINS.search(prefix="+81"), ()),
        ("sin_uid", SINS.subscribe, ("",)),
        ("sin_uid", SINS.unsubscribe, ("..",)),
        ("action_url", lambda: SINS.set_action_url(UID, action_url="example.com"), ()),
    ],
)
def test_refused(field: str, make: Callable[..., Any], values: tuple[str, ...], refused: Refused) -> None:
    """A value that breaks its rule is refused in the name of its parameter."""
    assert refused(field, make, *values)


def test_number() -> None:
    """A number is read as far as its fields can be guessed, and ``raw`` has the rest."""
    assert SINS.search().read(NUMBER) == SmsInNumber(**FIELDS, raw=RAW)


def test_subscription() -> None:
    """A subscription is a number with the address that its SMS are posted to."""
    subscription = SINS.list().read(NUMBER[:-1] + b', "action": {"url": "https://example.com/in"}}')

    assert subscription == SmsInSubscription(
        **FIELDS, action_url="https://example.com/in", raw={**RAW, "action": {"url": "https://example.com/in"}}
    )


@pytest.mark.parametrize("body", [b"", b"{}", b"OK"])
def test_subscribed_without_a_record(body: bytes) -> None:
    """No source shows the body, so one that tells nothing still means that the number is yours."""
    assert SINS.subscribe(UID).read(body) == SmsInSubscription(sin_uid=UID)


@pytest.mark.parametrize("read", [SINS.search().read, SINS.list().read])
def test_unreadable(read: Callable[[bytes], Any], undecodable: Callable[..., str]) -> None:
    """A record with another kind of key is no number of this kind."""
    assert undecodable(read, b'{"din_uid": "JPafr34rafic76tf"}') == "the record has no sin_uid"


def test_release_of_what_is_gone() -> None:
    """Absence after a release of unknown outcome means that it worked."""
    assert SINS.unsubscribe(UID).not_found_is_success
