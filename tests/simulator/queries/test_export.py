"""Exports: all that a search finds, in CSV that no spreadsheet damages or computes, and in JSON as it is."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st
from simulator_callers import Caller

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.queries import formats, search
from xoxzo.cloudpy.simulator.queries.results import SearchResult
from xoxzo.cloudpy.simulator.queries.search import toggled


def rows(caller: Caller, query: str = "") -> list[dict[str, str]]:
    """Return what the CSV file says, as a program reads it."""
    content = b"".join(caller.simulator.export(query)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline="")))


def test_messages_calls_and_replies_are_exported(caller: Caller) -> None:
    """Each is a row with its figures, the newest first; a search limits them."""
    msgid = caller.send(message="一行目\r\n二行目", tags="a,b c")
    callid = caller.place(recording_url=None, tts_message="もしもし", tts_lang="ja")
    caller.step(60)
    call, sms = rows(caller)
    assert call == {
        "kind": "call",
        "id": callid,
        "time_utc": "2026-03-01 12:00:00",
        "status": "ANSWERED",
        "from": "'+814512345678",
        "to": "'+818012345678",
        "text": "もしもし",
        "tags": "",
        "parts": "",
        "seconds": "1",
        "credits": "11",
        "account": "sid",
    }
    assert (sms["id"], sms["text"], sms["tags"], sms["parts"], sms["seconds"]) == (
        msgid,
        "一行目\n二行目",
        "a,b c",
        "1",
        "",
    )
    assert [row["id"] for row in rows(caller, "kind:sms")] == [msgid]
    assert json.loads(b"".join(caller.simulator.export("kind:call", form="json")))[0]["duration"] == 1
    assert json.loads(b"".join(caller.simulator.export("nothing", form="json"))) == []
    assert rows(caller, "nothing") == []
    with pytest.raises(SimulatorError):
        caller.simulator.export("kind:nothing")


def test_it_goes_on_beyond_a_page(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are found, all are exported, each once."""
    monkeypatch.setattr(search, "_EXPORTED_TOGETHER", 3)
    sent = [caller.send(message=f"text {index}") for index in range(10)]
    assert [row["id"] for row in rows(caller)] == sent[::-1]
    assert [one["ident"] for one in json.loads(b"".join(caller.simulator.export(form="json")))] == sent[::-1]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        *((text, f"'{text}") for text in ("=1+1", "@SUM(A1)", "-1", "+8190", "＝1", "0012", "1/2", "090-1234-5678")),
        *((text, f"'{text}") for text in ("1E5", "MAR1", "May 5", "1 Apr 26", "true", "12:30", "'quoted", "1,000")),
        *((text, text) for text in ("", "hello", "10万円", "code 482915", "3 parts of it", "x=1", "日本")),
        ("a\x1b[2J\u202eb\x00", "a\\x1b[2J\\u202eb\\x00"),
        ("a\r\nb\tc\rd", "a\nb\\x09c\\x0dd"),
    ],
)
def test_cells_are_shown_as_they_are(text: str, cell: str) -> None:
    """What a spreadsheet would compute or change has an apostrophe; what would act on a terminal is shown by number."""
    assert formats._cell(text) == cell


@given(st.text(st.characters()))
def test_no_cell_is_a_formula_or_holds_a_control_character(text: str) -> None:
    """Whatever was sent, a cell begins with no mark of a formula, and the file can be read back."""
    result = SearchResult("sms", "x", 1, 0.0, "QUEUED", text, text, text, (text,), Decimal(1), 1, text)
    content = b"".join(formats.csv_file([(result,)])).decode("utf-8-sig")
    [_, row] = list(csv.reader(io.StringIO(content, newline="")))
    for cell in (*row[4:8], row[11]):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert not any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in cell.replace("\n", ""))
    [read] = json.loads(b"".join(formats.json_file([(result,)])))
    assert read["text"] == text


@pytest.mark.parametrize(
    ("query", "key", "value", "then"),
    [
        ("", "tag", "a", "tag:a"),
        ("hello tag:a", "tag", "b c", 'hello tag:a tag:"b c"'),
        ('hello tag:a tag:"b c"', "tag", "b c", "hello tag:a"),
        ("-status:fail status:queued x", "status", "delivered", "-status:fail x status:delivered"),
        ("status:delivered x", "status", "delivered", "x"),
        ("x", "tag", 'a"b', "x"),
    ],
)
def test_words_are_added_and_taken_away(query: str, key: str, value: str, then: str) -> None:
    """A tag or status that is pressed narrows a search; pressed again, it does so no more."""
    assert toggled(query, key, value) == then
