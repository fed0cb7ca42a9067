"""From what people type in Japan to E.164, with every assumption named."""

from __future__ import annotations

import json
import pickle
import re
import subprocess
import sys
import tomllib
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from xoxzo.cloudpy import ConfigurationError, InvalidArgument, phone
from xoxzo.cloudpy.phone import Assumption, Note, ParsedNumber, parse, recipient_error

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

REPOSITORY = Path(__file__).parents[2]
MOBILE = "+818011112222"


def test_e164() -> None:
    """What is E.164 already stays as it is, with nothing to say about it."""
    number = parse(MOBILE)

    assert (number.e164, number.kind, number.country) == (MOBILE, "mobile", "JP")
    assert (number.assumptions, number.notes) == ((), ())


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("08011112222", {Note.COUNTRY_ADDED}),
        ("080-1111-2222", {Note.COUNTRY_ADDED, Note.SEPARATORS}),
        ("  080 1111\u30002222\n", {Note.COUNTRY_ADDED, Note.SEPARATORS, Note.FULL_WIDTH}),
        ("080\t1111\u00a02222", {Note.COUNTRY_ADDED, Note.SEPARATORS}),
        ("080.1111.2222", {Note.COUNTRY_ADDED, Note.SEPARATORS}),
        ("(080)1111-2222", {Note.COUNTRY_ADDED, Note.SEPARATORS}),
        ("080)1111-2222", {Note.COUNTRY_ADDED, Note.SEPARATORS}),
        ("〔080〕1111[2222]", {Note.COUNTRY_ADDED, Note.SEPARATORS}),
        ("０８０１１１１２２２２", {Note.COUNTRY_ADDED, Note.FULL_WIDTH}),
        ("０８０（１１１１）２２２２", {Note.COUNTRY_ADDED, Note.FULL_WIDTH, Note.SEPARATORS}),
        ("＋８１８０１１１１２２２２", {Note.FULL_WIDTH}),
        ("+81 80-1111-2222", {Note.SEPARATORS}),
        ("(+81) 80 1111 2222", {Note.SEPARATORS}),
        ("+81(0)80-1111-2222", {Note.SEPARATORS, Note.TRUNK_DROPPED}),
        ("+81 080 1111 2222", {Note.SEPARATORS, Note.TRUNK_DROPPED}),
        ("+8108011112222", {Note.TRUNK_DROPPED}),
        ("\u202a08011112222\u202c", {Note.COUNTRY_ADDED, Note.INVISIBLE}),
        ("\ufeff080\u200b11112222", {Note.COUNTRY_ADDED, Note.INVISIBLE}),
        ("tel:+818011112222", {Note.LABEL}),
        ("TEL 08011112222", {Note.COUNTRY_ADDED, Note.LABEL}),
        ("ＴＥＬ：08011112222", {Note.COUNTRY_ADDED, Note.LABEL, Note.FULL_WIDTH}),
        ("℡(080)11112222", {Note.COUNTRY_ADDED, Note.LABEL, Note.SEPARATORS}),
        ("☎08011112222", {Note.COUNTRY_ADDED, Note.LABEL}),
        ("'08011112222", {Note.COUNTRY_ADDED, Note.QUOTED}),
        ('="08011112222"', {Note.COUNTRY_ADDED, Note.QUOTED}),
    ],
)
def test_without_doubt(text: str, notes: set[Note]) -> None:
    """What can only be meant in one way is read without a assumption, and each change of it is noted once."""
    number = parse(text)

    assert (number.e164, number.kind, number.assumptions) == (MOBILE, "mobile", ())
    assert set(number.notes) == notes
    assert len(number.notes) == len(notes)


@pytest.mark.parametrize("hyphen", "-‐‑‒–—―−－ーｰ─━﹣﹘⁃˗")
def test_hyphens(hyphen: str) -> None:
    """Whatever a keyboard gives for a hyphen separates digits and changes nothing."""
    number = parse(f"080{hyphen}1111{hyphen}2222")

    assert (number.e164, number.assumptions) == (MOBILE, ())


