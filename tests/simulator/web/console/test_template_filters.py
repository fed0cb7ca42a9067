"""How texts, numbers, amounts and moments are shown."""

from __future__ import annotations

from decimal import Decimal

import pytest

from xoxzo.cloudpy.simulator.engine.rules import find_code
from xoxzo.cloudpy.simulator.web.console import rendering


def test_links_can_be_followed_and_nothing_else() -> None:
    """Only http and https become links, without what ends a sentence, and they tell nothing of where they were."""
    html = rendering.message(
        "予約はこちら:https://example.com/a?b=1&c=2。(http://example.org/x). javascript:alert(1) ftp://a.b"
    )
    assert html.count("<a ") == 2
    assert 'href="https://example.com/a?b=1&amp;c=2"' in html
    assert 'href="http://example.org/x"' in html
    assert html.count('rel="noopener noreferrer nofollow"') == 2


def test_letters_that_hide_are_named() -> None:
    """Control characters, and those that turn the direction of writing, are named instead of being obeyed."""
    html = rendering.message("a\x07b\u202ec\nd\te\ud800")
    assert "U+0007" in html
    assert "U+202E" in html
    assert "U+D800" in html
    assert "\n" in html
    assert "\u202e" not in html


def test_a_link_with_hidden_letters_is_none() -> None:
    """An address that reads otherwise than it is cannot be followed."""
    assert "<a " not in rendering.message("https://example.com/\u202egpj.exe")


def test_long_texts_are_cut() -> None:
    """No text makes a page endless."""
    assert len(rendering.plain("x" * (rendering.MAX_TEXT_LENGTH + 1000))) == rendering.MAX_TEXT_LENGTH + 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("あなたの確認コードは123456です。", "123456"),
        ("Your code: 4821", "4821"),
        ("Total 4800 yen, thank you", None),
        ("code 123", None),
        ("code 123456789", None),
    ],
)
def test_a_code_is_found_where_one_is_announced(text: str, code: str | None) -> None:
    """Four to eight digits are a code beside a word that says so, and a price is none."""
    assert find_code(text) == code


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("+818011112222", "+81 80 1111 2222"),
        ("818011112222", "81 80 1111 2222"),
        ("+12025550123", "+1 20 2555 0123"),
        ("+60123456789", "+60 1 2345 6789"),
        ("+886912345678", "+886 9 1234 5678"),
        ("+85212345678", "+852 1234 5678"),
        ("Shop", "Shop"),
        ("", ""),
        ("12345", "12345"),
    ],
)
def test_numbers_are_grouped(number: str, written: str) -> None:
    """A number is written with its country code apart, and then in fours."""
    assert rendering.number(number) == written


@pytest.mark.parametrize(
    ("amount", "written"),
    [(Decimal(100_000), "100,000"), (Decimal("2.50"), "2.5"), (0.1, "0.1"), (Decimal("-3.0"), "-3"), (0, "0")],
)
def test_amounts_are_exact(amount: Decimal, written: str) -> None:
    """Credits keep their decimals, and lose those that say nothing."""
    assert rendering.money(amount) == written


def test_a_moment_names_its_zone() -> None:
    """A time is in UTC; browsers convert it to their own time zone."""
    html = rendering.time_of(1_772_366_400.25, "both")
    assert 'datetime="2026-03-01T12:00:00.250000Z"' in html
    assert 'title="2026-03-01 12:00:00 UTC"' in html
    assert ">2026-03-01 12:00:00<" in html
