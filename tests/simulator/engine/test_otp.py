"""One-time passwords: websites, codes on phones, verification, and how a code ends."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st
from simulator_callers import Caller, basic

from xoxzo.cloudpy.simulator.engine.records.accounts import Account, Otp, Website

SITE = "https://example.com"
PHONE = "+818012345678"
ASKED = {"website": SITE, "phone_number": PHONE}
WRONG = (400, {"message": "Invalid or expired OTP."})
RIGHT = (200, {"message": "OTP verified successfully."})
ACTIVE = (400, {"non_field_errors": ["An active OTP already exists for this phone number."]})


def registered(**settings: Any) -> Caller:
    """Return a caller with a registered website."""
    caller = Caller(**settings)
    assert caller.post("/otp/register-website/", {"website": SITE})[0] == 201
    return caller


def code_on(caller: Caller, phone: str = PHONE) -> str:
    """Return the code in the latest message on a phone."""
    found = re.fullmatch(r"あなたの確認コードは(\d{6})です。", caller.simulator.phone(phone).inbox[-1].text)
    assert found is not None
    return found[1]


def asked(caller: Caller, **fields: str) -> tuple[str, str]:
    """Ask for a code; returns the id of the request and the code."""
    status, body = caller.post("/otp/request/", {**ASKED, **fields})
    assert status == 201
    return body["msgid"], code_on(caller, fields.get("phone_number", PHONE))


def other_than(code: str) -> str:
    """Return a code that is not this one."""
    return f"{(int(code) + 1) % 10**6:06d}"


def test_a_website_is_registered_once(caller: Caller) -> None:
    """The second time is refused; another account may register it too."""
    expected = (201, {"message": "Website registered successfully."})
    assert caller.post("/otp/register-website/", {"website": SITE, "template_id": "3"}) == expected
    assert caller.post_json("/otp/register-website/", {"website": SITE, "template_id": 3}) == (
        400,
        {"website": ["website info with this website already exists."]},
    )
    assert caller.post("/otp/register-website/", {"website": SITE}, authorization=basic("other")) == expected


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, {"website": ["This field is required."]}),
        ({"website": "", "template_id": "3"}, {"website": ["This field may not be blank."]}),
        ({"website": "x", "template_id": "1"}, {"template_id": ["Invalid template_id"]}),
    ],
)
def test_bad_registrations(caller: Caller, fields: dict[str, str], errors: dict[str, list[str]]) -> None:
    """The website is required, and there is one template alone."""
    assert caller.post("/otp/register-website/", fields) == (400, errors)


def test_the_oldest_websites_are_forgotten() -> None:
    """They are bounded by a setting."""
    caller = registered(max_websites=1)
    caller.post("/otp/register-website/", {"website": "b"})
    assert caller.post("/otp/request/", ASKED) == (400, {"website": ["Website is not registered."]})


def test_a_code_reaches_the_phone_and_is_good_once() -> None:
    """It costs 3, its message can be looked up, and the second verification is refused."""
    caller = registered(test_text=True)
    msgid, code = asked(caller)
    assert caller.credits() == 99_997
    caller.step(1)
    assert (caller.sms(msgid)["cost"], caller.sms(msgid)["sender"]) == (3, "Xoxzo")
    assert caller.post("/otp/verify/", {**ASKED, "otp": code}) == RIGHT
    assert caller.post("/otp/verify/", {**ASKED, "otp": code}) == WRONG
    assert asked(caller)[0] != msgid


@pytest.mark.parametrize("name", ["otp", "code", "otp_code"])
@pytest.mark.parametrize("by_id", [True, False])
def test_both_published_contracts(name: str, by_id: bool) -> None:
    """Website and phone number, or the id of the request; the code under each of its names."""
    caller = registered()
    msgid, code = asked(caller)
    fields = {"otp_id": msgid} if by_id else ASKED
    assert caller.post("/otp/verify/", {**fields, name: other_than(code)}) == WRONG
    assert caller.post("/otp/verify/", {**fields, name: code}) == RIGHT


def test_all_that_is_given_must_agree() -> None:
    """An id with another phone, another website or from another account is no key to a code."""
    caller = registered()
    caller.post("/otp/register-website/", {"website": "b"})
    msgid, code = asked(caller)
    given = {"otp_id": msgid, "code": code}
    assert caller.post("/otp/verify/", {**given, "phone_number": "+818099999999"}) == WRONG
    assert caller.post("/otp/verify/", {**given, "website": "b"}) == WRONG
    assert caller.post("/otp/verify/", given, authorization=basic("other")) == WRONG
    assert caller.post("/otp/verify/", {"otp_id": "unknown", "code": code}) == WRONG
    assert caller.post("/otp/verify/", {**given, **ASKED}) == RIGHT


def test_one_active_code_for_each_phone_and_website() -> None:
    """A second request is refused and costs nothing; other phones, websites and accounts are free."""
    caller = registered()
    asked(caller)
    assert caller.post("/otp/request/", ASKED) == ACTIVE
    assert caller.credits() == 99_997
    asked(caller, phone_number="+818099999999")
    caller.post("/otp/register-website/", {"website": "b"})
    asked(caller, website="b")
    other = {"authorization": basic("other")}
    caller.post("/otp/register-website/", {"website": SITE}, **other)
    assert caller.post("/otp/request/", ASKED, **other)[0] == 201


def test_a_code_expires_on_the_clock() -> None:
    """It is good for 300 seconds and not a moment longer; then another may be asked for."""
    caller = registered()
    _, first = asked(caller)
    caller.step(299.9)
    assert caller.post("/otp/request/", ASKED) == ACTIVE
    caller.step(0.1)
    assert caller.post("/otp/verify/", {**ASKED, "otp": first}) == WRONG
    _, second = asked(caller)
    assert caller.post("/otp/verify/", {**ASKED, "otp": second}) == RIGHT
    caller.step(200)
    _, third = asked(caller)
    caller.step(200)  # the second code's time is over, the third one's is not
    assert caller.post("/otp/verify/", {**ASKED, "otp": third}) == RIGHT


@pytest.mark.parametrize("tries", [5, 2])
def test_a_code_bears_so_many_tries(tries: int) -> None:
    """The last try may still be right; after too many wrong ones even the right code is refused."""
    caller = registered(otp_tries=tries)
    for allowed in (tries - 1, tries):
        _, code = asked(caller)
        for _ in range(allowed):
            assert caller.post("/otp/verify/", {**ASKED, "otp": other_than(code)}) == WRONG
        assert caller.post("/otp/verify/", {**ASKED, "otp": code}) == (RIGHT if allowed < tries else WRONG)


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, {"website": ["This field is required."], "phone_number": ["This field is required."]}),
        ({"website": SITE, "phone_number": "08012345678"}, {"phone_number": ["Invalid phone_number"]}),
        ({"website": SITE, "phone_number": "+60123456789"}, {"phone_number": ["Country not allowed"]}),
        ({**ASKED, "website": "http://example.com"}, {"website": ["Website is not registered."]}),
    ],
)
def test_refused_requests(fields: dict[str, str], errors: dict[str, list[str]]) -> None:
    """What is wrong is named, and nothing is charged."""
    caller = registered(blocked_countries=frozenset({"60"}))
    assert caller.post("/otp/request/", fields) == (400, errors)
    assert caller.credits() == 100_000


def test_poverty_leaves_no_active_code() -> None:
    """A request that could not be paid does not stand in the way of the next."""
    caller = registered(credits=2)
    poor = (403, {"non_field_errors": ["Not enough credits, required: 3"]})
    assert caller.post("/otp/request/", ASKED) == poor
    assert caller.post("/otp/request/", ASKED) == poor


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, {name: ["This field is required."] for name in ("website", "phone_number", "otp")}),
        ({"otp_id": "x"}, {"otp": ["This field is required."]}),
        ({"otp_id": "", "code": "1"}, {"otp_id": ["This field may not be blank."]}),
        ({**ASKED, "website": "b", "otp": "1"}, {"website": ["Website is not registered."]}),
    ],
)
def test_refused_verifications(fields: dict[str, str], errors: dict[str, list[str]]) -> None:
    """What is missing is named by its field."""
    assert registered().post("/otp/verify/", fields) == (400, errors)


ONE = registered()
TEXTS = st.text(max_size=12) | st.none() | st.integers() | st.booleans() | st.just(SITE) | st.just(PHONE)
NAMES = st.sampled_from(["website", "phone_number", "otp", "code", "otp_code", "otp_id", "template_id"])


@given(st.sampled_from(["register-website", "request", "verify"]), st.dictionaries(NAMES, TEXTS))
def test_no_body_breaks_it(path: str, fields: dict[str, Any]) -> None:
    """Whatever is sent, it is done or refused."""
    assert ONE.post_json(f"/otp/{path}/", fields)[0] in {200, 201, 400, 403}


def test_a_record_shows_no_secret() -> None:
    """Neither a token nor a code is in the text of a record."""
    account = Account("me", "the-token", Decimal(1))
    otp = Otp(msgid="m1", account=account, website="x", phone="+81", code="123456", tries_left=5, created=0.0)
    shown = f"{account!r} {Website('me', 'the-token', 'x')!r} {otp!r}"
    assert shown == "Account(sid='me') Website(sid='me') Otp(msgid='m1')"
