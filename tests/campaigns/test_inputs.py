"""Files as people have them: encodings, delimiters, workbooks, JSON lines, and reports of bad rows."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from xoxzo.cloudpy.campaigns import BadRow, BadRows, Campaign, Content, Reason
from xoxzo.cloudpy.campaigns.inputs.columns import Columns, choose_columns
from xoxzo.cloudpy.campaigns.inputs.detection import cannot_be_read
from xoxzo.cloudpy.campaigns.inputs.recipients import RecipientReader
from xoxzo.cloudpy.campaigns.inputs.tables import hash_file, read_rows, read_table
from xoxzo.cloudpy.campaigns.records import outcome_reason
from xoxzo.cloudpy.campaigns.report.export import write_bad_rows
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument
from xoxzo.cloudpy.phone import parse

CONTENT = Content(kind="text", sender="Shop", message="{名前}様")
TEXT = "名前,携帯\n髙橋,090-1111-2222\n山田,080-1111-2222\n鈴木,080-1111-3333\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932", "euc_jp", "iso2022_jp_ext"])
def test_every_japanese_encoding_is_detected(tmp_path: Path, encoding: str) -> None:
    """The same list reads the same in every encoding."""
    text = TEXT if encoding not in {"euc_jp", "iso2022_jp_ext"} else TEXT.replace("髙", "高")
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    table = read_table(path)
    assert table.columns == ("名前", "携帯")
    assert [row.cells["名前"][1] for row in table.rows] == ["橋", "田", "木"]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_delimiters_are_detected(tmp_path: Path, delimiter: str) -> None:
    """The most frequent delimiter of the first line is used; line breaks in quoted cells count as lines."""
    path = tmp_path / "list.csv"
    path.write_text(f'name{delimiter}tel\n"two\nlines"{delimiter}09011112222\n\nx{delimiter}08011112222\n')
    rows = list(read_table(path).rows)
    assert [(row.line, row.cells["tel"]) for row in rows] == [(2, "09011112222"), (5, "08011112222")]


def test_arguments_of_another_type_are_refused_by_name(tmp_path: Path) -> None:
    """A country or columns that no caller can mean are no error of the library's inside."""
    content = Content(kind="text", sender="Shop", message="Hi")
    for arguments, field in (({"country": None}, "country"), ({"columns": ["name"]}, "columns")):
        with pytest.raises(InvalidArgument) as caught:
            Campaign.create("a", [{"tel": "09011112222"}], content, store=tmp_path, **arguments)
        assert caught.value.field == field


def test_a_list_without_a_header_is_seen(tmp_path: Path) -> None:
    """A first row with a phone number is no header; columns are numbered then."""
    path = tmp_path / "list.txt"
    path.write_text("090-1111-2222,山田\n08011112222,鈴木\n")
    table = read_table(path)
    assert table.columns == ("1", "2")
    assert choose_columns(table, ["名前"], mapping={"名前": "2"}) == Columns("1", {"名前": "2"})
    assert read_table(path, header=True).columns == ("090-1111-2222", "山田")


def test_a_last_column_that_one_row_has_is_no_column(tmp_path: Path) -> None:
    """Without a header: a delimiter within a value may have shifted it there. A brace does not make JSON of a list."""
    path = tmp_path / "list.csv"
    path.write_text("090-1111-2222,a,\n090-1111-3333,b,\n090-1111-4444,c,d\n", encoding="utf-8")
    table = read_table(path)
    assert table.columns == ("1", "2")
    assert [row.fault is None for row in table.rows] == [True, True, False]
    path.write_text("{name},{phone}\na,090-1111-2222\n", encoding="utf-8")
    assert read_table(path).columns == ("{name}", "{phone}")


