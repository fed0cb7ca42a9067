"""Workbooks as they are seen: sheets, hidden rows, number formats, row numbers, and kinds other than .xlsx."""

from __future__ import annotations

import base64
import io
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from mangled_lists import workbook_of

from xoxzo.cloudpy.campaigns.inputs.numbers import cell_format, shown_number, shows_text_as_it_is
from xoxzo.cloudpy.campaigns.inputs.tables import Table, read_table
from xoxzo.cloudpy.errors import CampaignError, ConfigurationError, InvalidArgument

NUMBER = "090-1111-2222"
OLD_WORKBOOK = zlib.decompress(
    base64.b85decode(
        "c-rk)O-NKx6#njecbZWg9ZdrbM1;&tQ7fnxHY${~P|QVz2sJj-59-"
        "V`=)x9d*(`&oO+_2Q7HzCH{ZK*eS_DQ3QV?h@TLlFzbYAD2_hwR4a3BTaeUE$Yx#!+{?s@l~bMJlc-DKg+*rT#pEWrVoNLe}9v_P"
        "gP<)jM%P`za_o6dcdEEgLJIX+s*O&&b=zxDDO@_Nt0z(f6-"
        "DDZ_+58~*EMI#mKh*q&7q}YZgrOEdU+@+L{Qn9N@=qaI_g+7qBFN8LW<eJbXYCEI4F&XTr+2{E2aidb|@`)-"
        "ukv^Y9(ufkgVL!ffUD<6tXi1z4^>46>a-D~9(2}-AqLBob{kX>wI#3_3A12J8m==2+KdlPjM>?usRk-r?l`D|^*J8PM1-"
        "XxwaH;&Jp@9)tCl$ML5_xFV><1eCk<)`oa`9UpJFw%CSiC<nhr_ao^JYyAqoIKa)yL0Ld{gX)24X|eK@$jvhAA9keWdh!Ps5NOXx"
        "QIS*GQ<_MIiB>8`WoW`9zQ%B(P`)@k?Cg5e=h2_(F-U01Z2L|NHy)-p=3&k&K8T_Sv$HUj-"
        "H}a}VmApQ*8Fjr7<l^onTRDtwvHVsd@Tt2#>@=Fq6Lxhl0)G|q0phv4=Fd^PdOZ%3Y%C%*=F5I@m2d!cw@Iyi<(nx-"
        ")I=VuhPs#e{(&3G0}=gQfIJ_{}VYe(`K0mpXBIY0|Ak6d93?Nin$!eeeqJJuhp^{jFW@d=?DaaQd&SUjsnW>)PI&yLEJ3}>$Fl1U"
        "{qQ_@t@j%ITi&8BGfIPFc*%<Ey&T$-"
        "X;O#j&4e9_=~liuLylmU<7BVLOgtXnUmTZ?Y5qfLu$pmT3(dcNf)>CvLUtAJ0u?kTpMwQAAo_z#xz9~UlMxNzaZg^QKIHzd9nnfB"
        "*^+;aGC<8}V)%u`Caze)aEbRkC1AbnIGM3nLbhO_dYE%2zcF15-&>Hmd{V>EgKedrZC`m*+4`c_a2-"
        ")Gew1OG0BvK>E_jh$;e{%?Xl7ia"
    )
)
"""A workbook of Excel 97: a hidden sheet `left`; `people` from row 3 on, with a fraction and dates. Written by xlwt."""


def sheet(*rows: str) -> str:
    """Return the XML of a sheet."""
    return f"<worksheet><sheetData>{''.join(rows)}</sheetData></worksheet>"


def row(number: int, *cells: str, more: str = "") -> str:
    """Return the XML of a row of texts; what begins with ``<`` is XML already."""
    xml = [
        cell if cell.startswith("<") else f'<c r="{"ABCDEFGHI"[n]}{number}" t="str"><v>{cell}</v></c>'
        for n, cell in enumerate(cells)
    ]
    return f'<row r="{number}"{more}>{"".join(xml)}</row>'


