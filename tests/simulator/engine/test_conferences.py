"""Conferences: each participant is a call; one report when all have ended."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given, strategies as st
from simulator_callers import Caller, Listener, basic

ONE, TWO, SILENT = "+818012345678", "+60123456789", "+819000000003"
ASKED = {"caller": "814512345678", "participants": f"{ONE}, {TWO}"}


def placed(caller: Caller, **fields: str) -> dict[str, Any]:
    """Place a conference that must be accepted."""
    status, body = caller.post("/voice/simple/conferences/", {**ASKED, **fields})
    assert status == 201, body
    return body


def shown(caller: Caller, conferenceid: str) -> dict[str, Any]:
    """Return a conference's status object."""
    status, body = caller.get(f"/voice/simple/conferences/{conferenceid}/")
    assert status == 200
    return body


def test_two_phones_talk(caller: Caller) -> None:
    """The answer names each call; the status sums the cost and takes the longest talk; calls can be read alone."""
    body = placed(caller, tags="a", lang="ja")
    first, second = body["participants"]
    assert (first["participant"], second["participant"]) == (ONE, TWO)
    assert caller.credits() == 100_000 - 18
    before = shown(caller, body["conferenceid"])
    assert (before["cost"], before["duration"], before["end_time"]) == (0, 0, None)
    caller.step(11)
    after = shown(caller, body["conferenceid"])
    legs = after.pop("participants")
    assert after == {
        "conferenceid": body["conferenceid"],
        "start_time": "2026-03-01 12:00:00",
        "end_time": "2026-03-01 12:00:11",
        "duration": 10,
        "cost": 18,
    }
    assert legs == [caller.call(first["callid"]), caller.call(second["callid"])]
    assert [(leg["call_type"], leg["cost"], leg["status"], leg["tags"]) for leg in legs] == [
        ("simple/conferences", 10, "ANSWERED", ["a"]),
        ("simple/conferences", 8, "ANSWERED", ["a"]),
    ]
    steps = caller.simulator.phone(ONE).calls[0].steps
    assert [step["name"] for step in steps] == ["ringing", "answered", "conference", "ended"]


def test_it_ends_when_the_last_call_does() -> None:
    """A participant who does not answer keeps it open while the phone rings; each call is charged by the minute."""
    caller = Caller(conference_seconds=61.0)
    body = placed(caller, participants=f"{ONE},{SILENT},{TWO}")
    caller.step(10)
    assert shown(caller, body["conferenceid"])["end_time"] is None
    caller.step(52)
    after = shown(caller, body["conferenceid"])
    assert [leg["status"] for leg in after["participants"]] == ["ANSWERED", "NO ANSWER", "ANSWERED"]
    assert (after["cost"], after["duration"]) == (20 + 10 + 16, 61)
    assert caller.credits() == 100_000 - 46


def test_one_report_for_all(listener: Listener) -> None:
    """Its fields are those of the status; in a form the participants are the text of their JSON."""
    caller = Caller()
    with caller.simulator:
        body = placed(caller, callbackurl=listener.url, tags="a,b")
        caller.simulator.advance(60)
    [(method, _, _, sent)] = listener.requests
    fields = {name: values[0] for name, values in parse_qs(sent.decode()).items()}
    after = shown(caller, body["conferenceid"])
    assert method == "POST"
    assert json.loads(fields.pop("participants")) == after.pop("participants")
    assert fields == {name: str(value) for name, value in after.items()}
    [attempt] = caller.simulator.callbacks
    assert (attempt.kind, attempt.ident) == ("conference", body["conferenceid"])


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"participants": ONE}, {"participants": ["A conference has 2 or 3 participants."]}),
        ({"participants": ",".join([ONE] * 4)}, {"participants": ["A conference has 2 or 3 participants."]}),
        ({"participants": f"{ONE},"}, {"participants": ["Invalid participants"]}),
        ({"participants": f"{ONE},+8108012345678"}, {"participants": ["Invalid participants"]}),
        ({"participants": f"{ONE},+6212345678"}, {"participants": ["Country not allowed"]}),
        ({"participants": " "}, {"participants": ["This field may not be blank."]}),
        ({"caller": "x"}, {"caller": ["Invalid caller"]}),
        ({"lang": "fr"}, {"lang": ['"fr" is not a valid choice.']}),
        ({"lang": ""}, {"lang": ["This field may not be blank."]}),
        ({"callbackurl": "x"}, {"callbackurl": ["Enter a valid URL."]}),
    ],
)
def test_refusals(change: dict[str, str], errors: dict[str, list[str]]) -> None:
    """The error names the problem, no phone is called, nothing is charged."""
    caller = Caller(blocked_countries=frozenset({"62"}))
    assert caller.post("/voice/simple/conferences/", {**ASKED, **change}) == (400, errors)
    assert caller.credits() == 100_000
    assert not caller.simulator.phone(ONE).calls


@pytest.mark.parametrize(("balance", "needed"), [(49, 50), (99, 0)])
def test_the_minimum_is_that_of_any_call(balance: int, needed: int) -> None:
    """Fifty credits have to be there, whatever it costs."""
    status, body = Caller(credits=balance).post("/voice/simple/conferences/", ASKED)
    if needed:
        assert (status, body) == (403, {"non_field_errors": [f"Not enough credits, required: {needed}"]})
    else:
        assert status == 201


def test_unknown_conferences_are_404() -> None:
    """So are those of another account, and those that were forgotten."""
    caller = Caller(max_calls=1)
    forgotten, stored = placed(caller)["conferenceid"], placed(caller)["conferenceid"]
    for ident, headers in [("x", {}), (forgotten, {}), (stored, {"authorization": basic("other")})]:
        assert caller.get(f"/voice/simple/conferences/{ident}/", **headers) == (404, None)
    caller.step(60)
    assert shown(caller, stored)["cost"] == 18


WILD = st.text(max_size=20) | st.none() | st.lists(st.text(max_size=3), max_size=2) | st.just(f"{ONE},{TWO}")
NAMES = st.sampled_from(["caller", "participants", "lang", "callbackurl", "tags"])
ANY = Caller(postpaid=True)


@given(st.dictionaries(NAMES, WILD))
def test_no_body_breaks_it(fields: dict[str, Any]) -> None:
    """Whatever is sent, it is done or refused."""
    assert ANY.post_json("/voice/simple/conferences/", fields)[0] in {201, 400}
