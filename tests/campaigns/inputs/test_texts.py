"""Texts as people save them: encodings, kinds of file, delimiters, headers and quotation marks."""

from __future__ import annotations

import gzip
import json
from collections import UserList, UserString
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import Path

import pytest

from xoxzo.cloudpy.campaigns.inputs.cells import is_blank, names_phone_numbers
from xoxzo.cloudpy.campaigns.inputs.tables import Table, read_rows, read_table
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument

A, B, C = "090-1111-2222", "080-1111-3333", "070-1111-4444"
HEADER = "name,phone\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a list."""
    return tmp_path / "list.csv"


def lines(table: Table) -> list[tuple[int, str]]:
    """Return the lines of the rows, with why they are bad."""
    return [(row.line, "" if row.fault is None else f"{row.column} {row.fault}") for row in table.rows]


def refused(path: Path, data: bytes | str, **options: object) -> str:
    """Return the error of a list that is not read."""
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(CampaignError) as caught:
        list(read_table(path, **options).rows)
    return f"{caught.value.code}: {caught.value}"


@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        ("山田 佐藤 山本", "euc_jp"),
        ("山田太郎 鈴木花子", "euc_jp"),
        ("山田 佐藤", "cp932"),
        ("髙橋① 﨑山㈱", "cp932"),
        ("ﾔﾏﾀﾞ ｽｽﾞｷ ﾜﾀﾅﾍﾞ ｻﾄｳ ｶﾄｳ", "cp932"),
        ("ﾄﾖﾀ自動車 東京ｶﾞｽ", "cp932"),
        ("José Müller", "cp1252"),
        ("O’Neill Renée", "cp1252"),
        ("山田 José สมชาย Иван", "utf-8"),
        ("山田", "utf-16"),
        ("山田", "utf-16-le"),
        ("山田", "utf-16-be"),
        ("山田", "iso2022_jp_ext"),
        ("Ann", "ascii"),
    ],
)
def test_encodings_are_detected(path: Path, names: str, encoding: str) -> None:
    """Those that fit the same bytes by what is likely in a list; the plan gets a sample."""
    text = HEADER + "".join(f"{name},{A}\n" for name in names.split())
    path.write_bytes(text.encode(encoding))
    table = read_table(path)
    assert [row.cells["name"] for row in table.rows] == names.split()
    if encoding in {"euc_jp", "cp932", "cp1252"}:
        assert table.encoding == encoding
        assert [note.code for note in table.notes] == ["encoding"]
        assert any(name[:3] in str(table.notes[0]) or name[-3:] in str(table.notes[0]) for name in names.split())


@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        ("ｽｽﾞｷ", "cp932"),
        ("王伟 李娜 张敏 刘洋 陈静", "gb18030"),
        ("김철수 이영희 박민수", "cp949"),
        ("สมชาย วิชัย", "cp874"),
        ("Иванов Смирнов", "cp1251"),
        ("Иванов Смирнов", "koi8-r"),
        ("Dvořák", "cp1250"),
    ],
)
def test_encodings_that_are_not_certain_are_asked_for(path: Path, names: str, encoding: str) -> None:
    """With what each would read, and with the option; the option decides."""
    data = (HEADER + "".join(f"{name},{A}\n" for name in names.split())).encode(encoding)
    assert "--encoding" in refused(path, data)
    table = read_table(path, encoding=encoding)
    assert [row.cells["name"] for row in table.rows] == names.split()


@pytest.mark.parametrize(
    ("names", "encoding", "country"),
    [("王伟 李娜", "gbk", "CN"), ("김철수", "cp949", "KR"), ("สมชาย", "cp874", "TH"), ("Hélène", "mac_roman", "FR")],
)
def test_other_countries_encodings_are_not_read_as_japanese(
    path: Path, names: str, encoding: str, country: str
) -> None:
    """By chance their bytes are common kanji or half-width kana; a Japanese list of numbers abroad is read still."""
    data = (HEADER + "".join(f"{name},{A}\n" for name in names.split())).encode(encoding)
    assert refused(path, data, country=country).startswith("encoding_unclear")
    path.write_bytes(f"{HEADER}山田太郎,+60 12-345 6789\n".encode("cp932"))
    assert read_table(path, country="MY").encoding == "cp932"


