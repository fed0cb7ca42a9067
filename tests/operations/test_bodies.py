"""Reading what the server says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy.operations import bodies

if TYPE_CHECKING:
    from collections.abc import Callable

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
READERS = [bodies.text, bodies.text_list, bodies.integer, bodies.decimal, bodies.timestamp]


@pytest.mark.parametrize(
    ("body", "value"),
    [(b"null", None), (b" [1, 2.5]\n", [1, 2.5]), ('{"あ": "い"}'.encode(), {"あ": "い"}), (b'"\\u3042"', "あ")],
)
def test_json(body: bytes, value: object) -> None:
    """JSON in UTF-8 is decoded."""
    assert bodies.decode_json(body) == value


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
def test_json_refuses(body: bytes, undecodable: Callable[..., str]) -> None:
    """Everything else is refused in words that hold nothing of the body."""
    assert undecodable(bodies.decode_json, body) == "the body is not valid JSON"


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000])
def test_json_refuses_deep_nesting(body: bytes, undecodable: Callable[..., str]) -> None:
    """A body nested to exhaust the stack is refused, not a crash."""
    assert undecodable(bodies.decode_json, body) == "the body is nested too deeply"


@patient
@given(st.binary())
def test_json_raises_nothing_else(body: bytes) -> None:
    """Any bytes at all are decoded or refused."""
    try:
        bodies.decode_json(body)
    except bodies.DecodingError as error:
        reason = str(error)
    else:
        reason = ""
    assert reason in {"", "the body is not valid JSON", "the body is nested too deeply"}


@pytest.mark.parametrize("body", [b'{"a": 1}', b'[{"a": 1}]'])
def test_record(body: bytes) -> None:
    """A record may come bare or as the only element of a list."""
    assert bodies.decode_record(body) == {"a": 1}


@pytest.mark.parametrize("body", [b"null", b"1", b'"a"', b"[]", b"[null]", b"[[{}]]", b"true"])
def test_record_refuses(body: bytes, undecodable: Callable[..., str]) -> None:
    """What is no record is refused."""
    assert undecodable(bodies.decode_record, body) == "the body is not a record"


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", b"anything"])
def test_ignored_body(body: bytes) -> None:
    """Where the body does not matter, any body will do."""
    read: Callable[[bytes], object] = bodies.ignore_body

    assert read(body) is None


@pytest.mark.parametrize(("value", "found"), [("m1", "m1"), (7, "7"), (0, "0"), (" ", " "), (10**30, "1" + "0" * 30)])
def test_required(value: object, found: str) -> None:
    """An id is text, or a whole number as text."""
    assert bodies.required({"id": value}, "id") == found


@pytest.mark.parametrize("raw", [{}, *({"id": value} for value in ("", None, True, False, 1.5, [], ["m"]))])
def test_required_refuses(raw: dict[str, Any]) -> None:
    """A record without an id is refused by the name of the field."""
    with pytest.raises(bodies.DecodingError, match=r"^the record has no id$"):
        bodies.required(raw, "id")


@pytest.mark.parametrize(
    ("value", "found"), [("a", "a"), ("", ""), (None, ""), (7, "7"), (1.5, "1.5"), (True, "True"), ([1], "[1]")]
)
def test_text(value: object, found: str) -> None:
    """Whatever stands in a field becomes text, and nothing becomes the empty text."""
    assert bodies.text({"f": value}, "f") == found
    assert bodies.text({}, "f") == ""


@pytest.mark.parametrize(
    ("value", "found"),
    [(["a", "b"], ("a", "b")), ([], ()), (None, ()), ("a,b", ()), ({"a": 1}, ()), (["a", 7], ("a", "7")), (7, ())],
)
def test_text_list(value: object, found: tuple[str, ...]) -> None:
    """A list becomes a tuple of text, and what is no list an empty one."""
    assert bodies.text_list({"f": value}, "f") == found
    assert bodies.text_list({}, "f") == ()


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
def test_record_list(value: object, found: list[dict[str, object]]) -> None:
    """The records of a list are taken, and what is none is left out."""
    assert bodies.record_list({"f": value}, "f") == found
    assert bodies.record_list({}, "f") == []


@pytest.mark.parametrize(
    ("value", "found"),
    [(3, 3), (0, 0), (-1, -1), (3.0, 3), (3.5, None), (True, None), (None, None), ("3", None), ([3], None)],
)
def test_integer(value: object, found: int | None) -> None:
    """A whole number is one, with or without a decimal point; nothing else is."""
    result = bodies.integer({"f": value}, "f")

    assert result == found
    assert result is None or type(result) is int
    assert bodies.integer({}, "f") is None


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
def test_decimal(value: object, found: str) -> None:
    """Credits are the number that was written, digit by digit, not its binary neighbour."""
    amount = bodies.decimal({"f": value}, "f")

    assert isinstance(amount, Decimal)
    assert str(amount).lower() == str(Decimal(found)).lower()


@pytest.mark.parametrize("value", [None, True, False, "", "many", "1,5", "NaN", "sNaN", "Infinity", [], {}, [1]])
def test_no_decimal(value: object) -> None:
    """What is no finite number is no amount."""
    assert bodies.decimal({"f": value}, "f") is None
    assert bodies.decimal({}, "f") is None


@patient
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=2))
def test_any_price_is_exact(price: Decimal) -> None:
    """Any price in hundredths comes through JSON exactly, as number and as text."""
    body = b'{"number": %b, "text": "%b"}' % (str(price).encode(), str(price).encode())
    raw = bodies.decode_record(body)

    assert bodies.decimal(raw, "number") == price
    assert bodies.decimal(raw, "text") == price


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
def test_timestamp(value: str, found: datetime) -> None:
    """A time without a zone is UTC, one with a zone is converted, and all come out aware."""
    moment = bodies.timestamp({"f": value}, "f")

    assert moment == found
    assert moment is not None
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    ["", " ", "None", "2018-13-01 00:00:00", "yesterday", None, 0, 1529829922, True, [], {}, "0001-01-01T00:00+14"],
)
def test_no_timestamp(value: object) -> None:
    """An empty field, and whatever is no time that the calendar holds, is unknown."""
    assert bodies.timestamp({"f": value}, "f") is None
    assert bodies.timestamp({}, "f") is None


@patient
@given(
    st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)),
    st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_any_timestamp_is_the_same_instant(naive: datetime, zone: timezone) -> None:
    """Naive or zoned, the instant is kept."""
    assert bodies.timestamp({"f": f"{naive:%Y-%m-%d %H:%M:%S}"}, "f") == naive.replace(tzinfo=UTC)
    assert bodies.timestamp({"f": naive.replace(tzinfo=zone).isoformat(" ")}, "f") == naive.replace(tzinfo=zone)


@pytest.mark.parametrize("read", READERS)
@patient
@given(value=JSON)
def test_no_reader_raises(read: Callable[..., Any], value: object) -> None:
    """Whatever JSON holds, a reader of an uncertain field gives its value or its way to say none."""
    read({"f": value}, "f")


def test_json_agrees_with_the_standard_library() -> None:
    """What msgspec decodes is what json decodes."""
    value: dict[str, Any] = {"a": [1, 2.5, None, True, "あ😀", {"b": {}}], "": ""}

    assert bodies.decode_json(json.dumps(value).encode()) == value
    assert bodies.decode_json(msgspec.json.encode(value)) == value
