"""What the API's description leaves open, row by row: sections 15 and 16, each test with its row."""

from __future__ import annotations

import json
from typing import Any

import pytest
from simulator_callers import CALL, SMS, Caller, Listener

from xoxzo.cloudpy.errors import SimulatorError

INVALID_SENDER = (400, {"sender": ["Invalid sender"]})
INVALID_RECORDING = (400, {"recording_url": ["Enter a valid URL."]})
LINK = "see http://example.com now"


@pytest.mark.parametrize("sender", ["klis-nine", "My Shop", "Shop.jp", "A&B", "o'neill"])
def test_senders_in_use_are_taken_unless_strict(caller: Caller, sender: str) -> None:
    """Rows 15.4 and 16: hyphens and blanks pass as they are; `strict_sender`, and the profile strict, refuse them."""
    assert caller.sms(caller.send(sender=sender))["sender"] == sender
    assert Caller(strict_sender=True).post("/sms/messages/", {**SMS, "sender": sender}) == INVALID_SENDER


@pytest.mark.parametrize("strict", [False, True])
def test_senders_that_are_never_taken(strict: bool) -> None:
    """Row 15.4: over 10 characters with a letter, over 15 digits, outer blanks, tabs and other scripts are refused."""
    caller = Caller(strict_sender=strict)
    for sender in ("klis-nine-10", "1" * 16, "+" + "1" * 16, " Shop", "Shop ", "a\tb", "ソクゾ", "ｓhop", "é"):
        assert caller.post("/sms/messages/", {**SMS, "sender": sender}) == INVALID_SENDER, sender
    for sender in ("Watt", "Zero", "05012345678", "1" * 15, "A1B2C3D4E5"):
        assert caller.sms(caller.send(sender=sender))["sender"] == sender


def test_the_plus_of_a_numeric_sender_is_dropped(listener: Listener) -> None:
    """Rows 15.4 and 16: record, list and callback have the digits alone, in templates too."""
    caller = Caller()
    with caller.simulator:
        msgid = caller.send(sender="+818011112222", callbackurl=listener.url)
        created = caller.post("/sms/templates/", {"name": "a", "content": "Hi"})[1]
        caller.simulator.approve_template(created["id"])
        body = {**SMS, "sender": "+815012345678", "variables": "{}"}
        status, [sent] = caller.post(f"/sms/templates/{created['id']}/messages/", body)
        assert status == 201
        assert caller.sms(sent["msgid"])["sender"] == "815012345678"
        assert [one["sender"] for one in caller.get("/sms/messages/")[1]] == ["815012345678", "818011112222"]
        caller.simulator.advance(5)
    [(_, _, _, report)] = listener.requests
    assert b"sender=818011112222&" in report
    assert caller.sms(msgid)["sender"] == "818011112222"
    assert caller.simulator.phone(SMS["recipient"]).inbox[0].sender == "818011112222"


def test_recordings_by_setting() -> None:
    """Rows 15.41 and 16: by default refused is what documentation and tutorial both exclude, https too."""
    plain, tutorial = "http://example.com:81/a_b-1.mp3", "http://example.com/a$b*c'(d)!.mp3"
    excluded = ("http://example.com/a.mp3?x=1", "http://example.com/a%20b.mp3", "https://example.com/a.mp3")
    taken = {"documented": (plain,), "published": (plain, tutorial), "any": (plain, tutorial, *excluded)}
    for name, urls in taken.items():
        caller = Caller(recording_urls=name)
        for url in (plain, tutorial, *excluded, "ftp://example.com/a.mp3", "example.com/a.mp3"):
            answer = caller.post("/voice/simple/playbacks/", {**CALL, "recording_url": url})
            assert answer[0] == 201 if url in urls else answer == INVALID_RECORDING, (name, url)


