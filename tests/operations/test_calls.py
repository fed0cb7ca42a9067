"""Voice calls (API section 5)."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy.models import Call, CallStatus, StartedCall
from xoxzo.cloudpy.operations.calls import get_call, play, say
from xoxzo.cloudpy.operations.operation import Effect

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

Refused = Callable[..., str]

CALLID = "41c181b6-0000-4000-8000-000000000000"
PLAY: dict[str, Any] = {
    "caller": "814512345678",
    "recipient": "+818011112222",
    "recording_url": "http://example.com/1.mp3",
}
SAY: dict[str, Any] = {
    "caller": "814512345678",
    "recipient": "+818011112222",
    "tts_message": "おはよう,,1",
    "tts_lang": "ja",
}
RECORD = b"""{"end_time": "2018-06-18 20:51:13", "caller": "818033334444", "call_type": "simple/playbacks",
 "start_time": "2018-06-18 20:50:40", "callid": "41c181b6-0000-4000-8000-000000000000", "status": "ANSWERED",
 "url": "https://api.xoxzo.com/voice/calls/41c181b6-0000-4000-8000-000000000000/", "cost": 16, "duration": 15,
 "direction": "outbound", "recipient": "+818011112222"}"""


def test_play() -> None:
    """Playing an mp3 is a POST of three fields."""
    operation = play(**PLAY)

    assert (operation.name, operation.method, operation.path, operation.query) == (
        "calls.play",
        "POST",
        "/voice/simple/playbacks/",
        "",
    )
    assert operation.effect is Effect.CREATE
    assert operation.content_type == "application/x-www-form-urlencoded"
    assert operation.body == (
        b"caller=814512345678&recipient=%2B818011112222&recording_url=http%3A%2F%2Fexample.com%2F1.mp3"
    )


def test_say() -> None:
    """Speaking a text goes to the same endpoint, the text as percent-encoded UTF-8."""
    operation = say(**SAY)

    assert (operation.name, operation.method, operation.path) == ("calls.say", "POST", "/voice/simple/playbacks/")
    assert operation.effect is Effect.CREATE
    assert operation.content_type == "application/x-www-form-urlencoded"
    assert operation.body == (
        b"caller=814512345678&recipient=%2B818011112222"
        b"&tts_message=%E3%81%8A%E3%81%AF%E3%82%88%E3%81%86%2C%2C1&tts_lang=ja"
    )


@pytest.mark.parametrize("way", [play, say])
@pytest.mark.parametrize(
    ("more", "added"),
    [
        ({"callback_url": None, "tags": (), "jp_din_caller": False}, b""),
        ({"callback_url": "https://example.com/?a=b"}, b"&callbackurl=https%3A%2F%2Fexample.com%2F%3Fa%3Db"),
        ({"tags": ["tag1", "春"]}, b"&tags=tag1%2C%E6%98%A5"),
        ({"jp_din_caller": True}, b"&jp_din_caller=true"),
        (
            {"jp_din_caller": True, "tags": ["a"], "callback_url": "http://example.com"},
            b"&jp_din_caller=true&callbackurl=http%3A%2F%2Fexample.com&tags=a",
        ),
    ],
)
def test_options(way: Callable[..., Any], more: dict[str, Any], added: bytes) -> None:
    """Options follow the fields and go out only when set."""
    least = PLAY if way is play else SAY

    assert way(**least, **more).body == way(**least).body + added


@pytest.mark.parametrize("way", [play, say])
@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("caller", "Xoxzo", "1 to 15 digits"),
        ("recipient", "08011112222", "begin with +"),
        ("callback_url", "example.com", "absolute"),
        ("tags", ["a,b"], "comma"),
        ("tags", "ab", "list"),
    ],
)
def test_refused(way: Callable[..., Any], field: str, value: Any, rule: str, refused: Refused) -> None:
    """Both ways to call refuse the same values."""
    assert rule in refused(field, way, **{**(PLAY if way is play else SAY), field: value})


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [("tts_message", " ", "empty"), ("tts_lang", "jpn", "two small letters"), ("tts_lang", "", "empty")],
)
def test_say_refused(field: str, value: str, rule: str, refused: Refused) -> None:
    """A blank text and a language that is no code are refused."""
    assert rule in refused(field, say, **{**SAY, field: value})


def test_play_refuses_https(refused: Refused) -> None:
    """The server fetches recordings over http only."""
    assert "https is not supported" in refused(
        "recording_url", play, **{**PLAY, "recording_url": "https://example.com/1.mp3"}
    )


@pytest.mark.parametrize("operation", [play(**PLAY), say(**SAY)], ids=["play", "say"])
@pytest.mark.parametrize("body", [b'[{"callid": "c1", "new": 1}]', b'{"callid": "c1", "new": 1}'])
def test_started(operation: Any, body: bytes) -> None:
    """The answer is a record, bare or in a list."""
    assert operation.read(body) == StartedCall(callid="c1", raw={"callid": "c1", "new": 1})


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"callid": ""}', b"<html>", b"\xff"])
def test_started_unreadable(body: bytes, undecodable: Callable[..., str]) -> None:
    """A success without an id cannot be read."""
    assert undecodable(play(**PLAY).read, body)


def test_get() -> None:
    """The status of a call is a GET of its path."""
    operation = get_call(CALLID)

    assert (operation.name, operation.method, operation.path, operation.query, operation.body) == (
        "calls.get",
        "GET",
        f"/voice/calls/{CALLID}/",
        "",
        b"",
    )
    assert operation.effect is Effect.READ


@patient
@given(st.text() | st.sampled_from(["../../you/credits", "..", "/", "?x", "%2e%2e", "a/b", "\\..\\", ""]))
def test_no_id_reaches_another_endpoint(taken: Callable[..., Any], callid: str) -> None:
    """Any text is refused, or is exactly one segment between the fixed parts that unquotes back to it."""
    operation = taken("callid", get_call, callid)
    if operation is None:
        return

    path = operation.path
    _, voice, calls, segment, end = path.split("/")
    assert (voice, calls, end) == ("voice", "calls", "")
    assert segment not in {"", ".", ".."}
    assert not set(path) & set("?#")
    assert unquote(segment, errors="strict") == callid


def test_record() -> None:
    """A real record of 2018 is read whole: talk is 15 s of the 33 between start and end."""
    assert get_call(CALLID).read(RECORD) == Call(
        callid=CALLID,
        caller="818033334444",
        recipient="+818011112222",
        status=CallStatus.ANSWERED,
        direction="outbound",
        call_type="simple/playbacks",
        start_time=datetime(2018, 6, 18, 20, 50, 40, tzinfo=UTC),
        end_time=datetime(2018, 6, 18, 20, 51, 13, tzinfo=UTC),
        duration=15,
        cost=Decimal(16),
        tags=(),
        url=f"https://api.xoxzo.com/voice/calls/{CALLID}/",
        raw=json.loads(RECORD),
    )


def test_record_of_a_call_under_way() -> None:
    """What is empty or null until the call has ended reads as unknown or 0."""
    body = b"""{"callid": "c1", "status": "IN PROGRESS", "start_time": "", "end_time": null, "duration": null,
    "cost": 0, "tags": ["a"]}"""
    call = get_call("c1").read(body)

    assert (call.status, call.start_time, call.end_time, call.duration, call.cost, call.tags) == (
        CallStatus.IN_PROGRESS,
        None,
        None,
        0,
        Decimal(0),
        ("a",),
    )


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("IN PROGRESS", CallStatus.IN_PROGRESS),
        ("ANSWERED", CallStatus.ANSWERED),
        ("NO ANSWER", CallStatus.NO_ANSWER),
        ("FAILED", CallStatus.FAILED),
    ],
)
def test_status(word: str, status: CallStatus) -> None:
    """The four statuses are written with blanks."""
    assert get_call("c").read(json.dumps({"callid": "c", "status": word}).encode()).status is status


def test_unknown_status() -> None:
    """A status that is not in the document is kept as text, and its record survives pickle."""
    call = get_call("c").read(b'{"callid": "c", "status": "BUSY"}')

    assert call.status == "BUSY"
    assert not call.status.is_known
    assert pickle.loads(pickle.dumps(call)) == call


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"status": "ANSWERED"}', b"null"])
def test_record_unreadable(body: bytes, undecodable: Callable[..., str]) -> None:
    """A record without an id cannot be read."""
    assert undecodable(get_call("c").read, body)
