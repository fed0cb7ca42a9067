"""The rules that an argument must keep."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy.errors import InvalidArgument, UnverifiedValueWarning
from xoxzo.cloudpy.operations import checks

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

Refused = Callable[..., str]
Taken = Callable[..., Any]

registered_sender, language, country, prefix = (
    partial(checks.formatted, field) for field in ("jp_kp_sender", "tts_lang", "country", "prefix")
)

TEXT_CHECKS: list[tuple[str, Callable[[Any], Any]]] = [
    ("f", partial(checks.text, "f")),
    ("recipient", checks.recipient),
    ("caller", checks.caller),
    ("sender", checks.sender),
    ("jp_kp_sender", registered_sender),
    ("message", partial(checks.message, measured=True)),
    ("message", partial(checks.message, measured=False)),
    ("reference", checks.reference),
    ("f", partial(checks.url, "f")),
    ("recording_url", checks.recording_url),
    ("tts_lang", language),
    ("country", country),
    ("prefix", prefix),
    ("f", partial(checks.day, "f")),
    ("f", partial(checks.path_id, "f")),
    ("code", checks.code),
]


class SafeText(str):
    """A subclass of text whose own ``str()`` is another text, as an enum's is."""

    __slots__ = ()

    def __str__(self) -> str:
        return "other"


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (partial(checks.text, "f"), "Hanako"),
        (checks.recipient, "+818011112222"),
        (checks.caller, "+818011112222"),
        (checks.sender, "Shop"),
        (partial(checks.message, measured=True), "Subclass of text"),
        (checks.reference, "order-1"),
        (partial(checks.url, "f"), "https://example.com/"),
        (partial(checks.day, "f"), "2026-11-30"),
        (checks.code, "123456"),
    ],
)
def test_a_subclass_of_text_is_text(check: Callable[[Any], Any], value: str) -> None:
    """What is a text, such as Django's SafeString, is taken as the plain text that it is."""
    taken = check(SafeText(value))

    assert (type(taken), taken) == (str, value)


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (None, "must be text, not NoneType"),
        (818011112222, "must be text, not int"),
        (b"Xoxzo", "must be text, not bytes"),
        ("", "must not be empty or blank"),
        (" ", "must not be empty or blank"),
        ("\t\n\u3000", "must not be empty or blank"),
        ("a\ud800", "has half a character (a lone surrogate), which cannot be encoded"),
    ],
)
@pytest.mark.parametrize(("field", "check"), TEXT_CHECKS)
def test_every_text_is_text(
    field: str, check: Callable[[Any], Any], value: object, rule: str, refused: Refused
) -> None:
    """Whatever asks for text refuses what is none, what is blank, and what cannot be encoded."""
    assert refused(field, check, value) == rule


@patient
@given(value=st.one_of(st.text(), st.integers(), st.none(), st.binary(), st.floats(), st.lists(st.text())))
@pytest.mark.parametrize(("field", "check"), TEXT_CHECKS)
def test_checks_refuse_or_return_what_can_be_encoded(
    taken: Taken, field: str, check: Callable[[Any], str], value: object
) -> None:
    """Anything at all is either refused in the field's name or comes out as text that can be sent."""
    found = taken(field, check, value)

    assert found is None or found.encode("utf-8")


@pytest.mark.parametrize("value", ["Xoxzo1", "X", "A1B2C3D4E5", "1", "814512345678", "+818011112222", "0" * 15])
def test_sender(value: str) -> None:
    """A sender is up to 10 letters and digits, or up to 15 digits with or without +."""
    assert checks.sender(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "A1B2C3D4E5F",
        "0" * 16,
        "+" + "0" * 16,
        "+",
        "+Xoxzo",
        " Xoxzo",
        "Xoxzo ",
        "Xoxzo\n",
        "klis-nine-1",
        "a\tb",
        "ソクゾ",
        "Ｘ",
        "é",
        "１",
    ],
)
def test_sender_refused(value: str, refused: Refused) -> None:
    """Longer ones and any other character are refused."""
    assert refused("sender", checks.sender, value) == (
        "must be at most 10 ASCII letters and digits, or at most 15 digits"
    )