def test_a_broken_character_is_told_by_its_place(path: Path) -> None:
    """And changes no encoding; in an old Mac's lines, too."""
    text = f"{HEADER}山田,{A}\r\n佐藤,{B}\r\n".encode() + "株式会社".encode()[:-1] + f",{C}\n".encode()
    assert refused(path, text).startswith(f"broken_character: {path}, line 4, character 4: ")
    assert "line 4, character 4" in refused(path, text.replace(b"\r\n", b"\r").replace(b"\n", b"\r"))
    assert "line 3, character 2: this is not a whole character of cp932" in refused(
        path, f"{HEADER}山田,{A}\n佐".encode("cp932") + b"\x81\xff", encoding="shift_jis"
    )
    assert refused(path, b"a", encoding="klingon").startswith("no_such_encoding")
    assert refused(path, b"a", encoding="base64").startswith("no_such_encoding")


def test_a_common_name_stands_for_the_encoding_that_includes_it(path: Path) -> None:
    """Programs say Shift_JIS and Latin-1 where Windows adds characters; a mark is no part of the first name."""
    for text, name, encoding in (
        ("髙", "Shift_JIS", "cp932"),
        ("€é", "latin-1", "cp1252"),
        ("\ufeff\ufeff", "UTF-8", "utf-8-sig"),
    ):
        path.write_bytes(f"{text}name,phone\nx,{A}\n".encode(encoding if encoding != "utf-8-sig" else "utf-8"))
        table = read_table(path, encoding=name)
        assert (table.encoding, table.columns[0]) == (encoding, f"{text}name".strip("\ufeff"))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n", "image"),
        (b"\x00\x00\x00\x18ftypheic", "image"),
        (gzip.compress(b"x", mtime=0), "archive"),
        (b"SQLite format 3\x00", "SQLite database"),
        (b"PAR1", "Parquet file"),
        (b"\x09\x02\x06\x00\x00\x00", "workbook of Excel 4 or older"),
        ("<html><table><tr><td>山田</td></tr></table>", "HTML page"),
        ("\ufeff <!DOCTYPE html>", "HTML page"),
        ("<table>".encode("utf-16"), "HTML page"),
        ("MIME-Version: 1.0\nContent-Type: multipart/related\n", "web page or mail (MIME)"),
        ('<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook>', "XML workbook of Excel 2003"),
        ("<list><a/></list>", "XML file"),
        ("BEGIN:VCARD\nFN:x\n", "vCard or calendar file"),
        ("{\\rtf1 x}", "RTF document"),
        ('[{"tel": "x"}]', "JSON array"),
        ('{\n  "tel": "x"\n}', "JSON document of several lines"),
    ],
)
def test_what_is_no_list_is_called_by_its_name(path: Path, data: bytes | str, kind: str) -> None:
    """By its content, whatever it is called; with what to do."""
    assert f" is not a list of recipients: {kind}. Save" in refused(path, data)


def test_archives_and_compound_files_are_told_apart(path: Path) -> None:
    """Documents of other programs, and encrypted workbooks."""
    import io
    import zipfile

    for name, kind in (
        ("word/document.xml", "Word"),
        ("ppt/x", "PowerPoint"),
        ("Index/x.iwa", "Numbers"),
        ("x", "archive"),
    ):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(name, "")
        assert kind in refused(path, buffer.getvalue())
    head = bytes.fromhex("d0cf11e0a1b11ae1")
    assert "is encrypted: open it in Excel" in refused(path, head + "EncryptedPackage".encode("utf-16-le"))
    assert "Word document" in refused(path, head + "WordDocument".encode("utf-16-le"))
    assert "cannot be read" in refused(path, head)
    assert "cannot be read" in refused(path, b"PK\x03\x04")
    assert "is neither text nor a workbook" in refused(path, b"a,b\n\x00,\xff")
    assert "binary file" in refused(path, b"a,b\n\x00,", encoding="utf-8")
    assert "binary file" in refused(path, f"{HEADER}山\x00田,{A}\n")
    assert "the file is empty" in refused(path, b"")
    assert "the file is empty" in refused(path, "\ufeff\n\n")


