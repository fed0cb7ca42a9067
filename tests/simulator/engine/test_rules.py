"""The pure rules: lengths, numbers, addresses, actions, dates, bodies."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st

from xoxzo.cloudpy.simulator.api import http
from xoxzo.cloudpy.simulator.api.handlers import account, sms
from xoxzo.cloudpy.simulator.api.http import HttpError
from xoxzo.cloudpy.simulator.engine import rules
from xoxzo.cloudpy.simulator.engine.rules import (
    ActionError,
    Playback,
    Say,
    Transfer,
    Voicemail,
    parse_action,
    parse_answer,
)

TODAY = date(2026, 3, 1)


def pairs(raw: bytes) -> list[tuple[str, str]]:
    """Split a raw query."""
    return http.ApiRequest("GET", b"/", raw, {}).query_pairs()


def status_of(act: Callable[[], object]) -> int | None:
    """Return the status with which something is refused, or ``None``."""
    try:
        act()
    except HttpError as refused:
        return refused.status
    return None


@pytest.mark.parametrize(
    ("unit", "limits"), [("a", [140, 264, 396, 528, 660]), ("あ", [70, 132, 198, 264, 330, 396, 462, 528, 594, 660])]
)
def test_parts_change_exactly_at_the_limits_of_the_table(unit: str, limits: list[int]) -> None:
    """Each limit of section 2.4 is the last length of its number of parts."""
    for count, limit in enumerate(limits, 1):
        assert rules.count_parts(unit * limit) == count
        assert rules.count_parts(unit * (limit + 1)) == (count + 1 if count < len(limits) else None)


def test_an_emoji_counts_two() -> None:
    """Characters outside the basic plane are two UTF-16 units."""
    assert rules.count_parts("😀" * 35) == 1
    assert rules.count_parts("😀" * 36) == 2


@pytest.mark.parametrize(
    ("message", "replaced"),
    [
        ("see http://example.com/a?b=c now", ("see S now", "http://example.com/a?b=c")),
        ("example.co.jp", ("S", "example.co.jp")),
        ("one a.example.com two b.example.com", ("one S two b.example.com", "a.example.com")),
        ("no link. here", None),
        ("１example．com", None),
    ],
)
def test_the_first_link_is_replaced(message: str, replaced: tuple[str, str] | None) -> None:
    """A URL or a bare domain between spaces is replaced, the first one only."""
    assert rules.replace_link(message, "S") == replaced


@pytest.mark.parametrize(
    "number",
    [
        "+8108012345678",
        "+0808012345678",
        "818012345678",
        "+81 8012345678",
        "+８１８０１２３４５６７８",
        "+818012345678\n",
        "+",
        "",
    ],
)
def test_what_is_no_number(number: str) -> None:
    """Trunk zeros, blanks, full-width digits and line ends are refused."""
    assert not rules.is_number(number)


@given(st.text(alphabet="+0123456789٣ \n", max_size=18))
def test_numbers_follow_the_rule_character_by_character(candidate: str) -> None:
    """What is accepted is a plus, no zero, 7 to 15 ASCII digits and for Japan no trunk zero."""
    digits = candidate[1:]
    right = (
        candidate.startswith("+")
        and 7 <= len(digits) <= 15
        and all("0" <= digit <= "9" for digit in digits)
        and digits[0] != "0"
        and not digits.startswith("810")
    )
    assert rules.is_number(candidate) == right


def test_a_masked_number_keeps_four_digits() -> None:
    """Short numbers show nothing at all."""
    assert rules.mask("+818012345678") == "+81••••5678"
    assert rules.mask("12345678") == "••••"


def test_prices_are_found_by_the_longest_code() -> None:
    """A missing catch-all makes other countries free."""
    tariff = {"8": 1, "81": 2}
    assert rules.price_for_number(tariff, "+819012345678") == 2
    assert rules.price_for_number(tariff, "+8613012345678") == 1
    assert rules.price_for_number(tariff, "+14155550100") == 0
    assert rules.price_json(rules.as_decimal(0.1)) == 0.1


@pytest.mark.parametrize("url", ["http://example.com", "https://example.com:8/a?b=c#d", "http://[::1]/x"])
def test_urls_that_are_taken(url: str) -> None:
    """Absolute http and https addresses are taken."""
    assert rules.is_url(url)


@pytest.mark.parametrize(
    "url",
    ["example.com/x", "ftp://example.com", "http://", "http://a b", "http://a:99999", "http://a:0", "http://[::1",
     "//x",
     "http://a\\b", "http://é.example", "javascript:alert(1)", "http://a/" + "x" * 2000],
)  # fmt: skip
def test_urls_that_are_refused(url: str) -> None:
    """Relative, malformed, non-ASCII and overlong addresses are refused."""
    assert not rules.is_url(url)


def test_queries_are_appended() -> None:
    """A query that is there is kept or replaced; a fragment is dropped."""
    assert rules.add_query("http://a/b?c=d#e", "x=y", keep=True) == "http://a/b?c=d&x=y"
    assert rules.add_query("http://a/b?c=d", "x=y", keep=False) == "http://a/b?x=y"


@pytest.mark.parametrize(
    ("line", "action"),
    [
        ("playback http://example.com/greeting.mp3", Playback("http://example.com/greeting.mp3")),
        ("transfer +81336042000", Transfer("+81336042000")),
        ('say en "Hello"', Say("en", "Hello")),
        ('say ja "彼は"はい"と"', Say("ja", '彼は"はい"と')),
        ("voicemail", Voicemail(None)),
        ('voicemail say en "Please"', Voicemail(Say("en", "Please"))),
        ("voicemail playback http://a.example/g.mp3", Voicemail(Playback("http://a.example/g.mp3"))),
    ],
)
def test_every_command_of_the_grammar(line: str, action: object) -> None:
    """The examples of section 11 are read as they stand."""
    assert parse_action(line) == action


@pytest.mark.parametrize(
    "line",
    ["", 'Say en "x"', 'say fr "x"', "say en x", 'say en ""', "transfer 0312345678", "transfer", "playback",
     "playback https://a/b.mp3", "voicemail transfer +81336042000", "hangup", "<html>", "voicemailx"],
)  # fmt: skip
def test_what_is_no_action(line: str) -> None:
    """Anything else is refused with a reason."""
    with pytest.raises(ActionError, match=r"\w"):
        parse_answer(line.encode())


@given(st.binary(max_size=200))
def test_no_answer_breaks_the_grammar(body: bytes) -> None:
    """Whatever an action server sends is an action or an ActionError."""
    with suppress(ActionError):
        assert parse_answer(body, most=3)


def test_the_first_line_that_is_not_empty_counts() -> None:
    """Further lines count only where they are allowed."""
    body = b"\xef\xbb\xbf\r\n\r\nvoicemail\r\ntransfer +81336042000\n"
    assert parse_answer(body) == [Voicemail(None)]
    assert parse_answer(body, most=2) == [Voicemail(None), Transfer("+81336042000")]


@pytest.mark.parametrize(
    ("raw", "operator"),
    [(b"sent_date=DAY", "="), (b"sent_date>=DAY", ">="), (b"sent_date%3E=DAY", ">="), (b"sent_date%3E%3DDAY", ">="),
     (b"sent_date<=DAY", "<="), (b"sent_date%3C=DAY", "<="), (b"sent_date>DAY", ">"), (b"sent_date%3EDAY", ">"),
     (b"sent_date%3EDAY=", ">"), (b"sent_date<DAY", "<"), (b"sent_date%3CDAY", "<")],
)  # fmt: skip
def test_all_operators_raw_and_encoded(raw: bytes, operator: str) -> None:
    """The five operators are read from the text of the query, in every spelling of section 2.3."""
    assert sms.date_filters(pairs(raw.replace(b"DAY", b"2026-02-10")), TODAY) == [
        sms.DateFilter(operator, date(2026, 2, 10))
    ]


@pytest.mark.parametrize(
    "raw",
    [b"sent_date=%3E%3D2026-02-10", b"sent_date=2016-13-01", b"sent_date=", b"sent_date", b"sent_date==2026-02-10",
     b"sent_date>=", b"sent_date=2026-2-1", b"sent_date=20260210", "sent_date=２０２６-02-10".encode(),
     b"sent_date=2026-02-10%0A"],
)  # fmt: skip
def test_what_is_no_date(raw: bytes) -> None:
    """An operator inside the value, a wrong month and other spellings are named as a wrong format."""
    with pytest.raises(HttpError) as refused:
        sms.date_filters(pairs(raw), TODAY)
    assert refused.value.body == {"sent_date": ["Invalid sent_date format"]}


def test_ninety_days_are_the_limit() -> None:
    """The ninetieth day is accepted, the one before it is not."""
    assert sms.date_filters([("sent_date", f"{TODAY - timedelta(90)}")], TODAY)
    with pytest.raises(HttpError) as refused:
        sms.date_filters([("sent_date>", f"{TODAY - timedelta(91)}")], TODAY)
    assert refused.value.body == {"sent_date": ["Invalid sent_date"]}


@given(st.binary(max_size=60))
def test_no_query_breaks_the_filter(raw: bytes) -> None:
    """Whatever stands in a query is a filter or a refusal with 400."""
    for read in (lambda: sms.date_filters(pairs(raw), TODAY), lambda: account.search_filters(pairs(raw))):
        assert status_of(read) in {None, 400}


def test_filters_compare_days() -> None:
    """Each operator compares as written."""
    day = date(2026, 2, 10)
    verdicts = {"=": (0, 1, 0), "<": (1, 0, 0), "<=": (1, 1, 0), ">": (0, 0, 1), ">=": (0, 1, 1)}
    for operator, expected in verdicts.items():
        condition = sms.DateFilter(operator, day)
        assert tuple(condition.accepts(day + timedelta(shift)) for shift in (-1, 0, 1)) == expected


MULTIPART = (
    b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    b'--B\r\nContent-Disposition: form-data; name="f"; filename="x"\r\nContent-Type: text/plain\r\n\r\n2\r\n'
    b"--B\r\nContent-Disposition: form-data\r\n\r\n3\r\n"
    b"--B--\r\n"
)


def test_bodies_of_all_kinds() -> None:
    """Form, JSON and multipart give the same fields; a file is no text, a nameless part is skipped."""
    assert http.parse_body("application/x-www-form-urlencoded", b"a=1&a=2&b=%E3%81%82&c=") == {
        "a": "2",
        "b": "あ",
        "c": "",
    }
    assert http.parse_body("Application/JSON; charset=utf-8", b'{"a": 1, "a": 2}') == {"a": 2}
    assert http.parse_body("multipart/form-data; boundary=B", MULTIPART) == {"a": "1", "f": http.UPLOAD}
    assert http.parse_body("image/png", b"") == {}


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"[1]", 400),
        ("application/json", b"{", 400),
        ("application/json", b"\xff", 400),
        ("application/json", b'{"a": NaN}', 400),
        ("application/json", b"[" * 100_000, 400),
        ("application/json", b'{"a": ' + b"9" * 5000 + b"}", 400),
        ("application/x-www-form-urlencoded", b"a&" * 1001, 400),
        ("multipart/form-data", MULTIPART, 400),
        ("multipart/form-data; boundary=B", b"x", 400),
        ("multipart/form-data; boundary=B", MULTIPART[:-6], 400),
        ("multipart/form-data; boundary=" + "B" * 300, MULTIPART, 400),
        ("text/plain", b"a", 415),
        ("", b"a", 415),
    ],
)
def test_bodies_that_cannot_be_read(kind: str, body: bytes, status: int) -> None:
    """Each is refused with its status, never with an internal error."""
    with pytest.raises(HttpError) as refused:
        http.parse_body(kind, body)
    assert refused.value.status == status


def test_too_many_parts_are_refused() -> None:
    """A multipart body has at most a thousand fields."""
    part = '--B\r\nContent-Disposition: form-data; name="{}"\r\n\r\n1\r\n'
    body = "".join(part.format(number) for number in range(1001)) + "--B--\r\n"
    with pytest.raises(HttpError):
        http.parse_body("multipart/form-data; boundary=B", body.encode())


@given(
    st.sampled_from(["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=B"]),
    st.binary(max_size=300) | st.binary(max_size=200).map(lambda inner: MULTIPART[:40] + inner + MULTIPART[-8:]),
)
def test_no_body_breaks_the_parsers(kind: str, body: bytes) -> None:
    """Whatever bytes come, they are fields or a refusal."""
    assert status_of(lambda: http.parse_body(kind, body)) in {None, 400}
