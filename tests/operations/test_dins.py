"""Dial-in numbers (API section 6)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy.models import DialInNumber, DialInSubscription
from xoxzo.cloudpy.operations.numbers import DINS
from xoxzo.cloudpy.operations.operation import Effect, Listing, Operation

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

Refused = Callable[..., str]

UID = "JPafr34rafic76tf"
NUMBER = b"""{"country_code": "81", "din": "815012345678", "din_uid": "JPafr34rafic76tf",
  "minute_cost": 1, "monthly_cost": 650.0, "prefix": "50"}"""
FIELDS: dict[str, Any] = {
    "din_uid": UID,
    "din": "815012345678",
    "country_code": "81",
    "prefix": "50",
    "minute_cost": Decimal(1),
    "monthly_cost": Decimal("650.0"),
}
RAW = {
    "country_code": "81",
    "din": "815012345678",
    "din_uid": UID,
    "minute_cost": 1,
    "monthly_cost": 650.0,
    "prefix": "50",
}


@pytest.mark.parametrize(
    ("conditions", "query"),
    [
        ({}, ""),
        ({"country": None, "prefix": None}, ""),
        ({"country": "JP"}, "country=JP"),
        ({"prefix": "8150"}, "prefix=8150"),
        ({"prefix": "8150", "country": "JP"}, "country=JP&prefix=8150"),
    ],
)
def test_search(conditions: dict[str, Any], query: str) -> None:
    """Searching is a GET with the conditions that are set."""
    operation = DINS.search(**conditions)

    assert isinstance(operation, Listing)
    assert (operation.name, operation.method, operation.path, operation.query, operation.body) == (
        "dins.search",
        "GET",
        "/voice/dins/",
        query,
        b"",
    )
    assert operation.effect is Effect.READ


@pytest.mark.parametrize(
    ("field", "value"), [("country", "jp"), ("country", ""), ("prefix", "+8150"), ("prefix", "a&b=c")]
)
def test_search_refused(field: str, value: str, refused: Refused) -> None:
    """A country that is no code and a prefix that is not digits are refused."""
    assert refused(field, DINS.search, **{field: value})


def test_found_number() -> None:
    """A free number is read with its costs exactly."""
    assert DINS.search().read(NUMBER) == DialInNumber(**FIELDS, raw=RAW)


def test_subscribe() -> None:
    """Subscribing is a POST of the key in the body."""
    operation = DINS.subscribe(UID)

    assert (operation.name, operation.method, operation.path, operation.query, operation.body) == (
        "dins.subscribe",
        "POST",
        "/voice/dins/subscriptions/",
        "",
        b"din_uid=JPafr34rafic76tf",
    )
    assert operation.effect is Effect.CREATE
    assert operation.content_type == "application/x-www-form-urlencoded"


@patient
@given(st.text())
def test_subscribe_sends_any_key_as_it_is(taken: Callable[..., Any], din_uid: str) -> None:
    """Any key is refused, or arrives in the body as it was given."""
    operation = taken("din_uid", DINS.subscribe, din_uid)

    assert operation is None or parse_qsl(operation.body.decode("ascii"), strict_parsing=True) == [("din_uid", din_uid)]


@pytest.mark.parametrize("body", [NUMBER, b"[" + NUMBER + b"]"])
def test_subscribed(body: bytes) -> None:
    """Where the server answers with the number, bare or in a list, it is read."""
    assert DINS.subscribe(UID).read(body) == DialInSubscription(**FIELDS, action_url=None, raw=RAW)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"OK", b"\xff", b"7", b"[[]]"])
def test_subscribed_without_a_record(body: bytes) -> None:
    """No source shows the body, so one that cannot be read still means that the number is yours."""
    assert DINS.subscribe(UID).read(body) == DialInSubscription(din_uid=UID)


@pytest.mark.parametrize("body", [b"{}", b'{"din_uid": ""}', b'{"din_uid": null}', b'{"message": "done"}'])
def test_subscribed_without_a_key(body: bytes) -> None:
    """A record without the key gets the requested one."""
    assert DINS.subscribe(UID).read(body).din_uid == UID


def test_list() -> None:
    """The subscriptions are a GET without a query."""
    operation = DINS.list()

    assert isinstance(operation, Listing)
    assert (operation.name, operation.method, operation.path, operation.query, operation.body) == (
        "dins.list",
        "GET",
        "/voice/dins/subscriptions/",
        "",
        b"",
    )
    assert operation.effect is Effect.READ


def test_subscription() -> None:
    """A subscription is a number with its action URL."""
    subscription = DINS.list().read(NUMBER[:-1] + b', "action": {"url": "https://example.com/din"}}')

    assert subscription == DialInSubscription(
        **FIELDS, action_url="https://example.com/din", raw={**RAW, "action": {"url": "https://example.com/din"}}
    )


@pytest.mark.parametrize(
    "action", [b"null", b"{}", b'{"url": null}', b'{"url": ""}', b'""', b"[]", b'"https://example.com/"']
)
def test_subscription_without_an_action(action: bytes) -> None:
    """How an unset action looks is unknown, so whatever has no address in it reads as none."""
    assert DINS.list().read(b'{"din_uid": "d", "action": ' + action + b"}") == DialInSubscription(
        din_uid="d", action_url=None, raw=DINS.list().read(b'{"din_uid": "d", "action": ' + action + b"}").raw
    )
    assert DINS.list().read(b'{"din_uid": "d"}').action_url is None


def test_set_action_url() -> None:
    """Setting the address is a POST to the number's path that can be repeated without harm."""
    operation = DINS.set_action_url(UID, action_url="https://example.com/a?b=c&d=春")

    assert (operation.name, operation.method, operation.path, operation.query, operation.body) == (
        "dins.set_action_url",
        "POST",
        "/voice/dins/subscriptions/JPafr34rafic76tf/",
        "",
        b"action_url=https%3A%2F%2Fexample.com%2Fa%3Fb%3Dc%26d%3D%E6%98%A5",
    )
    assert operation.effect is Effect.IDEMPOTENT
    assert operation.content_type == "application/x-www-form-urlencoded"