def test_json_lines_are_known_by_their_content(path: Path) -> None:
    """What is neither text nor a number is refused where it is read, and nowhere else."""
    numbers = [{"tel": A, "n": None}, {"tel": B, "n": float("nan")}]
    values = [*numbers, {"tel": C, "n": [1]}, {"tel": C, "n": True}, {"tel": C, "n": {"a": 1}}]
    path.write_text("\ufeff" + "\n\n".join(map(json.dumps, values)), encoding="utf-8")
    table = read_table(path)
    rows = list(table.rows)
    assert (table.kind, [(row.line, row.cells["n"]) for row in rows]) == (
        "json",
        [(1, ""), (3, ""), (5, "[1]"), (7, "True"), (9, "{'a': 1}")],
    )
    assert [{name: str(reason) for name, reason in row.refused.items()} for row in rows] == [
        {},
        {},
        {"n": "is neither text nor a number (an array)"},
        {"n": "is neither text nor a number (true or false)"},
        {"n": "is neither text nor a number (an object)"},
    ]
    [row] = read_rows([{"word": StrEnum("Word", ["RED"])["RED"], "colour": Enum("Colour", ["RED"])["RED"]}]).rows
    assert (row.cells["word"], list(row.refused)) == ("red", ["colour"])
    with pytest.raises(InvalidArgument, match="must yield mappings"):
        list(read_rows([("tel", A)]).rows)


class NotAvailable:
    """As ``pandas.NA``, without pandas."""

    def __ne__(self, other: object) -> NotAvailable:  # type: ignore[override]
        return self

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise TypeError("boolean value of NA is ambiguous")

    def __repr__(self) -> str:
        return "<NA>"


@pytest.mark.parametrize(
    ("value", "is_refused"),
    [
        *((NotAvailable(), False), (1, False), (Decimal(1), False), (UserString("a"), False)),
        *((b"a", True), ((1,), True), (UserList("a"), True), (object(), True)),
    ],
)
def test_values_of_a_program_are_blank_or_text_or_refused(value: object, *, is_refused: bool) -> None:
    """Nobody is called ``<object object at 0x…>``."""
    [row] = read_rows([{"n": value}]).rows
    assert bool(row.refused) == is_refused
    assert is_blank(row.cells["n"]) == isinstance(value, NotAvailable)
    assert next(read_rows([{"n": Decimal("1E+3")}]).rows).cells == {"n": "1000"}


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("name;phone\nx, y;{a}\n", ";"),
        ('"氏名;カナ;略称",電話\n山田,{a}\n', ","),
        ('"お名\n前"\t"電話"\n山田\t{a}\n', "\t"),
        ("sep=;\nname;phone\nx,1;{a}\n", ";"),
        ('"sep=|"\r\nname|phone\nx|{a}\n', "|"),
        ("name;phone;amount\na;{a};1,000\nb;{a};2,000\n", ";"),
        ("phone\n{a}\n", ","),
    ],
)
def test_delimiters_are_found(path: Path, text: str, delimiter: str) -> None:
    """Outside quotation marks, over several rows; a line `sep=` states it, and is no row."""
    path.write_text(text.format(a=A), encoding="utf-8", newline="")
    table = read_table(path)
    assert table.delimiter == delimiter
    assert all(A in row.cells.values() for row in table.rows)


def test_a_delimiter_that_is_not_certain_is_asked_for(path: Path) -> None:
    """The option takes one character, or a word."""
    text = "a;x,b\nc;y,d\n"
    assert "--delimiter" in refused(path, text)
    assert read_table(path, delimiter="semicolon", header=True).columns == ("a", "x,b")
    assert read_table(path, delimiter="\\t", header=False).columns == ("1",)
    for wrong in ("||", '"', ""):
        with pytest.raises(InvalidArgument, match="must be one character"):
            read_table(path, delimiter=wrong)


