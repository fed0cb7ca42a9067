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
    taken = {
        "documented": (plain,),
        "published": (plain, tutorial),
        "any": (plain, tutorial, *excluded),
    }
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