def test_workbooks_are_read(tmp_path: Path) -> None:
    """Whole numbers that a workbook stores as floats are read as whole; a missing 0 is counted as an assumption."""
    path = tmp_path / "list.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for sheet in (book.add_worksheet("people"), book.add_worksheet("other")):
            sheet.write_row(0, 0, ["名前", "電話"])
            sheet.write_row(1, 0, ["山田", 9011112222])
            sheet.write_row(2, 0, [12.5, "080-1111-2222"])
    table = read_table(path, sheet="people")
    people = RecipientReader(table, choose_columns(table, ["名前"]), CONTENT)
    assert [one.number for one in people] == ["+819011112222", "+818011112222"]
    assert sum(people.assumptions.values()) == 1
    with pytest.raises(CampaignError, match="no sheet"):
        read_table(path, sheet="nowhere")
    with zipfile.ZipFile(path) as archive:
        part = archive.getinfo("xl/worksheets/sheet1.xml")
    damaged = bytearray(path.read_bytes())
    begin = part.header_offset + 30 + len(part.filename)
    damaged[begin : begin + part.compress_size] = b"\xff" * part.compress_size
    later = path.read_bytes().replace(b"PK\x01\x02\x14\x03\x14\x00", b"PK\x01\x02\x14\x03\xff\x00")
    for content in (b"PK\x03\x04 this is no workbook", bytes.fromhex("d0cf11e0a1b11ae1"), damaged, later):
        path.write_bytes(content)
        with pytest.raises(CampaignError, match="cannot be read"):
            list(read_table(path).rows)


def test_json_lines_are_read(tmp_path: Path) -> None:
    """Each line is an object; anything else is an error with its line."""
    path = tmp_path / "list.jsonl"
    path.write_text('{"名前": "山田", "tel": "09011112222"}\n\n{"名前": null, "tel": 8011112222}\n')
    assert [row.cells for row in read_table(path).rows][1] == {"名前": "", "tel": "8011112222"}
    path.write_text('{"tel": "09011112222", "名前": "a"}\n{"tel": "09011112223", "名前": {"a": 1}}\n', encoding="utf-8")
    people = RecipientReader(table := read_table(path), choose_columns(table, ["名前"]), CONTENT)
    assert [one.line for one in people] == [1]
    assert [(one.line, one.column, one.reason.code) for one in people.bad_rows] == [(2, "名前", "no_text")]
    path.write_text('{"tel": "09011112222"}\n[1]\n')
    with pytest.raises(CampaignError, match="line 2"):
        list(read_table(path).rows)
    path.write_text('{"tel"')
    with pytest.raises(CampaignError, match="line 1"):
        read_table(path)


def test_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """They stop nobody, and the name alone is refused when it is asked for."""
    path = tmp_path / "list.csv"
    path.write_text("memo,tel,memo,memo (1)\na,09011112222,b,c\n", encoding="utf-8")
    table = read_table(path)
    assert table.columns == ("memo (2)", "tel", "memo (3)", "memo (1)")
    with pytest.raises(CampaignError, match="no column for"):
        choose_columns(table, ["memo"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\xff\xfea\x00\x81", "not a whole character"),
        (b'a,b\n"x,09011112222\n', "line 1 may name"),
        (b"a,b\n\x81\x20\xff", "is not certain"),
    ],
)
def test_files_that_cannot_be_read_are_errors(tmp_path: Path, content: bytes, message: str) -> None:
    """A clear error, and nothing is guessed."""
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(CampaignError, match=message):
        list(read_table(path).rows)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """For text, workbooks and JSON lines alike; an unknown encoding is an error as well."""
    with pytest.raises(CampaignError, match="cannot be read"):
        hash_file(tmp_path / "a.csv")
    assert str(cannot_be_read("a.xlsx", EOFError())) == "a.xlsx cannot be read: EOFError"
    for name in ("a.csv", "a.xlsx", "a.jsonl"):
        with pytest.raises(CampaignError, match="cannot be read"):
            list(read_table(tmp_path / name).rows)
    (tmp_path / "b.jsonl").write_text("{}")
    with pytest.raises(CampaignError, match="no encoding 'klingon'"):
        read_table(tmp_path / "b.jsonl", encoding="klingon")


@pytest.mark.parametrize(
    ("columns", "row", "expected"),
    [
        (("会員番号", "携帯電話番号"), ("1", "09011112222"), "携帯電話番号"),
        (("a", "b"), ("x", "09011112222"), "b"),
        (("電話", "固定"), ("x", "y"), "電話"),
        (("携帯電話", "自宅"), ("09011112222", "0312345678"), "携帯電話"),
    ],
)
def test_the_column_of_numbers_is_guessed(columns: tuple[str, ...], row: tuple[str, ...], expected: str) -> None:
    """The column is chosen by its content, then by its name."""
    assert choose_columns(read_rows([dict(zip(columns, row, strict=True))]), []).number == expected