def test_a_click_address_without_a_scheme_by_setting(listener: Listener) -> None:
    """Row 16: `example.com/click/` is refused by default; where it is taken, it is called over http."""
    address = listener.url.removeprefix("http://") + "/click/"
    body = {**SMS, "message": LINK, "track_link": "true", "lt_callbackurl": address}
    assert Caller().post("/sms/messages/", body) == (400, {"lt_callbackurl": ["Enter a valid URL."]})
    caller = Caller(lt_callbackurl_without_scheme=True)
    with caller.simulator:
        link = caller.sms(caller.send(**body))["link_tracking"]["shortlink"]
        assert caller.raw("GET", "/s/" + link.rpartition("/")[2]).status == 302
        caller.simulator.advance(0)
        assert caller.post("/sms/messages/", {**body, "lt_callbackurl": "a b"})[0] == 400
        assert caller.post("/sms/messages/", {**body, "callbackurl": address})[0] == 400
    assert [(method, path) for method, path, _, _ in listener.requests] == [("POST", "/click/")]


def test_the_paths_of_2018_by_setting(caller: Caller) -> None:
    """Rows 15.45 and 16: 404, or with `legacy_paths` a call as at the paths of today."""
    assert caller.post("/voice/simple/playback/", CALL) == (404, None)
    old = Caller(legacy_paths=True)
    status, [placed] = old.post("/voice/simple/playback/", CALL)
    assert status == 201
    callid = placed["callid"]
    for path in ("/voice/simple/playback/", "/calls/", "/voice/calls/"):
        assert old.get(f"{path}{callid}/")[1]["callid"] == callid
    assert old.get("/calls/")[0] == 404


@pytest.mark.parametrize("recipient", ["+8190123456789", "+8133333333", "+81987654321"])
def test_the_numbers_of_the_vendor_s_samples_are_taken(caller: Caller, recipient: str) -> None:
    """Row 16: they are no valid Japanese numbers, and the service takes them."""
    caller.send(recipient=recipient)
    caller.place(recipient=recipient)
    assert caller.post("/utilities/carrierlookup/", {"recipient": recipient})[0] == 201


@pytest.mark.parametrize("shown", ["+81661112222", "+817011112222", "+815011112222", "0801234567", "814512345678"])
def test_callers_in_use_are_taken(caller: Caller, shown: str) -> None:
    """Row 16: any digits, with or without a plus, which is not shown; no DIN is asked for without `jp_din_caller`."""
    assert caller.call(caller.place(caller=shown))["caller"] == shown.removeprefix("+")


def test_a_template_s_example_is_that_of_the_documentation(caller: Caller) -> None:
    """Row 16: null until approved; then a line for the shell to the recipient that the documentation has."""
    created = caller.post("/sms/templates/", {"name": "Welcome SMS", "content": "Hi {name}! {order_number}"})[1]
    assert created["api_usage_example"] is None
    caller.simulator.approve_template(created["id"])
    line = caller.get(f"/sms/templates/{created['id']}/")[1]["api_usage_example"]
    assert json.loads(line.partition("-d ")[2].strip("'")) == {
        "sender": "TestSender",
        "recipient": "+81987654321",
        "variables": {"name": "Sample_name", "order_number": "Sample_order_number"},
    }


def test_any_number_can_have_a_fixed_outcome() -> None:
    """Row 15.21: `numbers` adds to the test numbers or changes them, for messages and calls, and outlives a reset."""
    ends: dict[str, Any] = {
        "fail": ("FAIL", "FAILED"),
        "hold": ("DELIVERING", "IN PROGRESS"),
        "ignore": ("DELIVERED", "NO ANSWER"),
        "decline": ("DELIVERED", "NO ANSWER"),
        "deliver": ("DELIVERED", "ANSWERED"),
        "answer": ("DELIVERED", "ANSWERED"),
    }
    numbers = {f"+81801111000{index}": outcome for index, outcome in enumerate(ends)}
    caller = Caller(numbers={**numbers, "+819000000001": "deliver"})
    caller.simulator.reset()
    for number, outcome in {**numbers, "+819000000001": "deliver", "+819000000003": "ignore"}.items():
        msgid, callid = caller.send(recipient=number), caller.place(recipient=number)
        caller.step(90)
        assert (caller.sms(msgid)["status"], caller.call(callid)["status"]) == ends[outcome], outcome


