"""What may be shown of a number or of a server's words."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy.common.masking import mask_number, mask_path, mask_sentence

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

HIDDEN = "••••"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+818011112222", "+81••••2222"),
        ("818011112222", "81••••2222"),
        ("1234567890", "12••••7890"),
        ("+1234567890", "+12••••7890"),
        ("123456789", "••••"),
        ("+123456789", "+••••"),
        ("+81 80-1111.2222", "+81••••2222"),
        ("(080) 1111-2222", "08••••2222"),
        ("1", "••••"),
        ("+", "+••••"),
        ("", "••••"),
    ],
)
def test_mask_number(number: str, shown: str) -> None:
    """The sign, the first two and the last four digits stay where that hides four or more; else nothing does."""
    assert mask_number(number) == shown


@patient
@given(st.from_regex(r"\+?[0-9]{1,30}", fullmatch=True))
def test_mask_number_always_hides_four_digits(number: str) -> None:
    """At most six digits of a number are shown, never all but fewer than four, and the rest cannot be counted."""
    shown = sum(character.isdigit() for character in mask_number(number))
    digits = len(number.removeprefix("+"))

    assert HIDDEN in mask_number(number)
    assert shown == (6 if digits >= 10 else 0)
    assert digits - shown >= min(4, digits)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("This field is required.", "This field is required."),
        ("", ""),
        ("+818011112222 is refused", "+81••••2222 is refused"),
        ("from 818011112222 to +818033334444", "from 81••••2222 to +81••••4444"),
        ("code 1234 is short", "code 1234 is short"),
        ("code 12345 is long", "code •••• is long"),
        ('"hello there" is not a valid choice.', '"…" is not a valid choice.'),
        ('"a" or "b"', '"…"'),
        ('"two\nlines"', '"…"'),
        ('"" may not be blank', '"…" may not be blank'),
    ],
)
def test_mask_sentence(words: str, shown: str) -> None:
    """Long runs of digits are masked, what stands in double quotes is left out, and everything else stays."""
    assert mask_sentence(words) == shown


def test_mask_sentence_cuts_long_sentences() -> None:
    """A sentence of 200 characters stays whole, and of a longer one 200 characters and a mark stay."""
    assert mask_sentence("x" * 200) == "x" * 200
    assert mask_sentence("x" * 201) == "x" * 200 + "…"


def test_mask_sentence_masks_before_it_cuts() -> None:
    """A number that the cut would fall into, and a quotation that it would leave open, are hidden all the same."""
    assert "8011112222"[:5] not in mask_sentence("x" * 195 + "+818011112222")
    assert "secret" not in mask_sentence("x" * 190 + '"a secret text that is long"')


@patient
@given(st.text(), st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), st.text())
def test_mask_sentence_never_shows_five_digits(before: str, number: str, after: str) -> None:
    """Wherever a number stands in a sentence, no five digits in a row of the result are left of it."""
    assert not re.search(r"\d{5}", mask_sentence(before + number + after))


@pytest.mark.parametrize("number", ["080-1111-2222", "+81 80 1111 2222", "+81-80-1111-2222", "(080) 1111 2222"])
def test_mask_sentence_hides_numbers_with_separators(number: str) -> None:
    """A number that a server writes with hyphens, blanks or parentheses is masked as well."""
    assert not re.search(r"1111\W*2222", mask_sentence(f"{number} is not valid"))


@pytest.mark.parametrize(
    "words", ['"she said "hello" to me" is not a valid choice.', "“hello to me” value has an invalid format."]
)
def test_mask_sentence_hides_every_quotation(words: str) -> None:
    """A refused text is left out though it holds quotes itself, or stands in the curly quotes that Django writes."""
    assert "hello" not in mask_sentence(words)


@pytest.mark.parametrize("piece", ['"', "“", "「", "(", "+", "1 ", "1" + " " * 50, "“x”y", "1-1-1-1 -x"])
def test_mask_sentence_takes_no_long_time(piece: str) -> None:
    """A server's sentence may be as long as a reply and made to be slow: the time grows with its length, no faster."""
    words = piece * (30_000 // len(piece))
    begun = time.process_time()
    mask_sentence(words)

    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/sms/messages/", "/sms/messages/"),
        ("/sms/messages/aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV/", "/sms/messages/aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV/"),
        ("/voice/calls/41c181b6-0000-4000-8000-000000000000/", "/voice/calls/41c181b6-0000-4000-8000-000000000000/"),
        ("/sms/templates/7/", "/sms/templates/7/"),
        ("/a/+818011112222/b", "/a/REDACTED/b"),
        ("/a/%2B818011112222", "/a/REDACTED"),
        ("/a/080-1111-2222/", "/a/REDACTED/"),
    ],
)
def test_a_path_without_numbers(path: str, shown: str) -> None:
    """A segment that is a phone number is left out of what is shown; ids stay."""
    assert mask_path(path) == shown
