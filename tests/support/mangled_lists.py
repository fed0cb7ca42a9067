"""Build lists of people as files, and mangle them as spreadsheets, exports and hands do; each knows who is in it."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field

from hypothesis import strategies as st

from xoxzo.cloudpy.campaigns import Content

FORMS = (
    "0{a}-{b}-{c}",
    "0{a}{b}{c}",
    "+81 {a} {b} {c}",
    "+81{a}{b}{c}",
    "０{a}ー{b}ー{c}",
    "(0{a}) {b}-{c}",
    "0{a}.{b}.{c}",
    "tel:+81-{a}-{b}-{c}",
    " 0{a}-{b}-{c} ",
    "{a}{b}{c}",
)
SPOILT = (
    "",
    "9.01E+09",
    "0{a}-{b}-12",
    "未登録",
    "03-1234-5678",
    "0{a}-{b}-{c}/080-1234-5678",
    "0{a}-{b}-{c}（母）",
    "#N/A",
)
NAMES = (
    *(
        "山田",
        "佐藤 花子",
        "髙橋",
        "はなこ㈱",
        "Müller",
        "O'Brien",
        'Anna "Bo" Lee',
        "สมชาย",
        "田中｛｝",
        "{phone}",
        "\\1",
    ),
    *(
        "1,000",
        "a;b",
        "x|y",
        "in\ttab",
        "two\nlines",
        "-20%OFF",
        "=1+1",
        "+plus",
        "@home",
        "'quoted",
        "0012",
        "12月1日",
    ),
)
BLANKS = ("", " ", "nan", "#N/A", "　")
PHONE_HEADERS = ("phone", "電話番号", "携帯電話", "TEL", "Mobile Number", "携帯")
NAME_HEADERS = ("name", "お名前（漢字）", "First Name", "氏名", "ชื่อ", "e-mail", "が", "item [x]")
TEXTS = ("{{{0}}}様 明日です", "Hi {{{{ {0} }}}}", "｛{0}｝さん", "{{{0}}}{{{0}}}")
MANGLES = (
    *("blank line first", "cells of blanks first", "title", "sep", "blank lines", "empty last cells", "two marks"),
    *("unquoted", "open quotation mark", "broken byte", "no header", "number in header's place", "padded"),
)
HARMLESS = frozenset(
    {"blank line first", "cells of blanks first", "blank lines", "empty last cells", "two marks", "padded"}
)
"""Mangles with which a list must still be read."""


@dataclass
class Person:
    """Somebody in a list."""

    number: str
    typed: str
    name: str
    line: int = 0

    @property
    def is_good(self) -> bool:
        """Whether a message can be made for this person."""
        return bool(self.number) and self.name not in BLANKS


@dataclass
class MangledList:
    """A file with its people."""

    data: bytes
    people: list[Person]
    content: Content
    columns: dict[str, str]
    must_be_read: bool
    hides_lines: bool = False
    """Whether the lines of some people cannot be known, since an open quotation mark has taken them."""
    about: dict[str, object] = field(default_factory=dict)

    def text_for(self, person: Person) -> str:
        """Return the words that this person should get."""
        return self.content.render(dict.fromkeys(self.content.placeholders, person.name.strip()))


@st.composite
def people(draw: st.DrawFn) -> list[Person]:
    """Some people; now and then a number is spoilt, or a name is missing."""
    found = []
    for n in range(draw(st.integers(1, 5))):
        a, b, c = draw(st.sampled_from(["90", "80", "70"])), f"{1000 + draw(st.integers(0, 8999))}", f"{n:04}"
        spoilt = draw(st.integers(0, 7)) == 0
        form = draw(st.sampled_from(SPOILT if spoilt else FORMS))
        # A row without number and name is nobody's.
        name = draw(st.sampled_from(BLANKS if form and draw(st.integers(0, 9)) == 0 else NAMES))
        found.append(Person("" if spoilt else f"+81{a}{b}{c}", form.format(a=a, b=b, c=c), name))
    return found


@st.composite
def mangled_lists(draw: st.DrawFn, *, mangles: tuple[str, ...] = MANGLES) -> MangledList:
    """A list as text with delimiters, with up to two of the mangles."""
    who = draw(people())
    chosen = draw(st.lists(st.sampled_from(mangles), max_size=2, unique=True)) if mangles else []
    headers = {"phone": draw(st.sampled_from(PHONE_HEADERS)), "name": draw(st.sampled_from(NAME_HEADERS))}
    extra = draw(st.lists(st.sampled_from(["会員番号", "緊急連絡先", "memo", "備考"]), max_size=2, unique=True))
    order = draw(st.permutations(["phone", "name", *extra]))
    delimiter, end = draw(st.sampled_from(",\t;|")), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    rows = [_cells(person, n, order) for n, person in enumerate(who)]
    header = [headers.get(column, column) for column in order] + (["memo"] * 2 if draw(st.booleans()) else [])
    rows = [row + [f"m{n}"] * (len(header) - len(row)) for n, row in enumerate(rows)]
    has_header = "no header" not in chosen
    if "number in header's place" in chosen:
        # A list without a header whose first number is spoilt.
        has_header = False
        who[0].number, who[0].typed = "", "9.01E+09"
        rows[0][order.index("phone")] = who[0].typed
    if "padded" in chosen:
        rows = [[f" {cell}  " if cell else cell for cell in row] for row in rows]
    lines = _lines(who, [header, *rows] if has_header else rows, chosen, delimiter, quoting, has_header=has_header)
    text = end.join(lines).replace("\n", end) + draw(st.sampled_from(["", end]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp932", "euc_jp"]))
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        encoding, data = "utf-8", text.encode()
    if "two marks" in chosen and encoding == "utf-8":
        data = b"\xef\xbb\xbf\xef\xbb\xbf" + data
    broken = "broken byte" in chosen and _break(data, who, encoding)
    if broken:
        data = broken
    placeholder = headers["name"] if has_header else str(order.index("name") + 1)
    message = draw(st.sampled_from(TEXTS)).format(placeholder)
    return MangledList(
        data=data,
        people=who,
        content=Content(kind="text", sender="Shop", message=message),
        columns={},
        must_be_read=(
            set(chosen) <= HARMLESS
            and encoding.startswith("utf")
            and all(person.is_good for person in who)
            and (quoting == csv.QUOTE_MINIMAL or "padded" not in chosen)
        ),
        hides_lines="open quotation mark" in chosen,
        about={"mangles": chosen, "encoding": encoding, "delimiter": delimiter},
    )


def _cells(person: Person, n: int, order: list[str]) -> list[str]:
    extra = {
        "会員番号": f"90123{n:05}",
        "緊急連絡先": f"080-9999-{n:04}",
        "memo": f"memo {n}",
        "備考": "電話は18時以降",
    }
    return [{"phone": person.typed, "name": person.name, **extra}[column] for column in order]


def _lines(
    who: list[Person], rows: list[list[str]], mangles: list[str], delimiter: str, quoting: int, *, has_header: bool
) -> list[str]:
    """Return the rows as text, and note in which line each person begins."""
    lines: list[str] = []
    if "sep" in mangles:
        lines.append(f"sep={delimiter}")
    if "title" in mangles:
        lines += ["顧客一覧 2026年11月" + delimiter * (len(rows[0]) - 1), ""]
    if "blank line first" in mangles:
        lines.append("")
    if "cells of blanks first" in mangles:
        lines.append(delimiter * (len(rows[0]) - 1))
    for n, row in enumerate(rows):
        if "blank lines" in mangles and n % 2:
            lines.append(delimiter * (len(row) - 1) if n % 4 == 1 else "")
        person = n - has_header
        if person >= 0:
            who[person].line = 1 + sum(1 + line.count("\n") for line in lines)
        lines.append(_line(row, person, mangles, delimiter, quoting))
    return lines


def _line(row: list[str], person: int, mangles: list[str], delimiter: str, quoting: int) -> str:
    if "unquoted" in mangles and person >= 0:
        # What a program writes that has never heard of quotation marks.
        line = delimiter.join(cell.replace("\n", " ").replace('"', "") for cell in row)
    else:
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter, quoting=quoting).writerow(row)
        line = out.getvalue().removesuffix("\r\n")
    if "open quotation mark" in mangles and person == 0:
        first, _, rest = line.partition(delimiter)
        line = '"' + first.strip('"') + delimiter + rest
    return line + (delimiter * 2 if "empty last cells" in mangles and person >= 0 else "")


def _break(data: bytes, who: list[Person], encoding: str) -> bytes | None:
    """Cut a character of somebody's name in two, as an export with a limit in bytes does."""
    if not encoding.startswith("utf-8"):
        return None
    for person in who:
        if (found := re.search(r"[^\x00-\x7f]", person.name)) and (whole := person.name.encode()) in data:
            at = data.index(whole) + len(person.name[: found.start()].encode())
            person.number = ""
            return data[:at] + data[at + 1 :]
    return None