@pytest.mark.parametrize("value", ["klis-nine", "My Shop", "Shop.jp", "A&B", "-"])
def test_senders_that_are_warned_of(value: str) -> None:
    """Whether Xoxzo takes a hyphen or a blank is not known: such senders pass with a warning, or as an error."""
    with pytest.warns(UnverifiedValueWarning, match=re.escape(f"sender: {value!r} is not letters and digits alone")):
        assert checks.sender(value) == value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnverifiedValueWarning)
        assert checks.sender(value) == value
        warnings.simplefilter("error", UnverifiedValueWarning)
        with pytest.raises(InvalidArgument):
            checks.sender(value)


def test_a_warning_is_shown_once_for_each_value() -> None:
    """By Python's usual filter a campaign with such a sender shows one line, and another sender a line of its own."""
    with warnings.catch_warnings(record=True) as shown:
        warnings.resetwarnings()
        warnings.simplefilter("default")
        for value in ("a-1", "a-1", "b-1", "a-1"):
            checks.sender(value)
    assert [str(one.message)[:13] for one in shown] == ["sender: 'a-1'", "sender: 'b-1'"]


def test_registered_sender(refused: Refused) -> None:
    """The sender registered for K-premium is 1 to 15 digits."""
    assert registered_sender("0312341234") == "0312341234"
    for value in ("Xoxzo", "+81312341234", "0" * 16, "03-1234-1234", "０３"):
        assert refused("jp_kp_sender", registered_sender, value) == "must be the registered sender: 1 to 15 digits"


def test_recipient_can_have_another_field(refused: Refused) -> None:
    """A refused number names the parameter that it was given for."""
    assert checks.recipient("+818011112222") == "+818011112222"
    assert "begin with +" in refused("recipient", checks.recipient, "08011112222")
    assert "0 after +81" in refused("phone_number", checks.recipient, "+8108011112222", "phone_number")


def test_caller(refused: Refused) -> None:
    """A caller is digits, with or without +."""
    assert checks.caller("814512345678") == "814512345678"
    assert refused("caller", checks.caller, "Xoxzo") == "must be 1 to 15 digits, with or without a leading +"


@pytest.mark.parametrize("text", ["a" * 660, "あ" * 660, "😀" * 330])
def test_message_up_to_the_limit(text: str, refused: Refused) -> None:
    """A text of 660 units is taken, and one unit more is refused with its length and never its words."""
    assert checks.message(text, measured=True) == text
    units = len(text.encode("utf-16-le")) // 2 + 1

    assert refused("message", checks.message, text + "x", measured=True) == (
        f"has {units} characters; at most 660 can be sent"
    )
    assert checks.message(text + "x", measured=False) == text + "x"


@pytest.mark.parametrize(
    ("tags", "reference", "joined"),
    [
        ((), None, None),
        ([], None, None),
        (["a"], None, "a"),
        (["a", "b"], None, "a,b"),
        ((), "r", "r"),
        (["a", "b"], "r", "a,b,r"),
        (("春", "two words"), "注文 7", "春,two words,注文 7"),
        ({"a": 1}, None, "a"),
    ],
)
def test_tags(tags: Any, reference: str | None, joined: str | None) -> None:
    """Tags are joined by commas, the reference last, and without any there is nothing to send."""
    assert checks.tags(tags, reference) == joined


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("a,b", "must not contain a comma: the API separates tags by commas"),
        (",", "must not contain a comma: the API separates tags by commas"),
        (" a", "must not begin or end with a blank: the API trims it away"),
        ("a\n", "must not begin or end with a blank: the API trims it away"),
        ("\u3000a", "must not begin or end with a blank: the API trims it away"),
        ("", "must not be empty or blank"),
        (7, "must be text, not int"),
    ],
)
def test_tags_and_references_refused(value: Any, rule: str, refused: Refused) -> None:
    """A tag that would come back as another one is refused, and so is such a reference, each in its own name."""
    assert refused("tags", checks.tags, ["fine", value], None) == rule
    assert refused("reference", checks.optional_reference, value) == rule
    assert refused("reference", checks.reference, value) == rule


