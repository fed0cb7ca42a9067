"""Reading what the server says."""

from __future__ import annotations

import email.utils
import json
import time
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy.operations import replies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

NOW = 1_800_000_000.0
THROTTLED = "Request was throttled. Expected available in 1 second."

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
READERS = [replies.text, replies.texts, replies.whole, replies.amount, replies.stamp]


@pytest.mark.parametrize(
    ("body", "value"),
    [(b"null", None), (b" [1, 2.5]\n", [1, 2.5]), ('{"あ": "い"}'.encode(), {"あ": "い"}), (b'"\\u3042"', "あ")],
)
def test_parse(body: bytes, value: object) -> None:
    """JSON in UTF-8 is decoded."""
    assert replies.parse(body) == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{'a': 1}",
        b"<html>secret</html>",
        b"NaN",
        b"\xff",
        b'"\xff"',
        b'{"\xe3\x81": 1}',
        b'"\\ud800"',
        b'"secret',
        b"1e999",
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"1" * 5000,
        b"{} {}",
    ],
    ids=repr,
)
def test_parse_refuses(body: bytes, unreadable: Callable[..., str]) -> None:
    """Everything else is refused in words that hold nothing of the body."""
    assert unreadable(replies.parse, body) == "the body is not valid JSON"


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000])
def test_parse_refuses_deep_nesting(body: bytes, unreadable: Callable[..., str]) -> None:
    """A body nested to exhaust the stack is refused, not a crash."""
    assert unreadable(replies.parse, body) == "the body is nested too deeply"


@patient
@given(st.binary())
def test_parse_raises_nothing_else(body: bytes) -> None:
    """Any bytes at all are decoded or Unreadable."""
    try:
        replies.parse(body)
    except replies.Unreadable as error:
        reason = str(error)
    else:
        reason = ""
    assert reason in {"", "the body is not valid JSON", "the body is nested too deeply"}


@pytest.mark.parametrize("body", [b'{"a": 1}', b'[{"a": 1}]'])
def test_record(body: bytes) -> None:
    """A record may come bare or as the only element of a list."""
    assert replies.record(body) == {"a": 1}


@pytest.mark.parametrize("body", [b"null", b"1", b'"a"', b"[]", b"[null]", b"[[{}]]", b"true"])
def test_record_refuses(body: bytes, unreadable: Callable[..., str]) -> None:
    """What is no record is refused."""
    assert unreadable(replies.record, body) == "the body is not a record"


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", b"anything"])
def test_nothing(body: bytes) -> None:
    """Where the body does not matter, any body will do."""
    read: Callable[[bytes], object] = replies.nothing

    assert read(body) is None


@pytest.mark.parametrize(("value", "found"), [("m1", "m1"), (7, "7"), (0, "0"), (" ", " "), (10**30, "1" + "0" * 30)])
def test_required(value: object, found: str) -> None:
    """An id is text, or a whole number as text."""
    assert replies.required({"id": value}, "id") == found


@pytest.mark.parametrize("raw", [{}, *({"id": value} for value in ("", None, True, False, 1.5, [], ["m"]))])
def test_required_refuses(raw: dict[str, Any]) -> None:
    """A record without an id is refused by the name of the field."""
    with pytest.raises(replies.Unreadable, match=r"^the record has no id$"):
        replies.required(raw, "id")


@pytest.mark.parametrize(
    ("value", "found"), [("a", "a"), ("", ""), (None, ""), (7, "7"), (1.5, "1.5"), (True, "True"), ([1], "[1]")]
)
def test_text(value: object, found: str) -> None:
    """Whatever stands in a field becomes text, and nothing becomes the empty text."""
    assert replies.text({"f": value}, "f") == found
    assert replies.text({}, "f") == ""


