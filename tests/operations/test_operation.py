"""Requests as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec
import pytest
from endpoint_calls import CALLS, CODE, OTHER_RECIPIENT, RECIPIENT, operation_of
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy.operations.bodies import FORM, JSON, form, ignore_body
from xoxzo.cloudpy.operations.operation import Effect, Listing, Operation, write_operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from xoxzo.cloudpy.operations.endpoints import Endpoint

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

EXAMPLES = [(endpoint, operation_of(call)) for endpoint, call in CALLS.values()]
BY_NAME = {operation.name: operation for _, operation in EXAMPLES}
ALL = list(BY_NAME.values())


@pytest.mark.parametrize(("endpoint", "operation"), EXAMPLES, ids=list(CALLS))
def test_an_operation_is_what_the_table_says(endpoint: Endpoint, operation: Operation[Any]) -> None:
    """Each operation has the method, effect and kind of its endpoint; a DELETE alone takes absence for success."""
    assert (operation.method, operation.effect) == (endpoint.method, endpoint.effect)
    assert isinstance(operation, Listing) is endpoint.is_listing
    assert operation.not_found_is_success is (endpoint.method == "DELETE")


@pytest.mark.parametrize(("endpoint", "operation"), EXAMPLES, ids=list(CALLS))
def test_an_operation_reads_the_reply_of_the_table(endpoint: Endpoint, operation: Operation[Any]) -> None:
    """The table's example of a reply is read; where it says that the body is ignored, any body is."""
    if endpoint.is_listing:
        (element,) = msgspec.json.decode(endpoint.reply)
        assert operation.read(msgspec.json.encode(element)).raw == element
    elif endpoint.reply is None:
        assert operation.read(b"") == operation.read(b"<html>")
    else:
        operation.read(endpoint.reply)


def test_only_a_verification_reads_a_refusal() -> None:
    """A refusal is an error for every call but the one that asks whether a code is right, which has a secret too."""
    assert [one.name for one in ALL if one.read_refusal is not None] == ["otp.verify"]
    assert [one.name for one in ALL if one.secret is not None] == ["otp.verify"]


def test_recipients() -> None:
    """What reaches a phone names every number that it would reach, and nothing else names any."""
    assert {one.name: one.recipients for one in ALL if one.recipients} == {
        "sms.send": (RECIPIENT,),
        "calls.play": (RECIPIENT,),
        "calls.say": (RECIPIENT,),
        "templates.send": (RECIPIENT,),
        "otp.request": (RECIPIENT,),
        "conferences.create": (RECIPIENT, OTHER_RECIPIENT),
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
        assert CODE not in shown
    assert repr(BY_NAME["sms.send"]) == "Operation(sms.send: POST /sms/messages/)"


def test_operations_are_frozen() -> None:
    """An operation cannot be changed once it is made."""
    with pytest.raises(AttributeError):
        ALL[0].body = b""  # type: ignore[misc]


def test_operations_have_quiet_defaults() -> None:
    """An operation needs name, method, path, effect and reader; all else is optional."""
    bare: Operation[bytes] = Operation(name="a.b", method="GET", path="/", effect=Effect.READ, read=bytes)

    assert (bare.query, bare.body, bare.content_type, bare.reference, bare.recipients) == ("", b"", None, None, ())
    assert (bare.not_found_is_success, bare.read_refusal, bare.secret) == (False, None, None)


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
    assert write_operation("a", "/", ignore_body, fields, as_json=True).body == encoded


@pytest.mark.parametrize("name", sorted(name for name, one in BY_NAME.items() if isinstance(one, Listing)))
@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"7", b'"x"', b"{}", b'{"other": 1}', b"\xff", b"{"])
def test_listings_refuse_elements_without_an_id(name: str, body: bytes, undecodable: Callable[..., None]) -> None:
    """An element of a list that is no record, or has no id, cannot be read."""
    undecodable(BY_NAME[name].read, body)
