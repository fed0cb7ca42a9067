"""SMS templates (API section 3)."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy.models import SentMessage, Template, TemplateStatus
from xoxzo.cloudpy.operations.operation import Effect, Listing, Operation
from xoxzo.cloudpy.operations.sms import (
    create_template,
    delete_template,
    get_template,
    list_templates,
    send_sms,
    send_template,
    update_template,
)

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

Refused = Callable[..., str]

LEAST: dict[str, Any] = {"recipient": "+818011112222", "sender": "Xoxzo1"}
FIRST = b'{"recipient":"+818011112222","sender":"Xoxzo1","variables":{}'
WELCOME = Template(
    id=6,
    name="Welcome SMS",
    status=TemplateStatus.APPROVED,
    approved_content="Hi {name}! This is your discount {order_number}",
)
APPROVED = b"""{"id": 6, "name": "Welcome SMS",
  "approved_content": "Hi {name}! This is your discount {order_number}",
  "pending_content": null, "status": "APPROVED", "api_usage_example": "curl -u sid:token"}"""
PENDING = b"""{"id": 7, "name": "Welcome 2", "approved_content": null,
  "pending_content": "Variables must {name}", "status": "PENDING", "api_usage_example": null}"""


@pytest.mark.parametrize(
    ("operation", "wire", "effect"),
    [
        (list_templates(), ("templates.list", "GET", "/sms/templates/", b""), Effect.READ),
        (get_template(6), ("templates.get", "GET", "/sms/templates/6/", b""), Effect.READ),
        (
            create_template(name="Welcome", content="{name}様、ようこそ"),
            (
                "templates.create",
                "POST",
                "/sms/templates/",
                '{"name":"Welcome","content":"{name}様、ようこそ"}'.encode(),
            ),
            Effect.CREATE,
        ),
        (
            update_template(6, name="Hello"),
            ("templates.update", "PATCH", "/sms/templates/6/", b'{"name":"Hello"}'),
            Effect.IDEMPOTENT,
        ),
        (
            update_template(6, content="Hi", name=None),
            ("templates.update", "PATCH", "/sms/templates/6/", b'{"content":"Hi"}'),
            Effect.IDEMPOTENT,
        ),
        (
            update_template(6, content="Hi", name="Hello"),
            ("templates.update", "PATCH", "/sms/templates/6/", b'{"name":"Hello","content":"Hi"}'),
            Effect.IDEMPOTENT,
        ),
        (delete_template(6), ("templates.delete", "DELETE", "/sms/templates/6/", b""), Effect.IDEMPOTENT),
    ],
)
def test_requests(operation: Operation[Any], wire: tuple[object, ...], effect: Effect) -> None:
    """Each request has its method and path, and a body in JSON where it has one."""
    assert (operation.name, operation.method, operation.path, operation.body) == wire
    assert (operation.query, operation.effect, operation.recipients) == ("", effect, ())
    assert operation.content_type == ("application/json" if operation.body else None)
    assert isinstance(operation, Listing) is (operation.name == "templates.list")
    assert operation.not_found_is_success is (operation.name == "templates.delete")


@pytest.mark.parametrize("template_id", [0, -1, True, "6", 6.0, None, "6/messages", b"6"])
@pytest.mark.parametrize(
    "make",
    [get_template, delete_template, lambda template_id: update_template(template_id, name="x")],
    ids=["get", "delete", "update"],
)
def test_a_template_has_a_number(make: Callable[[Any], Any], template_id: Any, refused: Refused) -> None:
    """Only a whole number above 0 can be a template's, so no id reaches another path."""
    assert refused("template_id", make, template_id) == "must be a whole number above 0"


@pytest.mark.parametrize("template", [0, True, "6", None])
def test_send_needs_a_template(template: Any, refused: Refused) -> None:
    """Sending takes a template's number or the template, and calls it so."""
    assert refused("template", send_template, template, **LEAST) == "must be a whole number above 0"


@pytest.mark.parametrize(
    ("field", "make", "named"),
    [
        ("name", create_template, {"name": "", "content": "Hi"}),
        ("content", create_template, {"name": "Hello", "content": " "}),
        ("name", lambda **named: update_template(6, **named), {"name": ""}),
        ("content", lambda **named: update_template(6, **named), {"content": 7}),
        ("content", lambda **named: update_template(6, **named), {}),
    ],
)
def test_empty_texts_are_refused(field: str, make: Callable[..., Any], named: dict[str, Any], refused: Refused) -> None:
    """A template has a name and a content, and an update changes at least one of them."""
    assert refused(field, make, **named)


