"""Build lists of people as files, and mangle them as spreadsheets, exports and hands do; each knows who is in it."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from random import Random

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
        "of\nthree\nlines",
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
EXTRA = ("緊急連絡先", "会員番号", "memo", "備考")
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
class PeopleList:
    """A file with its people."""

    data: bytes
    people: list[Person]
    content: Content
    must_be_read: bool
    hides_lines: bool = False
    """Whether the lines of some people cannot be known, since an open quotation mark has taken them."""

    def text_for(self, person: Person) -> str:
        """Return the words that this person should get."""
        return self.content.render(dict.fromkeys(self.content.placeholders, person.name.strip()))


def people(random: Random) -> list[Person]:
    """Return some people; now and then a number is spoilt, or a name is missing."""
    found = []
    for n in range(random.randint(1, 5)):
        a, b, c = random.choice(("90", "80", "70")), f"{random.randint(1000, 9999)}", f"{n:04}"
        spoilt = random.random() < 0.12
        form = random.choice(SPOILT if spoilt else FORMS)
        # A row without number and name is nobody's.
        name = random.choice(BLANKS if form and random.random() < 0.1 else NAMES)
        found.append(Person("" if spoilt else f"+81{a}{b}{c}", form.format(a=a, b=b, c=c), name))
    return found


def people_list(random: Random, mangles: set[str]) -> PeopleList:
    """Return a list as text with delimiters, mangled."""
    who = people(random)
    has_header = not {"no header", "number in header's place"} & mangles
    if not has_header:
        # Without a header, nothing tells how many cells a row should have.
        mangles = mangles - {"unquoted"}
    headers = {"phone": random.choice(PHONE_HEADERS), "name": random.choice(NAME_HEADERS)}
    # Without a header nothing tells whose the second numbers are.
    extra = random.sample(EXTRA if has_header else EXTRA[1:], random.randint(0, 2))
    order = random.sample(["phone", "name", *extra], len(extra) + 2)
    delimiter, end = random.choice(",\t;|"), random.choice(("\n", "\r\n", "\r"))
    quoting = random.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    header = [headers.get(column, column) for column in order] + ["memo"] * random.choice((0, 2))
    _mangle_people(who, mangles)
    rows = [_cells(person, n, order) + [f"m{n}"] * (len(header) - len(order)) for n, person in enumerate(who)]
    if "padded" in mangles:
        rows = [[f" {cell}  " if cell else cell for cell in row] for row in rows]
    lines = _lines(who, [header, *rows] if has_header else rows, mangles, delimiter, quoting, has_header=has_header)
    encoding, data = _encoded(random, "\n".join([*lines, *random.choice(([], [""]))]).replace("\n", end), mangles)
    if "broken byte" in mangles:
        data = _broken(data, who, encoding)
    message = random.choice(TEXTS).format(headers["name"] if has_header else str(order.index("name") + 1))
    return PeopleList(
        data=data,
        people=who,
        content=Content(kind="text", sender="Shop", message=message),
        must_be_read=(
            mangles <= HARMLESS
            and encoding.startswith("utf")
            and all(person.is_good for person in who)
            and (quoting == csv.QUOTE_MINIMAL or "padded" not in mangles)
        ),
        hides_lines="open quotation mark" in mangles,
    )


def _mangle_people(who: list[Person], mangles: set[str]) -> None:
    if "number in header's place" in mangles:
        # A list without a header whose first number is spoilt.
        who[0].number, who[0].typed = "", "9.01E+09"
    for person in who:
        if "unquoted" in mangles:
            person.name = person.name.replace("\n", " ").replace('"', "")


def _encoded(random: Random, text: str, mangles: set[str]) -> tuple[str, bytes]:
    encoding = random.choice(("utf-8", "utf-8-sig", "utf-16", "cp932", "euc_jp"))
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        encoding, data = "utf-8", text.encode()
    if "two marks" in mangles and encoding == "utf-8":
        data = b"\xef\xbb\xbf\xef\xbb\xbf" + data
    return encoding, data


def _cells(person: Person, n: int, order: list[str]) -> list[str]:
    extra = {
        "会員番号": f"90123{n:05}",
        "緊急連絡先": f"080-9999-{n:04}",
        "memo": f"memo {n}",
        "備考": "電話は18時以降",
    }
    return [{"phone": person.typed, "name": person.name, **extra}[column] for column in order]


def _lines(
    who: list[Person], rows: list[list[str]], mangles: set[str], delimiter: str, quoting: int, *, has_header: bool
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


def _line(row: list[str], person: int, mangles: set[str], delimiter: str, quoting: int) -> str:
    if "unquoted" in mangles and person >= 0:
        line = delimiter.join(row)
    else:
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter, quoting=quoting).writerow(row)
        line = out.getvalue().removesuffix("\r\n")
    if "open quotation mark" in mangles and person == 0:
        first, _, rest = line.partition(delimiter)
        line = '"' + first.strip('"') + delimiter + rest
    return line + (delimiter * 2 if "empty last cells" in mangles and person >= 0 else "")


def _broken(data: bytes, who: list[Person], encoding: str) -> bytes:
    """Cut a character of somebody's name in two, as an export with a limit in bytes does."""
    for person in who if encoding.startswith("utf-8") else ():
        if (found := re.search(r"[^\x00-\x7f]", person.name)) and (whole := person.name.encode()) in data:
            at = data.index(whole) + len(person.name[: found.start()].encode())
            person.number = ""
            return data[:at] + data[at + 1 :]
    return data