def test_set_action_url_refused(refused: Refused) -> None:
    """What is no address is refused."""
    assert "absolute" in refused("action_url", DINS.set_action_url, UID, action_url="example.com")


def test_unsubscribe() -> None:
    """Releasing is a DELETE that can be repeated, and absence afterwards means that it worked."""
    operation = DINS.unsubscribe(UID)

    assert (operation.name, operation.method, operation.path, operation.query, operation.body) == (
        "dins.unsubscribe",
        "DELETE",
        "/voice/dins/subscriptions/JPafr34rafic76tf/",
        "",
        b"",
    )
    assert operation.effect is Effect.IDEMPOTENT
    assert operation.not_found_is_success
    assert operation.content_type is None


@pytest.mark.parametrize(
    "operation",
    [DINS.set_action_url(UID, action_url="https://example.com/"), DINS.unsubscribe(UID)],
    ids=["set", "release"],
)
@pytest.mark.parametrize("body", [b"", b"{}", b"not JSON", b"\xff"])
def test_nothing_is_read(operation: Operation[None], body: bytes) -> None:
    """These answers are empty as a rule, and whatever stands in them does not matter."""
    read: Callable[[bytes], object] = operation.read

    assert read(body) is None


@pytest.mark.parametrize(
    "make",
    [DINS.unsubscribe, lambda uid: DINS.set_action_url(uid, action_url="https://example.com/")],
    ids=["del", "set"],
)
@patient
@given(din_uid=st.text() | st.sampled_from(["../../../you/credits", "..", "/", "?x", "%2e", "a/b", "\\..\\", ""]))
def test_no_id_reaches_another_endpoint(
    taken: Callable[..., Any], make: Callable[[str], Operation[None]], din_uid: str
) -> None:
    """Any text is refused, or is exactly one segment between the fixed parts that unquotes back to it."""
    operation = taken("din_uid", make, din_uid)
    if operation is None:
        return

    path = operation.path
    _, voice, dins, subscriptions, segment, end = path.split("/")
    assert (voice, dins, subscriptions, end) == ("voice", "dins", "subscriptions", "")
    assert segment not in {"", ".", ".."}
    assert not set(path) & set("?#")
    assert unquote(segment, errors="strict") == din_uid
