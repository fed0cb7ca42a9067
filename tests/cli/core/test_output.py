"""What commands write: for people, for pipes and for programs."""

from __future__ import annotations

import io
import json
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from rich.console import Console

from xoxzo.cloudpy import Message, MessageStatus
from xoxzo.cloudpy.cli.core import sending
from xoxzo.cloudpy.cli.core.i18n import Word
from xoxzo.cloudpy.cli.core.output import progress, values
from xoxzo.cloudpy.cli.core.output.values import Output, cell, format_value
from xoxzo.cloudpy.models import LinkTracking

MESSAGE = Message(
    msgid="m1",
    recipient="+818011112222",
    sender="Shop",
    status=MessageStatus.DELIVERED,
    sent_time=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    cost=Decimal("15.0"),
    tags=("a", "b"),
    link_tracking=LinkTracking(link="http://a.example", accessed=True),
    raw={"secret": 1},
)


@pytest.fixture
def drawn(monkeypatch) -> None:
    """Standard output passes for a terminal, in Japan's time."""
    monkeypatch.setattr(Output, "draws", property(lambda self: not self.machine))
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_json_is_the_record_with_its_types(capsys) -> None:
    """Numbers are numbers, times are UTC, an open status is its text; what the server sent besides is left out."""
    out = Output(machine=True)
    out.record(out.facts(MESSAGE))
    assert json.loads(capsys.readouterr().out) == {
        "msgid": "m1",
        "recipient": "+81••••2222",
        "sender": "Shop",
        "status": "DELIVERED",
        "sent_time": "2026-01-02T03:04:05Z",
        "cost": 15,
        "tags": ["a", "b"],
        "parts": None,
        "link_tracking": {"link": "http://a.example", "shortlink": "", "accessed": True, "accessed_on": None},
        "url": "",
    }


def test_numbers_are_shown_on_request(capsys) -> None:
    """--show-numbers shows them whole, several with commas between, too."""
    assert Output().number("+818011112222,+818033334444") == "+81••••2222,+81••••4444"
    assert Output().number("") == ""
    assert Output().number(None) is None
    assert Output(show_numbers=True).number("+818011112222") == "+818011112222"


