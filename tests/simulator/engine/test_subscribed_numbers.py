"""Dial-in numbers, and the receiving numbers of old, over the API."""

from __future__ import annotations

import pytest
from simulator_callers import Caller

SUBSCRIPTIONS = "/voice/dins/subscriptions/"
OTHER = {"authorization": b"Basic b3RoZXI6eA=="}


def test_the_search_has_filters(caller: Caller) -> None:
    """Country and prefix filter; another country is an empty list; an unknown key is refused."""
    status, everything = caller.get("/voice/dins/")
    assert (status, len(everything)) == (200, 100)
    item = caller.get("/voice/dins/?country=JP&prefix=8150")[1][0]
    assert len(item.pop("din_uid")) == 16
    assert item == {
        "country_code": "81",
        "din": "815000000001",
        "minute_cost": 1,
        "monthly_cost": 650.0,
        "prefix": "50",
    }
    assert caller.get("/voice/dins/?country=US") == (200, [])
    assert caller.get("/voice/dins/?foo=bar") == (400, {"foo": ["Invalid parameter"]})


def test_a_subscription_from_begin_to_end(caller: Caller) -> None:
    """A number is paid, leaves the search, takes an action, and returns with half of its first month."""
    line = caller.subscribe()
    assert line["action"] == {"url": None}
    assert caller.credits() == 99_350
    assert line["din_uid"] not in {item["din_uid"] for item in caller.get("/voice/dins/")[1]}
    path = f"{SUBSCRIPTIONS}{line['din_uid']}/"
    assert caller.post(path, {"action_url": "https://example.com/a"}) == (200, None)
    assert caller.get(SUBSCRIPTIONS) == (200, [{**line, "action": {"url": "https://example.com/a"}}])
    reply = caller.raw("DELETE", path)
    assert (reply.status, reply.body) == (200, b"")
    assert caller.credits() == 99_675
    assert caller.get(SUBSCRIPTIONS) == (200, [])
    assert caller.raw("DELETE", path).status == 404


def test_a_late_release_returns_nothing(caller: Caller) -> None:
    """After 24 hours the month is gone."""
    uid = caller.subscribe()["din_uid"]
    caller.step(86_400)
    assert caller.raw("DELETE", f"{SUBSCRIPTIONS}{uid}/").status == 200
    assert caller.credits() == 99_350


def test_renewal_every_thirty_days() -> None:
    """Each 30 days the month is taken again, until the balance does not allow it; a released number is not renewed."""
    caller = Caller(credits=1400)
    caller.subscribe()
    caller.step(30 * 86_400)
    assert (caller.credits(), len(caller.get(SUBSCRIPTIONS)[1])) == (100.0, 1)
    caller.step(30 * 86_400)
    assert (caller.credits(), caller.get(SUBSCRIPTIONS)[1]) == (100.0, [])
    caller = Caller()
    uid = caller.subscribe()["din_uid"]
    caller.raw("DELETE", f"{SUBSCRIPTIONS}{uid}/")
    caller.post(SUBSCRIPTIONS, {"din_uid": uid})
    before = caller.credits()
    caller.step(30 * 86_400)
    assert before - caller.credits() == 650


def test_refusals(caller: Caller) -> None:
    """A bad uid is 400 when subscribing and 404 afterwards; a taken one is refused like a bad one."""
    uid = caller.subscribe()["din_uid"]
    wrong = (400, {"din_uid": ["Invalid din_uid"]})
    assert caller.post(SUBSCRIPTIONS, {"din_uid": "0123456789"}) == wrong
    assert caller.post(SUBSCRIPTIONS, {"din_uid": uid}) == wrong
    assert caller.post(SUBSCRIPTIONS, {"din_uid": uid}, **OTHER) == wrong
    assert caller.post(SUBSCRIPTIONS) == (400, {"din_uid": ["This field is required."]})
    assert caller.post(f"{SUBSCRIPTIONS}{uid}/", {"action_url": "http://a"}, **OTHER) == (404, None)
    assert caller.post(f"{SUBSCRIPTIONS}nothing/", {"action_url": "http://a"}) == (404, None)
    bad = (400, {"action_url": ["Enter a valid URL."]})
    assert caller.post(f"{SUBSCRIPTIONS}{uid}/", {"action_url": "a"}) == bad
    poor = Caller(credits=649)
    din = poor.get("/voice/dins/?prefix=8150")[1][0]["din_uid"]
    assert poor.post(SUBSCRIPTIONS, {"din_uid": din})[0] == 403
    assert Caller(verified=False).post(SUBSCRIPTIONS, {"din_uid": din})[0] == 403


@pytest.mark.parametrize("path", ["/sms/sins/", "/sms/sins/subscriptions/"])
def test_receiving_numbers_are_gone(caller: Caller, path: str) -> None:
    """Without the legacy switch their paths do not exist."""
    assert caller.get(path) == (404, None)


def test_receiving_numbers_with_the_legacy_switch() -> None:
    """The switch brings all five calls back, with the initial fee."""
    caller = Caller(legacy_sin=True)
    sin = caller.get("/sms/sins/?country=JP&prefix=8150")[1][0]
    assert {"sin", "sin_uid", "country_code", "initial_cost", "message_cost"} <= set(sin)
    uid = {"sin_uid": sin["sin_uid"]}
    assert caller.post("/sms/sins/subscriptions/", uid)[0] == 201
    assert caller.credits() == 98_000
    path = f"/sms/sins/subscriptions/{sin['sin_uid']}/"
    assert caller.post(path, {"action_url": "http://example.com"}) == (200, None)
    assert caller.get("/sms/sins/subscriptions/")[1][0]["action"] == {"url": "http://example.com"}
    assert caller.raw("DELETE", path).status == 200