def test_ambiguous_and_missing_columns_are_errors() -> None:
    """Two columns of numbers, none, and a placeholder without a column are errors that name the columns."""
    with pytest.raises(CampaignError, match="several columns"):
        choose_columns(read_rows([{"a": "09011112222", "b": "08011112222"}]), [])
    with pytest.raises(CampaignError, match="no column holds"):
        choose_columns(read_rows([{"a": "x", "b": "y"}]), [])
    with pytest.raises(CampaignError, match="there is no column 'c'"):
        choose_columns(read_rows([{"a": "09011112222"}]), [], number="c")
    with pytest.raises(CampaignError, match=r"no column for \{name\}"):
        choose_columns(read_rows([{"a": "09011112222"}]), ["name"])
    assert choose_columns(read_rows([{"a": "09011112222", "First Name": "x"}]), ["first_name"]).variables == {
        "first_name": "First Name"
    }


BAD = [
    ({"tel": "", "名前": "a"}, "tel", "is empty"),
    ({"tel": "9.01E+09", "名前": "a"}, "tel", "decimal"),
    ({"tel": "090-1111-2222/080-1111-2222", "名前": "a"}, "tel", "more than one"),
    ({"tel": "03-1234-5678", "名前": "a"}, "tel", "not a mobile"),
    ({"tel": "09011112222", "名前": " "}, "名前", "the text needs"),
    ({"tel": "09011112222", "名前": "あ" * 700}, "tel", "over 660"),
    ({"tel": "09011112222", "名前": "\ud800"}, "tel", "half a character"),
    ({"tel": "09011112222", "名前": "山\x00田"}, "tel", "control character"),
    ({"tel": "09011112222", "名前": "山\ufffd"}, "tel", "half a character"),
    ({"tel": "09011112222", "名前": "å±±ç\x94°"}, "tel", "control character"),
]


@pytest.mark.parametrize(("row", "column", "reason"), BAD)
def test_every_bad_row_has_line_column_and_reason(row: dict[str, str], column: str, reason: str) -> None:
    """The reason never repeats the value."""
    table = read_rows([{"tel": "08099998888", "名前": "ok"}, row])
    people = RecipientReader(table, Columns("tel", {"名前": "名前"}), CONTENT)
    assert len(list(people)) == 1
    bad = people.bad_rows
    assert [(one.line, one.column) for one in bad] == [(2, column)]
    assert reason in str(bad[0].reason)
    assert row["tel"] not in repr(bad[0]) or not row["tel"]


def test_bad_rows_can_be_corrected_and_used_again(tmp_path: Path) -> None:
    """The file of bad rows has the rows' own columns, and can be used as input once it is corrected."""
    rows = [{"tel": "abc", "名前": "=SUM(A1)"}, {"tel": "08011112222", "名前": "ok"}]
    with pytest.raises(BadRows, match="1 row cannot be sent to: line 1: tel") as caught:
        Campaign.create("a", rows, CONTENT, store=tmp_path, number="tel")
    assert not list(tmp_path.glob("[!o]*")), "something is left of a campaign that was not created"
    path = tmp_path / "bad.csv"
    assert write_bad_rows(caught.value.rows, path) == path
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = list(csv.reader(file))
    assert cells[0] == ["tel", "名前", "xoxzo_line", "xoxzo_column", "xoxzo_reason"]
    assert cells[1][1] == "'=SUM(A1)", "a spreadsheet would carry this out"
    path.write_text(path.read_text(encoding="utf-8-sig").replace("abc", "09011112222"), encoding="utf-8-sig")
    with Campaign.create("b", path, CONTENT, store=tmp_path) as campaign:
        assert campaign.tally().total == 1
    with pytest.raises(CampaignError, match="cannot be written"):
        write_bad_rows(caught.value.rows, tmp_path / "none" / "bad.csv")


def test_the_short_way_reads_numbers_as_the_library_does() -> None:
    """Numbers that are read without phonenumbers are read as it would read them."""
    for text in ("09011112222", "+819011112222", "070-1234-5678", "080-99990000", "+8180-1111-2222"):
        table = read_rows([{"tel": text}])
        content = Content(kind="text", sender="Shop", message="a")
        (one,) = RecipientReader(table, Columns("tel", {}), content)
        assert one.number == parse(text).e164
        assert parse(text).kind == "mobile"
    with pytest.raises(InvalidArgument):
        parse("09001112222")