@pytest.mark.parametrize(
    ("value", "piped", "shown"),
    [
        (None, "", "–"),
        ("", "", "–"),
        ((), "", "–"),
        (True, "true", "yes"),
        (False, "false", "no"),
        (1234567, "1234567", "1,234,567"),
        (Decimal("1234.50"), "1234.5", "1,234.5"),
        (("a", "b"), "a,b", "a, b"),
        ([{"a": 1}], '[{"a": 1}]', "a 1"),
        ({"a": Decimal(1)}, '{"a": 1}', "a 1"),
        (MessageStatus("NEW"), "NEW", "NEW"),
        ("a\tb\nc", "a b c", "a\tb\nc"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00Z", "2026-01-02 09:00:00"),
        (("a\x1b", "b"), "a\\x1b,b", "a\\x1b, b"),
        ("\x9b2J", "\\x9b2J", "\\x9b2J"),
        (object, "<class 'object'>", "<class 'object'>"),
    ],
)
def test_values(drawn, value, piped, shown) -> None:
    """A pipe gets what JSON would have; a person local time, thousands and words."""
    assert (cell(value), format_value(value)) == (piped, shown)


def test_a_person_sees_a_record_line_by_line(drawn, capsys, monkeypatch) -> None:
    """Titles are aligned, also where they take two columns a character; lists of things become tables."""
    monkeypatch.setenv("XOXZO_LANG", "ja")
    Output().record(
        {"msgid": "m1", "sent_time": None, "participants": [{"callid": "c1", "status": "FAILED"}], "tags": ["a"]}
    )
    output = capsys.readouterr().out
    assert "msgid     m1\n送信時刻  –\n" in output
    assert "callid  状態" in output
    assert "c1      FAILED" in output


def test_a_person_sees_a_table(drawn, capsys) -> None:
    """Japanese is aligned, amounts stand to the right, and an id is never broken."""
    rows = [
        {"msgid": "x" * 32, "status": MessageStatus.FAIL, "cost": Decimal(5), "tags": ["長い"], "error": None},
        {"msgid": "y", "status": "DELIVERED", "cost": Decimal(1000), "tags": []},
    ]
    assert Output().table(rows, ["msgid", "status", "cost", "tags", "error"]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["msgid", "status", "cost", "(credits)", "tags"]
    assert lines[1].startswith("x" * 32 + "  FAIL                    5  長い")
    assert any(line.startswith("y" + " " * 31 + "  DELIVERED           1,000  –") for line in lines)


def test_a_record_has_units_and_zones(drawn, capsys, monkeypatch) -> None:
    """Amounts are credits, durations seconds, and a time names its zone; in JSON they are numbers and UTC."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    facts = {
        "cost": Decimal(1),
        "credits": Decimal("1234.5"),
        "duration": 90,
        "end_time": datetime(2026, 1, 2, tzinfo=UTC),
    }
    try:
        Output().record(facts)
        Output(machine=True).record(facts)
    finally:
        monkeypatch.undo()
        time.tzset()
    *drawn_lines, line = capsys.readouterr().out.splitlines()
    assert [each.split("  ", 1)[1].strip() for each in drawn_lines] == [
        "1 credit",
        "1,234.5 credits",
        "90 s",
        "2026-01-02 09:00:00 JST",
    ]
    assert line == '{"cost": 1, "credits": 1234.5, "duration": 90, "end_time": "2026-01-02T00:00:00Z"}'


def test_a_narrow_table_does_without(drawn, capsys, monkeypatch) -> None:
    """What one looks for least is left out, and named; what is left is folded if it has to be."""
    monkeypatch.setenv("COLUMNS", "60")
    row = {"msgid": "x" * 32, "status": "DELIVERED", "sender": "Shop", "tags": ["a" * 40], "error": "b" * 30}
    Output().table([row, row], list(row))
    output = capsys.readouterr()
    assert output.err == "A wider terminal, or --json, shows more: tags, sender\n"
    assert output.out.splitlines()[1] == "x" * 32 + "  DELIVERED  " + "b" * 15


def test_words_of_ours_are_translated_for_people_alone(drawn, capsys, monkeypatch) -> None:
    """JSON and pipes keep the English word, whatever is spoken."""
    monkeypatch.setenv("XOXZO_LANG", "ja")
    row = {"result": Word("sent")}
    Output().table([row, row], ["result"])
    Output(machine=True).record(row)
    assert capsys.readouterr().out.splitlines()[1:] == ["送信済み", "送信済み", '{"result": "sent"}']
    assert cell(Word("sent")) == "sent"


def test_a_time_in_a_table_is_short(drawn, capsys) -> None:
    """Ids take most of a line, and the year is known."""
    Output().table([{"at": datetime(2026, 1, 2, 3, 4, tzinfo=UTC)}] * 2, ["at"])
    assert capsys.readouterr().out.splitlines()[1] == "01-02 12:04"


def test_one_thing_alone_needs_no_table(drawn, capsys) -> None:
    """It is shown with all that is known of it; nothing at all is shown as nothing."""
    assert Output().table([{"msgid": "m1", "extra": None, "more": 3}], ["msgid"], single=True) == 1
    assert capsys.readouterr().out == "msgid  m1\nmore   3\n"
    assert Output().table([], ["msgid"], single=True) == 0
    Output().record({})
    assert capsys.readouterr().out == ""


def test_no_color_is_respected(monkeypatch) -> None:
    """NO_COLOR takes the colours of statuses away, and nothing else."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert values.colour_status(MessageStatus.FAIL, "FAIL") == "\x1b[31mFAIL\x1b[0m"
    assert values.colour_status("other", "other") == "other"
    monkeypatch.setenv("NO_COLOR", "1")
    assert values.colour_status(MessageStatus.FAIL, "FAIL") == "FAIL"


def test_notes_are_for_people_and_warnings_for_all(capsys, monkeypatch) -> None:
    """A note is shown at a terminal only."""
    out = Output()
    out.note("note")
    out.warn("warning")
    assert capsys.readouterr().err == "warning\n"
    monkeypatch.setattr(values.sys.stderr, "isatty", lambda: True, raising=False)
    out.note("note")
    assert "note" in capsys.readouterr().err


def test_progress_shows_count_and_rate(monkeypatch) -> None:
    """A bar counts what is done, with its rate; a wheel shows its words as they are, control characters escaped."""
    seen = io.StringIO()

    def console(**_: object) -> object:
        return Console(file=seen, force_terminal=True, width=100)

    monkeypatch.setattr(progress, "Console", console)
    with progress.progress_bar("Sending", 2) as more:
        more()
        more()
    with progress.spinner("Waiting for [/m1][red]\x07"):
        pass
    reported = seen.getvalue()
    assert "Sending" in reported
    assert "2/2" in reported
    assert "/s" in reported
    assert "Waiting for [/m1][red]\\x07" in reported


def test_a_wheel_turns_while_something_is_waited_for(monkeypatch) -> None:
    """`wait` shows it at a terminal, and a bar stands over a send to several."""
    shown: list[str] = []

    @contextmanager
    def draw(title: str, *_: object):
        shown.append(title)
        yield lambda: None

    monkeypatch.setattr(progress, "spinner", draw)
    monkeypatch.setattr(progress, "progress_bar", draw)
    with sending._spinner("2/3 m1"), sending._spinner("m1"):
        pass

    class Session:
        out = Output()

    monkeypatch.setattr(sending.sys.stderr, "isatty", lambda: True, raising=False)
    with sending._progress(Session(), 2) as more:
        more()
    assert shown == ["Waiting for 2/3 m1", "Waiting for m1", "Sending"]


def test_a_narrow_table_keeps_status_and_recipient_complete(capsys, monkeypatch) -> None:
    """On 60 columns time and cost make room; nothing is folded."""
    monkeypatch.setenv("COLUMNS", "60")
    kept = {"msgid": "a" * 32, "status": "DELIVERING", "recipient": "+81••••2222"}
    row = {**kept, "sent_time": datetime.now(UTC), "cost": 10}
    values.print_table([row], list(row))
    shown = capsys.readouterr().out.splitlines()
    assert [line.split() for line in shown] == [list(kept), list(kept.values())]