def styles(*codes: str | int, japanese: bool = False) -> str:
    """Return the XML of styles: the formats of the cells, from 1 on."""
    custom = [code for code in codes if isinstance(code, str)]
    declared = "".join(
        f'<numFmt numFmtId="{164 + n}" formatCode="{code.replace(chr(34), "&quot;")}"/>'
        for n, code in enumerate(custom)
    )
    idents = [164 + custom.index(code) if isinstance(code, str) else code for code in codes]
    cells = "".join(f'<xf numFmtId="{ident}"/>' for ident in idents)
    font = '<font><charset val="128"/></font>' if japanese else ""
    return (
        f"<styleSheet><numFmts>{declared}</numFmts><fonts>{font}</fonts><cellStyleXfs><xf/></cellStyleXfs>"
        f'<cellXfs><xf numFmtId="0"/>{cells}</cellXfs><cellStyles/></styleSheet>'
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a workbook."""
    return tmp_path / "list.xlsx"


def codes(table: Table) -> list[str]:
    """Return the codes of the notes."""
    return [note.code for note in table.notes]


def test_the_first_sheet_that_is_not_hidden_is_read(path: Path) -> None:
    """Other sheets are listed, and can be chosen; a chart is none."""
    people, left = (
        sheet(row(1, "name", "phone"), row(2, "a", NUMBER)),
        sheet(row(1, "name", "phone"), row(2, "b", NUMBER)),
    )
    path.write_bytes(
        workbook_of([("left", "veryHidden", left), ("people", "visible", people), ("old", "visible", left)])
    )
    table = read_table(path)
    assert (table.sheet, [one.cells["name"] for one in table.rows]) == ("people", ["a"])
    assert [str(note) for note in table.notes] == [
        "other sheets, not read (--sheet): old",
        "hidden sheets, not read: left",
    ]
    assert next(read_table(path, sheet="left").rows).cells["name"] == "b"
    with pytest.raises(CampaignError, match="has no sheet 'x'; it has left, people, old"):
        read_table(path, sheet="x")
    path.write_bytes(workbook_of([("left", "hidden", left)]))
    with pytest.raises(CampaignError, match="no sheet that is not hidden"):
        read_table(path)


@pytest.mark.parametrize("more", [' hidden="1"', ' hidden="true"', ' customHeight="1" ht="0"', ' x="1" hidden="1"'])
def test_hidden_rows_are_asked_about(path: Path, more: str) -> None:
    """Whether a filter or a person hid them; the answer is noted."""
    rows = [
        row(1, "name", "phone"),
        row(2, "a", NUMBER),
        row(3, "b", "080-1111-2222", more=more),
        row(4, "c", "070-1111-2222"),
    ]
    path.write_bytes(workbook_of([("s", "visible", sheet(*rows))]))
    with pytest.raises(CampaignError, match=r"1 hidden or filtered rows, the first is row 3: --hidden skip"):
        list(read_table(path).rows)
    for hidden, names, code in (
        ("skip", ["a", "c"], "hidden_skipped"),
        ("include", ["a", "b", "c"], "hidden_included"),
    ):
        table = read_table(path, hidden=hidden)
        assert [one.cells["name"] for one in table.rows] == names
        assert codes(table) == [code]
    with pytest.raises(InvalidArgument, match="must be include or skip"):
        read_table(path, hidden="yes")


def test_cells_are_read_as_they_are_shown(path: Path) -> None:
    """By their number format where that is certain; what is not is noted with its column."""
    cells = [
        '<c r="A2" t="str"><v>090-1111-2222</v></c>',
        '<c r="B2" s="1"><v>46357</v></c>',
        '<c r="C2"><v>59.699999999999996</v></c>',
        '<c r="D2" s="2"><v>0.1</v></c>',
        '<c r="E2" s="3"><v>46357</v></c>',
        '<c r="F2" t="b"><v>1</v></c>',
    ]
    xml = sheet(row(1, "phone", "day", "amount", "off", "when", "ok"), row(2, *cells))
    path.write_bytes(workbook_of([("s", "visible", xml)], styles=styles('m"月"d"日"', "0%", 14)))
    table = read_table(path)
    assert list(next(table.rows).cells.values()) == [NUMBER, "12月1日", "59.7", "10%", "2026-12-01", "TRUE"]
    assert list(table.rows) == []
    assert [str(note) for note in table.notes] == ["when: 1 cells may differ from what the workbook shows (format #14)"]
    path.write_bytes(workbook_of([("s", "visible", xml)], styles=styles('m"月"d"日"', "0%", 14, japanese=True)))
    assert next(read_table(path).rows).cells["when"] == "2026/12/1"


def test_days_may_be_counted_from_1904(path: Path) -> None:
    """Workbooks of old Macs say so. What is after the year 9999 is shown as it is stored."""
    cells = (f'<c r="B{n}" s="1"><v>{days}</v></c>' for n, days in enumerate((44895, 2957004), 2))
    xml = sheet(row(1, "phone", "day"), *(row(n, NUMBER, cell) for n, cell in enumerate(cells, 2)))
    properties = '<workbookPr date1904="1"/>'
    path.write_bytes(workbook_of([("s", "visible", xml)], styles=styles("yyyy/m/d"), properties=properties))
    assert [one.cells["day"] for one in read_table(path).rows] == ["2026/12/1", "2957004"]


def test_formulas_that_nobody_calculated_are_blank(path: Path) -> None:
    """A library that writes workbooks leaves them empty, or 0; errors are blank as well."""
    cells = ['<c r="B2"><f>1+1</f></c>', '<c r="C2"><f>1+1</f><v>0</v></c>', '<c r="D2" t="e"><v>#N/A</v></c>']
    xml = sheet(row(1, "phone", "a", "b", "c"), row(2, NUMBER, *cells))
    for properties, b in (('<calcPr fullCalcOnLoad="1"/>', "#CALC!"), ("", "0")):
        path.write_bytes(workbook_of([("s", "visible", xml)], properties=properties))
        assert list(next(read_table(path).rows).cells.values()) == [NUMBER, "#CALC!", b, "#N/A"]


def test_texts_are_as_they_are_seen(path: Path) -> None:
    """Without readings, with their line breaks, entities and what looks like escapes; a format with words is noted."""
    strings = [
        "<si><t>name</t></si>",
        "<si><r><t>山</t></r><r><t>田</t></r><rPh sb='0' eb='2'><t>ヤマダ</t></rPh></si>",
        "<si><t>a_x000D_\r\n&lt;b&gt;&#x3042;</t></si>",
        "<si><t>_x005F_x000D_</t></si>",
        "<si/>",
    ]

    def cell(name: str, n: int, more: str = "") -> str:
        return f'<c r="{name}" t="s"{more}><v>{n}</v></c>'

    rows = [
        row(1, cell("A1", 0), '<c r="B1" t="inlineStr"><is><t>pho</t><t>ne</t><rPh><t>x</t></rPh></is></c>'),
        row(2, cell("A2", 1), f'<c r="B2" t="str"><v>{NUMBER}</v></c>'),
        row(3, cell("A3", 2), f'<c t="str"><v>{NUMBER}</v></c>'),
        f'<row><c t="s"><v>3</v></c><c t="str" s="1"><v>{NUMBER}</v></c></row>',
        row(
            6, cell("A6", 4), f'<c r="B6" t="str"><f>x</f><v>{NUMBER}</v></c>', '<c r="D6" t="d"><v>2026-12-01</v></c>'
        ),
        row(7, '<c r="C7" t="str"><v> </v></c>'),
        row(8, '<c r="B8"><v>9011112222</v></c>', '<c r="A8" t="str"><v>&amp;</v></c>'),
    ]
    path.write_bytes(workbook_of([("s", "visible", sheet(*rows))], strings, styles('@"様"')))
    table = read_table(path)
    found = [(one.line, one.cells["name"], one.cells["phone"]) for one in table.rows]
    assert found == [
        (2, "山田", NUMBER),
        (3, "a\r\n<b>あ", NUMBER),
        (4, "_x000D_", NUMBER),
        (6, "", NUMBER),
        (8, "&", "9011112222"),
    ]
    assert codes(table) == ["as_stored"]


def test_unusual_xml_holds_the_same_rows(path: Path) -> None:
    """What most programs write is read by an expression; from a comment on, the parser reads, and finds the same."""
    string = "<si><t>山田 &amp; 子</t><rPh sb='0' eb='2'><t>ヤマダ</t></rPh><phoneticPr fontId='1'/></si>"
    cells = (
        '<c r="A{0}" t="s"><v>0</v></c><c r="B{0}"><v>90{0:08}</v></c><c r="D{0}" s="1" t="n"><v>46357</v></c>'
        '<c r="E{0}" t="inlineStr" ph="1"><is><t xml:space="preserve"> &lt;{0}_x0041_</t></is></c><c r="F{0}" s="1"/>'
        '<c r="G{0}" cm="1"><f t="array" ref="G{0}">1&amp;1</f><v>007</v></c><c r="H{0}"><f>1+1</f></c>'
    )
    rows = [row(n, cells.format(n), more=' spans="1:8" ht="18"') for n in range(2, 200)]
    found = []
    for position in (len(rows), 0, 99):
        rows.insert(position, '<!-- <c r="A1"><v>1</v></c> -->' if position < len(rows) else "")
        xml = sheet(row(1, "name", "phone", "c", "day", "text", "f", "g", "h"), *rows)
        strings = [string, *["<si><t/></si>"] * (position == 0)]
        path.write_bytes(workbook_of([("s", "visible", xml)], strings, styles("yyyy/m/d")))
        found.append([(one.line, one.cells) for one in read_table(path).rows])
        del rows[position]
    assert found[0] == found[1] == found[2]
    assert list(found[0][97][1].values()) == [
        "山田 & 子", "9000000099", "", "2026/12/1", " <99A", "", "7", "#CALC!"
    ]  # fmt: skip


def test_a_cell_far_away_is_no_harm(path: Path) -> None:
    """A blank is nothing; a remark beside the table shifts nothing."""
    far = '<c r="XFD1048576" t="str"><v>{}</v></c>'
    for text, lines in ((" ", [2]), ("x", [2, 1048576])):
        rows = [row(1, "name", "phone"), row(2, "a", NUMBER, '<c r="E2"><v>7</v></c>'), row(1048576, far.format(text))]
        path.write_bytes(workbook_of([("s", "visible", sheet(*rows))]))
        table = read_table(path)
        found = list(table.rows)
        assert [one.line for one in found] == lines
        assert (found[0].cells, found[0].fault) == ({"name": "a", "phone": NUMBER, "5": "7"}, None)


def test_a_workbook_without_a_header(path: Path) -> None:
    """Its columns are as many as its widest row has cells."""
    path.write_bytes(workbook_of([("s", "visible", sheet(row(4, "a", NUMBER), row(5, "b", "080-1111-2222", "x")))]))
    table = read_table(path)
    assert (table.columns, table.header_row) == (("1", "2", "3"), None)
    assert [one.line for one in table.rows] == [4, 5]


def test_memory_stays_flat(path: Path) -> None:
    """Rows come one after another, and the shared strings are one block."""
    rows = [
        row(1, "name", "phone"),
        *(row(n, f'<c r="A{n}" t="s"><v>{n}</v></c>', f'<c r="B{n}"><v>90{n:08}</v></c>') for n in range(2, 12_000)),
    ]
    strings = [f"<si><t>山田太郎{n}</t></si>" for n in range(12_000)]
    path.write_bytes(workbook_of([("s", "visible", sheet(*rows))], strings))
    del rows, strings
    tracemalloc.start()
    assert sum(1 for _row in read_table(path).rows) == 11_998
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6_500_000


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE x><worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData></worksheet>',
        '<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>99</v></c></row></sheetData></worksheet>',
        '<worksheet><sheetData><row r="1"><c r=A1><v>1</v></c></row></sheetData></worksheet>',
        '<worksheet><sheetData><row r="1"><c r="A1" s="7"><v>1</v></c></row></sheetData></worksheet>',
        '<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c>',
        '<x:worksheet><x:sheetData><x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c></x:row>',
    ],
    ids=["entities", "string missing", "no XML", "style missing", "cut off", "cut off, with prefixes"],
)
def test_broken_workbooks_are_errors(path: Path, xml: str) -> None:
    """Each in one line."""
    path.write_bytes(workbook_of([("s", "visible", xml)]))
    with pytest.raises(CampaignError, match="cannot be read: "):
        list(read_table(path).rows)


def test_a_sheet_that_is_larger_than_what_is_read_at_once(path: Path) -> None:
    """What comes before and after the rows is passed over; elements are not cut."""
    cells = '<c r="A{0}" t="str"><v>名前{0}</v></c><c r="B{0}"><v>90{0:08}</v></c>'
    for prefix in ("", "x:"):
        rows = [row(1, "name", "phone"), *(row(n, cells.format(n)) for n in range(2, 9000)), '<row r="9000"/>']
        table = f"<sheetData>{''.join(rows)}</sheetData>"
        button = "<controls><from><xdr:row>1</xdr:row></from></controls>"
        xml = f"<worksheet><cols>{'<col/>' * 60_000}</cols>{table}{'<a/>' * 99_000}{button}</worksheet>"
        if prefix:
            xml = xml.replace("xdr:", "").replace("</", "\0").replace("<", "<x:").replace("\0", "</x:")
        path.write_bytes(workbook_of([("s", "visible", xml)]))
        found = list(read_table(path).rows)
        assert [one.line for one in found] == list(range(2, 9000))
        assert found[-1].cells == {"name": "名前8999", "phone": "9000008999"}


def test_workbooks_of_excel_97_are_read(path: Path) -> None:
    """With their own row numbers, without the hidden sheet; what is not known to be as shown is noted."""
    path.write_bytes(OLD_WORKBOOK)
    table = read_table(path)
    assert [(one.line, *one.cells.values()) for one in table.rows] == [
        (4, "山田", NUMBER, "59.7", "2026-12-01", "TRUE"),
        (5, "鈴木", "8011113333", "980", "2026-12-02", "FALSE"),
    ]
    assert (table.sheet, table.header_row) == ("people", 3)
    assert codes(table) == ["hidden_sheets", "hidden_unknown", "as_stored", "as_stored"]


def ods(rows: str) -> bytes:
    """Return a workbook of LibreOffice."""
    buffer = io.BytesIO()
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f'<office:document-content {names}><office:body><office:spreadsheet><table:table table:name="s">{rows}'
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        )
    return buffer.getvalue()


def test_workbooks_of_libreoffice_are_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hidden rows are asked about: they cannot be left out."""

    def line(*cells: str, more: str = "") -> str:
        texts = "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in cells
        )
        return f"<table:table-row{more}>{texts}</table:table-row>"

    path.write_bytes(ods(line("name", "phone") + line("a", NUMBER)))
    assert [(one.line, *one.cells.values()) for one in read_table(path).rows] == [(2, "a", NUMBER)]
    path.write_bytes(ods(line("name", "phone") + line("a", NUMBER, more=' table:visibility="filter"')))
    with pytest.raises(CampaignError, match="--hidden include"):
        read_table(path, hidden="skip")
    assert len(list(read_table(path, hidden="include").rows)) == 1
    monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
    with pytest.raises(ConfigurationError, match="needs an extra"):
        read_table(path)


