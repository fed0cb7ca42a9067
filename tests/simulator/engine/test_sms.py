"""SMS over the API, on a stepped clock."""

from __future__ import annotations

import pytest
from simulator_callers import SMS, Caller

from xoxzo.cloudpy.simulator.api.http import encode


def test_a_message_moves_to_its_phone(caller: Caller) -> None:
    """QUEUED at no visible cost, DELIVERING, then DELIVERED with parts and cost; money is taken at acceptance."""
    msgid = caller.send(message="あ" * 71, tags=" a, ,b ")
    assert caller.credits() == 99_980
    queued = caller.sms(msgid)
    assert queued == {
        "msgid": msgid,
        "url": f"http://xoxzo.test/sms/messages/{msgid}/",
        "recipient": "+818012345678",
        "sender": "Xoxzo",
        "status": "QUEUED",
        "sent_time": "2026-03-01 12:00:00",
        "cost": 0,
        "parts": 2,
        "tags": ["a", "b"],
        "link_tracking": None,
    }
    caller.step(0.3)
    assert caller.sms(msgid) == {**queued, "status": "DELIVERING", "cost": 20}
    caller.step(0.7)
    assert caller.sms(msgid) == {**queued, "status": "DELIVERED", "cost": 20}
    [received] = caller.simulator.phone("+818012345678").inbox
    assert (received.text, received.parts, received.status) == ("あ" * 71, 2, "DELIVERED")


def test_ids_are_distinct_characters_and_repeat_with_the_seed() -> None:
    """A msgid has 32 different letters and digits; one seed gives one sequence."""
    first, second = Caller(seed=7), Caller(seed=7)
    ids = [first.send(), first.send()]
    assert ids == [second.send(), second.send()]
    assert all(len(set(msgid)) == 32 and msgid.isalnum() for msgid in ids)


@pytest.mark.parametrize(("number", "status"), [("+819000000001", "FAIL"), ("+819000000002", "DELIVERING")])
def test_magic_recipients(caller: Caller, number: str, status: str) -> None:
    """One number fails and costs all the same, one stays with the carrier for ever."""
    msgid = caller.send(recipient=number)
    caller.step(86_400)
    assert caller.sms(msgid)["status"] == status
    assert caller.credits() == 99_990


@pytest.mark.parametrize(
    ("fields", "cost"),
    [
        ({"recipient": "+60123456789"}, 3),
        ({"recipient": "+14155550100"}, 10),
        ({"message": "see http://example.com now", "track_link": "True"}, 15.0),
        ({"message": "no link", "track_link": "true"}, 10),
        ({"jp_kp": "true", "jp_kp_sender": "0312341234"}, 11),
        ({"jp_kpl": "true", "jp_kp_sender": "0312341234", "message": "あ" * 71}, 22),
        ({"jp_kp": "yes"}, 10),
    ],
)
def test_prices(caller: Caller, fields: dict[str, str], cost: float) -> None:
    """Each route has its price; tracking makes the cost a float."""
    msgid = caller.send(**fields)
    caller.step(1)
    shown = caller.sms(msgid)["cost"]
    assert (shown, type(shown)) == (cost, type(cost))
    assert caller.credits() == 100_000 - cost


def test_a_tracked_link_is_short(caller: Caller) -> None:
    """The phone sees the short link, the status object tells both, and the length is that after replacement."""
    msgid = caller.send(message="http://example.com/" + "x" * 650, track_link="true")
    tracking = caller.sms(msgid)["link_tracking"]
    assert tracking["link"].endswith("xxx")
    assert (tracking["accessed"], tracking["accessed_on"]) == (False, None)
    assert caller.simulator.phone(SMS["recipient"]).inbox[0].text == tracking["shortlink"]


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"message": None}, {"message": ["This field is required."]}),
        ({"message": "  "}, {"message": ["This field may not be blank."]}),
        ({"message": "a" * 661}, {"message": ["Message too long"]}),
        ({"message": "a" * 661, "track_link": "true"}, {"message": ["Message too long"]}),
        ({"recipient": "+8108012345678"}, {"recipient": ["Invalid recipient"]}),
        ({"sender": "12345678901a"}, {"sender": ["Invalid sender"]}),
        ({"sender": "1" * 16}, {"sender": ["Invalid sender"]}),
        ({"sender": "Ｘoxzo"}, {"sender": ["Invalid sender"]}),
        ({"callbackurl": "example.com"}, {"callbackurl": ["Enter a valid URL."]}),
        ({"lt_callbackurl": ""}, {"lt_callbackurl": ["This field may not be blank."]}),
        ({"jp_kp": "true"}, {"jp_kp_sender": ["This field is required."]}),
        ({"jp_kp": "true", "jp_kp_sender": "abc"}, {"jp_kp_sender": ["Invalid sender"]}),
        ({"jp_kp": "true", "jp_kp_sender": "1", "recipient": "+60123456789"}, {"recipient": ["Country not allowed"]}),
        (
            {"jp_kp": "true", "jp_kpl": "true", "jp_kp_sender": "1"},
            {"non_field_errors": ["jp_kp and jp_kpl exclude each other."]},
        ),
    ],
)
def test_refusals_by_form(caller: Caller, change: dict[str, str | None], errors: dict[str, list[str]]) -> None:
    """Each wrong field is named with its text; nothing is charged."""
    fields = {name: value for name, value in {**SMS, **change}.items() if value is not None}
    assert caller.post("/sms/messages/", fields) == (400, errors)
    assert caller.credits() == 100_000


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "This field may not be null."),
        (["x"], "Not a valid string."),
        (True, "Not a valid string."),
        ({}, "Not a valid string."),
        ("a\x00b", "Null characters are not allowed."),
        ("\ud800", "Surrogate characters are not allowed: U+D800."),
    ],
)
def test_refusals_by_json(caller: Caller, value: object, reason: str) -> None:
    """Types and characters that no text may have are refused field by field."""
    assert caller.post_json("/sms/messages/", {**SMS, "message": value}) == (400, {"message": [reason]})


