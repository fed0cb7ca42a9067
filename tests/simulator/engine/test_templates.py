"""SMS templates: written, approved by a person, sent with variables."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st
from simulator_callers import Caller, basic, web

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator import TemplateRecord
from xoxzo.cloudpy.simulator.engine.records.accounts import Account, Template

PHONE = "+818012345678"
TO = {"sender": "Xoxzo", "recipient": PHONE}
OTHER = {"authorization": basic("other", "token")}


def written(caller: Caller, content: str = "Hi {name}, code {code}", *, approved: bool = True) -> int:
    """Create a template, approved or not; returns its id."""
    status, template = caller.post("/sms/templates/", {"name": "News", "content": content})
    assert status == 201
    if approved:
        caller.simulator.approve_template(template["id"])
    return int(template["id"])


def read(caller: Caller, ident: int) -> dict[str, Any]:
    """Return a template as the API shows it."""
    status, template = caller.get(f"/sms/templates/{ident}/")
    assert status == 200
    return template


def test_a_template_waits_for_a_person(caller: Caller) -> None:
    """It is PENDING until it is approved, and then shows how it is used."""
    status, template = caller.post("/sms/templates/", {"name": "News", "content": "{a} {b} {a}"})
    assert (status, template) == (
        201,
        {
            "id": 1,
            "name": "News",
            "approved_content": None,
            "pending_content": "{a} {b} {a}",
            "status": "PENDING",
            "api_usage_example": None,
        },
    )
    caller.step(10**7)
    assert read(caller, 1) == template
    assert caller.simulator.templates == (TemplateRecord(1, "sid", "News", None, "{a} {b} {a}", "PENDING"),)
    assert caller.simulator.approve_template(1).status == "APPROVED"
    assert caller.simulator.approve_template(1).approved_content == "{a} {b} {a}"
    shown = read(caller, 1)
    example = shown.pop("api_usage_example")
    assert shown == {
        "id": 1,
        "name": "News",
        "approved_content": "{a} {b} {a}",
        "pending_content": None,
        "status": "APPROVED",
    }
    assert example.startswith("curl -u sid:token -X POST http://xoxzo.test/sms/templates/<template_id>/messages/ -H ")
    assert json.loads(example.split("'")[1])["variables"] == {"a": "Sample_a", "b": "Sample_b"}
    assert caller.get("/sms/templates/")[1] == [read(caller, 1)]


def test_it_can_be_approved_by_itself() -> None:
    """With the setting it is approved at once; the response still says PENDING, as the real one does."""
    caller = Caller(templates_approved=True)
    assert caller.post("/sms/templates/", {"name": "a", "content": "b"})[1]["status"] == "PENDING"
    assert read(caller, 1)["status"] == "APPROVED"
    assert caller.raw("PATCH", "/sms/templates/1/", b"content=c", content_type=b"application/x-www-form-urlencoded")
    assert read(caller, 1)["approved_content"] == "c"
    caller.post("/sms/templates/1/", {"content": "d"})
    assert caller.raw("DELETE", "/sms/templates/1/").status == 204
    assert caller.get("/sms/templates/1/") == (404, None)


@pytest.mark.parametrize("alias", ["content", "pending_content"])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "POST"])
def test_an_edit_needs_approval_again(caller: Caller, method: str, alias: str) -> None:
    """The text in force is kept beside the new one, but cannot be sent until a person has looked."""
    ident = written(caller)
    body = json.dumps({"name": "New", alias: "Bye"}).encode()
    assert caller.raw(method, f"/sms/templates/{ident}/", body, content_type=b"application/json").status == 200
    shown = read(caller, ident)
    assert (shown["name"], shown["approved_content"], shown["pending_content"], shown["status"]) == (
        "New",
        "Hi {name}, code {code}",
        "Bye",
        "PENDING",
    )
    refused = caller.post(f"/sms/templates/{ident}/messages/", {**TO, "variables": "{}"})
    assert refused == (400, {"non_field_errors": ["Template is not approved"]})
    assert caller.simulator.return_template(ident).approved_content == "Hi {name}, code {code}"
    assert read(caller, ident)["status"] == "APPROVED"


def test_a_new_name_alone_needs_no_approval(caller: Caller) -> None:
    """Only what is sent is looked at."""
    ident = written(caller)
    assert caller.post(f"/sms/templates/{ident}/", {"name": "Better"})[1]["status"] == "APPROVED"
    assert read(caller, ident)["name"] == "Better"


def test_a_first_text_that_is_returned_goes_on_waiting(caller: Caller) -> None:
    """The API has no status for a refusal; the author sees that nothing has happened."""
    ident = written(caller, approved=False)
    assert caller.simulator.return_template(ident).pending_content == "Hi {name}, code {code}"
    assert read(caller, ident)["status"] == "PENDING"


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, {"name": ["This field is required."], "content": ["This field is required."]}),
        ({"name": " ", "content": "x"}, {"name": ["This field may not be blank."]}),
        ({"name": "x", "pending_content": ""}, {"pending_content": ["This field may not be blank."]}),
    ],
)
def test_a_template_has_a_name_and_a_text(caller: Caller, fields: dict[str, str], errors: dict[str, Any]) -> None:
    """What is missing is named, and nothing is kept."""
    assert caller.post("/sms/templates/", fields) == (400, errors)
    assert caller.get("/sms/templates/") == (200, [])


def test_an_edit_says_what_changes(caller: Caller) -> None:
    """An empty one is refused."""
    ident = written(caller)
    assert caller.post(f"/sms/templates/{ident}/") == (400, {"content": ["This field is required."]})


@pytest.mark.parametrize("ident", ["1", "2", "x", "１", "9" * 40, "-1"])
def test_a_template_of_another_account_is_unknown(caller: Caller, ident: str) -> None:
    """It is 404 without a body, as one that is not there, to read, to change, to send and to delete."""
    written(caller)
    path = f"/sms/templates/{ident}/".encode().decode("latin-1")
    for method, target in [("GET", path), ("PUT", path), ("DELETE", path), ("POST", f"{path}messages/")]:
        reply = caller.raw(method, target, **OTHER)
        assert (reply.status, reply.body) == (404, b"")
    assert caller.raw("POST", "/sms/templates//messages/").status == 404
    assert caller.get("/sms/templates/", **OTHER) == (200, [])


def test_sending_fills_the_placeholders(caller: Caller) -> None:
    """The phone gets the finished text; parts and cost are those of the text; the id is that of any SMS."""
    ident = written(caller)
    variables = {"name": "はなこ" * 20, "code": 7, "other": "ignored"}
    status, body = caller.post_json(
        f"/sms/templates/{ident}/messages/", {**TO, "variables": variables, "tags": "a,b", "jp_kp": "no"}
    )
    assert status == 201
    [received] = caller.simulator.phone(PHONE).inbox
    assert (received.text, received.parts) == ("Hi " + "はなこ" * 20 + ", code 7", 2)
    caller.step(1)
    shown = caller.sms(body[0]["msgid"])
    assert (shown["cost"], shown["parts"], shown["tags"]) == (20, 2, ["a", "b"])
    assert caller.credits() == 99_980


def test_variables_may_be_the_text_of_an_object_in_a_form(caller: Caller) -> None:
    """So a form can send a template as well; braces inside a value are not filled again."""
    ident = written(caller)
    fields = {**TO, "variables": '{"name": "{code}", "code": "1"}'}
    assert caller.post(f"/sms/templates/{ident}/messages/", fields)[0] == 201
    assert caller.simulator.phone(PHONE).inbox[0].text == "Hi {code}, code 1"


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"variables": {"code": "1"}}, {"variables": ["Missing variables: name"]}),
        ({"variables": {}}, {"variables": ["Missing variables: name, code"]}),
        ({"variables": "{}"}, {"variables": ["Missing variables: name, code"]}),
        ({"variables": "{"}, {"variables": ["Value must be valid JSON."]}),
        ({"variables": "[" * 100_000}, {"variables": ["Value must be valid JSON."]}),
        ({"variables": [1]}, {"variables": ['Expected a dictionary of items but got type "list".']}),
        ({"variables": "3"}, {"variables": ['Expected a dictionary of items but got type "int".']}),
        ({"variables": None}, {"variables": ["This field may not be null."]}),
        ({"variables": {"name": None, "code": "1"}}, {"variables": ["name: This field may not be null."]}),
        ({"variables": {"name": "a\x00", "code": ""}}, {"variables": ["name: Null characters are not allowed."]}),
        ({"recipient": "1", "sender": ""},
         {"recipient": ["Invalid recipient"], "sender": ["This field may not be blank."]}),
        ({"variables": {"name": "a" * 661, "code": "1"}}, {"message": ["Message too long"]}),
        ({"variables": {"name": "a" * 661, "code": "1"}, "track_link": True}, {"message": ["Message too long"]}),
    ],
)  # fmt: skip
def test_refused_sends(caller: Caller, change: dict[str, Any], errors: dict[str, list[str]]) -> None:
    """What is wrong is named, and nothing is charged."""
    ident = written(caller)
    fields = {**TO, "variables": {"name": "a", "code": "b"}, **change}
    assert caller.post_json(f"/sms/templates/{ident}/messages/", fields) == (400, errors)
    assert caller.credits() == 100_000


def test_variables_are_required(caller: Caller) -> None:
    """Even a text without placeholders is sent with an empty object."""
    ident = written(caller, "plain")
    path = f"/sms/templates/{ident}/messages/"
    assert caller.post(path, TO) == (400, {"variables": ["This field is required."]})
    assert caller.post_json(path, {**TO, "variables": {}})[0] == 201


@pytest.mark.parametrize("status", [204, 200])
def test_a_deleted_template_is_gone(status: int) -> None:
    """The answer has no body, whichever of its two statuses is set; the id is not used again."""
    caller = Caller(template_delete_status=status)
    ident = written(caller)
    reply = caller.raw("DELETE", f"/sms/templates/{ident}/")
    assert (reply.status, reply.body) == (status, b"")
    assert caller.raw("DELETE", f"/sms/templates/{ident}/").status == 404
    assert written(caller) == ident + 1


def test_new_accounts_send_by_template_alone() -> None:
    """Where free-form messages are not allowed, templates are."""
    caller = Caller(free_form_allowed=False)
    ident = written(caller, "plain")
    assert caller.post("/sms/messages/", {**TO, "message": "x"})[0] == 403
    assert caller.post_json(f"/sms/templates/{ident}/messages/", {**TO, "variables": {}})[0] == 201


def test_the_oldest_are_forgotten() -> None:
    """Templates are bounded by a setting; whatever had to be approved meanwhile is let be."""
    caller = Caller(max_templates=1, templates_approved=True)
    caller.post("/sms/templates/", {"name": "a", "content": "a"})
    with caller.simulator.engine as engine:
        engine.templates.create(engine.accounts.get("sid", "token"), "b", "b")
        engine.templates.create(engine.accounts.get("sid", "token"), "c", "c")
    assert [template.name for template in caller.simulator.templates] == ["c"]


def test_approval_over_the_control_api() -> None:
    """Templates are listed, approved and returned over HTTP; an unknown id is 404."""
    caller = Caller()
    with caller.simulator.serve() as server, web(server.url) as page:
        ident = page.json("POST", "/sms/templates/", {"name": "News", "content": "a"})[1]["id"]
        assert page.json("POST", f"/_simulator/templates/{ident}/approve", {})[1]["status"] == "APPROVED"
        page.json("POST", f"/sms/templates/{ident}/", {"content": "b"})
        returned = {
            "id": ident,
            "sid": "sid",
            "name": "News",
            "approved_content": "a",
            "pending_content": None,
            "status": "APPROVED",
        }
        assert page.json("POST", f"/_simulator/templates/{ident}/return", {}) == (200, returned)
        assert page.json("GET", "/_simulator/templates") == (200, [returned])
        for verb in ("approve", "return"):
            for unknown in ("9", "x", "9" * 5000):
                assert page.json("POST", f"/_simulator/templates/{unknown}/{verb}", {})[0] == 404
            assert page("POST", f"/_simulator/templates/{ident}/{verb}", b"", Content_Type="text/plain")[0] == 415
    with pytest.raises(SimulatorError, match="no such template"):
        caller.simulator.approve_template(99)


def placeholders(content: str) -> list[str]:
    """Return the placeholders of a template whose text is in force."""
    account = Account("sid", "token", Decimal(0))
    return Template(ident=1, account=account, name="", approved_content=content).placeholders


def test_placeholders() -> None:
    """Any text in single or double braces, without the blanks around it, each once."""
    assert placeholders("{a} {名前} {a} {} { } { b } {c-d} {{e}} {{f} ｛g h｝") == [
        "a",
        "名前",
        "b",
        "c-d",
        "e",
        "f",
        "g h",
    ]
    assert placeholders("{ชื่อ} {お名前（漢字）} }{") == ["ชื่อ", "お名前（漢字）"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("{{a}}{{a}}", "11"),
        ("{{{a}}}", "{1}"),
        ("{{a}", "{1"),
        ("{a}}", "1}"),
        ("{ a }｛a｝", "11"),
        ("{a}{{a}}}", "11}"),
    ],
)
def test_double_braces_are_one_placeholder(caller: Caller, content: str, text: str) -> None:
    """A blog post of Xoxzo writes `{{name}}`; a brace without its counterpart is plain text."""
    ident = written(caller, content)
    assert caller.post_json(f"/sms/templates/{ident}/messages/", {**TO, "variables": {"a": "1"}})[0] == 201
    assert caller.simulator.phone(PHONE).inbox[0].text == text


ONE = Caller(max_templates=100)
WILD = st.recursive(
    st.text(max_size=8) | st.none() | st.booleans() | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(content=st.text(max_size=30), variables=WILD)
def test_no_template_breaks_it(content: str, variables: object) -> None:
    """Whatever is written and filled in, it is sent or refused."""
    body = json.dumps({"name": "x", "content": content}).encode("utf-8", "surrogatepass")
    created = ONE.raw("POST", "/sms/templates/", body, content_type=b"application/json")
    assert created.status in {201, 400}
    if created.status == 201:
        ident = json.loads(created.body)["id"]
        ONE.simulator.approve_template(ident)
        assert ONE.raw("GET", f"/sms/templates/{ident}/").status == 200
        sent = json.dumps({**TO, "variables": variables}).encode()
        path = f"/sms/templates/{ident}/messages/"
        assert ONE.raw("POST", path, sent, content_type=b"application/json").status in {201, 400, 403}
