"""Which phone numbers are taken (API sections 1.8 and 15.1)."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy.phone import caller_error, recipient_error

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("number", ["+818011112222", "+1234567", "+123456789012345", "+60123456789", "+8110111122"])
def test_recipient(number: str) -> None:
    """A recipient is + and 7 to 15 digits, the country code first."""
    assert recipient_error(number) is None


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("818011112222", "begin with +"),
        ("08011112222", "begin with +"),
        ("", "begin with +"),
        (" +818011112222", "begin with +"),
        ("＋818011112222", "begin with +"),
        ("+8108011112222", "0 after +81"),
        ("+810", "0 after +81"),
        ("+0808011112222", "7 to 15 digits"),
        ("+123456", "7 to 15 digits"),
        ("+1234567890123456", "7 to 15 digits"),
        ("+", "7 to 15 digits"),
        ("++818011112222", "7 to 15 digits"),
        ("+81 80 1111 2222", "7 to 15 digits"),
        ("+81-80-1111-2222", "7 to 15 digits"),
        ("+818011112222\n", "7 to 15 digits"),
        ("+818011112222 ", "7 to 15 digits"),
        ("+８１８０１１１１２２２２", "7 to 15 digits"),
        ("+81٨٠١١١١٢٢٢٢", "7 to 15 digits"),
        ("+81801111222x", "7 to 15 digits"),
    ],
)
def test_recipient_refused(number: str, rule: str) -> None:
    """What is not whole E.164 in ASCII digits is refused with its rule, and a trunk 0 with a rule of its own."""
    assert rule in (recipient_error(number) or "")


@patient
@given(st.one_of(st.text(), st.from_regex(r"\+?[0-9]{5,17}\n?", fullmatch=True)))
def test_recipient_taken_is_on_the_plan(number: str) -> None:
    """Whatever is taken is + and ASCII digits from end to end, and no objection ever repeats the number."""
    objection = recipient_error(number)

    if objection is None:
        assert number.isascii()
        assert re.fullmatch(r"\+(?!810)[1-9][0-9]{6,14}", number)
    elif len(number) > 6:
        assert number not in objection


@pytest.mark.parametrize("number", ["814512345678", "+814512345678", "1", "+1", "0312341234", "123456789012345"])
def test_caller(number: str) -> None:
    """A caller is 1 to 15 digits, with or without +."""
    assert caller_error(number) is None


@pytest.mark.parametrize(
    "number", ["", "+", "Xoxzo", "1234567890123456", "81-45", "814512345678\n", "８１", "++81", "81+"]
)
def test_caller_refused(number: str) -> None:
    """Anything else is refused."""
    assert caller_error(number) == "must be 1 to 15 digits, with or without a leading +"