def test_other_countries_have_their_zones() -> None:
    """A number of another country has its time zone, and no price where none is published."""
    table = read_rows([{"tel": "+60123456789"}, {"tel": "+12125550123"}, {"tel": "+88213 00000001"}])
    content = Content(kind="text", sender="Shop", message="a")
    found = list(RecipientReader(table, Columns("tel", {}), content, mobile_only=False))
    assert found[0].zone is not None
    assert found[0].zone.startswith("Asia/")
    assert found[0].cost == 3
    assert found[1].zone == "America/New_York"
    assert found[1].cost is None


def test_a_million_rows_need_no_more_memory_than_a_few(tmp_path: Path) -> None:
    """Rows are read, checked and stored one after another: 20,000 of them stay within a few megabytes."""
    import tracemalloc

    path = tmp_path / "many.csv"
    with path.open("w", encoding="cp932") as file:
        file.write("名前,携帯\n")
        file.writelines(f"山田,090{10000000 + n}\n" for n in range(20_000))
    tracemalloc.start()
    with Campaign.create("many", path, CONTENT, store=tmp_path) as campaign:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert campaign.tally().total == 20_000
    assert peak < 4_000_000, f"{peak:,} bytes"


def test_rows_come_from_a_program_as_well(tmp_path: Path) -> None:
    """An iterator of mappings is as good as a file."""
    rows = ({"tel": f"090{10000000 + n}", "名前": n} for n in range(3))
    with Campaign.create("a", rows, CONTENT, store=tmp_path) as campaign:
        assert [one.variables for one in campaign.ledger.recipients()] == [{"名前": "0"}, {"名前": "1"}, {"名前": "2"}]
        assert not campaign.is_created_from(_file(tmp_path))
        assert json.dumps(campaign.plan().assumptions) == "{}"


def _file(folder: Path) -> Path:
    path = folder / "x"
    path.write_text("x")
    return path


def test_bad_rows_survive_json_without_their_cells() -> None:
    """An error that a task queue restores from JSON has its first rows, and no personal data."""
    reason = Reason("not_mobile", "is not a mobile number ({kind})", {"kind": "fixed"})
    rows = [BadRow(line, "tel", reason, {"tel": "0312345678"}) for line in range(1, 8)]
    error = BadRows(rows, 7)
    assert str(error) == "7 rows cannot be sent to; the first is line 1: tel is not a mobile number (fixed)"
    assert (error.code, error.fields["count"], len(error.rows)) == ("bad_rows", 7, 7)
    text = json.dumps(error.args)
    assert "0312345678" not in text
    again = BadRows(*json.loads(text))
    assert (str(again), again.count, len(again.rows)) == (str(error), 7, 5)
    assert again.rows[0].reason == reason
    assert repr(rows[0]) == "BadRow(line=1, column='tel', reason='is not a mobile number (fixed)')"


def test_reasons_are_rendered_in_another_language() -> None:
    """The template is translated, and so are fields that are words of this library; an empty reason is false."""
    words = {"{name} is {state}": "{state}: {name}", "paused": "一時停止", "spring": "春"}
    reason = Reason("x", "{name} is {state}", {"name": "spring", "state": "paused"})
    assert reason.render(lambda text: words.get(text, text)) == "一時停止: spring"
    assert (str(reason), bool(reason), bool(Reason()), str(Reason())) == ("spring is paused", True, False, "")
    assert Reason("x", "100 % {sure}").render() == "100 % {sure}"
    assert outcome_reason("outside_hours", str.upper) == "OUTSIDE THE SENDING HOURS"
    assert outcome_reason("ServerError 500", str.upper) == "ServerError 500"


def test_a_mistyped_argument_is_refused(tmp_path: Path) -> None:
    """An opt-out list must not be passed over, whatever the source is."""
    with pytest.raises(TypeError, match="unexpected keyword argument 'supress'"):
        Campaign.create("a", [{"tel": "09011112222"}], CONTENT, store=tmp_path, supress=["09011112222"])
