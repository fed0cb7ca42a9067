"""What can be done to a simulator, and all that can then be seen of it: for comparing two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator_callers import CALL, SMS, Caller, basic

PHONE, OTHER = SMS["recipient"], "+819012345678"
WEBSITE = {"website": "example.com"}
OTP = {**WEBSITE, "phone_number": PHONE}
CONFERENCE = {"caller": CALL["caller"], "participants": f"{PHONE},{OTHER}"}


def view(caller: Caller) -> dict[str, Any]:
    """Return all that can be seen from outside."""
    simulator, seen = caller.simulator, {}
    for path in ("/you/credits/", "/sms/messages/", "/sms/templates/", "/voice/dins/", "/voice/dins/subscriptions/"):
        seen[path] = caller.get(path)
    for number in (PHONE, OTHER):
        phone = simulator.phone(number)
        seen[number] = (phone.inbox, phone.calls)
        for call in phone.calls:
            seen[call.callid] = caller.call(call.callid)
    with simulator.engine as engine:
        for conferenceid in engine.calls.conferences:
            seen[conferenceid] = caller.get(f"/voice/simple/conferences/{conferenceid}/")
        seen["time"] = engine.clock.now()
    return {**seen, "callbacks": simulator.callbacks, "templates": simulator.templates}


def uids(caller: Caller) -> list[str]:
    return [line["din_uid"] for line in caller.get("/voice/dins/subscriptions/")[1]]


def code(caller: Caller) -> str:
    """Return the code that the phone got last."""
    return "".join(filter(str.isdigit, caller.simulator.phone(PHONE).inbox[-1].text))


def request_otp(caller: Caller) -> None:
    caller.post("/otp/register-website/", WEBSITE)
    assert caller.post("/otp/request/", OTP)[0] in {201, 400}


def create_conference(caller: Caller) -> None:
    assert caller.post("/voice/simple/conferences/", CONFERENCE)[0] == 201
    caller.step(30)


def call(caller: Caller) -> None:
    caller.place(recording_url=None, tts_message="a" * 900, tts_lang="en")
    caller.step(150)


def follow(caller: Caller) -> None:
    for message in caller.simulator.phone(PHONE).inbox[-1:]:
        caller.raw("GET", "/s/" + message.text.rpartition("/s/")[2].strip())


def others_send(caller: Caller) -> None:
    for sid in ("b", "c"):
        caller.post("/sms/messages/", SMS, authorization=basic(sid))


def act(caller: Caller) -> None:
    for uid in uids(caller)[:1]:
        caller.post(f"/voice/dins/subscriptions/{uid}/", {"action_url": "http://127.0.0.1:1/a"})


def release(caller: Caller) -> None:
    for uid in uids(caller)[-1:]:
        caller.raw("DELETE", f"/voice/dins/subscriptions/{uid}/")


def template(method: str) -> Callable[[Caller], object]:
    def change(caller: Caller) -> None:
        for record in caller.simulator.templates[-1:]:
            if method == "approve":
                caller.simulator.approve_template(record.id)
            elif method == "return":
                caller.simulator.return_template(record.id)
            else:
                body = b'{"content": "new {b}"}'
                caller.raw(method, f"/sms/templates/{record.id}/", body, content_type=b"application/json")

    return change


ACTIONS: dict[str, Callable[[Caller], object]] = {
    "send": lambda caller: caller.send(tags="a,b", message="こんにちは"),
    "half a pair": lambda caller: caller.post_json("/sms/messages/", {**SMS, "message": "\ud83d"}),
    "to another": lambda caller: caller.send(recipient=OTHER, jp_kp="true", jp_kp_sender="1234"),
    "track": lambda caller: caller.send(message="http://a.example/", track_link="true"),
    "follow": follow,
    "call": call,
    "create_conference": create_conference,
    "otp": request_otp,
    "wrong code": lambda caller: caller.post("/otp/verify/", {**OTP, "code": "x"}),
    "right code": lambda caller: caller.post("/otp/verify/", {**OTP, "code": code(caller)}),
    "write": lambda caller: caller.post("/sms/templates/", {"name": "n", "content": "hi {a}"}),
    **{f"{method} template": template(method) for method in ("PUT", "DELETE", "approve", "return")},
    "subscribe": lambda caller: caller.subscribe(),
    "act": act,
    "release": release,
    "others send": others_send,
    "look up": lambda caller: caller.post("/utilities/carrierlookup/", {"recipient": PHONE}),
    "a moment": lambda caller: caller.step(0.4),
    "a month": lambda caller: caller.step(30 * 86400),
    "reset": lambda caller: caller.simulator.reset(),
}