def test_automatic_references() -> None:
    """``"auto"`` makes a unique key that can be sent as a tag and names the day before it as the first to search."""
    before = datetime.now(UTC).date()
    first, second = checks.optional_reference("auto"), checks.optional_reference("auto")
    assert first is not None
    assert first != second
    assert checks.reference(first) == first
    day = checks.day_of_reference(first)
    assert day is not None
    assert (datetime.now(UTC).date() - date.fromisoformat(day)).days >= 1
    assert (before - date.fromisoformat(day)).days <= 1


@pytest.mark.parametrize("value", ["order-1", "auto", "auto-20261130-x", "auto-2026113-" + "0" * 20])
def test_other_references_name_no_day(value: str) -> None:
    """Only a reference that was made here tells its day."""
    assert checks.day_of_reference(value) is None


def test_no_reference() -> None:
    """A send without a reference has none."""
    assert checks.optional_reference(None) is None


def test_extra_parameters() -> None:
    """Parameters that are not known are taken as they are, as plain text."""
    assert checks.extra_parameters(None, set()) == {}
    assert checks.extra_parameters({"new_flag": "true", "新": SafeText("はい")}, {"message"}) == {
        "new_flag": "true",
        "新": "はい",
    }


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ([("a", "b")], "must be a mapping of names to texts"),
        ({"message": "x"}, "must not contain message: it is a known parameter"),
        ({"recipient": "x"}, "must not contain recipient: it is a known parameter"),
        ({"participants": "x"}, "must not contain participants: it is a known parameter"),
        ({"new_flag": True}, "must be text, not bool"),
        ({7: "x"}, "must be text, not int"),
        ({"new_flag": "\ud800"}, "has half a character (a lone surrogate), which cannot be encoded"),
    ],
)
def test_extra_parameters_refused(value: Any, rule: str, refused: Refused) -> None:
    """A known parameter, another recipient, and what is no text are refused."""
    assert refused("extra", checks.extra_parameters, value, {"message"}) == rule


def test_tags_must_not_be_one_text(refused: Refused) -> None:
    """One text in place of a list would become a tag for each letter, so it is refused."""
    assert refused("tags", checks.tags, "abc", None) == "must be a list of tags, not one text"


@pytest.mark.parametrize(
    "value",
    [
        "http://example.com",
        "https://example.com/receive_dlr/?a=b&c=d#e",
        "https://example.com:8443/x",
        "http://127.0.0.1:8000/",
        "https://[::1]/",
        "HTTPS://EXAMPLE.COM/",
        "https://例え.jp/道",
        "https://user:password@example.com/",
    ],
)
def test_url(value: str) -> None:
    """An absolute http or https address is taken as it is."""
    assert checks.url("callback_url", value) == value
    assert checks.url("callback_url", value) == value


@pytest.mark.parametrize(
    "value",
    [
        "example.com",
        "/path",
        "//example.com/",
        "ftp://example.com/",
        "javascript:alert(1)",
        "http:",
        "http://",
        "http:///path",
        "http://:80/",
        "http://?x",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:port/",
        "https://[::1/",
        " https://example.com/",
        "https://example.com/ ",
        "https://example.com/a b",
        "https://example.com/a\nb",
        "https://example.com/\x01",
        "https://example.com/\x7f",
        "ht\ttps://example.com/",
    ],
)
def test_url_refused(value: str, refused: Refused) -> None:
    """What is no absolute http or https address, or has a blank or an unprintable character in it, is refused."""
    rule = "must be an absolute http:// or https:// URL without blanks"

    assert refused("callback_url", checks.url, "callback_url", value) == rule


