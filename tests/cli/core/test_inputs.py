"""What is typed or piped in: texts, numbers, days, pairs, amounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import click
import pytest

from xoxzo.cloudpy.cli.core import inputs

SEND = ("sms", "send", "+818011112222")
PARTS = ("sms", "parts")


def test_a_text_comes_from_where_it_is(shell, tmp_path) -> None:
    """An argument, a file and standard input give the same; one line break at the end is not of the text."""
    (tmp_path / "text").write_bytes("\ufeffこんにちは\r\n".encode())
    for words, piped in (
        (("こんにちは",), None),
        (("--file", str(tmp_path / "text")), None),
        (("-",), "こんにちは\n"),
        (("--file", "-"), "こんにちは"),
    ):
        done = shell(*PARTS, *words, text=piped)
        assert "units\t5\n" in done.stdout, words


def test_a_text_that_cannot_be_read_is_reported(shell, tmp_path) -> None:
    """A missing file, and bytes that are no UTF-8, end with 2."""
    (tmp_path / "sjis").write_bytes("こんにちは".encode("cp932"))
    assert "cannot be read: No such file" in shell(*PARTS, "--file", str(tmp_path / "none")).stderr
    assert "it is not UTF-8" in shell(*PARTS, "--file", str(tmp_path / "sjis")).stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs.sys, "stdin", open(tmp_path / "sjis"))  # noqa: SIM115, PTH123
        with pytest.raises(inputs.CommandError, match="it is not UTF-8"):
            inputs.read_text("-", None)
        inputs.sys.stdin.close()


@pytest.mark.parametrize(
    "words",
    [
        ("sms", "parts"),
        ("sms", "parts", "a", "--file", "b"),
        (*SEND, "--sender", "Shop"),
        (*SEND, "080-3333-4444", "--sender", "Shop"),
        (*SEND, "--text", "a", "--file", "b", "--sender", "Shop"),
        ("sms", "send", "-", "-", "--sender", "Shop"),
        ("sms", "send", "-", "--text", "-", "--sender", "Shop"),
        ("sms", "send", "--text", "Hi", "--sender", "Shop"),
        (*SEND, "Hi"),
        ("sms", "get", "-", "-"),
        (*SEND, "Hi", "--sender", "Shop", "--price", "dear"),
        (*SEND, "Hi", "--sender", "Shop", "--price", "-1"),
        ("sms", "list", "--since", "soon"),
        ("template", "send", "1", "+818011112222", "--var", "name"),
        ("template", "send", "1", "+818011112222", "--var", "a=1", "--var", "a=2"),
        ("template", "send", "1", "+818011112222", "--variables", "[1]"),
        ("template", "send", "1", "+818011112222", "--variables", "{"),
        ("template", "update", "1"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(shell, words) -> None:
    """Half a command, or one that says two things, ends with 2 and sends nothing."""
    done = shell(*words)
    assert (done.exit_code, done.stdout) == (2, ""), done.stderr


def test_days() -> None:
    """Days are UTC; some have names."""
    today = datetime.now(UTC).date()
    read = [inputs.parse_day(text) for text in ("today", "yesterday", "0d", "30d", "2026-02-28")]
    assert read[1] == read[0] - timedelta(1)
    assert read[0] in {today, today + timedelta(1)}
    assert read[3] == read[2] - timedelta(30)
    assert str(read[4]) == "2026-02-28"


def test_amounts_and_pairs() -> None:
    """Credits are exact; a value may hold what separates it from its name."""
    assert inputs.parse_credits("1,001.10") == Decimal("1001.10")
    for decimal_comma in ("1,5", "0,50", "1.000,5", "1,0000", ",100"):
        with pytest.raises(click.BadParameter):
            inputs.parse_credits(decimal_comma)
    assert inputs.parse_pairs(["a=b=c", "名前="], "--var") == {"a": "b=c", "名前": ""}
    with pytest.raises(click.UsageError):
        inputs.parse_credits("nan")


def test_a_person_gets_a_hint_to_type(capsys, monkeypatch) -> None:
    """At a terminal, reading standard input without a word would look as if nothing happened."""

    class Keyboard:
        class buffer:  # noqa: N801
            @staticmethod
            def read() -> bytes:
                return b"typed\n"

        @staticmethod
        def isatty() -> bool:
            return True

    monkeypatch.setattr(inputs.sys, "stdin", Keyboard)
    assert inputs.read_text("-", None) == "typed"
    assert "Ctrl-D" in capsys.readouterr().err


def test_recipients_are_read_as_people_type_them(shell) -> None:
    """Assumptions are reported, repeated numbers are used once, a fixed line gets a note."""
    typed = "０８０ー１１１１ー２２２２\n\n8033334444\n+818011112222\n03-1234-5678\n"
    done = shell("sms", "send", "-", "Hi", "--sender", "Shop", "--json", text=typed)
    assert done.exit_code == 0
    assert done.stdout.count('"sent"') == 3
    for line in (
        "+81••••4444: the national 0 in front was missing; spreadsheets take it away",
        "+81••••2222: this number is listed twice; it is used once",
        "+81••••5678: this is not a mobile number (fixed): it may not receive SMS",
    ):
        assert line in done.stderr


def test_a_number_that_cannot_be_read_stops_everything(shell) -> None:
    """Nothing is sent; the error names the position of the number, and the number itself only on request."""
    done = shell("sms", "send", "+818011112222", "080-111", "Hi", "--sender", "Shop")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "number 2: has 6 digits" in done.stderr
    assert "080-111" not in done.stderr
    assert "080-111: has" in shell("sms", "send", "080-111", "Hi", "--sender", "Shop", "--show-numbers").stderr
    assert "There is no number to send to." in shell("sms", "send", "-", "Hi", "--sender", "Shop", text="\n").stderr
    assert shell("sms", "list").stdout == ""
