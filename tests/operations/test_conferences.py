"""Conference calls (API sections 5.3 and 5.4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy.models import CallStatus, ConferenceParticipant, StartedConference
from xoxzo.cloudpy.operations.calls import create_conference, get_conference
from xoxzo.cloudpy.operations.operation import Effect

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

Refused = Callable[..., str]

LEAST: dict[str, Any] = {"caller": "814512345678", "participants": ["+818011112222", "+818033334444"]}
FIRST = b"caller=814512345678&participants=%2B818011112222%2C%2B818033334444"
STARTED = b"""{"participants": [{"participant": "+818011112222", "callid": "c1"},
  {"participant": "+818033334444", "callid": "c2"}], "conferenceid": "f1"}"""
RECORD = b"""{"cost": 32,
 "participants": [
   {"cost": 16, "recipient": "+818011112222", "status": "ANSWERED", "direction": "outbound", "caller": "814512345678",
    "call_type": "simple/conferences", "callid": "c1", "end_time": "2018-06-24 10:28:45",
    "url": "https://api.xoxzo.com/voice/calls/c1/", "duration": 46, "start_time": "2018-06-24 10:27:44"},
   {"cost": 16, "recipient": "+818033334444", "status": "NO ANSWER", "direction": "outbound", "caller": "814512345678",
    "call_type": "simple/conferences", "callid": "c2", "end_time": "2018-06-24 10:28:45",
    "url": "https://api.xoxzo.com/voice/calls/c2/", "duration": 52, "start_time": "2018-06-24 10:27:44"}],
 "conferenceid": "f1", "end_time": "2018-06-24 10:28:45", "duration": 52, "start_time": "2018-06-24 10:27:44"}"""


def test_create() -> None:
    """A conference is a POST of the caller and the numbers, joined by commas."""
    operation = create_conference(**LEAST)

    assert (operation.name, operation.method, operation.path, operation.query, operation.body) == (
        "conferences.create",
        "POST",
        "/voice/simple/conferences/",
        "",
        FIRST,
    )
    assert operation.effect is Effect.CREATE
    assert operation.content_type == "application/x-www-form-urlencoded"
    assert operation.recipients == ("+818011112222", "+818033334444")


@pytest.mark.parametrize(
    ("more", "added"),
    [
        ({"callback_url": None, "tags": (), "lang": None}, b""),
        ({"callback_url": "https://example.com/"}, b"&callbackurl=https%3A%2F%2Fexample.com%2F"),
        ({"tags": ["a", "b"]}, b"&tags=a%2Cb"),
        ({"lang": "ja"}, b"&lang=ja"),
    ],
)
def test_options(more: dict[str, Any], added: bytes) -> None:
    """Options follow the fields and go out only when set."""
    assert create_conference(**LEAST, **more).body == FIRST + added


def test_three_participants() -> None:
    """Three phones can be joined, and the numbers may come in a tuple."""
    numbers = ("+818011112222", "+818033334444", "+818055556666")

    assert create_conference(caller="814512345678", participants=numbers).recipients == numbers


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("participants", [], "2 or 3 numbers, not 0"),
        ("participants", ["+818011112222"], "2 or 3 numbers, not 1"),
        ("participants", ["+818011112222"] * 4, "2 or 3 numbers, not 4"),
        ("participants", "+818011112222,+818033334444", "a list"),
        ("participants", ["+818011112222", "08033334444"], "begin with +"),
        ("participants", ["+818011112222", None], "must be text"),
        ("caller", "Xoxzo", "1 to 15 digits"),
        ("callback_url", "example.com", "absolute"),
        ("tags", ["a,b"], "comma"),
        ("lang", "jpn", "two small letters"),
    ],
)
def test_create_refused(field: str, value: Any, rule: str, refused: Refused) -> None:
    """A value that breaks its rule is refused in the name of its parameter."""
    assert rule in refused(field, create_conference, **{**LEAST, field: value})


@pytest.mark.parametrize("body", [STARTED, b"[" + STARTED + b"]"])
def test_started(body: bytes) -> None:
    """The answer holds the conference's id and each participant's call."""
    started = create_conference(**LEAST).read(body)

    assert started == StartedConference(
        conferenceid="f1",
        participants=(
            ConferenceParticipant(
                participant="+818011112222", callid="c1", raw={"participant": "+818011112222", "callid": "c1"}
            ),
            ConferenceParticipant(
                participant="+818033334444", callid="c2", raw={"participant": "+818033334444", "callid": "c2"}
            ),
        ),
        raw=started.raw,
    )


@pytest.mark.parametrize("participants", [b"null", b"{}", b"[]", b'["+818011112222", null]', b'"c1"'])
def test_started_without_participants(participants: bytes) -> None:
    """The conference's id is enough; what is no record is left out."""
    started = create_conference(**LEAST).read(b'{"conferenceid": "f1", "participants": ' + participants + b"}")

    assert (started.conferenceid, started.participants) == ("f1", ())


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"conferenceid": ""}', b"<html>"])
def test_started_unreadable(body: bytes, undecodable: Callable[..., str]) -> None:
    """A success without an id cannot be read."""
    assert undecodable(create_conference(**LEAST).read, body)