@pytest.mark.parametrize("numbers", [{"09011112222": "fail"}, {"+818011112222": "explode"}, {"": "fail"}])
def test_an_outcome_that_cannot_be(numbers: dict[str, str]) -> None:
    """A number without its plus, or an unknown outcome, is refused when the simulator is made."""
    with pytest.raises(SimulatorError, match=r"must be a number in E\.164, with its \+, and one of deliver"):
        Caller(numbers=numbers)


VOICE = "/voice/simple/playbacks/"
INVALID_RECIPIENT = (400, {"recipient": ["Invalid recipient"]})
# Rows whose answer is one value: row, request (method, path, fields), expected status and body.
ANSWERS: list[tuple[str, str, str, dict[str, Any], tuple[int, Any]]] = [
    ("1", "POST", "/sms/messages/", {**SMS, "recipient": "+8108012345678"}, INVALID_RECIPIENT),
    ("1", "POST", "/sms/messages/", {**SMS, "recipient": "+81８012345678"}, INVALID_RECIPIENT),
    ("1", "POST", "/sms/messages/", {**SMS, "recipient": "+818012345678\n"}, INVALID_RECIPIENT),
    ("2", "POST", "/sms/messages/", {**SMS, "message": "a" * 661}, (400, {"message": ["Message too long"]})),
    ("5", "POST", "/sms/messages/", {**SMS, "message": ""}, (400, {"message": ["This field may not be blank."]})),
    ("13", "GET", "/no/such/path/", {}, (404, None)),
    ("13", "PUT", "/sms/messages/", {}, (405, {"detail": 'Method "PUT" not allowed.'})),
    ("16", "POST", "/sms/messages", SMS, (404, None)),
    ("19", "GET", "/sms/messages/?sent_date>=2099-01-01", {}, (200, [])),
    ("19", "GET", "/sms/messages/?foo=1", {}, (400, {"foo": ["Invalid parameter"]})),
    ("19", "GET", "/sms/messages/?sent_date=>=2026-02-01", {}, (400, {"sent_date": ["Invalid sent_date format"]})),
    ("19", "GET", "/sms/messages/?sent_date=2025-12-01", {}, (200, [])),
    ("19", "GET", "/sms/messages/?sent_date=2025-11-30", {}, (400, {"sent_date": ["Invalid sent_date"]})),
    ("36", "POST", "/sms/templates/9/messages/", SMS, (404, None)),
    ("38", "GET", "/sms/sins/", {}, (404, None)),
    ("39", "POST", VOICE, {**CALL, "tts_message": "a"}, (400, {"tts_lang": ["This field is required."]})),
    ("40", "POST", VOICE, {**CALL, "tts_message": "a", "tts_lang": "id"},
     (400, {"tts_lang": ['"id" is not a valid choice.']})),
    ("42", "POST", VOICE, {**CALL, "jp_din_caller": "true"}, (400, {"caller": ["Invalid caller"]})),
    ("47", "POST", "/voice/dins/subscriptions/", {"din_uid": "0123456789"}, (400, {"din_uid": ["Invalid din_uid"]})),
    ("58", "POST", "/otp/request/", {"website": "a", "phone_number": SMS["recipient"]},
     (400, {"website": ["Website is not registered."]})),
    ("58", "POST", "/otp/register-website/", {"website": "a", "template_id": "4"},
     (400, {"template_id": ["Invalid template_id"]})),
    ("64", "POST", "/utilities/carrierlookup/", {"recipient": "12"}, INVALID_RECIPIENT),
    ("69", "GET", "/voice/dins/?country=US", {}, (200, [])),
    ("69", "GET", "/voice/dins/?foo=bar", {}, (400, {"foo": ["Invalid parameter"]})),
]  # fmt: skip


@pytest.mark.parametrize(("row", "method", "target", "fields", "answer"), ANSWERS)
def test_answers(row: str, method: str, target: str, fields: dict[str, Any], answer: tuple[int, Any]) -> None:
    """Each row of section 15 that is one answer is answered so."""
    caller = Caller()
    if method == "POST":
        assert caller.post(target, fields) == answer, row
        return
    reply = caller.raw(method, target)
    assert (reply.status, json.loads(reply.body) if reply.body else None) == answer, row