def test_json_switches_and_numbers_are_taken(caller: Caller) -> None:
    """JSON true is a switch, a number is the text that it shows; a sender's plus is no character of it."""
    status, _ = caller.post_json(
        "/sms/messages/", {**SMS, "message": 12, "sender": "+814512345678", "jp_kp": True, "jp_kp_sender": 312341234}
    )
    assert status == 201
    assert caller.credits() == 100_000 - 11


def test_poverty_is_403() -> None:
    """A balance below the cost refuses and keeps the balance; a postpaid one goes below zero."""
    poor = Caller(credits=15)
    assert poor.post("/sms/messages/", {**SMS, "message": "あ" * 71}) == (
        403,
        {"non_field_errors": ["Not enough credits, required: 20"]},
    )
    poor.send()
    assert poor.credits() == 5
    debtor = Caller(credits=0.5, postpaid=True)
    debtor.send()
    assert debtor.credits() == -9.5


def test_settings_refuse_messages() -> None:
    """Countries, registered senders, free-form sending and test texts follow their settings."""
    closed = Caller(blocked_countries=frozenset({"81"}))
    assert closed.post("/sms/messages/", SMS) == (400, {"recipient": ["Country not allowed"]})
    assert Caller(free_form_allowed=False).post("/sms/messages/", SMS)[0] == 403
    strict = Caller(k_premium_senders=frozenset({"1"}))
    assert strict.post("/sms/messages/", {**SMS, "jp_kp": "true", "jp_kp_sender": "2"})[0] == 400
    test = Caller(test_text=True, cost_hidden_while_queued=False)
    assert test.sms(test.send(message="secret"))["cost"] == 10
    assert "test message" in test.simulator.phone(SMS["recipient"]).inbox[0].text


def test_the_list_is_newest_first_and_capped() -> None:
    """The newest come first, at most the cap; none is an empty list; another account sees nothing."""
    caller = Caller(list_cap=2)
    assert caller.get("/sms/messages/") == (200, [])
    ids = [caller.send() for _ in range(3)]
    assert [item["msgid"] for item in caller.get("/sms/messages/")[1]] == ids[:0:-1]
    assert caller.get("/sms/messages/", authorization=b"Basic c2lkOm90aGVy") == (200, [])


def test_the_list_is_filtered_by_day(caller: Caller) -> None:
    """Filters are all in force at once; after ninety days a message leaves the list but not its own path."""
    first = caller.send()
    caller.step(86_400)
    second = caller.send()

    def listed(query: str) -> list[str]:
        status, items = caller.get(f"/sms/messages/?{query}")
        assert status == 200
        return [item["msgid"] for item in items]

    assert listed("sent_date=2026-03-01") == [first]
    assert listed("sent_date%3E=2026-03-01") == [second, first]
    assert listed("sent_date%3E2026-03-01") == [second]
    assert listed("sent_date>=2026-03-01&sent_date<2026-03-02") == [first]
    assert listed("sent_date=2027-01-01") == []
    caller.step(90 * 86_400)
    assert listed("") == [second]
    assert caller.sms(first)["status"] == "DELIVERED"


def test_unknown_query_keys_are_refused(caller: Caller) -> None:
    """The key that is wrong is the field that is named."""
    assert caller.get("/sms/messages/?limit=3") == (400, {"limit": ["Invalid parameter"]})
    assert caller.get("/sms/messages/?sent_date2026-01-01") == (400, {"sent_date2026-01-01": ["Invalid parameter"]})


def test_the_oldest_are_forgotten() -> None:
    """Messages, and accounts with all they hold, are bounded by settings."""
    caller = Caller(max_messages=2)
    ids = [caller.send(recipient=f"+81801234567{digit}") for digit in range(3)]
    assert [caller.get(f"/sms/messages/{msgid}/")[0] for msgid in ids] == [404, 200, 200]
    assert not caller.simulator.phone("+818012345670").inbox
    latest = [caller.send(), caller.send(), caller.send()][1:]
    assert [message.msgid for message in caller.simulator.phone(SMS["recipient"]).inbox] == latest
    caller = Caller(max_accounts=1)
    caller.send()
    other = {"authorization": b"Basic YTpi"}
    assert caller.post("/sms/messages/", SMS, **other)[0] == 201
    assert caller.credits() == 100_000
    assert caller.get("/you/credits/", **other) == (200, {"credits": 99_990.0})


def test_json_goes_out_as_it_came(caller: Caller) -> None:
    """Japanese is written in UTF-8, not escaped."""
    caller.send(tags="東京")
    assert "東京".encode() in caller.raw("GET", "/sms/messages/").body
    assert encode({"a": "\ud800"}) == b'{"a":"\\ud800"}'