def test_send() -> None:
    """The least send is a POST of JSON below the template's path, variables in it even when there are none."""
    operation = send_template(6, **LEAST)

    assert (operation.name, operation.method, operation.path, operation.query) == (
        "templates.send",
        "POST",
        "/sms/templates/6/messages/",
        "",
    )
    assert operation.body == FIRST + b"}"
    assert (operation.effect, operation.content_type, operation.reference) == (Effect.CREATE, "application/json", None)
    assert operation.recipients == ("+818011112222",)


def test_send_with_everything() -> None:
    """Every option of an SMS goes out under the name and in the form that it has there."""
    operation = send_template(
        WELCOME,
        recipient="+818011112222",
        sender="Xoxzo1",
        variables={"name": '春 "x" & co', "order_number": ""},
        callback_url="http://example.com/receive_dlr/",
        reference="order-7",
        tags=["tag1", "春"],
        track_link=True,
        lt_callback_url="http://example.com/click/",
        jp_kpl=True,
        jp_kp_sender="0312341234",
    )

    assert operation.path == "/sms/templates/6/messages/"
    assert operation.reference == "order-7"
    assert operation.body.decode() == (
        '{"recipient":"+818011112222","sender":"Xoxzo1","variables":{"name":"春 \\"x\\" & co","order_number":""},'
        '"callbackurl":"http://example.com/receive_dlr/","tags":"tag1,春,order-7","track_link":"true",'
        '"lt_callbackurl":"http://example.com/click/","jp_kpl":"true","jp_kp_sender":"0312341234"}'
    )


@pytest.mark.parametrize(
    ("field", "more", "rule"),
    [
        ("recipient", {"recipient": "08011112222"}, "begin with +"),
        ("sender", {"sender": "Much too long"}, "at most 10"),
        ("callback_url", {"callback_url": "example.com"}, "absolute"),
        ("reference", {"reference": "a,b"}, "comma"),
        ("tags", {"tags": "ab"}, "list"),
        ("lt_callback_url", {"lt_callback_url": "http://example.com/"}, "needs track_link=True"),
        ("jp_kpl", {"jp_kp": True, "jp_kpl": True, "jp_kp_sender": "03"}, "excludes jp_kp"),
        ("jp_kp_sender", {"jp_kp": True}, "is required"),
        ("jp_kp_sender", {"jp_kp_sender": "03"}, "needs jp_kp=True or jp_kpl=True"),
        ("variables", {"variables": {"name": 7}}, "name is not one"),
        ("variables", {"variables": []}, "mapping"),
    ],
)
def test_send_refused(field: str, more: dict[str, Any], rule: str, refused: Refused) -> None:
    """A value that breaks its rule is refused as in a plain SMS; variables are texts."""
    assert rule in refused(field, send_template, 6, **{**LEAST, **more})
    if field != "variables":
        assert rule in refused(field, send_sms, **{**LEAST, "message": "Hi", **more})


def test_variables_of_a_known_text_are_checked(refused: Refused) -> None:
    """With the template as argument, missing and unknown names are reported before anything is sent."""
    assert refused("variables", send_template, WELCOME, **LEAST, variables={"name": "Alice", "order": "7"}) == (
        "must be those that the template names: missing order_number; unknown order"
    )
    assert refused("variables", send_template, WELCOME, **LEAST).endswith("missing name, order_number")


def test_variables_of_an_unknown_text_are_left_to_the_server() -> None:
    """By number, or with a template that was not approved when it was read, nothing is held against the names."""
    waiting = Template(id=7, status=TemplateStatus.PENDING, pending_content="{a}")
    by_number = send_template(7, **LEAST, variables={"b": "c"})

    assert send_template(waiting, **LEAST, variables={"b": "c"}).body == by_number.body
    assert msgspec.json.decode(by_number.body)["variables"] == {"b": "c"}


def test_a_finished_text_must_fit(refused: Refused) -> None:
    """A text over 660 units is refused, unless a link in it will be replaced by a shorter one."""
    variables = {"name": "a" * 700, "order_number": ""}

    assert "too long" in refused("variables", send_template, WELCOME, **LEAST, variables=variables)
    assert b"a" * 700 in send_template(WELCOME, **LEAST, variables=variables, track_link=True).body


