"""The bodies of error responses, and how long a 429 asks to wait."""

from __future__ import annotations

import email.utils
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy.operations import bodies

if TYPE_CHECKING:
    from collections.abc import Iterator

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

NOW = 1_800_000_000.0
THROTTLED = "Request was throttled. Expected available in 1 second."

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


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
def test_error_body(body: bytes, fields: dict[str, tuple[str, ...]], detail: str | None) -> None:
    """A refusal is read as field errors and a detail, and anything else as neither."""
    assert bodies.decode_error_body(body) == (fields, detail)


@pytest.mark.parametrize(
    "body",
    [
        b'{"otp": ["4829 is wrong", "not 4829!"], "detail": "4829"}',
        b'{"4829": {"otp": "4829"}}',
        b'{"otp": "\\u0034829"}',
        b'{"otp": 4829}',
    ],
)
def test_error_body_without_a_secret(body: bytes) -> None:
    """A secret that the server repeats, in whatever place or writing, is taken out of its words."""
    shown = str(bodies.decode_error_body(body, "4829"))

    assert "4829" not in shown
    assert "…" in shown
    assert bodies.decode_error_body(body) != bodies.decode_error_body(body, "4829")


@patient
@given(st.dictionaries(TEXT, JSON))
def test_any_error_body_is_read(body: dict[str, Any]) -> None:
    """Whatever record a refusal is, each of its fields that is not null has words, and all of them are text."""
    fields, detail = bodies.decode_error_body(json.dumps(body).encode())

    assert {*fields, "detail"} == {*(field for field, words in body.items() if words is not None), "detail"}
    assert all(isinstance(word, str) for words in fields.values() for word in words)
    assert detail is None or isinstance(detail, str)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("1", 1.0), ("0", 0.0), ("120", 120.0), ("1.5", 1.5), (" 7 ", 7.0), ("999999999", 999_999_999.0), ("007", 7.0)],
)
def test_retry_after_in_seconds(header: str, seconds: float) -> None:
    """A header of seconds is taken, and the sentence is not asked."""
    assert bodies.retry_after_seconds({"retry-after": header}, "available in 60 seconds", NOW) == seconds


@pytest.mark.parametrize(
    ("ahead", "seconds"), [(90, 90.0), (1, 1.0), (0, 0.0), (-1, 0.0), (-1e9, 0.0), (10**9, 1_000_000_000.0)]
)
def test_retry_after_as_a_date(ahead: float, seconds: float) -> None:
    """A header with a date is the time from now until then, and nothing when it has passed."""
    header = email.utils.formatdate(NOW + ahead, usegmt=True)

    assert bodies.retry_after_seconds({"retry-after": header}, None, NOW) == seconds


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
    assert bodies.retry_after_seconds({}, detail, NOW) == seconds


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
    assert bodies.retry_after_seconds({"retry-after": header}, THROTTLED, NOW) == 1.0
    assert bodies.retry_after_seconds({"retry-after": header}, None, NOW) is None


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
    seconds = bodies.retry_after_seconds(headers, detail, NOW)

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

    assert bodies.retry_after_seconds({"retry-after": header}, None, then - 60) == 60.0


@patient
@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,3} [A-Z][a-z]{2} -?[0-9]{1,6} [0-9:]{5,8} \S{3,6}"))
def test_retry_after_never_raises(words: str) -> None:
    """Whatever header or sentence comes, the answer is None or seconds, never negative."""
    for seconds in (
        bodies.retry_after_seconds({"retry-after": words}, None, NOW),
        bodies.retry_after_seconds({}, words, NOW),
        bodies.retry_after_seconds({}, f"available in {words} second", NOW),
    ):
        assert seconds is None or seconds >= 0