@pytest.mark.parametrize(
    ("value", "found"),
    [(["a", "b"], ("a", "b")), ([], ()), (None, ()), ("a,b", ()), ({"a": 1}, ()), (["a", 7], ("a", "7")), (7, ())],
)
def test_texts(value: object, found: tuple[str, ...]) -> None:
    """A list becomes a tuple of text, and what is no list an empty one."""
    assert replies.texts({"f": value}, "f") == found
    assert replies.texts({}, "f") == ()


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([{"a": 1}, {}], [{"a": 1}, {}]),
        ([{"a": 1}, "b", None, [{}]], [{"a": 1}]),
        ([], []),
        (None, []),
        ({"a": 1}, []),
        ("a", []),
    ],
)
def test_records(value: object, found: list[dict[str, object]]) -> None:
    """The records of a list are taken, and what is none is left out."""
    assert replies.records({"f": value}, "f") == found
    assert replies.records({}, "f") == []


@pytest.mark.parametrize(
    ("value", "found"),
    [(3, 3), (0, 0), (-1, -1), (3.0, 3), (3.5, None), (True, None), (None, None), ("3", None), ([3], None)],
)
def test_whole(value: object, found: int | None) -> None:
    """A whole number is one, with or without a decimal point; nothing else is."""
    result = replies.whole({"f": value}, "f")

    assert result == found
    assert result is None or type(result) is int
    assert replies.whole({}, "f") is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (10, "10"),
        (15.0, "15.0"),
        (0.1, "0.1"),
        (1e-7, "1e-7"),
        (-3.5, "-3.5"),
        ("12.340", "12.340"),
        ("0", "0"),
        (10**30, "1" + "0" * 30),
    ],
)
def test_amount(value: object, found: str) -> None:
    """Credits are the number that was written, digit by digit, not its binary neighbour."""
    amount = replies.amount({"f": value}, "f")

    assert isinstance(amount, Decimal)
    assert str(amount).lower() == str(Decimal(found)).lower()


@pytest.mark.parametrize("value", [None, True, False, "", "many", "1,5", "NaN", "sNaN", "Infinity", [], {}, [1]])
def test_no_amount(value: object) -> None:
    """What is no finite number is no amount."""
    assert replies.amount({"f": value}, "f") is None
    assert replies.amount({}, "f") is None


@patient
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=2))
def test_any_price_is_exact(price: Decimal) -> None:
    """Any price in hundredths comes through JSON exactly, as number and as text."""
    body = b'{"number": %b, "text": "%b"}' % (str(price).encode(), str(price).encode())
    raw = replies.record(body)

    assert replies.amount(raw, "number") == price
    assert replies.amount(raw, "text") == price


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2018-06-24 08:45:22", datetime(2018, 6, 24, 8, 45, 22, tzinfo=UTC)),
        ("2018-06-24T08:45:22", datetime(2018, 6, 24, 8, 45, 22, tzinfo=UTC)),
        ("2018-06-24T08:45:22Z", datetime(2018, 6, 24, 8, 45, 22, tzinfo=UTC)),
        ("2018-06-24 17:45:22+09:00", datetime(2018, 6, 24, 8, 45, 22, tzinfo=UTC)),
        ("2018-06-24 08:45:22.5", datetime(2018, 6, 24, 8, 45, 22, 500_000, tzinfo=UTC)),
    ],
)
def test_stamp(value: str, found: datetime) -> None:
    """A time without a zone is UTC, one with a zone is converted, and all come out aware."""
    moment = replies.stamp({"f": value}, "f")

    assert moment == found
    assert moment is not None
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    ["", " ", "None", "2018-13-01 00:00:00", "yesterday", None, 0, 1529829922, True, [], {}, "0001-01-01T00:00+14"],
)
def test_no_stamp(value: object) -> None:
    """An empty field, and whatever is no time that the calendar holds, is unknown."""
    assert replies.stamp({"f": value}, "f") is None
    assert replies.stamp({}, "f") is None