@patient
@given(st.dictionaries(st.text(st.characters(), max_size=5), st.text(st.characters(), max_size=20), max_size=4))
def test_whatever_is_sent_reads_back(taken: Callable[..., Any], variables: dict[str, str]) -> None:
    """Any variables that can be encoded arrive as they were given; others are refused."""
    whole = "".join([*variables, *variables.values()]).encode("utf-8", "replace").decode()
    operation = taken("variables", lambda values: send_template(6, **LEAST, variables=values), variables)

    assert (operation is not None) is (whole == "".join([*variables, *variables.values()]))
    assert operation is None or msgspec.json.decode(operation.body)["variables"] == variables


@pytest.mark.parametrize("body", [b'[{"msgid": "m1"}]', b'{"msgid": "m1"}'])
def test_sent(body: bytes) -> None:
    """The answer is that of a plain SMS, and the reference is added to it."""
    sent = send_template(6, **LEAST, reference="order-7").read(body)

    assert sent == SentMessage(msgid="m1", reference="order-7", raw={"msgid": "m1"})


@pytest.mark.parametrize(
    "read",
    [
        list_templates().read,
        get_template(6).read,
        create_template(name="a", content="b").read,
        update_template(6, name="a").read,
    ],
    ids=["list", "get", "create", "update"],
)
@pytest.mark.parametrize("wrap", [b"%b", b"[%b]"], ids=["object", "list"])
def test_records(read: Callable[[bytes], Template], wrap: bytes) -> None:
    """An approved and a pending template are read, wherever they come from."""
    approved, pending = read(wrap % APPROVED), read(wrap % PENDING)

    assert approved == Template(
        id=6,
        name="Welcome SMS",
        status=TemplateStatus.APPROVED,
        approved_content="Hi {name}! This is your discount {order_number}",
        pending_content=None,
        api_usage_example="curl -u sid:token",
        raw=approved.raw,
    )
    assert pending == Template(
        id=7,
        name="Welcome 2",
        status=TemplateStatus.PENDING,
        approved_content=None,
        pending_content="Variables must {name}",
        api_usage_example=None,
        raw=pending.raw,
    )
    assert approved.raw["pending_content"] is None


def test_record_of_little() -> None:
    """A number is enough, and an unknown status is kept as text."""
    template = get_template(6).read(b'{"id": 6.0, "status": "REJECTED", "approved_content": ""}')

    assert (template.id, template.status, template.status.is_known) == (6, "REJECTED", False)
    assert (template.name, template.approved_content) == ("", None)
    assert get_template(6).read(b'{"id": 6}').status == ""


@patient
@given(
    st.dictionaries(
        st.sampled_from(["name", "status", "approved_content", "pending_content", "api_usage_example"]),
        st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    )
)
def test_no_value_of_a_field_breaks_a_record(fields: dict[str, Any]) -> None:
    """A record with a number is always read, whatever stands in its other fields."""
    template = get_template(6).read(msgspec.json.encode({**fields, "id": 6}))

    assert template.id == 6
    assert isinstance(template.placeholders, tuple)
    assert pickle.loads(pickle.dumps(template)) == template


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"id": null}', b'{"id": "six"}', b'{"message": "ok"}', b"<html>"]
)
def test_unreadable(body: bytes, undecodable: Callable[..., str]) -> None:
    """A record without its number is none."""
    assert undecodable(get_template(6).read, body)
    assert undecodable(create_template(name="a", content="b").read, body)


@pytest.mark.parametrize("body", [b"", b"{}", b"not JSON"])
def test_nothing_is_read_of_a_deletion(body: bytes) -> None:
    """200 and 204 are both fine, with any body or none."""
    read: Callable[[bytes], object] = delete_template(6).read

    assert read(body) is None


class SafeText(str):
    """As Django's SafeString: a subclass of text."""

    __slots__ = ()


def test_variables_may_be_subclasses_of_text() -> None:
    """A template is sent with a subclass of text, such as Django's SafeString, as with the text that it is."""
    plain, safe = (
        send_template(7, recipient=kind("+818011112222"), sender=kind("Shop"), variables={kind("name"): kind("Hanako")})
        for kind in (str, SafeText)
    )

    assert safe.body == plain.body