def test_get() -> None:
    """The state of a conference is a GET of its path."""
    operation = get_conference("f1")

    assert (operation.name, operation.method, operation.path, operation.query, operation.body) == (
        "conferences.get",
        "GET",
        "/voice/simple/conferences/f1/",
        "",
        b"",
    )
    assert operation.effect is Effect.READ


def test_record() -> None:
    """A conference is read with its sums, and its participants as the calls that they are."""
    conference = get_conference("f1").read(RECORD)

    assert (conference.conferenceid, conference.cost, conference.duration) == ("f1", Decimal(32), 52)
    assert conference.start_time == datetime(2018, 6, 24, 10, 27, 44, tzinfo=UTC)
    assert conference.end_time == datetime(2018, 6, 24, 10, 28, 45, tzinfo=UTC)
    assert [(call.callid, call.status, call.duration, call.cost) for call in conference.participants] == [
        ("c1", CallStatus.ANSWERED, 46, Decimal(16)),
        ("c2", CallStatus.NO_ANSWER, 52, Decimal(16)),
    ]
    assert conference.participants[0].recipient == "+818011112222"
    assert conference.participants[0].raw["call_type"] == "simple/conferences"
    assert "participants" in conference.raw


def test_record_of_little() -> None:
    """While nothing is known but the id, the rest reads as unknown, a call without an id included."""
    conference = get_conference("f1").read(b'{"conferenceid": "f1", "participants": [{"status": "IN PROGRESS"}]}')

    assert (conference.cost, conference.duration, conference.start_time, conference.end_time) == (None, 0, None, None)
    assert [(call.callid, call.status) for call in conference.participants] == [("", CallStatus.IN_PROGRESS)]


@pytest.mark.parametrize("body", [b"", b"{}", b'{"cost": 32}', b"null"])
def test_record_unreadable(body: bytes, undecodable: Callable[..., str]) -> None:
    """A record without the conference's id is none."""
    assert undecodable(get_conference("f1").read, body)


@patient
@given(st.text() | st.sampled_from(["../../you/credits", "..", "/", "?x", "%2e%2e", "a/b", ""]))
def test_no_id_reaches_another_endpoint(taken: Callable[..., Any], conferenceid: str) -> None:
    """Any text is refused, or is exactly one segment between the fixed parts that unquotes back to it."""
    operation = taken("conferenceid", get_conference, conferenceid)
    if operation is None:
        return

    _, voice, simple, conferences, segment, end = operation.path.split("/")
    assert (voice, simple, conferences, end) == ("voice", "simple", "conferences", "")
    assert segment not in {"", ".", ".."}
    assert not set(operation.path) & set("?#")
    assert unquote(segment, errors="strict") == conferenceid