@pytest.mark.parametrize(
    ("text", "assumptions", "notes"),
    [
        ("8011112222", {Assumption.TRUNK_MISSING}, {Note.COUNTRY_ADDED}),
        (
            "８０－１１１１－２２２２",
            {Assumption.TRUNK_MISSING},
            {Note.COUNTRY_ADDED, Note.FULL_WIDTH, Note.SEPARATORS},
        ),
        ("8011112222.0", {Assumption.TRUNK_MISSING, Assumption.FLOAT}, {Note.COUNTRY_ADDED}),
        ("08011112222.0", {Assumption.FLOAT}, {Note.COUNTRY_ADDED}),
        ("818011112222", {Assumption.PLUS_MISSING}, set()),
        ("818011112222.0", {Assumption.PLUS_MISSING, Assumption.FLOAT}, set()),
        ("81(0)8011112222", {Assumption.PLUS_MISSING}, {Note.SEPARATORS, Note.TRUNK_DROPPED}),
        ("00818011112222", {Assumption.PREFIX_READ}, set()),
        ("0081-80-1111-2222", {Assumption.PREFIX_READ}, {Note.SEPARATORS}),
        ("0081(0)80-1111-2222", {Assumption.PREFIX_READ}, {Note.SEPARATORS, Note.TRUNK_DROPPED}),
        ("010-81-80-1111-2222", {Assumption.PREFIX_READ}, {Note.SEPARATORS}),
    ],
)
def test_with_doubt(text: str, assumptions: set[Assumption], notes: set[Note]) -> None:
    """What had to be assumed stands in the assumptions, apart from the harmless changes."""
    number = parse(text)

    assert number.e164 == MOBILE
    assert (set(number.assumptions), set(number.notes)) == (assumptions, notes)


@pytest.mark.parametrize(
    ("text", "e164", "kind"),
    [
        ("060-1111-2222", "+816011112222", "mobile"),
        ("070-1111-2222", "+817011112222", "mobile"),
        ("090-1111-2222", "+819011112222", "mobile"),
        ("050-1111-2222", "+815011112222", "voip"),
        ("020-1111-2222", "+812011112222", "pager"),
        ("0120-111-222", "+81120111222", "toll_free"),
        ("0800-111-2222", "+818001112222", "toll_free"),
        ("03-1111-2222", "+81311112222", "fixed"),
        ("(011)211-2222", "+81112112222", "fixed"),
        ("0570-111-222", "+81570111222", "other"),
        ("0990-111-222", "+81990111222", "other"),
        ("+1 650 253 0000", "+16502530000", "fixed_or_mobile"),
        ("+60 12-345 6789", "+60123456789", "mobile"),
    ],
)
def test_kinds(text: str, e164: str, kind: str) -> None:
    """The kind tells who can receive an SMS from who cannot; it is no assumption."""
    number = parse(text)

    assert (number.e164, number.kind, number.assumptions) == (e164, kind, ())


