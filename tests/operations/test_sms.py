"""SMS messages (API section 2)."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_to_bytes

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.models import LinkTracking, Message, MessageStatus, SentMessage
from xoxzo.cloudpy.operations.operation import Effect, Listing
from xoxzo.cloudpy.operations.sms import get_sms, list_sms, send_sms, sms_to_many

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

Refused = Callable[..., str]

LEAST: dict[str, Any] = {"recipient": "+818011112222", "sender": "Xoxzo1", "message": "Hello"}
FIRST = b"recipient=%2B818011112222&sender=Xoxzo1&message=Hello"
SENT = b'[{"msgid": "VncyEuDbojkzRJ2GlKP3USB7C5F6atp1"}]'

RECORD_2018 = b"""{"recipient": "+818011112222", "url": "https://api.xoxzo.com/sms/messages/m1/", "cost": 10,
 "status": "DELIVERED", "sender": "XoxzoBlog", "msgid": "m1", "sent_time": "2018-06-24 08:45:22"}"""
RECORD_2021 = b"""{"cost": 15.0,
 "link_tracking": {"accessed": true, "accessed_on": "2020-10-09 02:40:39",
                   "link": "http://www.example.com", "shortlink": "https://xoz.so/dbNL4"},
 "msgid": "m2", "recipient": "+818011112222", "sender": "XOXZO",
 "sent_time": "2020-10-09 02:37:47", "status": "DELIVERED", "tags": [],
 "url": "https://api.xoxzo.com/sms/messages/m2/"}"""


def test_send() -> None:
    """The least send is a POST of three fields."""
    operation = send_sms(**LEAST)

    assert (operation.name, operation.method, operation.path, operation.query) == (
        "sms.send",
        "POST",
        "/sms/messages/",
        "",
    )
    assert operation.effect is Effect.CREATE
    assert operation.content_type == "application/x-www-form-urlencoded"
    assert operation.body == FIRST
    assert operation.reference is None


def test_send_in_japanese() -> None:
    """Text goes out as percent-encoded UTF-8."""
    assert send_sms(recipient="+818011112222", sender="Xoxzo1", message="こんにちは 世界&=+%").body == (
        b"recipient=%2B818011112222&sender=Xoxzo1&message="
        b"%E3%81%93%E3%82%93%E3%81%AB%E3%81%A1%E3%81%AF+%E4%B8%96%E7%95%8C%26%3D%2B%25"
    )


def test_send_with_everything() -> None:
    """Every parameter has its name on the wire, and the reference is the last tag."""
    operation = send_sms(
        recipient="+818011112222",
        sender="814512345678",
        message="See http://example.com now",
        callback_url="http://example.com/receive_dlr/",
        reference="order-7",
        tags=["tag1", "春"],
        track_link=True,
        lt_callback_url="http://example.com/click/",
        jp_kp=True,
        jp_kp_sender="0312341234",
    )

    assert operation.reference == "order-7"
    assert operation.body == (
        b"recipient=%2B818011112222&sender=814512345678&message=See+http%3A%2F%2Fexample.com+now"
        b"&callbackurl=http%3A%2F%2Fexample.com%2Freceive_dlr%2F&tags=tag1%2C%E6%98%A5%2Corder-7&track_link=true"
        b"&lt_callbackurl=http%3A%2F%2Fexample.com%2Fclick%2F&jp_kp=true&jp_kp_sender=0312341234"
    )


@pytest.mark.parametrize(
    ("more", "added"),
    [
        ({"tags": []}, b""),
        ({"track_link": False, "jp_kp": False, "jp_kpl": False}, b""),
        ({"callback_url": None, "lt_callback_url": None, "jp_kp_sender": None, "reference": None}, b""),
        ({"tags": ["a", "b"]}, b"&tags=a%2Cb"),
        ({"reference": "r-1"}, b"&tags=r-1"),
        ({"reference": "r-1", "tags": ("a",)}, b"&tags=a%2Cr-1"),
        ({"track_link": True}, b"&track_link=true"),
        ({"jp_kpl": True, "jp_kp_sender": "0312341234"}, b"&jp_kpl=true&jp_kp_sender=0312341234"),
        ({"jp_kp": True, "jp_kp_sender": "0312341234"}, b"&jp_kp=true&jp_kp_sender=0312341234"),
    ],
)
def test_options_are_sent_only_when_set(more: dict[str, Any], added: bytes) -> None:
    """A switch goes out as ``true`` when it is on and not at all when it is off, and None goes out never."""
    assert send_sms(**LEAST, **more).body == FIRST + added


@pytest.mark.parametrize(
    ("field", "more", "rule"),
    [
        ("recipient", {"recipient": "08011112222"}, "begin with +"),
        ("sender", {"sender": "Much too long"}, "at most 10"),
        ("message", {"message": ""}, "empty"),
        ("message", {"message": "a" * 661}, "at most 660"),
        ("callback_url", {"callback_url": "example.com"}, "absolute"),
        ("callback_url", {"callback_url": ""}, "empty"),
        ("reference", {"reference": "a,b"}, "comma"),
        ("reference", {"reference": ""}, "empty"),
        ("tags", {"tags": "ab"}, "list"),
        ("lt_callback_url", {"lt_callback_url": "http://example.com/"}, "needs track_link=True"),
        ("lt_callback_url", {"lt_callback_url": "x", "track_link": True}, "absolute"),
        ("jp_kpl", {"jp_kp": True, "jp_kpl": True, "jp_kp_sender": "03"}, "excludes jp_kp"),
        ("jp_kp_sender", {"jp_kp": True}, "is required"),
        ("jp_kp_sender", {"jp_kpl": True}, "is required"),
        ("jp_kp_sender", {"jp_kp_sender": "03"}, "needs jp_kp=True or jp_kpl=True"),
        ("jp_kp_sender", {"jp_kp": True, "jp_kp_sender": "Xoxzo"}, "1 to 15 digits"),
    ],
)
def test_send_refused(field: str, more: dict[str, Any], rule: str, refused: Refused) -> None:
    """A value that breaks its rule is refused in the name of its parameter before anything is made of it."""
    assert rule in refused(field, send_sms, **{**LEAST, **more})


def test_a_tracked_text_may_be_longer() -> None:
    """The link of a tracked text is replaced by a short one, so its length is left to the server."""
    assert b"a" * 661 in send_sms(**{**LEAST, "message": "a" * 661, "track_link": True}).body


@patient
@given(st.text(max_size=330), st.lists(st.text(), max_size=3), st.none() | st.text())
def test_whatever_is_sent_reads_back(message: str, tags: list[str], reference: str | None) -> None:
    """Any text, tags and reference are refused, or arrive as they were given."""
    try:
        operation = send_sms(
            recipient="+818011112222", sender="Xoxzo1", message=message, tags=tags, reference=reference
        )
    except InvalidArgument:
        return

    fields = dict(parse_qsl(operation.body.decode("ascii"), strict_parsing=True))
    assert fields["message"] == message
    assert fields.get("tags", "").split(",") == ([*tags, *([] if reference is None else [reference])] or [""])
    assert operation.reference == reference


@patient
@given(
    st.text(max_size=330),
    st.lists(st.text(), max_size=3),
    st.sampled_from([{}, {"track_link": True}, {"jp_kp": True, "jp_kp_sender": "8190"}]),
    st.integers(1, 10**12),
)
def test_one_of_many_is_what_it_is_alone(message: str, tags: list[str], options: dict[str, Any], number: int) -> None:
    """An SMS to many is refused or sent as the same one by itself, and read to its msgid."""
    every: list[Any] = []
    for make in (
        lambda: send_sms(**{**LEAST, "message": message}, reference=f"c1-{number}", tags=tags, **options),
        lambda: sms_to_many(sender="Xoxzo1", reference_prefix="c1", tags=tags, options=options)(
            LEAST["recipient"], message, number
        ),
    ):
        try:
            every.append(make())
        except InvalidArgument as error:
            every.append(str(error))
    alone, one = every
    if isinstance(alone, str):
        assert one == alone
        return
    assert msgspec.structs.replace(one, read=alone.read) == alone
    assert one.read(SENT) == alone.read(SENT).msgid


@pytest.mark.parametrize("body", [SENT, SENT.strip(b"[]"), b" " + SENT + b"\n"])
def test_sent(body: bytes) -> None:
    """The answer to a send is a record, bare or in a list, and the reference is added to it."""
    sent = send_sms(**LEAST, reference="order-7").read(body)

    assert sent == SentMessage(
        msgid="VncyEuDbojkzRJ2GlKP3USB7C5F6atp1", reference="order-7", raw={"msgid": "VncyEuDbojkzRJ2GlKP3USB7C5F6atp1"}
    )


def test_sent_keeps_unknown_fields() -> None:
    """What the server adds one day is in ``raw``, and a number for an id is taken as text."""
    sent = send_sms(**LEAST).read(b'[{"msgid": 1234567890, "price": 1.5}]')

    assert (sent.msgid, sent.reference, sent.raw) == ("1234567890", None, {"msgid": 1234567890, "price": 1.5})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the body is not valid JSON"),
        (b"OK", "the body is not valid JSON"),
        (b"[]", "the body is not a record"),
        (b"[[]]", "the body is not a record"),
        (b"null", "the body is not a record"),
        (b'"m1"', "the body is not a record"),
        (b"{}", "the record has no msgid"),
        (b'{"msgid": null}', "the record has no msgid"),
        (b'{"msgid": ""}', "the record has no msgid"),
        (b'{"msgid": true}', "the record has no msgid"),
        (b'{"msgid": ["m"]}', "the record has no msgid"),
        (b'{"msgid": "m', "the body is not valid JSON"),
        (b'{"msgid": "\xff"}', "the body is not valid JSON"),
        (b'{"msgid": "\\ud800"}', "the body is not valid JSON"),
    ],
)
def test_sent_unreadable(body: bytes, reason: str, undecodable: Callable[..., str]) -> None:
    """A success without an id cannot be read, and the reason names no word of the body."""
    assert undecodable(send_sms(**LEAST).read, body) == reason


def test_get() -> None:
    """The status of a message is a GET of its path."""
    operation = get_sms("VncyEuDbojkzRJ2GlKP3USB7C5F6atp1")

    assert (operation.name, operation.method, operation.path, operation.query, operation.body) == (
        "sms.get",
        "GET",
        "/sms/messages/VncyEuDbojkzRJ2GlKP3USB7C5F6atp1/",
        "",
        b"",
    )
    assert operation.effect is Effect.READ
    assert not isinstance(operation, Listing)


@patient
@given(st.text() | st.sampled_from(["../../you/credits", "..", "/", "?x", "%2e%2e", "a/b", "\\..\\", ""]))
def test_no_id_reaches_another_endpoint(taken: Callable[..., Any], msgid: str) -> None:
    """Any text is refused, or is exactly one segment between the fixed parts that unquotes back to it."""
    operation = taken("msgid", get_sms, msgid)
    if operation is None:
        return

    path = operation.path
    _, sms, messages, segment, end = path.split("/")
    assert (sms, messages, end) == ("sms", "messages", "")
    assert segment not in {"", ".", ".."}
    assert not set(path) & set("?#")
    assert path.isascii()
    assert unquote(segment, errors="strict") == msgid
    assert get_sms(msgid).query == ""


def test_record_of_2018() -> None:
    """The seven fields of the first years are read, and what came later is unknown."""
    assert get_sms("m1").read(RECORD_2018) == Message(
        msgid="m1",
        recipient="+818011112222",
        sender="XoxzoBlog",
        status=MessageStatus.DELIVERED,
        sent_time=datetime(2018, 6, 24, 8, 45, 22, tzinfo=UTC),
        cost=Decimal(10),
        tags=(),
        parts=None,
        link_tracking=None,
        url="https://api.xoxzo.com/sms/messages/m1/",
        raw=json.loads(RECORD_2018),
    )


def test_record_with_tracking() -> None:
    """A tracked link is read with its times in UTC."""
    message = get_sms("m2").read(RECORD_2021)

    assert message.cost == Decimal("15.0")
    assert message.link_tracking == LinkTracking(
        link="http://www.example.com",
        shortlink="https://xoz.so/dbNL4",
        accessed=True,
        accessed_on=datetime(2020, 10, 9, 2, 40, 39, tzinfo=UTC),
        raw=json.loads(RECORD_2021)["link_tracking"],
    )


def read(**fields: Any) -> Message:
    """Read a status record with these fields."""
    return get_sms("m").read(json.dumps({"msgid": "m", "status": "QUEUED", **fields}).encode())


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("QUEUED", MessageStatus.QUEUED),
        ("DELIVERING", MessageStatus.DELIVERING),
        ("DELIVERED", MessageStatus.DELIVERED),
        ("OK", MessageStatus.DELIVERED),
        ("FAIL", MessageStatus.FAIL),
        ("FAILED", MessageStatus.FAIL),
    ],
)
def test_status(word: str, status: MessageStatus) -> None:
    """Both vocabularies are read."""
    assert read(status=word).status is status


@pytest.mark.parametrize("word", ["EXPIRED", "delivered", "", "配信済"])
def test_unknown_status(word: str) -> None:
    """A status that is not in the document is kept as text, and its record survives pickle."""
    message = read(status=word)

    assert message.status == word
    assert not message.status.is_known
    assert not message.status.is_final
    assert pickle.loads(pickle.dumps(message)) == message


def test_status_that_is_missing() -> None:
    """A record without a status has an empty one that is not known."""
    for fields in ({"status": None}, {"status": ""}):
        assert read(**fields).status == ""
    assert get_sms("m").read(b'{"msgid": "m"}').status == ""


@pytest.mark.parametrize("tracking", [None, {}, [], "", False, "x", 0])
def test_no_tracking(tracking: object) -> None:
    """A link that was not tracked may be shown as null, as nothing, or as anything that is no record."""
    assert read(link_tracking=tracking).link_tracking is None


def test_tracking_not_clicked() -> None:
    """A link that was not opened has no time."""
    tracking = read(link_tracking={"link": "http://example.com", "accessed": False, "accessed_on": None}).link_tracking

    assert tracking is not None
    assert (tracking.link, tracking.shortlink, tracking.accessed, tracking.accessed_on) == (
        "http://example.com",
        "",
        False,
        None,
    )


def test_later_fields() -> None:
    """Tags and parts are read, and a tag that is no text becomes text."""
    message = read(tags=["a", 7], parts=3, sent_time="")

    assert (message.tags, message.parts, message.sent_time) == (("a", "7"), 3, None)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["recipient", "sender", "status", "sent_time", "cost", "tags", "parts", "link_tracking", "url"]


@patient
@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_no_value_of_a_field_breaks_a_record(fields: dict[str, Any]) -> None:
    """A record with an id is always read, whatever stands in its other fields."""
    message = read(**fields)

    assert message.msgid == "m"
    assert message.sent_time is None or message.sent_time.tzinfo is UTC
    assert pickle.loads(pickle.dumps(message)) == message
    assert repr(message)


def test_list() -> None:
    """The whole list is a GET without a query, read element by element."""
    operation = list_sms()

    assert isinstance(operation, Listing)
    assert (operation.name, operation.method, operation.path, operation.query, operation.body) == (
        "sms.list",
        "GET",
        "/sms/messages/",
        "",
        b"",
    )
    assert operation.effect is Effect.READ
    assert operation.read(RECORD_2018) == get_sms("m1").read(RECORD_2018)


@pytest.mark.parametrize(
    ("condition", "query"),
    [
        ("on", "sent_date=2026-01-31"),
        ("since", "sent_date%3E=2026-01-31"),
        ("until", "sent_date%3C=2026-01-31"),
        ("after", "sent_date%3E2026-01-31"),
        ("before", "sent_date%3C2026-01-31"),
    ],
)
@pytest.mark.parametrize("day", [date(2026, 1, 31), "2026-01-31"], ids=["date", "text"])
def test_list_by_day(condition: str, query: str, day: date | str) -> None:
    """The operator is part of the query's text, as section 2.3 shows it on the wire."""
    assert list_sms(**{condition: day}).query == query


def test_list_by_several_days() -> None:
    """Several conditions stand side by side in a fixed order."""
    day = "2026-01-31"

    assert list_sms(before=day, after=day, until=day, since=day, on=day).query == (
        "sent_date=2026-01-31&sent_date%3E=2026-01-31&sent_date%3C=2026-01-31"
        "&sent_date%3E2026-01-31&sent_date%3C2026-01-31"
    )


@pytest.mark.parametrize("condition", ["on", "since", "until", "after", "before"])
@pytest.mark.parametrize("day", ["2016-13-01", ">=2026-01-31", datetime(2026, 1, 31, tzinfo=UTC), 7, ""])
def test_list_refuses_what_is_no_day(condition: str, day: Any, refused: Refused) -> None:
    """What is no day is refused in the name of its condition."""
    assert refused(condition, list_sms, **{condition: day})


def test_server_reads_the_operators() -> None:
    """Unquoted, the query is the text that the document shows: operator between name and day."""
    operators = {"on": "=", "since": ">=", "until": "<=", "after": ">", "before": "<"}
    for condition, operator in operators.items():
        query = list_sms(**{condition: "2026-01-31"}).query
        assert unquote_to_bytes(query) == f"sent_date{operator}2026-01-31".encode()