FORBIDDEN = (403, {"detail": "You do not have permission to perform this action."})
BAD_CREDENTIALS = (401, {"detail": "Invalid sid/token"})
COUNTRY = (400, {"recipient": ["Country not allowed"]})
# Rows that settings decide: row, settings, request (path, fields; without fields a GET), expected status and body.
BY_SETTING: list[tuple[str, dict[str, Any], str, dict[str, Any], tuple[int, Any]]] = [
    ("3", {"blocked_countries": frozenset({"81"})}, "/sms/messages/", SMS, COUNTRY),
    ("7", {"allowed_addresses": ("10.0.0.1",)}, "/you/credits/", {}, BAD_CREDENTIALS),
    ("7", {"allowed_addresses": ("10.0.0.1",), "refused_address_status": 403}, "/you/credits/", {}, FORBIDDEN),
    ("8", {"free_form_allowed": False}, "/sms/messages/", SMS, FORBIDDEN),
    ("9", {"credits": 15}, "/sms/messages/", {**SMS, "message": "あ" * 71},
     (403, {"non_field_errors": ["Not enough credits, required: 20"]})),
    ("9", {"credits": 34}, VOICE, CALL, (403, {"non_field_errors": ["Not enough credits, required: 50"]})),
    ("10", {"credits": 0, "blocked_countries": frozenset({"81"})}, "/sms/messages/", SMS, COUNTRY),
    ("10", {"credits": 0, "blocked_countries": frozenset({"81"})}, "/sms/messages/", {**SMS, "sender": "é"},
     INVALID_SENDER),
    ("28", {"k_premium_senders": frozenset({"1"})}, "/sms/messages/", {**SMS, "jp_kp": "true", "jp_kp_sender": "2"},
     (400, {"jp_kp_sender": ["Invalid sender"]})),
    ("65", {"credits": -0.5, "postpaid": True}, "/you/credits/", {}, (200, {"credits": -0.5})),
]  # fmt: skip


@pytest.mark.parametrize(("row", "settings", "target", "fields", "answer"), BY_SETTING)
def test_answers_by_setting(
    row: str, settings: dict[str, Any], target: str, fields: dict[str, Any], answer: tuple[int, Any]
) -> None:
    """Each row of section 15 that a setting decides is answered by it; checks come in the order of row 10."""
    caller = Caller(**settings)
    assert (caller.post(target, fields) if fields else caller.get(target)) == answer, row


def test_heads_and_bodies(caller: Caller) -> None:
    """Rows 15.6, 11, 13 to 16 and 67: credentials, throttling, unreadable bodies, redirection, header fields."""
    refused = caller.raw("POST", "/sms/messages/", b"", authorization=b"")
    assert (refused.status, dict(refused.headers)[b"www-authenticate"]) == (401, b'Basic realm="api"')
    slow = Caller(list_interval=60)
    assert [slow.get("/sms/messages/")[0], slow.get("/sms/messages/")[0]] == [200, 429]
    throttled = slow.raw("GET", "/sms/messages/")
    assert json.loads(throttled.body) == {"detail": "Request was throttled. Expected available in 60 seconds."}
    assert dict(throttled.headers)[b"retry-after"] == b"60"
    status, body = caller.post("/sms/messages/", SMS, content_type=b"application/json")
    assert (status, body["detail"][:19]) == (400, "JSON parse error - ")
    answer = {"detail": 'Unsupported media type "text/plain" in request.'}
    assert caller.post("/sms/messages/", SMS, content_type=b"text/plain") == (415, answer)
    unknown = caller.raw("GET", "/sms/messages/none/")
    assert (unknown.status, unknown.body, b"content-type" in dict(unknown.headers)) == (404, b"", False)
    moved = caller.raw("GET", "/sms/messages?sent_date=2026-02-01")
    assert (moved.status, dict(moved.headers)[b"location"]) == (301, b"/sms/messages/?sent_date=2026-02-01")
    head = dict(caller.raw("GET", "/you/credits/").headers)
    assert head == {b"content-type": b"application/json", b"allow": b"GET, HEAD, OPTIONS", b"vary": b"Accept"}