@pytest.mark.parametrize(
    ("code", "number", "expected"),
    [
        ("General", 59.699999999999996, "59.7"),
        ("m月d日", 46357, "12月1日"),
        ("hh:mm", 0.75, "18:00"),
        ("yyyy/m/d h:mm", 46357.75, "2026/12/1 18:00"),
        ("¥#,##0", 12000, "¥12,000"),
        ("[$¥-411]#,##0", -12000, "-¥12,000"),
        ('_ "¥"* #,##0_ ;_ "¥"* -#,##0_ ;_ "¥"* "-"_ ;_ @_ ', 1200, "¥1,200"),
        ('"¥"#,##0;[Red]"¥"-#,##0', -5, "¥-5"),
        ("#,##0_);(#,##0)", -1234, "(1,234)"),
        ('0"人";"マイナス"0"人"', -3, "マイナス3人"),
        ("0;-0;なし", 0, None),
        ("0.0%", 0.125, "12.5%"),
        ("#,##0.00 €", 1234.5, "1,234.50 €"),
        ("0.##", 1.0, "1."),
        ("#", 0, ""),
        ("0", 2.5, "3"),
        ("0.0", -0.04, "0.0"),
        ("000-0000-0000", 9011112222, "090-1111-2222"),
        ("(000) 000-0000", 4155552671, "(415) 555-2671"),
        ("00000000000", 9011112222, "09011112222"),
        ('[$-411]ggge"年"m"月"d"日"', 46357, "令和8年12月1日"),
        ('ggge"年"', 46357, None),
        ('[$-411]ggge"年"', 43600, None),
        ("[$-411]ge.m.d", 32515, "S64.1.7"),
        ("[$-411]yyyy/mm/dd(aaa)", 46357, "2026/12/01(火)"),
        ("yyyy/m/d(aaa)", 46357, None),
        ("h:mm AM/PM", 0.75, "6:00 PM"),
        ("h:mm A/P", 0.75, None),
        ("h:mm:ss AM/PM", 0.0, "12:00:00 AM"),
        ("[h]:mm", 0.5, "12:00"),
        ("[h]:mm", 1.5, None),
        ("[mm]:ss", 0.5, None),
        ("mm:ss", 65 / 86400, "01:05"),
        ("mm:ss.0", 65 / 86400, None),
        ("yy.mm.dd", 46357, "26.12.01"),
        ('yyyy"年"m"月"d"日";@', 46357, "2026年12月1日"),
        ("yyyy/m/d", 59, None),
        ("yyyy/m/d", -1, None),
        ("yyyy/m/d", 0.5, None),
        ("h:mm", 0.123456789, None),
        ("mmm-yy", 46357, None),
        ("[$-F800]dddd, mmmm dd, yyyy", 46357, None),
        ("0.00E+00", 9011112222, None),
        ("# ?/?", 0.5, None),
        ("[<=99999999]####-####;0", 1, None),
        ("#,##0,", 12000, None),
        ("0", 1e16, None),
        ('"x"', 1, None),
        ("@", 5, "5"),
        (3, 1234, "1,234"),
        (14, 46357, None),
        (44, 5, None),
    ],
)
def test_numbers_are_shown_as_excel_shows_them(code: str | int, number: float, expected: str | None) -> None:
    """Where it depends on the language of Windows, or on the width of the column, nothing is claimed."""
    found = cell_format(code, is_1904=False)
    assert (None if found.show is None else found.show(number)) == expected