@pytest.mark.parametrize(
    ("text", "country", "e164", "of", "assumptions"),
    [
        ("012-345 6789", "MY", "+60123456789", "MY", ()),
        ("123456789", "MY", "+60123456789", "MY", (Assumption.TRUNK_MISSING,)),
        ("00818011112222", "MY", MOBILE, "JP", (Assumption.PREFIX_READ,)),
        ("00 44 20 7946 0958", "JP", "+442079460958", "GB", (Assumption.PREFIX_READ,)),
        # No 0 is dialled there, and the 1 in front may stand or not.
        ("6502530000", "US", "+16502530000", "US", ()),
        ("16502530000", "US", "+16502530000", "US", ()),
        ("8 916 123-45-67", "RU", "+79161234567", "RU", ()),
        ("9161234567", "RU", "+79161234567", "RU", ()),
        # Italy's 0 belongs to the number.
        ("06 5123 4567", "IT", "+390651234567", "IT", ()),
        ("+39 06 5123 4567", "JP", "+390651234567", "IT", ()),
        ("+44 (0)20 7946 0958", "JP", "+442079460958", "GB", ()),
        ("+800 1234 5678", "JP", "+80012345678", None, ()),
    ],
)
def test_countries(text: str, country: str, e164: str, of: str | None, assumptions: tuple[Assumption, ...]) -> None:
    """Each country's own habits decide what is missing, and the number's country may be another one."""
    number = parse(text, country)

    assert (number.e164, number.country, number.assumptions) == (e164, of, assumptions)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has no readable digits"),
        ("なし", "has no readable digits"),
        ("-", "has no readable digits"),
        ("٠٨٠١١١١٢٢٢٢", "ASCII or full-width"),
        ("080-1111-2222 (自宅)", "something beside"),
        ("FAX 080-1111-2222", "something beside"),
        ("080-1111-2222 x12", "something beside"),
        ("080-1111-2222 ext 12", "something beside"),
        ("080-1111-2222 内線3", "something beside"),
        ("080-1111-2222#3", "something beside"),
        ("080-1111-ABCD", "something beside"),
        ("080～1111～2222", "something beside"),
        ("O80-1111-2222", "something beside"),
        ('"080-1111-2222"', "something beside"),
        ("080-1111-2222,080-1111-3333", "more than one"),
        ("080-1111-2222 / 080-1111-3333", "more than one"),
        ("080-1111-2222、080-1111-3333", "more than one"),
        ("080-1111-2222（本人）・080-1111-3333", "more than one"),
        ("080-1111-2222\n080-1111-3333", "more than one"),
        ("+818011112222 +818011113333", "more than one"),
        ("8,011,112,222", "a separator"),
        ("080-1111-2222 080-1111-3333", "22 digits: too long"),
        ("1" * 101, "101 characters"),
        ("8.01E+09", "decimal"),
        ("8.011112222e9", "decimal"),
        ("8E9", "decimal"),
        ("８．０１Ｅ＋０９", "decimal"),
        ("8011112222.5", "decimal"),
        ("8011112222.00", "decimal"),
        ("080-1111-222.0", "decimal"),
        ("110", "3 digits and"),
        ("080-1111-222", "10 digits and"),
        ("080-1111-22223", "12 digits and"),
        ("0801111222233334", "16 digits and"),
        ("+81 80 1111 22223", "11 digits after +81"),
        ("0091-1111-2222", "12 digits and"),
        ("+08011112222", "no country code"),
        ("+0818011112222", "no country code"),
        ("+999 1234 5678", "no country code"),
        ("00", "2 digits and"),
        # In range, but Japan's numbers of two zeros cannot be reached through Xoxzo.
        ("00777012", "8 digits and"),
        ("+8100777012", "8 digits after +81"),
    ],
)
def test_refused(text: str, reason: str) -> None:
    """What cannot be read is refused with its reason, which never repeats what was typed."""
    with pytest.raises(InvalidArgument, match=re.escape(reason)) as refused:
        parse(text)

    assert refused.value.field == "text"
    assert isinstance(refused.value, ValueError)
    assert not re.search(r"\d{4}", str(refused.value))


def test_010_is_dialled_in_japan() -> None:
    """Elsewhere 010 is no international prefix, so a number is not read as if it were."""
    assert parse("010818011112222").e164 == MOBILE
    with pytest.raises(InvalidArgument, match="15 digits and"):
        parse("010818011112222", "MY")


def test_two_readings() -> None:
    """Digits that are one number with the country code read, and another without, are refused."""
    assert parse("+62812345678").e164 == "+62812345678"
    assert parse("+6262812345678").e164 == "+6262812345678"
    with pytest.raises(InvalidArgument, match="two different numbers"):
        parse("62812345678", "ID")


def test_numbers_that_would_be_rewritten() -> None:
    """Argentina's mobiles change when written internationally: a change other than a dropped 0 is refused."""
    assert parse("+5491123456789").kind == "mobile"
    for text in ("011 15-2345-6789", "+54 11 15-2345-6789"):
        with pytest.raises(InvalidArgument, match="no range"):
            parse(text, "AR")