def test_templates_by_row() -> None:
    """Rows 15.31 to 37: created PENDING, updated by three methods, variables as JSON or text, deleted by setting."""
    caller = Caller(template_delete_status=200)
    created = caller.post("/sms/templates/", {"name": "a", "pending_content": "Hi {name}"})[1]
    path = f"/sms/templates/{created['id']}/"
    assert (created["status"], created["pending_content"]) == ("PENDING", "Hi {name}")
    send = {"recipient": SMS["recipient"], "sender": "Shop", "variables": {"name": "a", "more": "b"}}
    answer = (400, {"non_field_errors": ["Template is not approved"]})
    assert caller.post_json(f"{path}messages/", send) == answer
    caller.simulator.approve_template(created["id"])
    assert caller.post_json(f"{path}messages/", {**send, "variables": {}}) == (
        400,
        {"variables": ["Missing variables: name"]},
    )
    assert caller.post_json(f"{path}messages/", send)[0] == 201
    assert caller.post(f"{path}messages/", {**send, "variables": '{"name": "a"}'})[0] == 201
    for method in ("PUT", "PATCH", "POST"):
        changed = caller.raw(method, path, b'{"name": "b", "content": "Hello"}', content_type=b"application/json")
        record = json.loads(changed.body)
        assert (changed.status, record["status"], record["approved_content"]) == (200, "PENDING", "Hi {name}")
    assert caller.post_json(f"{path}messages/", send) == answer
    assert (caller.raw("DELETE", path).status, caller.raw("DELETE", path).status) == (200, 404)


def test_numbers_and_codes_by_row() -> None:
    """Rows 15.46 to 49, 54 to 57 and 59: subscriptions with their refund, and one-time passwords in both forms."""
    caller = Caller()
    din = caller.subscribe()
    assert din["action"] == {"url": None}
    one = f"/voice/dins/subscriptions/{din['din_uid']}/"
    assert caller.post(one, {"action_url": "no"}) == (400, {"action_url": ["Enter a valid URL."]})
    assert caller.post(one, {"action_url": "https://example.com/a"}) == (200, None)
    assert caller.get("/voice/dins/subscriptions/")[1][0]["action"] == {"url": "https://example.com/a"}
    taken = caller.post("/voice/dins/subscriptions/", {"din_uid": din["din_uid"]})
    assert taken == (400, {"din_uid": ["Invalid din_uid"]})
    assert caller.raw("DELETE", one).status == 200
    assert caller.credits() == 100_000 - 650 * 0.5
    assert Caller(verified=False).post("/voice/dins/subscriptions/", {"din_uid": din["din_uid"]}) == FORBIDDEN
    site = {"website": "https://shop.example"}
    ask = {**site, "phone_number": SMS["recipient"]}
    assert caller.post("/otp/register-website/", site)[0] == 201
    again = (400, {"website": ["website info with this website already exists."]})
    assert caller.post("/otp/register-website/", site) == again
    status, sent = caller.post("/otp/request/", ask)
    active = (400, {"non_field_errors": ["An active OTP already exists for this phone number."]})
    assert (status, caller.post("/otp/request/", ask)) == (201, active)
    caller.step(1)
    assert caller.sms(sent["msgid"])["cost"] == 3
    code = caller.simulator.phone(SMS["recipient"]).otp_code()
    wrong = (400, {"message": "Invalid or expired OTP."})
    right = (200, {"message": "OTP verified successfully."})
    assert caller.post("/otp/verify/", {**ask, "otp": "x"}) == wrong
    assert caller.post("/otp/verify/", {"otp_id": sent["msgid"], "code": code}) == right
    assert caller.post("/otp/verify/", {**ask, "otp_code": code}) == wrong
    assert caller.post("/otp/request/", ask)[0] == 201
    caller.step(300)
    assert caller.post("/otp/request/", ask)[0] == 201