@pytest.mark.parametrize(
    ("text", "wanted", "header_row"),
    [
        (f"name,phone\nx,{A}\n", (), 1),
        (f"\n,,\nなまえ,でんわばん,x\nx,{A},\n", ("なまえ",), 3),
        (f"x,{A}\ny,9.01E+09\n", (), None),
        (f"顧客一覧 2026年11月,,\nname,phone,memo\nx,{A},\n", (), 2),
        (f"第1営業部\n\n出力\nお客様名,携帯番号,ポイント\nx,{A},3\n", (), 4),
        ("氏名,メール\n", (), 1),
        (f"ID,連絡先\n1,{A}\n", (), 1),
    ],
)
def test_headers_are_found_where_they_are_certain(
    path: Path, text: str, wanted: tuple[str, ...], header_row: int | None
) -> None:
    """By names that are wanted, by known names above numbers, below a title; a first row with a number is a person."""
    path.write_text(text, encoding="utf-8")
    table = read_table(path, wanted=wanted)
    assert table.header_row == header_row
    assert [note.code for note in table.notes] == (["rows_above"] if "一覧" in text or "営業部" in text else [])


@pytest.mark.parametrize(
    "text",
    [
        f"山田,9.01E+09\n鈴木,{B}\n",
        f"山田,\n鈴木,{B}\n",
        f"山田,未登録\n鈴木,{B}\n",
        f"山田,{A} / {B}\n鈴木,{B}\n",
        f"山田,未登録,携帯\n鈴木,{B},自宅\n佐藤,{C},携帯\n",
        f"山田,{A} まで,x\nname,phone,x\n鈴木,{B},x\n",
        f"山田,{A}\nname,phone\n鈴木,{B}\n",
        f"a,b\nx,{A}\n",
    ],
)
def test_what_may_be_a_person_is_no_header(path: Path, text: str) -> None:
    """It is asked about, with the line and the options; each of them decides."""
    message = refused(path, text)
    assert message.startswith("header_unclear: line ")
    assert "--no-header" in message
    assert "--header-row" in message
    assert len(list(read_table(path, header=False).rows)) == len(text.splitlines())
    assert len(list(read_table(path, header=True).rows)) == len(text.splitlines()) - 1


def test_the_line_of_the_header_can_be_given(path: Path) -> None:
    """It must be one where a row begins; what is above it is noted."""
    path.write_text(f"x\n\n担当 {C}\nア,イ\nx,{A}\n", encoding="utf-8")
    table = read_table(path, header_row=4)
    assert (table.columns, lines(table), str(table.notes[0])) == (
        ("ア", "イ"),
        [(5, "")],
        "line 4 names the columns; rows above it: 2",
    )
    for line in (2, 99):
        with pytest.raises(CampaignError, match=f"no row begins in line {line}"):
            read_table(path, header_row=line)
    with pytest.raises(InvalidArgument, match="list without a header"):
        read_table(path, header_row=4, header=False)


def test_rows_that_cannot_be_what_was_meant_are_bad(path: Path) -> None:
    """With more cells than names, with a quotation mark that swallows the next rows, or that fits nowhere."""
    beyond = "is beyond the last column: a delimiter within a value needs quotation marks around it"
    open_until = "has an open quotation mark: what follows, until line {}, is not part of the value".format
    path.write_text(f"name,phone,amount,,\nx,{A},1,000\ny,{B},980,,,,\nz,{C}\n", encoding="utf-8")
    assert lines(read_table(path)) == [(2, f"4 {beyond}"), (3, ""), (4, "")]
    path.write_text(f'name,phone\n"x,{A}\ny,{B}\nz",{C}\na,{A}\n', encoding="utf-8")
    assert lines(read_table(path)) == [(2, f"name {open_until(4)}"), (5, "")]
    path.write_text(f'name,phone\nx,{A},"\n"y",{B},"",\n', encoding="utf-8")
    assert lines(read_table(path)) == [(2, f"name {open_until(3)}")]
    path.write_text(f'phone,name,note\n{A},x,"a,b\nc"\n{B},"y"   , "z, 1"\n{C},"z" z,1\n', encoding="utf-8")
    assert lines(read_table(path)) == [(2, ""), (4, ""), (5, "phone cannot be read: its quotation marks do not fit")]
    path.write_text(f'phone,name\n{A},"x\n{B},y\n', encoding="utf-8")
    assert lines(read_table(path)) == [(2, f"phone {open_until(3)}")]
    assert refused(path, f'"name,phone\nx,{A}\ny",{B}\n', header=True).startswith("header_broken: line 1")