@patient
@given(
    st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)),
    st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_any_stamp_is_the_same_instant(naive: datetime, zone: timezone) -> None:
    """Naive or zoned, the instant is kept."""
    assert replies.stamp({"f": f"{naive:%Y-%m-%d %H:%M:%S}"}, "f") == naive.replace(tzinfo=UTC)
    assert replies.stamp({"f": naive.replace(tzinfo=zone).isoformat(" ")}, "f") == naive.replace(tzinfo=zone)


@pytest.mark.parametrize("read", READERS)
@patient
@given(value=JSON)
def test_no_reader_raises(read: Callable[..., Any], value: object) -> None:
    """Whatever JSON holds, a reader of an uncertain field gives its value or its way to say none."""
    read({"f": value}, "f")


@pytest.mark.parametrize(
    ("body", "fields", "detail"),
    [
        (b'{"detail": "Invalid sid/token"}', {}, "Invalid sid/token"),
        (b'{"recipient": ["a", "b"]}', {"recipient": ("a", "b")}, None),
        (b'{"recipient": ["a"], "detail": "d"}', {"recipient": ("a",)}, "d"),
        (
            b'{"non_field_errors": ["Not enough credits, required: 20"]}',
            {"non_field_errors": ("Not enough credits, required: 20",)},
            None,
        ),
        (b'{"message": "Invalid or expired OTP."}', {"message": ("Invalid or expired OTP.",)}, None),
        (b'{"recipient": []}', {"recipient": ()}, None),
        (b'{"recipient": [1, {"a": 2}]}', {"recipient": ("1", "{'a': 2}")}, None),
        (b'{"detail": null}', {}, None),
        (b'{"detail": 7}', {}, "7"),
        (b"{}", {}, None),
        (b"[]", {}, None),
        (b'""', {}, None),
        (b"null", {}, None),
        (b"", {}, None),
        (b"<html>Bad Gateway</html>", {}, None),
        (b"\xff", {}, None),
        (b"[" * 100_000, {}, None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_objections(body: bytes, fields: dict[str, tuple[str, ...]], detail: str | None) -> None:
    """A refusal is read as field errors and a detail, and anything else as neither."""
    assert replies.objections(body) == (fields, detail)


@pytest.mark.parametrize(
    "body",
    [
        b'{"otp": ["4829 is wrong", "not 4829!"], "detail": "4829"}',
        b'{"4829": {"otp": "4829"}}',
        b'{"otp": "\\u0034829"}',
        b'{"otp": 4829}',
    ],
)
def test_objections_without_a_secret(body: bytes) -> None:
    """A secret that the server repeats, in whatever place or writing, is taken out of its words."""
    shown = str(replies.objections(body, "4829"))

    assert "4829" not in shown
    assert "…" in shown
    assert replies.objections(body) != replies.objections(body, "4829")


@patient
@given(st.dictionaries(TEXT, JSON))
def test_any_refusal_is_read(said: dict[str, Any]) -> None:
    """Whatever record a refusal is, each of its fields that is not null has words, and all of them are text."""
    fields, detail = replies.objections(json.dumps(said).encode())

    assert {*fields, "detail"} == {*(field for field, words in said.items() if words is not None), "detail"}
    assert all(isinstance(word, str) for words in fields.values() for word in words)
    assert detail is None or isinstance(detail, str)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("1", 1.0), ("0", 0.0), ("120", 120.0), ("1.5", 1.5), (" 7 ", 7.0), ("999999999", 999_999_999.0), ("007", 7.0)],
)
def test_retry_after_in_seconds(header: str, seconds: float) -> None:
    """A header of seconds is taken, and the sentence is not asked."""
    assert replies.retry_after({"retry-after": header}, "available in 60 seconds", NOW) == seconds


@pytest.mark.parametrize(
    ("ahead", "seconds"), [(90, 90.0), (1, 1.0), (0, 0.0), (-1, 0.0), (-1e9, 0.0), (10**9, 1_000_000_000.0)]
)
def test_retry_after_as_a_date(ahead: float, seconds: float) -> None:
    """A header with a date is the time from now until then, and nothing when it has passed."""
    header = email.utils.formatdate(NOW + ahead, usegmt=True)

    assert replies.retry_after({"retry-after": header}, None, NOW) == seconds


@pytest.mark.parametrize(
    ("detail", "seconds"),
    [
        (THROTTLED, 1.0),
        ("Request was throttled. Expected available in 1200 seconds.", 1200.0),
        ("Expected available in 0 seconds.", 0.0),
        ("available in a second", None),
        ("available in -5 seconds", None),
        ("available in 5 minutes", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_in_words(detail: str | None, seconds: float | None) -> None:
    """Without a header the sentence is read, and what says no seconds gives none."""
    assert replies.retry_after({}, detail, NOW) == seconds


@pytest.mark.parametrize(
    "header",
    [
        "",
        "   ",
        "-1",
        "-0.5",
        "soon",
        "nan",
        "inf",
        "1e5",
        "0x10",
        "1,5",
        "1 second",
        ".5",
        "Wed, 99 Oct 2015 07:28:00 GMT",
        "Wed, 21 Oct 2015 07:28:00 +9999",
        "Wed, 21 Oct 2015 07:28:00 +999999999999",
        "Wed, 21 Oct 99999 07:28:00 GMT",
        "()",
        ";",
        '"',
    ],
)
def test_retry_after_that_says_nothing(header: str) -> None:
    """A header that is neither seconds nor a date is passed over: the sentence is read, else there is nothing."""
    assert replies.retry_after({"retry-after": header}, THROTTLED, NOW) == 1.0
    assert replies.retry_after({"retry-after": header}, None, NOW) is None


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({"retry-after": "9999999999"}, None),
        ({"retry-after": "1" + "0" * 30}, None),
        ({"retry-after": "1" + "0" * 400}, None),
        ({}, "Request was throttled. Expected available in 9999999999 seconds."),
    ],
    ids=["ten digits", "thirty digits", "more than a float holds", "sentence"],
)
def test_retry_after_that_is_huge(headers: dict[str, str], detail: str | None) -> None:
    """A wait longer than anybody's patience is a wait: if it read as none, the request would be tried again at once."""
    seconds = replies.retry_after(headers, detail, NOW)

    assert seconds is not None
    assert seconds > 1_000_000_000


@pytest.fixture(params=["Asia/Tokyo", "America/New_York", "UTC"])
def zone(request: pytest.FixtureRequest) -> Iterator[None]:
    """Set the machine's time zone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    "header",
    ["Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:28:00 -0000", "Wed Oct 21 07:28:00 2026"],
    ids=["GMT", "no zone known", "asctime"],
)
@pytest.mark.usefixtures("zone")
def test_retry_after_does_not_depend_on_the_zone(header: str) -> None:
    """Each of HTTP's ways to write a date is UTC, wherever the machine stands."""
    then = datetime(2026, 10, 21, 7, 28, tzinfo=UTC).timestamp()

    assert replies.retry_after({"retry-after": header}, None, then - 60) == 60.0


@patient
@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,3} [A-Z][a-z]{2} -?[0-9]{1,6} [0-9:]{5,8} \S{3,6}"))
def test_retry_after_never_raises(words: str) -> None:
    """Whatever header or sentence comes, the answer is None or seconds, never negative."""
    for seconds in (
        replies.retry_after({"retry-after": words}, None, NOW),
        replies.retry_after({}, words, NOW),
        replies.retry_after({}, f"available in {words} second", NOW),
    ):
        assert seconds is None or seconds >= 0


def test_parse_agrees_with_the_standard_library() -> None:
    """What msgspec decodes is what json decodes."""
    value: dict[str, Any] = {"a": [1, 2.5, None, True, "あ😀", {"b": {}}], "": ""}

    assert replies.parse(json.dumps(value).encode()) == value
    assert replies.parse(msgspec.json.encode(value)) == value