@patient
@given(st.text())
def test_url_taken_has_a_host(taken: Taken, text: str) -> None:
    """Whatever is taken has a scheme and a host, and no other exception than a refusal comes out."""
    value = taken("u", partial(checks.url, "u"), f"http://{text}")

    assert value is None or urlsplit(value).hostname


@pytest.mark.parametrize("value", ["http://www.example.com/123.mp3", "http://example.com:8080/a_b-c/1.mp3"])
def test_recording_url(value: str) -> None:
    """A recording is an http address of letters, digits and ``_ / - . :``."""
    assert checks.recording_url(value) == value


def test_recordings_and_click_addresses_that_are_warned_of() -> None:
    """What only a tutorial of Xoxzo allows passes with a warning (API section 16)."""
    with pytest.warns(UnverifiedValueWarning, match=r"recording_url: has ! \( \);"):
        assert checks.recording_url("http://example.com/a(1)!.mp3") == "http://example.com/a(1)!.mp3"
    with pytest.warns(UnverifiedValueWarning, match="lt_callback_url: has neither http:// nor https://"):
        found = checks.callback_url("lt_callback_url", "example.com/click/", None, "link-clicked", None)
    assert found == "example.com/click/"
    for field, value in (("lt_callback_url", "a b"), ("lt_callback_url", ""), ("callback_url", "example.com/")):
        with pytest.raises(InvalidArgument):
            checks.callback_url(field, value, None, "link-clicked", None)


@pytest.mark.parametrize(
    "value",
    [
        "https://example.com/1.mp3",
        "http://example.com/1.mp3?x=1",
        "http://example.com/é.mp3",
        "http://example.com/%41.mp3",
        "HTTP://example.com/1.mp3",
        "http://user@example.com/1.mp3",
    ],
)
def test_recording_url_refused(value: str, refused: Refused) -> None:
    """A recording with https or with any other character is refused."""
    rule = "must be http:// (https is not supported) with ASCII letters, digits, _ / - . and : only"

    assert refused("recording_url", checks.recording_url, value) == rule


def test_language_of_another_field(refused: Refused) -> None:
    """A language is refused in the name of the parameter that took it."""
    assert checks.formatted("lang", "ja") == "ja"
    assert refused("lang", checks.formatted, "lang", "jpn") == "must be two small letters: ja or en"


@pytest.mark.parametrize("value", [1, 7, 10**12])
def test_number(value: int) -> None:
    """A whole number above 0 is taken."""
    assert checks.positive_integer("template_id", value) == value


@pytest.mark.parametrize("value", [0, -7, True, False, "7", 7.0, None, b"7"])
def test_number_refused(value: object, refused: Refused) -> None:
    """Text, a truth value and everything else that is no whole number above 0 is refused."""
    assert refused("template_id", checks.positive_integer, "template_id", value) == "must be a whole number above 0"


@pytest.mark.parametrize(
    ("check", "field", "values", "rule"),
    [
        (language, "tts_lang", (["ja", "en"], ["JA", "j", "jpn", "ja\n", "ｊａ"]), "two small letters"),
        (country, "country", (["JP", "MY"], ["jp", "J", "JPN", "JP\n", "81"]), "two capital letters"),
        (prefix, "prefix", (["8150", "1"], ["+8150", "81-50", "x", "8" * 16, "８１"]), "must be digits"),
    ],
)
def test_short_codes(
    check: Callable[[str], str], field: str, values: tuple[list[str], list[str]], rule: str, refused: Refused
) -> None:
    """Language, country and prefix are matched whole."""
    good, bad = values

    assert [check(value) for value in good] == good
    assert [value for value in bad if rule not in refused(field, check, value)] == []


