"""Parsing callbacks, and rejecting invalid ones."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from hypothesis import given, strategies

from xoxzo.cloudpy import CallbackRejected, CallStatus, MessageStatus
from xoxzo.cloudpy.callbacks import (
    Callbacks,
    CallEnded,
    DeliveryReport,
    IncomingCall,
    IncomingSMS,
    LinkClicked,
    Purpose,
)

from .conftest import NOW, SECRET

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=B"
CALLBACKS = Callbacks(SECRET, "https://shop.example", clock=lambda: NOW, max_body=1_000_000)
URLS = {purpose: CALLBACKS.url(purpose, "booking-1") for purpose in Purpose}

REPORT = {
    "msgid": "VncyEuDbojkzRJ2GlKP3USB7C5F6atp1",
    "status": "DELIVERED",
    "recipient": "+818011112222",
    "sender": "Shop",
    "sent_time": "2026-11-24 08:45:22",
    "cost": 20,
    "tags": ["booking-1", "spring"],
    "parts": 2,
    "unheard_of": "kept",
}


def flat(fields: dict[str, object]) -> bytes:
    """Encode fields as a form, its lists joined."""
    return urlencode({name: ",".join(v) if isinstance(v, list) else v for name, v in fields.items()}).encode()


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (FORM, flat(REPORT)),
        ("", flat(REPORT)),
        ("application/json", json.dumps(REPORT).encode()),
        ("application/json; charset=utf-8", json.dumps([REPORT]).encode()),
        (FORM, b"  " + json.dumps(REPORT).encode()),
        (FORM, BOM_UTF8 + flat(REPORT)),
        ("application/json", BOM_UTF8 + json.dumps(REPORT).encode()),
        (FORM, BOM_UTF8 + json.dumps(REPORT).encode()),
    ],
    ids=["form", "untyped form", "JSON", "list", "JSON called a form", "form, BOM", "JSON, BOM", "called a form, BOM"],
)
def test_delivery_report(callbacks: Callbacks, content_type: str, body: bytes) -> None:
    """A delivery report may be a form or JSON, and every field is in ``raw``."""
    event = callbacks.receive(
        "post", callbacks.url("delivery-report", "booking-1"), {"Content-Type": content_type}, body
    )
    assert isinstance(event, DeliveryReport)
    assert event.reference == "booking-1"
    assert event.msgid == REPORT["msgid"]
    assert event.status is MessageStatus.DELIVERED
    assert (event.recipient, event.sender, event.parts) == ("+818011112222", "Shop", 2)
    assert event.sent_time == datetime(2026, 11, 24, 8, 45, 22, tzinfo=UTC)
    assert event.cost == Decimal(20)
    assert event.tags == ("booking-1", "spring")
    assert event.raw["unheard_of"] == "kept"


@pytest.mark.parametrize(("word", "status"), [("OK", "DELIVERED"), ("FAILED", "FAIL"), ("LOST", "LOST")])
def test_status_names(callbacks: Callbacks, word: str, status: str) -> None:
    """Both names of a status give the same value, and an unknown status is kept."""
    event = callbacks.receive("POST", callbacks.url("delivery-report"), {}, f"msgid=a&status={word}".encode())
    assert isinstance(event, DeliveryReport)
    assert event.status == status


def test_status_is_enough(callbacks: Callbacks) -> None:
    """A report to a URL with a reference needs nothing but a status."""
    event = callbacks.receive("POST", callbacks.url("delivery-report", "booking-1"), {}, b"status=DELIVERED")
    assert isinstance(event, DeliveryReport)
    assert (event.reference, event.msgid, event.cost, event.tags) == ("booking-1", "", None, ())


@pytest.mark.parametrize("purpose", ["delivery-report", "call-ended", "link-clicked", "incoming-sms"])
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (FORM, b""),
        (FORM, b"state=DELIVERED"),
        (FORM, b"status=&sender=&link="),
        (FORM, b"msgid=a%00&status=DELIVERED%00"),
        ("application/json", b"{}"),
        ("application/json", b'{"status": {"code": 1}, "link": null, "message": ["a"]}'),
        ("application/json", json.dumps([REPORT, {**REPORT, "msgid": "another"}]).encode()),
        ("application/xml", b"<status>DELIVERED</status>"),
        ("multipart/form-data; boundary=B", b"--B--"),
        ("multipart/form-data; boundary=B", b""),
    ],
)
def test_not_understood(callbacks: Callbacks, purpose: str, content_type: str, body: bytes) -> None:
    """A callback without the fields that its purpose needs is rejected with 400, so that it comes again."""
    with pytest.raises(CallbackRejected) as caught:
        callbacks.receive("POST", callbacks.url(purpose, "booking-1"), {"content-type": content_type}, body)
    assert caught.value.status == 400


@pytest.mark.parametrize("kind", [FORM, "application/json", MULTIPART])
def test_several_values(callbacks: Callbacks, kind: str) -> None:
    """A callback that says two things about what happened is rejected; any other field keeps both values."""

    def receive(*pairs: tuple[str, str]) -> DeliveryReport:
        record = ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in pairs)
        parts = multipart(*((name, value.encode()) for name, value in pairs))
        body = {FORM: urlencode(pairs).encode(), MULTIPART: parts}.get(kind, f'[{{{record},"list":[1]}}]'.encode())
        event = callbacks.receive("POST", callbacks.url("delivery-report"), {"content-type": kind}, body)
        assert isinstance(event, DeliveryReport)
        return event

    report = (("msgid", "m"), ("status", "OK"))
    event = receive(*report, *report, ("parts", "1"), ("parts", "2"), ("parts", "3"))
    assert (event.msgid, event.status, event.parts) == ("m", "DELIVERED", None)
    assert event.raw["parts"] == ["1", "2"]
    assert event.raw.get("list", [1]) == [1]
    for name in ("msgid", "status"):
        with pytest.raises(CallbackRejected, match=f"the {name} has several values") as caught:
            receive(*report, (name, "FAIL"))
        assert caught.value.status == 400


@pytest.mark.parametrize("length", ["26", "999", "9" * 40])
def test_cut_body(callbacks: Callbacks, length: str) -> None:
    """A body that is shorter than its Content-Length is rejected with 400."""
    url, body = callbacks.url("delivery-report", "booking-1"), b"msgid=m1&status=DELIVERED"
    with pytest.raises(CallbackRejected, match="shorter") as caught:
        callbacks.receive("POST", url, {"Content-Length": length}, body)
    assert caught.value.status == 400
    assert callbacks.receive("POST", url, {"Content-Length": str(len(body))}, body).reference == "booking-1"


def multipart(*parts: tuple[str, bytes], end: bytes = b"--B--\r\n") -> bytes:
    """Encode a multipart form."""
    return (
        b"".join(
            f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
            for name, value in parts
        )
        + end
    )


def test_multipart(callbacks: Callbacks) -> None:
    """A multipart form is read like any other form."""
    body = multipart(("msgid", b"m9"), ("status", b"DELIVERED"), ("tags", "春, b".encode()), ("note", b"1\r\n2"))
    kind = {"content-type": 'Multipart/Form-Data; boundary="B"'}
    event = callbacks.receive("POST", callbacks.url("delivery-report"), kind, b"preamble\r\n" + body)
    assert isinstance(event, DeliveryReport)
    assert (event.msgid, event.status, event.tags) == ("m9", "DELIVERED", ("春", "b"))
    assert event.raw["note"] == "1\r\n2"


def test_call_ended(callbacks: Callbacks) -> None:
    """A call's end has a status, a duration and a cost."""
    body = flat(
        {
            "callid": "41c181b6-0000-4000-8000-000000000000",
            "status": "NO ANSWER",
            "duration": "15",
            "cost": "16",
            "start_time": "2026-11-24 20:50:40",
            "end_time": "",
            "caller": "815011112222",
            "recipient": "+818011112222",
            "tags": "",
        }
    )
    event = callbacks.receive("POST", callbacks.url("call-ended"), {"content-type": FORM}, body)
    assert isinstance(event, CallEnded)
    assert event.status is CallStatus.NO_ANSWER
    assert (event.duration, event.cost, event.end_time, event.tags) == (15, Decimal(16), None, ())


