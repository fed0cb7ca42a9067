"""Calls placed through the API, on a stepped clock."""

from __future__ import annotations

import pytest
from simulator_callers import CALL, Caller


def test_an_mp3_is_played_to_its_end(caller: Caller) -> None:
    """The first minute is charged at once, cost and end are shown when the call has ended."""
    callid = caller.place(tags="a,b")
    assert caller.credits() == 99_990
    begun = caller.call(callid)
    assert begun == {
        "callid": callid,
        "url": f"http://xoxzo.test/voice/calls/{callid}/",
        "call_type": "simple/playbacks",
        "direction": "outbound",
        "caller": "814512345678",
        "recipient": "+818012345678",
        "status": "IN PROGRESS",
        "start_time": "2026-03-01 12:00:00",
        "end_time": None,
        "duration": 0,
        "cost": 0,
        "tags": ["a", "b"],
    }
    caller.step(4)
    ended = {"status": "ANSWERED", "end_time": "2026-03-01 12:00:04", "duration": 3, "cost": 10}
    assert caller.call(callid) == {**begun, **ended}
    steps = [step["name"] for step in caller.simulator.find_call(callid).steps]
    assert steps == ["ringing", "answered", "playback", "ended"]


def test_a_text_is_spoken_as_long_as_it_is(caller: Caller) -> None:
    """Speech takes its time by characters and costs the surcharge."""
    callid = caller.place(recording_url=None, tts_message="あ" * 20, tts_lang="ja", caller="+814512345678")
    caller.step(3.5)
    call = caller.call(callid)
    assert (call["status"], call["duration"], call["cost"], call["caller"]) == ("ANSWERED", 3, 11, "814512345678")


@pytest.mark.parametrize(
    ("number", "status", "ends"),
    [
        ("+819000000001", "FAILED", "2026-03-01 12:00:01"),
        ("+819000000003", "NO ANSWER", "2026-03-01 12:00:05"),
        ("+819000000002", "IN PROGRESS", None),
    ],
)
def test_magic_recipients(caller: Caller, number: str, status: str, ends: str | None) -> None:
    """Unanswered calls cost their first minute; a stuck one rings for ever."""
    callid = caller.place(recipient=number)
    caller.step(1000)
    call = caller.call(callid)
    assert (call["status"], call["end_time"], call["duration"]) == (status, ends, 0)
    assert caller.credits() == 99_990


@pytest.mark.parametrize(("seconds", "cost"), [(60, 10), (61, 20), (120, 20), (121, 30)])
def test_started_minutes_are_billed(seconds: int, cost: int) -> None:
    """A minute that only just ended does not start the next one."""
    caller = Caller(recording_seconds=seconds)
    callid = caller.place()
    caller.step(seconds + 1)
    caller.step(1000)  # nothing is charged once it has ended
    assert caller.call(callid)["cost"] == cost
    assert caller.call(callid)["duration"] == seconds
    assert caller.credits() == 100_000 - cost


def test_a_call_ends_when_the_balance_does() -> None:
    """A further minute that cannot be paid is not talked."""
    caller = Caller(credits=50, recording_seconds=600, voice_prices={"": 20})
    callid = caller.place()
    caller.step(700)
    call = caller.call(callid)
    assert (call["status"], call["duration"], call["cost"], caller.credits()) == ("ANSWERED", 121, 40, 10)


@pytest.mark.parametrize(
    ("fields", "price"),
    [({"recipient": "+60123456789", "caller": "60312345678"}, 8), ({"recipient": "+62812345678"}, 15)],
)
def test_prices_by_country(caller: Caller, fields: dict[str, str], price: int) -> None:
    """Malaysia and Indonesia have prices of their own."""
    caller.place(**fields)
    assert caller.credits() == 100_000 - price


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"recording_url": None}, {"recording_url": ["This field is required."]}),
        ({"recording_url": "https://example.com/a.mp3"}, {"recording_url": ["Enter a valid URL."]}),
        ({"tts_message": "x"}, {"tts_lang": ["This field is required."]}),
        ({"tts_message": "x", "tts_lang": "id"}, {"tts_lang": ['"id" is not a valid choice.']}),
        ({"recipient": "08012345678"}, {"recipient": ["Invalid recipient"]}),
        ({"caller": "Xoxzo"}, {"caller": ["Invalid caller"]}),
        ({"recipient": "+60123456789", "caller": "603123456"}, {"caller": ["Invalid caller"]}),
        ({"recipient": "+60123456789", "caller": "0312345678"}, {"caller": ["Invalid caller"]}),
        ({"jp_din_caller": "true"}, {"caller": ["Invalid caller"]}),
        ({"callbackurl": "x"}, {"callbackurl": ["Enter a valid URL."]}),
    ],
)
def test_refusals(caller: Caller, change: dict[str, str | None], errors: dict[str, list[str]]) -> None:
    """Each wrong field is named; nothing is charged."""
    fields = {name: value for name, value in {**CALL, **change}.items() if value is not None}
    assert caller.post("/voice/simple/playbacks/", fields) == (400, errors)
    assert caller.credits() == 100_000


def test_a_text_wins_over_a_recording(caller: Caller) -> None:
    """With both, the text is spoken and the recording not even checked."""
    callid = caller.place(recording_url="nonsense", tts_message="hello", tts_lang="en")
    caller.step(5)
    assert "say" in [step["name"] for step in caller.simulator.find_call(callid).steps]


def test_any_call_needs_the_minimum_balance() -> None:
    """Below fifty credits no call is placed, and the message says fifty; a dearer call says its own cost."""
    refusal = {"non_field_errors": ["Not enough credits, required: 50"]}
    assert Caller(credits=49).post("/voice/simple/playbacks/", CALL) == (403, refusal)
    dear = {"non_field_errors": ["Not enough credits, required: 80.5"]}
    assert Caller(credits=60, voice_prices={"": 80.5}).post("/voice/simple/playbacks/", CALL) == (403, dear)


def test_a_subscribed_number_may_be_shown_as_caller(caller: Caller) -> None:
    """`jp_din_caller` takes a number of the account's own, at the dearer minute in Japan alone."""
    din = caller.subscribe()["din"]
    before = caller.credits()
    caller.place(caller=din, jp_din_caller="true")
    assert before - caller.credits() == 15
    caller.place(caller=din, jp_din_caller="true", recipient="+60123456789")
    assert before - caller.credits() == 15 + 8


def test_unknown_and_blocked(caller: Caller) -> None:
    """An unknown callid is 404 without a body; a country that is not served is named."""
    reply = caller.raw("GET", "/voice/calls/41c181b6-0000-4000-8000-000000000000/")
    assert (reply.status, reply.body) == (404, b"")
    assert b"content-type" not in dict(reply.headers)
    blocked = Caller(blocked_countries=frozenset({"81"}))
    assert blocked.post("/voice/simple/playbacks/", CALL) == (400, {"recipient": ["Country not allowed"]})


def test_the_oldest_calls_are_forgotten() -> None:
    """Calls are bounded by a setting, on phones as well."""
    caller = Caller(max_calls=1)
    first = caller.place(recipient="+818012345670")
    caller.place()
    assert caller.get(f"/voice/calls/{first}/")[0] == 404
    assert not caller.simulator.phone("+818012345670").calls