def test_names_of_columns_are_told_from_values() -> None:
    """By nothing but known words."""
    names = [
        "お客様電話番号",
        "携帯電話（本人）",
        "Phone 1 - Value",
        "TEL",
        "Mobile No.",
        "連絡先①",
        "E-mail / phone",
        "휴대폰 번호",
    ]
    assert all(map(names_phone_numbers, names))
    assert not any(
        map(names_phone_numbers, ["電話なし", "携帯未登録", "telling", "山田電話店", "", "name", "phone" * 20])
    )


def test_what_breaks_while_it_is_read_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file on a disk that goes away, at whatever moment; a cell of over a million characters is a bad row."""
    path.write_text(f"{HEADER}x,{A}\n", encoding="utf-8")

    def fail(*_given: object) -> None:
        raise OSError(5, "Input/output error")

    for place in ("sources.read_head", "detection.detect"):
        with monkeypatch.context() as patched:
            patched.setattr(f"xoxzo.cloudpy.campaigns.inputs.{place}", fail)
            with pytest.raises(CampaignError, match="cannot be read: Input/output error"):
                read_table(path)
    monkeypatch.setattr("xoxzo.cloudpy.campaigns.inputs.detection._utf8_or_ascii", fail)
    with pytest.raises(CampaignError, match="cannot be read: Input/output error"):
        read_table(path)
    monkeypatch.undo()
    for name, text in (("list.csv", HEADER + f"x,{A}\n" * 9000), ("list.jsonl", '{"a": "b"}\n' * 9000)):
        file = path.with_name(name)
        file.write_text(text, encoding="utf-8")
        table = read_table(file)
        file.write_bytes(b"\xff" * len(text))
        with pytest.raises(CampaignError, match="cannot be read from line"):
            list(table.rows)
    path.write_text(f'{HEADER}"{"x" * 1_100_000}",{A}\ny,{B}\n', encoding="utf-8")
    assert lines(read_table(path)) == [(2, "name cannot be read: its quotation marks do not fit"), (3, "")]


def test_names_that_stand_twice_in_a_line_of_json(path: Path) -> None:
    """With different values the row is bad, since one of them would be lost; with the same value nothing is."""
    file = path.with_name("list.jsonl")
    rows = (f'{{"name": "a", "number": "{A}", "number": "{B}"}}', f'{{"number": "{A}", "name": "b", "number": "{A}"}}')
    file.write_text("\n".join(rows), encoding="utf-8")
    refusals = [{name: str(why) for name, why in row.refused.items()} for row in read_table(file).rows]
    assert refusals == [{"number": "stands twice in the line, with different values"}, {}]
    file.write_text('{"a":' * 100_000, encoding="utf-8")
    with pytest.raises(CampaignError, match="line 1: this is not a JSON object"):
        list(read_table(file).rows)


def test_long_lists_are_told_by_their_first_letters(path: Path) -> None:
    """As many lines as make an encoding certain are looked at."""
    path.write_bytes((HEADER + f"山田,{A}\n" * 6000).encode("euc_jp"))
    assert read_table(path).encoding == "euc_jp"
    path.write_bytes((HEADER + f"山田龘齉,{A}\n").encode("gb18030"))
    assert "--encoding" in refused(path, path.read_bytes())
    for text in ("sep=;\n", "sep=,"):
        assert "header_unclear" in refused(path, text) or "file_empty" in refused(path, text)