def test_conference_ended(callbacks: Callbacks) -> None:
    """A conference's end is a call's end with the conference's id, and its participants are in ``raw``."""
    body = urlencode({"conferenceid": "c-1", "duration": "52", "participants": '[{"callid": "x"}]'}).encode()
    event = callbacks.receive("POST", callbacks.url("call-ended"), {}, body)
    assert isinstance(event, CallEnded)
    assert (event.conferenceid, event.callid, event.duration, event.status) == ("c-1", "", 52, "")
    assert event.raw["participants"] == [{"callid": "x"}]


CLICK = {"link": "http://shop.example", "shortlink": "https://xoz.so/dbNL4", "accessed_on": "2026-11-24 02:40:39"}


@pytest.mark.parametrize(
    "fields",
    [{"msgid": "a", **CLICK}, {"msgid": "a", "link_tracking": json.dumps({**CLICK, "accessed": True})}],
    ids=["flat", "as in a status"],
)
def test_link_clicked(callbacks: Callbacks, fields: dict[str, object]) -> None:
    """The fields of a click may be in the record itself or in ``link_tracking``."""
    event = callbacks.receive("POST", callbacks.url("link-clicked", "booking-1"), {}, flat(fields))
    assert isinstance(event, LinkClicked)
    assert (event.msgid, event.link, event.shortlink) == ("a", CLICK["link"], CLICK["shortlink"])
    assert event.accessed_on == datetime(2026, 11, 24, 2, 40, 39, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "caller"),
    [
        ("?caller=818011112222&recipient=815012345678", "+818011112222"),
        ("?caller=%2B818011112222&recipient=%2B815012345678", "+818011112222"),
        ("?caller=+818011112222&recipient=+815012345678", "+818011112222"),
        ("?caller=&recipient=815012345678", None),
        ("?recipient=815012345678", None),
        ("?caller=anonymous&recipient=815012345678", None),
        ("?caller=818011112222&caller=818011113333&recipient=815012345678", None),
    ],
)
def test_incoming_call(callbacks: Callbacks, query: str, caller: str | None) -> None:
    """An incoming call has both numbers in E.164, and no caller if it is withheld."""
    event = callbacks.receive("GET", callbacks.url("incoming-call", "shop") + query, {})
    assert isinstance(event, IncomingCall)
    assert (event.caller, event.recipient, event.reference) == (caller, "+815012345678", "shop")
    assert event.is_anonymous is (caller is None)