def test_what_is_not_certain_is_shown_as_it_is_stored() -> None:
    """Days and times in ISO 8601."""
    raw = cell_format("mmm d", is_1904=False).raw
    assert cell_format("aaa", is_1904=False).raw(46356) == "2026-11-30"
    assert [raw(46357), raw(46357.75), raw(0.75), raw(-1)] == ["2026-12-01", "2026-12-01 18:00:00", "18:00:00", "-1"]
    assert [shown_number(one) for one in (1 / 3, 1e-7, -2.5, 1e20, float("nan"), 9011112222.0)] == [
        "0.333333333333333",
        "0.0000001",
        "-2.5",
        "1e+20",
        "",
        "9011112222",
    ]
    keeps = [shows_text_as_it_is(code) for code in ("General", "0;0;0;@", '@"様"', ";;;", '"@"0')]
    assert keeps == [True, True, False, False, True]


def test_declarations_are_refused_in_small_parts(path: Path) -> None:
    """Entities could fill the memory."""
    xml = sheet(row(1, "name", "phone"), row(2, "a", NUMBER))
    path.write_bytes(workbook_of([("s", "visible", xml)], styles='<!DOCTYPE x [<!ENTITY a "b">]><styleSheet/>'))
    with pytest.raises(CampaignError, match="it declares entities"):
        read_table(path)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    path.write_bytes(buffer.getvalue())
    with pytest.raises(CampaignError, match="cannot be read"):
        read_table(path)
