"""Columns of a terminal: how wide Japanese is, and where its lines may break."""

from __future__ import annotations

import click
from hypothesis import given, strategies

from xoxzo.cloudpy.cli.core.click_base import Formatter
from xoxzo.cloudpy.cli.core.output.terminal import cut, pad, width, wrap

MIXED = strategies.text(alphabet="ab 日本語かな、。「」ーッ-x", max_size=80)


def test_japanese_takes_two_columns() -> None:
    """Full-width characters count twice, combining marks and colours not at all."""
    assert [width(text) for text in ("abc", "日本", "ｱ", "か\u3099", "\x1b[31m赤\x1b[0m")] == [3, 4, 1, 2, 2]
    assert pad("日本", 6) == "日本  "
    assert [cut("日本語", columns) for columns in (0, 1, 4, 5, 6)] == ["", "", "日本", "日本", "日本語"]


def test_lines_break_by_the_rules_of_japanese() -> None:
    """A full stop never begins a line, and an opening bracket never ends one."""
    assert wrap("これはペンです。", 14) == ["これはペンです。"]
    assert wrap("彼は「はい」と言う", 6) == ["彼は", "「はい」", "と言う"]
    assert wrap("既定値: JP", 6) == ["既定値:", "JP"]
    assert wrap("makes .xlsx", 8) == ["makes", ".xlsx"]
    assert wrap("use --json now", 9) == ["use", "--json", "now"]
    assert wrap("", 10) == []


@given(MIXED)
def test_wrapping_loses_nothing(text) -> None:
    """All that is not blank comes out again, in its order, and no line is much wider than asked for."""
    lines = wrap(text, 12)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(not line.endswith(" ") for line in lines)


def test_a_long_term_stands_on_a_line_of_its_own() -> None:
    """A term that is too wide for its column pushes its meaning to the next line; one without meaning ends there."""
    formatter = Formatter(width=40)
    formatter.write_dl([("--short", "brief"), ("--" + "l" * 40, "long"), ("--none", "")])
    assert formatter.getvalue().splitlines() == [f"{'--short':32}brief", "--" + "l" * 40, f"{'':32}long", "--none"]


def test_paragraphs_keep_lines_on_request() -> None:
    """A paragraph that begins with a backspace keeps its lines, others are filled."""
    formatter = Formatter(width=30)
    formatter.write_text("one\ntwo\n\n\b\nExamples:\n  a\n  b\n")
    assert click.unstyle(formatter.getvalue()) == "one two\n\nExamples:\n  a\n  b\n"