@pytest.mark.parametrize(
    "fields",
    [
        {
            "sender": "+818011112222",
            "recipient": "815012345678",
            "message": "はい",
            "received_time": "2020-01-01 00:00:00",
        },
        {"from": "818011112222", "to": "+815012345678", "text": "はい", "time": "2020-01-01 00:00:00"},
    ],
)
def test_incoming_sms(callbacks: Callbacks, fields: dict[str, str]) -> None:
    """The fields of an incoming SMS may have several names."""
    event = callbacks.receive("POST", callbacks.url("incoming-sms"), {}, flat({**fields}))
    assert isinstance(event, IncomingSMS)
    assert (event.sender, event.recipient, event.message) == ("+818011112222", "+815012345678", "はい")
    assert event.received_time == datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("purpose", "method", "content_type", "body", "status", "reason"),
    [
        ("delivery-report", "GET", "", b"", 405, "POST"),
        ("incoming-call", "POST", "", b"", 405, "GET"),
        ("delivery-report", "POST", "", b"x" * 65_537, 413, "65536"),
        ("delivery-report", "POST", "application/json", b"{", 400, "JSON"),
        ("delivery-report", "POST", "application/json", b"[]", 400, "record"),
        ("delivery-report", "POST", "application/json", b"\xff", 400, "JSON"),
        ("delivery-report", "POST", "application/json", b"[" * 60_000, 400, "nested"),
        ("delivery-report", "POST", FORM, b"msgid=\xff", 400, "UTF-8"),
        ("delivery-report", "POST", FORM, b"&".join([b"a=b"] * 300), 400, "too many"),
        ("delivery-report", "POST", FORM, b"msgid=%82%A0&status=FAIL", 400, "UTF-8"),
        ("delivery-report", "POST", "multipart/form-data", multipart(("msgid", b"m")), 400, "boundary"),
        ("delivery-report", "POST", MULTIPART, multipart(("msgid", b"m"), end=b""), 400, "incomplete"),
        ("delivery-report", "POST", MULTIPART, b"--B\r\n\r\nm9\r\n--B--", 400, "without a name"),
        ("delivery-report", "POST", MULTIPART, multipart(("msgid", b"\xff")), 400, "UTF-8"),
        ("delivery-report", "POST", MULTIPART, multipart(*[("a", b"b")] * 300), 400, "too many"),
        ("delivery-report", "POST", FORM, b"status=DELIVERED", 400, "msgid"),
        ("call-ended", "POST", FORM, b"status=ANSWERED", 400, "callid"),
        ("link-clicked", "POST", FORM, b"", 400, "msgid"),
        ("delivery-report", "POST", FORM, b"msgid=" + b"m" * 129 + b"&status=FAIL", 400, "longer"),
    ],
)
def test_rejected(
    callbacks: Callbacks, purpose: str, *, method: str, content_type: str, body: bytes, status: int, reason: str
) -> None:
    """An invalid callback is rejected with a reason and a status."""
    with pytest.raises(CallbackRejected, match=reason) as caught:
        callbacks.receive(method, callbacks.url(purpose), {"content-type": content_type}, body)
    assert caught.value.status == status
    assert reason in caught.value.reason


