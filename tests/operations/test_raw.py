"""Requests that the library has no name for yet."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy.operations.operation import Effect
from xoxzo.cloudpy.operations.raw import request

if TYPE_CHECKING:
    from collections.abc import Callable

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_get() -> None:
    """A GET is a read, its query percent-encoded."""
    operation = request("GET", "/sms/templates/", query={"name": "春 & more"})

    assert (operation.name, operation.method, operation.path, operation.query) == (
        "request GET",
        "GET",
        "/sms/templates/",
        "name=%E6%98%A5+%26+more",
    )
    assert (operation.body, operation.content_type, operation.recipients) == (b"", None, ())
    assert operation.effect is Effect.READ


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_everything_else_is_done_once(method: str) -> None:
    """What is no GET may cost or change something, so it is never repeated on a guess."""
    assert request(method, "/otp/request/").effect is Effect.CREATE


@pytest.mark.parametrize(
    ("given", "body", "content_type"),
    [
        ({"form": {"a": "春", "b": "1 2"}}, b"a=%E6%98%A5&b=1+2", "application/x-www-form-urlencoded"),
        ({"form": {}}, b"", "application/x-www-form-urlencoded"),
        ({"json": {"a": ["春", 1, None]}}, '{"a":["春",1,null]}'.encode(), "application/json"),
        ({"json": []}, b"[]", "application/json"),
        ({}, b"", None),
    ],
)
def test_body(given: dict[str, Any], body: bytes, content_type: str | None) -> None:
    """A body is a form or JSON, in UTF-8."""
    operation = request("POST", "/p/", **given)

    assert (operation.body, operation.content_type) == (body, content_type)


@pytest.mark.parametrize(
    ("field", "arguments", "more", "rule"),
    [
        ("method", ("get", "/p/"), {}, "must be one of DELETE, GET, PATCH, POST, PUT"),
        ("method", ("GET /x", "/p/"), {}, "must be one of"),
        ("json", ("POST", "/p/"), {"form": {}, "json": {}}, "excludes form"),
        ("json", ("POST", "/p/"), {"json": object()}, "cannot be written as JSON: TypeError"),
        ("path", ("GET", ""), {}, "must not be empty"),
        ("path", ("GET", "p/"), {}, "must begin with /"),
        ("path", ("GET", "https://example.com/"), {}, "must begin with /"),
        ("path", ("GET", "@example.com/"), {}, "must begin with /"),
        ("path", ("GET", "/p/?a=b"), {}, "must begin with /"),
        ("path", ("GET", "/p/#a"), {}, "must begin with /"),
        ("path", ("GET", "/p q/"), {}, "must begin with /"),
        ("path", ("GET", "/p\r\nx: y"), {}, "must begin with /"),
        ("path", ("GET", "/春/"), {}, "must begin with /"),
        ("path", ("GET", "/p/../q/"), {}, "dots only"),
        ("path", ("GET", "/./"), {}, "dots only"),
    ],
)
def test_refused(
    field: str, arguments: tuple[str, str], more: dict[str, Any], rule: str, refused: Callable[..., str]
) -> None:
    """Another method, two bodies, and a path that is more than a path are refused."""
    assert rule in refused(field, request, *arguments, **more)


@pytest.mark.parametrize("name", ["query", "form"])
def test_text_that_cannot_be_encoded(name: str, refused: Callable[..., str]) -> None:
    """Half a character in a query or a form is refused in its name, as everywhere else."""
    assert refused(name, request, "POST", "/p/", **{name: {"a": "\ud800"}})


@pytest.mark.parametrize(
    ("given", "recipients"),
    [
        ({"form": {"recipient": "+818011112222"}}, ("+818011112222",)),
        ({"form": {"phone_number": "+818011112222"}}, ("+818011112222",)),
        ({"form": {"participants": "+818011112222,+818033334444"}}, ("+818011112222", "+818033334444")),
        ({"json": {"recipient": "+818011112222", "message": "x"}}, ("+818011112222",)),
        ({"json": [{"recipient": "+818011112222"}]}, ("",)),
        ({"form": {"message": "x"}}, ("",)),
        ({}, ("",)),
    ],
)
def test_recipients(given: dict[str, Any], recipients: tuple[str, ...]) -> None:
    """The numbers of a body are seen, and a body without a readable number is refused."""
    assert request("POST", "/p/", **given).recipients == recipients


@pytest.mark.parametrize(
    ("body", "value"), [(b'{"a": 1}', {"a": 1}), (b"[]", []), (b"", None), (b"<html>", None), (b"\xff", None)]
)
def test_answer(body: bytes, value: object) -> None:
    """The answer is the body decoded, and None where there is nothing to decode."""
    assert request("GET", "/p/").read(body) == value


@patient
@given(
    st.text() | st.text().map(lambda text: f"/{text}") | st.lists(st.sampled_from(["/", ".", "?", "%2e"])).map("".join)
)
def test_any_path_stays_below_the_base(taken: Callable[..., Any], path: str) -> None:
    """Any path is refused, or begins with a slash and has neither a dot segment nor a query in it."""
    operation = taken("path", lambda text: request("GET", text), path)

    if operation is not None:
        assert operation.path.startswith("/")
        assert not {".", ".."} & set(operation.path.split("/"))
        assert not set(operation.path) & set("?# \r\n\\")


class SafeText(str):
    """As Django's SafeString: a subclass of text."""

    __slots__ = ()


def test_json_of_subclasses_of_text() -> None:
    """A subclass of text is written as the text that it is, as a name and as a value."""
    operation = request("POST", "/sms/templates/", json={SafeText("name"): [SafeText("春")]})

    assert operation.body == '{"name":["春"]}'.encode()


def test_a_form_of_members_of_an_enum() -> None:
    """The text of a member is sent, and not its name."""
    sender = Enum("sender", {"SHOP": "Shop"}, type=str)
    operation = request("POST", "/sms/messages/", form={"sender": sender.SHOP}, query={"a": sender.SHOP})
    assert (operation.body, operation.query) == (b"sender=Shop", "a=Shop")
