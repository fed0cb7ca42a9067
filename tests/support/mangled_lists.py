"""Lists as people bring them: made of people, then mangled as programs and people do it; and what is right for each."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from xml.sax.saxutils import escape

FAMILY = tuple(
    re.findall(r"\w+", "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 清水")
)
GIVEN = ["太郎", "花子", "次郎", "美咲", "健一", "恵子", "直樹", "陽子", "翔", "さくら", "大輔", "由美"]
LATIN = ["Yamada", "Suzuki", "Sato", "Müller", "José", "Ann", "Bob", "Renée", "O'Neil", "Kim"]
HEADERS = (
    ("名前", "電話番号", "備考"),
    ("お名前（漢字）", "携帯電話", "メモ"),
    ("name", "phone", "memo"),
    ("First Name", "Mobile Phone", "Note"),
    ("氏名", "TEL", "金額"),
    ("顧客名\n(漢字)", "電話\n番号", "ポイント"),
    ("NAME", "Phone 1 - Value", "Notes"),
)
UNKNOWN_HEADERS = (("ア", "イ", "ウ"), ("col1", "col2", "col3"), ("who", "where", "what"))
SPOILT = ("9.01E+09", "", "未登録", "090-1111-2222 / 080-3333-4444", "nan", "電話なし", "#N/A", "不明")
BLANKS = ("", " ", "　", "nan", "NaN", "None", "NULL", "#N/A", "<NA>")
TITLES = ("顧客一覧 2026年11月", "Customers", "配信リスト(社外秘)")
MEMOS = (
    "980",
    "VIP",
    "1,000",
    "a;b",
    "東京都港区1-2-3",
    "x|y",
    "tab\tin",
    "4'6\"",
    "100%",
    "(株)山田商店",
    "0012",
    "-20%OFF",
)
MULTI_LINE = ("港区1-2\n山田ビル", "a\r\nb")


@dataclass
class Person:
    """Somebody in a list: the cells as they must be read, and the line that they begin in."""

    cells: tuple[str, ...]
    line: int = 0
    is_spoilt: bool = False
    """Whether the row is so that nobody can read it for certain: it must be named, or be read rightly all the same."""
    is_hidden: bool = False


@dataclass
class MangledList:
    """A file, and what may become of it."""

    data: bytes
    suffix: str
    people: list[Person]
    header: tuple[str, ...] | None
    options: dict[str, object] = field(default_factory=dict)
    may_ask: set[str] = field(default_factory=set)
    """Codes of refusals that are right."""
    must_refuse: bool = False


def make_people(random: Random, count: int, *, latin: bool, width: int, unique: int) -> list[Person]:
    """Return people with a name, a number of their own, and perhaps more cells."""
    people = []
    for n in range(count):
        name = random.choice(LATIN) if latin else random.choice(FAMILY) + random.choice(("", random.choice(GIVEN)))
        digits = f"{(unique * 50 + n) % 10_000_000:07}"
        number = random.choice(("090-{}-{}", "080{}{}", "+81 70-{}-{}", "090 {} {}")).format(
            "1" + digits[:3], digits[3:]
        )
        memo = random.choice((*MEMOS, *BLANKS)) if random.random() < 0.8 else random.choice(MULTI_LINE)
        people.append(Person((name, number, memo)[:width]))
    return people


def quoted(cell: str, delimiter: str, *, always: bool) -> str:
    """Return a cell as CSV has it."""
    if always or any(one in cell for one in (delimiter, '"', "\n", "\r")) or cell != cell.strip():
        return '"' + cell.replace('"', '""') + '"'
    return cell


def text_list(random: Random, unique: int) -> MangledList:  # noqa: C901, PLR0912 - each way to mangle is a branch
    """Return a list as text with delimiters, mangled."""
    width = random.choice((2, 3, 3, 3))
    latin = random.random() < 0.3
    people = make_people(random, random.choice((1, 2, 3, 3, 4, 6)), latin=latin, width=width, unique=unique)
    delimiter = random.choice(",,,,\t;|")
    end = random.choice(("\n", "\r\n", "\r\n", "\r"))
    always = random.random() < 0.25
    found = MangledList(b"", random.choice((".csv", ".txt", ".csv", ".xlsx", "")), people, None)
    kind = random.choice(("known", "known", "known", "none", "none", "unknown"))
    header = None if kind == "none" else random.choice(HEADERS if kind == "known" else UNKNOWN_HEADERS)[:width]
    if header is not None:
        found.header = tuple(" ".join(name.split()) for name in header)
    if kind == "unknown":
        found.may_ask.add("header_unclear")
    lines: list[str] = []
    if random.random() < 0.1:
        lines.append(f"sep={delimiter}")
    elif random.random() < 0.15:
        lines.extend([""] * random.choice((1, 2)))
    elif random.random() < 0.1:
        lines.append(delimiter * (width - 1))
    if random.random() < 0.15:
        lines.append(random.choice(TITLES) + delimiter * random.choice((0, width - 1)))
        found.may_ask |= {"header_unclear", "delimiter_unclear"}
    if random.random() < 0.2 and people:
        first = people[0]
        first.cells = (first.cells[0], random.choice(SPOILT), *first.cells[2:])
        first.is_spoilt = True
        if kind != "known":
            found.may_ask.add("header_unclear")
    rows: list[tuple[Person | None, list[str]]] = [(None, list(header))] if header is not None else []
    rows += [(person, list(person.cells)) for person in people]
    trailing = random.choice((0, 0, 0, 1, 2))
    texts = [
        delimiter.join(quoted(cell, delimiter, always=always) for cell in cells) + delimiter * trailing
        for _p, cells in rows
    ]
    line = 1 + sum(1 for _line in lines)
    _mangle_rows(random, rows, texts, delimiter, trailing)
    if people[0].is_spoilt:
        found.may_ask |= {"header_unclear", "delimiter_unclear"} if kind != "known" else {"delimiter_unclear"}
    for (person, _cells), text in zip(rows, texts, strict=True):
        if person is not None and random.random() < 0.05:
            lines.append(delimiter * random.choice((0, width - 1)))
            line += 1
        if person is not None:
            person.line = line
        line += len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
        lines.append(text)
    if random.random() < 0.1:
        lines.extend(["", ""])
    text = end.join(lines) + random.choice((end, ""))
    _encode(random, text, found)
    return found


def _mangle_rows(  # noqa: C901 - each way is a branch
    random: Random, rows: list[tuple[Person | None, list[str]]], texts: list[str], delimiter: str, trailing: int
) -> None:
    """Mangle some rows in place: open quotation marks, delimiters without any, cells that are missing."""
    for n, (person, cells) in enumerate(rows):
        if person is None or random.random() > 0.15:
            continue
        way = random.choice(("open", "shift", "short", "padded", "close", "swallow"))
        if way == "shift" and rows[0][0] is not None and (len(rows) < 3 or n < len(rows) - 1):
            continue  # what each row of a list without a header has too much is not known to be too much
        if way == "open":
            texts[n] = '"' + texts[n].lstrip('"')
        elif way == "close":
            texts[n] = texts[n] + '"'
        elif way == "shift":
            texts[n] = delimiter.join([*cells[:-1], "1", "000"]) + delimiter * trailing
        elif way == "short":
            while len(cells) > 2 and cells[-1].strip():
                cells.pop()
            texts[n] = delimiter.join(quoted(cell, delimiter, always=False) for cell in cells[:2])
            person.cells = (*person.cells[:2], *[""] * (len(person.cells) - 2))
            continue
        elif way == "padded":
            texts[n] = delimiter.join(f" {quoted(cell, delimiter, always=True)}  " for cell in cells)
            person.is_spoilt = person.is_spoilt or "\n" in texts[n]
            continue
        else:
            texts[n] = texts[n].replace(cells[0], '"' + cells[0], 1)
        # All that follow may be swallowed, too, until another mark closes it.
        for later, _cells in rows[n:]:
            if later is not None:
                later.is_spoilt = True


def _encode(random: Random, text: str, found: MangledList) -> None:
    """Encode a text, perhaps with a character that is cut."""
    names = [
        "utf-8",
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "cp932",
        "cp932",
        "euc_jp",
        "iso2022_jp_ext",
        "cp1252",
    ]
    random.shuffle(names)
    for name in names:
        try:
            found.data = text.encode(name)
            break
        except UnicodeEncodeError:
            continue
    else:
        found.data, name = text.encode(), "utf-8"
    if name in {"cp932", "euc_jp", "cp1252"}:
        found.may_ask.add("encoding_unclear")
    if random.random() < 0.1:
        found.options["encoding"] = {"utf-8-sig": "utf-8", "cp932": random.choice(("shift_jis", "cp932"))}.get(
            name, name
        )
    elif random.random() < 0.05 and name == "utf-8-sig":
        found.data = b"\xef\xbb\xbf" + found.data
    if name == "utf-8" and random.random() < 0.1:
        places = [n for n in range(1, len(found.data)) if 0x80 <= found.data[n] < 0xC0]
        if len(places) > 9:
            cut = random.choice(places)
            found.data = found.data[:cut] + found.data[cut + 1 :]
            found.may_ask |= {"broken_character", "encoding_unclear"}
            found.must_refuse = True


def json_list(random: Random, unique: int) -> MangledList:
    """Return a list as JSON lines."""
    people = make_people(random, random.choice((1, 3, 5)), latin=False, width=3, unique=unique)
    found = MangledList(
        b"", random.choice((".jsonl", ".json", ".ndjson", ".csv")), people, ("名前", "電話番号", "備考")
    )
    lines = []
    for person in people:
        if random.random() < 0.1:
            lines.append("")
        cells: list[object] = list(person.cells)
        if random.random() < 0.2:
            cells[2] = random.choice(([1, 2], {"a": 1}))
            person.cells = (*person.cells[:2], str(cells[2]))
        elif random.random() < 0.2:
            values = ((None, ""), (float("nan"), ""), (980, "980"), (59.699999999999996, "59.7"))
            cells[2], text = random.choice(values)
            person.cells = (*person.cells[:2], text)
        named = dict(zip(("名前", "電話番号", "備考"), cells, strict=True))
        lines.append(json.dumps(named, ensure_ascii=random.random() < 0.5))
        person.line = len(lines)
    found.data = "\n".join(lines).encode(random.choice(("utf-8", "utf-8-sig")))
    return found


def workbook_list(random: Random, unique: int) -> MangledList:  # noqa: C901, PLR0912 - each way is a branch
    """Return a list as a workbook, as one of several programs writes it."""
    people = make_people(random, random.choice((1, 2, 3, 5)), latin=False, width=3, unique=unique)
    found = MangledList(b"", random.choice((".xlsx", ".xlsx", ".csv", ".xls")), people, None)
    kind = random.choice(("known", "known", "none", "unknown"))
    header = None if kind == "none" else random.choice(HEADERS if kind == "known" else UNKNOWN_HEADERS)
    if header is not None:
        found.header = tuple(" ".join(name.split()) for name in header)
    if kind == "unknown":
        found.may_ask.add("header_unclear")
    row = 1 + random.choice((0, 0, 1, 3))
    cells: list[tuple[int, bool, list[str]]] = []
    if random.random() < 0.15:
        cells.append((row, False, [random.choice(TITLES)]))
        found.may_ask.add("header_unclear")
        row += random.choice((1, 2))
    if header is not None:
        cells.append((row, False, list(header)))
        row += 1
    hides = random.random() < 0.25
    for n, person in enumerate(people):
        row += random.random() < 0.1
        person.line = row
        if n == 0 and random.random() < 0.15:
            person.cells, person.is_spoilt = (person.cells[0], random.choice(SPOILT), person.cells[2]), True
            if kind != "known":
                found.may_ask.add("header_unclear")
        person.is_hidden = hides and random.random() < 0.4
        cells.append((row, person.is_hidden, list(person.cells)))
        row += 1
    if any(person.is_hidden for person in people):
        hidden = random.choice((None, "skip", "include"))
        if hidden is None:
            found.must_refuse = True
            found.may_ask |= {"hidden_rows", "file_empty"}
        else:
            found.options["hidden"] = hidden
            if hidden == "skip":
                found.people = [person for person in people if not person.is_hidden]
                found.may_ask.add("file_empty")
                # Whoever is first now was not before.
                if found.people and kind == "unknown":
                    found.may_ask.add("header_unclear")
                if not found.people:
                    found.may_ask.add("header_unclear")
    found.data = workbook(random, cells)
    return found


def workbook(random: Random, rows: list[tuple[int, bool, list[str]]]) -> bytes:
    """Return a workbook with these rows: number, whether it is hidden, cells."""
    prefix = random.choice(("", "", "", "x:"))
    way = random.choice(("shared", "shared", "inline", "plain"))
    strings: list[str] = []
    sheet = []
    for number, is_hidden, cells in rows:
        hidden = random.choice((' hidden="1"', ' ht="0" customHeight="1"')) if is_hidden else ""
        sheet.append(f'<{prefix}row r="{number}"{hidden}>')
        for column, cell in enumerate(cells):
            reference = f'r="{"ABCDEFG"[column]}{number}"'
            if not cell:
                sheet.append(random.choice(("", f'<{prefix}c {reference} s="0"/>')))
                continue
            if cell.isdigit() and cell[0] != "0" and len(cell) < 15:
                sheet.append(f"<{prefix}c {reference}><{prefix}v>{cell}</{prefix}v></{prefix}c>")
                continue
            text = escape(cell.replace("\r\n", "\n"))
            if way == "inline":
                inner = f"<{prefix}is><{prefix}t>{text}</{prefix}t></{prefix}is>"
                sheet.append(f'<{prefix}c {reference} t="inlineStr">{inner}</{prefix}c>')
            elif way == "plain":
                sheet.append(f'<{prefix}c {reference} t="str"><{prefix}v>{text}</{prefix}v></{prefix}c>')
            else:
                sheet.append(f'<{prefix}c {reference} t="s"><{prefix}v>{len(strings)}</{prefix}v></{prefix}c>')
                strings.append(_string(random, text))
        sheet.append(f"</{prefix}row>")
    name = f' xmlns{":x" if prefix else ""}="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    extra = random.random() < 0.2
    sheets = [
        (
            "people",
            "visible",
            f"<{prefix}worksheet{name}><{prefix}sheetData>{''.join(sheet)}</{prefix}sheetData></{prefix}worksheet>",
        )
    ]
    if extra:
        sheets.insert(0, ("left", random.choice(("hidden", "veryHidden")), "<worksheet><sheetData/></worksheet>"))
    return workbook_of(sheets, strings)


def _string(random: Random, text: str) -> str:
    if random.random() < 0.1:
        return f'<si><r><t xml:space="preserve">{text}</t></r><rPh sb="0" eb="1"><t>ヨミ</t></rPh></si>'
    return f"<si><t>{text}</t></si>"


def workbook_of(
    sheets: list[tuple[str, str, str]], strings: list[str] | None = None, styles: str = "", properties: str = ""
) -> bytes:
    """Return a workbook of sheets (name, state, XML), shared strings (XML), styles and properties (XML)."""
    names = "".join(
        f'<sheet name="{name}" sheetId="{n}" state="{state}" r:id="rId{n}"/>'
        for n, (name, state, _xml) in enumerate(sheets, 1)
    )
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{kind}worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    links += f'<Relationship Id="rId90" Type="{kind}sharedStrings" Target="/xl/sharedStrings.xml"/>'
    links += f'<Relationship Id="rId91" Type="{kind}styles" Target="styles.xml"/>'
    parts = {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f'<workbook xmlns:r="r">{properties}<sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships>{links}</Relationships>",
        **{f"xl/worksheets/sheet{n}.xml": xml for n, (_name, _state, xml) in enumerate(sheets, 1)},
    }
    if strings:
        parts["xl/sharedStrings.xml"] = f"<sst>{''.join(strings)}</sst>"
    if styles:
        parts["xl/styles.xml"] = styles
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for part, xml in parts.items():
            archive.writestr(part, xml)
    return buffer.getvalue()


MAKERS: tuple[Callable[[Random, int], MangledList], ...] = (text_list, text_list, text_list, workbook_list, json_list)
