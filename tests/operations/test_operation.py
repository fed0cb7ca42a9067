"""Requests as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy.operations import account, calls, conferences, dins, lookup, otp, sins, sms, templates
from xoxzo.cloudpy.operations.operation import FORM, JSON, Effect, Listing, Operation, form, json

if TYPE_CHECKING:
    from collections.abc import Callable

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

TO: Any = {"recipient": "+818011112222"}
URL = "https://example.com/"
MP3 = "http://example.com/1.mp3"

ALL: list[Operation[Any]] = [
    sms.send_sms(**TO, sender="Xoxzo1", message="secret text"),
    sms.get_sms("m1"),
    sms.list_sms(),
    calls.play(**TO, caller="818033334444", recording_url=MP3),
    calls.say(**TO, caller="818033334444", tts_message="secret text", tts_lang="en"),
    calls.get_call("c1"),
    dins.search_dins(),
    dins.subscribe_din("d1"),
    dins.list_dins(),
    dins.set_action_url("d1", action_url=URL),
    dins.unsubscribe_din("d1"),
    account.get_credits(),
    templates.list_templates(),
    templates.get_template(7),
    templates.create_template(name="n", content="secret text"),
    templates.update_template(7, content="secret text"),
    templates.delete_template(7),
    templates.send_template(7, **TO, sender="Xoxzo1", variables={"a": "secret text"}),
    otp.register_website(website=URL),
    otp.request(website=URL, phone_number="+818011112222"),
    otp.verify(website=URL, phone_number="+818011112222", code="secret1"),
    conferences.create_conference(caller="818033334444", participants=["+818011112222", "+818011113333"]),
    conferences.get_conference("f1"),
    lookup.carrier("+818011112222"),
    sins.search_sins(),
    sins.subscribe_sin("s1"),
    sins.list_sins(),
    sins.set_action_url("s1", action_url=URL),
    sins.unsubscribe_sin("s1"),
]
BY_NAME = {operation.name: operation for operation in ALL}


def test_table_of_operations() -> None:
    """Each operation has the method, path, effect and kind that the API document gives it (sections 2 to 9)."""
    table = [
        (one.name, one.method, one.path, one.effect.value, "list" if isinstance(one, Listing) else "one") for one in ALL
    ]

    assert table == [
        ("sms.send", "POST", "/sms/messages/", "create", "one"),
        ("sms.get", "GET", "/sms/messages/m1/", "read", "one"),
        ("sms.list", "GET", "/sms/messages/", "read", "list"),
        ("calls.play", "POST", "/voice/simple/playbacks/", "create", "one"),
        ("calls.say", "POST", "/voice/simple/playbacks/", "create", "one"),
        ("calls.get", "GET", "/voice/calls/c1/", "read", "one"),
        ("dins.search", "GET", "/voice/dins/", "read", "list"),
        ("dins.subscribe", "POST", "/voice/dins/subscriptions/", "create", "one"),
        ("dins.list", "GET", "/voice/dins/subscriptions/", "read", "list"),
        ("dins.set_action_url", "POST", "/voice/dins/subscriptions/d1/", "idempotent", "one"),
        ("dins.unsubscribe", "DELETE", "/voice/dins/subscriptions/d1/", "idempotent", "one"),
        ("account.credits", "GET", "/you/credits/", "read", "one"),
        ("templates.list", "GET", "/sms/templates/", "read", "list"),
        ("templates.get", "GET", "/sms/templates/7/", "read", "one"),
        ("templates.create", "POST", "/sms/templates/", "create", "one"),
        ("templates.update", "PATCH", "/sms/templates/7/", "idempotent", "one"),
        ("templates.delete", "DELETE", "/sms/templates/7/", "idempotent", "one"),
        ("templates.send", "POST", "/sms/templates/7/messages/", "create", "one"),
        ("otp.register_website", "POST", "/otp/register-website/", "create", "one"),
        ("otp.request", "POST", "/otp/request/", "create", "one"),
        ("otp.verify", "POST", "/otp/verify/", "create", "one"),
        ("conferences.create", "POST", "/voice/simple/conferences/", "create", "one"),
        ("conferences.get", "GET", "/voice/simple/conferences/f1/", "read", "one"),
        ("lookup.carrier", "POST", "/utilities/carrierlookup/", "create", "one"),
        ("sins.search", "GET", "/sms/sins/", "read", "list"),
        ("sins.subscribe", "POST", "/sms/sins/subscriptions/", "create", "one"),
        ("sins.list", "GET", "/sms/sins/subscriptions/", "read", "list"),
        ("sins.set_action_url", "POST", "/sms/sins/subscriptions/s1/", "idempotent", "one"),
        ("sins.unsubscribe", "DELETE", "/sms/sins/subscriptions/s1/", "idempotent", "one"),
    ]


def test_only_a_release_takes_absence_for_success() -> None:
    """A 404 after an unknown try means success for a release or a deletion, and for nothing else."""
    assert [one.name for one in ALL if one.absent_is_done] == [
        "dins.unsubscribe",
        "templates.delete",
        "sins.unsubscribe",
    ]


def test_only_a_verification_reads_a_refusal() -> None:
    """A refusal is an error for every call but the one that asks whether a code is right, which has a secret too."""
    assert [one.name for one in ALL if one.read_refusal is not None] == ["otp.verify"]
    assert [one.name for one in ALL if one.secret is not None] == ["otp.verify"]


def test_recipients() -> None:
    """What reaches a phone names every number that it would reach, and nothing else names any."""
    assert {one.name: one.recipients for one in ALL if one.recipients} == {
        "sms.send": ("+818011112222",),
        "calls.play": ("+818011112222",),
        "calls.say": ("+818011112222",),
        "templates.send": ("+818011112222",),
        "otp.request": ("+818011112222",),
        "conferences.create": ("+818011112222", "+818011113333"),
    }


@pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.name)
def test_bodies_are_forms(operation: Operation[Any]) -> None:
    """A POST carries a form and says so, or JSON in the chapter of templates; other methods carry nothing."""
    chapter = JSON if operation.name.startswith("templates.") else FORM
    assert bool(operation.body) is (operation.method in {"POST", "PATCH"})
    assert operation.content_type == (chapter if operation.body else None)
    assert operation.path.startswith("/")
    assert operation.path.endswith("/")


@pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.name)
def test_repr_shows_no_body(operation: Operation[Any]) -> None:
    """A repr has name, method and path, and neither number nor text; rich shows the same."""
    for shown in (repr(operation), str(dict(operation.__rich_repr__()))):
        assert operation.name in shown
        assert operation.path in shown
        assert "1111" not in shown
        assert "secret" not in shown
    assert repr(BY_NAME["sms.send"]) == "Operation(sms.send: POST /sms/messages/)"


def test_operations_are_frozen() -> None:
    """An operation cannot be changed once it is made."""
    with pytest.raises(AttributeError):
        ALL[0].body = b""  # type: ignore[misc]


def test_operations_have_quiet_defaults() -> None:
    """An operation needs name, method, path, effect and reader, and has nothing else unless told."""
    bare: Operation[bytes] = Operation(name="a.b", method="GET", path="/", effect=Effect.READ, read=bytes)

    assert (bare.query, bare.body, bare.content_type, bare.reference, bare.recipients) == ("", b"", None, None, ())
    assert (bare.absent_is_done, bare.read_refusal, bare.secret) == (False, None, None)


@pytest.mark.parametrize(
    ("fields", "encoded"),
    [
        ({}, b""),
        ({"a": None}, b""),
        ({"a": ""}, b"a="),
        ({"a": "1", "b": None, "c": "2"}, b"a=1&c=2"),
        ({"message": "こんにちは"}, b"message=%E3%81%93%E3%82%93%E3%81%AB%E3%81%A1%E3%81%AF"),
        ({"message": "😀"}, b"message=%F0%9F%98%80"),
        ({"recipient": "+818011112222"}, b"recipient=%2B818011112222"),
        ({"m": "a b&c=d;e%f+g\r\nh"}, b"m=a+b%26c%3Dd%3Be%25f%2Bg%0D%0Ah"),
        ({"m": "A-Z_a.z~0*9"}, b"m=A-Z_a.z~0%2A9"),
    ],
)
def test_form(fields: dict[str, str | None], encoded: bytes) -> None:
    """Fields are percent-encoded UTF-8 in their order, and those that are None are left out."""
    assert form(fields) == encoded


@patient
@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.text()))
def test_form_reads_back(fields: dict[str, str]) -> None:
    """Whatever is encoded is read back by a server as it was, one value for each field, in order."""
    fields = {name: value.encode("utf-8", "replace").decode() for name, value in fields.items()}
    encoded = form(fields)

    assert encoded.isascii()
    assert parse_qsl(encoded.decode("ascii"), keep_blank_values=True, strict_parsing=bool(fields)) == [*fields.items()]


@pytest.mark.parametrize(
    ("fields", "encoded"),
    [
        ({}, b"{}"),
        ({"a": "1", "b": {"c": ""}}, b'{"a":"1","b":{"c":""}}'),
        ({"名": '春"\\\n😀'}, '{"名":"春\\"\\\\\\n😀"}'.encode()),
    ],
)
def test_json(fields: dict[str, object], encoded: bytes) -> None:
    """An object is written as UTF-8, in its order and without blanks."""
    assert json(fields) == encoded


@pytest.mark.parametrize("name", ["sms.list", "dins.list", "dins.search", "templates.list", "sins.list", "sins.search"])
@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"7", b'"x"', b"{}", b'{"other": 1}', b"\xff", b"{"])
def test_listings_refuse_elements_without_an_id(name: str, body: bytes, unreadable: Callable[..., None]) -> None:
    """An element of a list that is no record, or has no id, cannot be read."""
    unreadable(BY_NAME[name].read, body)