def test_day() -> None:
    """A day is a date, or text as YYYY-MM-DD, and goes out as such text."""
    assert checks.day("on", date(2026, 1, 31)) == "2026-01-31"
    assert checks.day("on", date(1, 2, 3)) == "0001-02-03"
    assert checks.day("on", "2024-02-29") == "2024-02-29"


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (datetime(2026, 1, 31, tzinfo=UTC), "must be a date: the API compares whole days in UTC"),
        ("2026-1-31", "must be a date or text as YYYY-MM-DD"),
        ("20260131", "must be a date or text as YYYY-MM-DD"),
        ("2026-W05-6", "must be a date or text as YYYY-MM-DD"),
        ("2026-01-31 ", "must be a date or text as YYYY-MM-DD"),
        ("2026-01-31\n", "must be a date or text as YYYY-MM-DD"),
        (">=2026-01-31", "must be a date or text as YYYY-MM-DD"),
        ("２０２６-01-31", "must be a date or text as YYYY-MM-DD"),
        ("2016-13-01", "must be a day that exists"),
        ("2026-02-29", "must be a day that exists"),
        ("0000-01-01", "must be a day that exists"),
    ],
)
def test_day_refused(value: Any, rule: str, refused: Refused) -> None:
    """A time of day, another spelling, and a day that the calendar lacks are refused."""
    assert refused("since", checks.day, "since", value) == rule


@patient
@given(st.dates())
def test_any_date_is_a_day(value: date) -> None:
    """Every date goes out as ten characters that read back as the date."""
    text = checks.day("on", value)

    assert len(text) == 10
    assert date.fromisoformat(text) == value
    assert checks.day("on", text) == text


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("VncyEuDbojkzRJ2GlKP3USB7C5F6atp1", "VncyEuDbojkzRJ2GlKP3USB7C5F6atp1"),
        ("41c181b6-0000-4000-8000-000000000000", "41c181b6-0000-4000-8000-000000000000"),
        ("a?b#c", "a%3Fb%23c"),
        ("a b", "a%20b"),
        ("%2e%2e", "%252e%252e"),
        ("a.b", "a.b"),
        ("a;b", "a%3Bb"),
        ("注文", "%E6%B3%A8%E6%96%87"),
        ("a\r\nHost: x", "a%0D%0AHost%3A%20x"),
    ],
)
def test_path_id(value: str, segment: str) -> None:
    """An id is percent-encoded as one path segment."""
    assert checks.path_id("msgid", value) == segment


@pytest.mark.parametrize("value", [".", "..", "..."])
def test_path_id_refuses_dots(value: str, refused: Refused) -> None:
    """An id of dots alone would name another path, so it is refused."""
    assert refused("msgid", checks.path_id, "msgid", value) == (
        "must not contain a slash or consist of dots: servers read them as another path"
    )


@patient
@given(st.text() | st.lists(st.sampled_from(["/", "..", ".", "%2F", "\\", "?", "#", ";", "a"])).map("".join))
def test_path_id_is_one_segment(taken: Taken, value: str) -> None:
    """Any text is refused, or is one segment of unreserved characters that unquotes to it and is no dot segment."""
    segment = taken("msgid", partial(checks.path_id, "msgid"), value)
    if segment is None:
        return

    assert segment.isascii()
    assert segment
    assert not set(segment) & set("/?#\\; \r\n")
    assert segment.strip(".")
    assert unquote(segment, errors="strict") == value


@pytest.mark.parametrize("value", ["true", "false", 1, 0, None, "", ["x"]])
def test_flag_refuses_what_is_no_switch(value: object, refused: Refused) -> None:
    """Only True and False are taken: any text would count as true, and some switches cost money."""
    assert refused("track_link", checks.flag, "track_link", value).startswith("must be True or False")


def test_flag() -> None:
    """A switch that is on is the text `true`, one that is off is not sent."""
    assert (checks.flag("track_link", True), checks.flag("track_link", False)) == ("true", None)