@pytest.mark.parametrize("text", [8011112222, 8011112222.0, None, b"08011112222", True])
def test_only_text(text: object) -> None:
    """A number that a spreadsheet gives as a number has lost its 0 already, so only text is read."""
    with pytest.raises(InvalidArgument, match=f"must be text, not {type(text).__name__}"):
        parse(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("country", ["jp", "81", "", "XX", "JPN", "001", "ＪＰ"])
def test_country_refused(country: str) -> None:
    """A country is two capital letters that stand for one."""
    with pytest.raises(InvalidArgument, match="two capital letters") as refused:
        parse(MOBILE, country)
    assert refused.value.field == "country"


def test_representation_masks_the_number() -> None:
    """A parsed number may be logged: it shows the first two and last four digits and the names of the remarks."""
    number = parse("8011-112222")

    assert repr(number) == (
        "ParsedNumber(e164='+80••••2222', kind='mobile', country='JP', assumptions=['TRUNK_MISSING'],"
        " notes=['SEPARATORS', 'COUNTRY_ADDED'])"
    ).replace("+80", "+81")
    assert str(number) == repr(number)


def test_a_number_is_a_value() -> None:
    """Parsed numbers are equal when all they say is, survive pickle, and cannot be changed."""
    number = parse("8011112222")

    assert pickle.loads(pickle.dumps(number)) == number == parse("8011112222")
    assert number != parse(MOBILE)
    with pytest.raises(AttributeError):
        number.e164 = MOBILE  # type: ignore[misc]


@pytest.mark.parametrize("remark", [*Assumption, *Note])
def test_remarks_are_sentences(remark: Assumption | Note) -> None:
    """Each remark can be shown as it is, and compared with its name."""
    assert str(remark) == remark.value
    assert remark[0].islower() or remark[0].isdigit()
    assert " " in remark


national = st.from_regex(r"0[6789]0[1-9][0-9]{7}", fullmatch=True)
separators = st.text(st.sampled_from("-‐−－ー ()（）\u3000\u200b"), max_size=2)


@st.composite
def typed(draw: st.DrawFn) -> tuple[str, str]:
    """Return a mobile number as people may type it, and in E.164."""
    digits = draw(national)
    front = draw(st.sampled_from(["0", "+81", "+81(0)", "+810", "+81 ", "TEL:0", "＋８１"]))
    groups = [digits[1:3], digits[3:7], digits[7:]]
    text = front + "".join(draw(separators) + group for group in groups) + draw(separators)
    if draw(st.booleans()):
        text = text.translate({ord(digit): 0xFF10 + int(digit) for digit in "0123456789"})
    return text, "+81" + digits[1:]


@patient
@given(typed())
def test_ornaments_change_nothing(case: tuple[str, str]) -> None:
    """However a mobile number is ornamented, it is the same number and without a assumption."""
    text, e164 = case
    number = parse(text)

    assert (number.e164, number.kind, number.assumptions) == (e164, "mobile", ())


anything = st.one_of(
    st.text(),
    st.text(st.sampled_from("0123456789０１８９+＋-ー() .Ee,、/\n\u200bTELx'\"="), max_size=25),
    st.from_regex(r"(\+|00|010|0|81|\+81\(0\))?[0-9]{7,13}(\.0)?", fullmatch=True),
)


def outcome(text: str, country: str = "JP") -> ParsedNumber | InvalidArgument:
    """Give the number, or the refusal."""
    try:
        return parse(text, country)
    except InvalidArgument as refused:
        return refused


@patient
@given(anything, st.sampled_from(["JP", "MY", "US", "ID", "AR", "IT"]))
@example("00777012", "JP")
@example("+8000000001.0", "JP")
@example("080-1111-222.0", "JP")
def test_nothing_is_made_up(text: str, country: str) -> None:
    """Whatever is typed, the digits read were typed, in that order and to the end, and what changed was said."""
    number = outcome(text, country)

    if isinstance(number, InvalidArgument):
        assert number.field == "text"
        assert not re.search(r"\d{4}", str(number))
        return
    written = unicodedata.normalize("NFKC", text)
    if Assumption.FLOAT in number.assumptions:
        written = written.strip().removesuffix(".0")
    assert re.fullmatch(ways_to_write(number, country), re.sub(r"[^0-9]", "", written))
    assert recipient_error(number.e164) is None
    assert (text == number.e164) == (len(number.assumptions) + len(number.notes) == 0)


def ways_to_write(number: ParsedNumber, country: str) -> str:
    """Give the digits that may have been typed for a number, going by its remarks, as a pattern."""
    digits = number.e164[1:]
    if Note.COUNTRY_ADDED in number.notes:
        code = {"JP": "81", "MY": "60", "US": "1", "ID": "62", "AR": "54", "IT": "39"}[country]
        trunk = "" if Assumption.TRUNK_MISSING in number.assumptions else "[01]?"
        return trunk + re.sub(f"^{code}", "", digits)
    prefix = "(00|010)" if Assumption.PREFIX_READ in number.assumptions else ""
    if Note.TRUNK_DROPPED in number.notes:
        return prefix + "(" + "|".join(digits[:code] + "[0-9]{1,2}" + digits[code:] for code in (1, 2, 3)) + ")"
    return prefix + digits


@patient
@given(st.one_of(typed().map(lambda case: case[0]), anything))
def test_reading_again_changes_nothing(text: str) -> None:
    """What was read is E.164: reading it once more gives the same number, with nothing left to say."""
    first = outcome(text)
    if isinstance(first, InvalidArgument):
        return
    again = parse(first.e164)

    assert (again.e164, again.kind, again.country) == (first.e164, first.kind, first.country)
    assert (again.assumptions, again.notes) == ((), ())


def test_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ``phonenumbers`` one line names the extra that brings it."""
    monkeypatch.delitem(sys.modules, "xoxzo.cloudpy.phone.plans", raising=False)
    monkeypatch.delattr(phone, "candidates", raising=False)
    monkeypatch.setitem(sys.modules, "phonenumbers", None)

    with pytest.raises(ConfigurationError) as refused:
        parse(MOBILE)

    assert str(refused.value) == 'reading typed numbers needs an extra: pip install "xoxzo-cloudpy[phone]"'


def test_the_extra_exists() -> None:
    """The extra that the error names is the one that brings ``phonenumbers``, and nothing else asks for it."""
    extras = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["optional-dependencies"]

    assert [name for name, asked in extras.items() if any("phonenumbers" in line for line in asked)] == ["phone"]
    assert len(extras["phone"]) == 1


def test_loaded_only_when_a_number_is_read(simulator_url: str, account: tuple[str, str]) -> None:
    """Importing these helpers, checking numbers and sending load no ``phonenumbers``; reading a number does."""
    program = """
import json, sys
from xoxzo.cloudpy import Client, phone
states = []
def note():
    states.append("phonenumbers" in sys.modules)
note()
phone.recipient_error("+818011112222")
url, sid, token = sys.argv[1:]
with Client(base_url=url, sid=sid, auth_token=token) as client:
    client.sms.send(recipient="+818011112222", sender="Shop", message="Hello")
note()
phone.parse("080-1111-2222")
note()
print(json.dumps(states))
"""
    command = [sys.executable, "-c", program, simulator_url, *account]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert json.loads(done.stdout) == [False, False, True]


@pytest.mark.parametrize("text", ["090-0000-0001", "+819000000001", "０９０　００００　０００１", "+81 90 0000 0001"])
def test_the_simulator_s_test_numbers(text: str) -> None:
    """Nobody has them, so they are read only where that is asked for, and carry a note."""
    found = parse(text, test_numbers=True)
    assert (found.e164, found.kind, found.country) == ("+819000000001", "mobile", "JP")
    assert (found.assumptions, found.notes) == ((), (Note.TEST_NUMBER,))
    for wrong in (text, f"{text}1", text[:-1] + "4", "call " + text):
        with pytest.raises(InvalidArgument):
            parse(wrong, test_numbers=wrong != text)
    assert parse("080-1111-2222", test_numbers=True).notes == parse("080-1111-2222").notes