@given(
    strategies.sampled_from(list(Purpose)),
    strategies.sampled_from(["", FORM, "application/json", "text/plain; charset=\x00"]),
    strategies.one_of(
        strategies.binary(),
        strategies.dictionaries(strategies.text(), strategies.text()).map(
            lambda form: urlencode(form, errors="replace").encode()
        ),
        strategies.recursive(
            strategies.none() | strategies.booleans() | strategies.floats() | strategies.integers() | strategies.text(),
            lambda inner: strategies.lists(inner) | strategies.dictionaries(strategies.text(), inner),
        ).map(lambda value: json.dumps(value).encode()),
        strategies.dictionaries(
            strategies.sampled_from([*REPORT, "link_tracking", "participants", "caller", "duration", "callid"]),
            strategies.none()
            | strategies.integers()
            | strategies.floats()
            | strategies.text()
            | strategies.lists(strategies.text()),
        ).map(lambda value: json.dumps(value).encode()),
    ),
    strategies.text(),
)
def test_nothing_else_is_raised(purpose: Purpose, content_type: str, body: bytes, query: str) -> None:
    """Any request to a valid URL is parsed or rejected, without other exceptions."""
    method = "GET" if purpose is Purpose.INCOMING_CALL else "POST"
    with suppress(CallbackRejected):
        event = CALLBACKS.receive(method, f"{URLS[purpose]}?{query}", {"content-type": content_type}, body)
        assert event.reference == "booking-1"
        assert repr(event)


@given(strategies.text(), strategies.text(), strategies.dictionaries(strategies.text(), strategies.text()))
def test_other_urls(method: str, url: str, headers: dict[str, str]) -> None:
    """Any request to another URL is rejected."""
    with pytest.raises(CallbackRejected):
        CALLBACKS.receive(method, url, headers, b"msgid=a")


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":' * 150_000,
        b"[" * 999_999,
        b'{"tags":[' + b'"a",' * 240_000 + b'"a"]}',
        b"tags=" + b"a," * 490_000,
        b"&" * 999_999,
        b"%" * 999_999,
        b"cost=" + b"9" * 999_000,
        b"duration=" + b"9" * 999_000,
        b'{"cost":' + b"9" * 999_000 + b"}",
        b'{"cost":"' + b"9" * 999_000 + b'"}',
        b"link_tracking=" + b"%7B%22a%22:" * 80_000,
    ],
)
def test_hostile_bodies(body: bytes) -> None:
    """A hostile body of a megabyte is parsed or rejected."""
    with suppress(CallbackRejected):
        assert CALLBACKS.receive("POST", URLS[Purpose.DELIVERY_REPORT], {}, body).reference == "booking-1"


def test_nested_bodies() -> None:
    """However deeply JSON is nested, it is parsed or rejected: two decoders have limits of their own."""
    for depth in range(800, 1000):
        body = b'{"status":"OK","a":' + b"[" * depth + b"]" * depth + b"}"
        with suppress(CallbackRejected):
            assert CALLBACKS.receive("POST", URLS[Purpose.DELIVERY_REPORT], {}, body).reference == "booking-1"


def test_repr(callbacks: Callbacks) -> None:
    """The representation of an event has no phone number and no message."""
    body = flat({"sender": "+818011112222", "recipient": "815012345678", "message": "secret"})
    shown = repr(callbacks.receive("POST", callbacks.url("incoming-sms"), {}, body))
    assert "11112222" not in shown
    assert "secret" not in shown
