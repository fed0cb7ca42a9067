"""Read `.xlsx` files as a stream, with what python-calamine does not say: hidden rows and number formats."""

from __future__ import annotations

import posixpath
import re
import zipfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, reduce
from html import unescape
from itertools import chain, dropwhile, takewhile
from pathlib import Path
from typing import IO
from xml.parsers import expat

from xoxzo.cloudpy.campaigns.inputs.detection import BROKEN_ZIP, cannot_be_read
from xoxzo.cloudpy.campaigns.inputs.numbers import CellFormat, cell_format, shown_number

Attributes = dict[str, str]
Item = tuple[str, ...]
"""A row, a cell or a shared string: the groups of `_CELL` or `_STRING`."""

_READ_BYTES = 1 << 14
_STRING = re.compile(
    r"(<si)>\s*<t(?: [^<>]*)?>([^<]*)</t>\s*(?:<rPh [^<>]*><t[^<>]*>[^<]*</t></rPh>\s*)*"
    r"(?:<phoneticPr [^<>]*/>\s*)?</si>"
)
_CELL = re.compile(
    r'<(row) r="(\d+)"([^<>]*)>'
    r'|<c r="([A-Z]+)\d+"(?: s="(\d+)")?(?: t="(\w+)")?(?: (?:cm|vm|ph)="\w+")*'
    r"(?:/>|>(<f\b[^<>]*(?:/>|>[^<]*</f>))?(?:(?:<v>|<is><t(?: [^<>]*)?>)([^<]*)(?:</v>|</t></is>))?</c>)"
)
_HIDDEN = re.compile(r'\b(?:hidden="(?:1|true)"|ht="0")')
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NUMBER = frozenset({"", "n"})
_TRUE = frozenset({"1", "true"})
_ITEMS = frozenset({"c", "si"})
"""A cell, and a shared string."""
_JAPANESE_CHARSET = "128"
_MAX_KEPT = 100_000
UNCALCULATED = "#CALC!"
"""What a formula gives that no program has calculated."""


class Workbook:
    """A workbook of Excel 2007 or newer, of which one sheet is read; `CampaignError` if it cannot be."""

    def __init__(self, path: Path, as_stored: Counter[tuple[int, str]]) -> None:
        self._path = path
        # By column and format: how many cells may not be as the workbook shows them.
        self._as_stored = as_stored
        self.sheets: list[tuple[str, bool]] = []
        """The names of its sheets, in their order, and whether each is visible."""
        self._sheet_parts: dict[str, str] = {}
        self._is_uncalculated = self._is_1904 = False
        self._formats = [cell_format("", is_1904=False)]
        # The shared strings are one block, since a million Python strings would need 100 MB.
        self._strings, self._ends = bytearray(), array("Q", [0])
        self._shown: dict[tuple[str, str], str] = {}
        with self._archive() as archive:
            self._parts = {name.lower().lstrip("/"): name for name in archive.namelist()}
            main = next((part for part in self._parts if re.fullmatch(r"xl/workbook\d*\.xml", part)), "xl/workbook.xml")
            targets, self._strings_part, styles = {}, "", ""
            for name, given in self._elements(archive, f"xl/_rels/{main[3:]}.rels"):
                if name == "Relationship":
                    part = posixpath.normpath(posixpath.join("/xl", given["Target"])).lstrip("/").lower()
                    kind = given["Type"].rpartition("/")[2]
                    self._strings_part = part if kind == "sharedStrings" else self._strings_part
                    styles = part if kind == "styles" else styles
                    if kind == "worksheet":
                        targets[given["Id"]] = part
            for name, given in self._elements(archive, main):
                self._read_main(name, given, targets)
            if styles in self._parts:
                self._formats = self._read_styles(self._elements(archive, styles)) or self._formats

    def _read_main(self, name: str, given: Attributes, targets: dict[str, str]) -> None:
        if name == "sheet":
            ident = next((value for key, value in given.items() if key.endswith(":id")), "")
            title = given.get("name", "")
            if ident in targets:  # a chart has no rows
                self._sheet_parts.setdefault(title, targets[ident])
                self.sheets.append((title, given.get("state", "visible") == "visible"))
        elif name == "workbookPr":
            self._is_1904 = given.get("date1904") in _TRUE
        elif name == "calcPr":
            self._is_uncalculated = given.get("fullCalcOnLoad") in _TRUE

    def _read_styles(self, elements: list[tuple[str, Attributes]]) -> list[CellFormat]:
        """Return the formats by the numbers that cells name. A Japanese font tells that formats mean Japanese dates."""
        codes = {int(given["numFmtId"]): given.get("formatCode", "") for name, given in elements if name == "numFmt"}
        is_japanese = any(name == "charset" and given.get("val") == _JAPANESE_CHARSET for name, given in elements)
        after = dropwhile(lambda one: one[0] != "cellXfs", elements)
        within = takewhile(lambda one: one[0] not in {"cellStyles", "dxfs", "tableStyles", "extLst"}, after)
        idents = [int(given.get("numFmtId", "0")) for name, given in within if name == "xf"]
        return [cell_format(codes.get(one, one), is_1904=self._is_1904, is_japanese=is_japanese) for one in idents]

    @contextmanager
    def _archive(self) -> Iterator[zipfile.ZipFile]:
        try:
            with zipfile.ZipFile(self._path) as archive:
                yield archive
        except (*BROKEN_ZIP, LookupError, ValueError, ArithmeticError, expat.ExpatError) as error:
            raise cannot_be_read(self._path, error) from None

    def _elements(self, archive: zipfile.ZipFile, part: str) -> list[tuple[str, Attributes]]:
        """Return the elements of a small part, by their names without prefix."""
        found: list[tuple[str, Attributes]] = []
        parser = _xml_parser(lambda name, given: found.append((name.rpartition(":")[2], given)))
        parser.Parse(archive.read(self._parts[part]), True)
        return found

    def rows(self, sheet: str) -> Iterator[tuple[int, list[str], bool]]:
        """Yield the rows of a sheet: their numbers, their cells, and whether they are hidden. Some may be empty."""
        with self._archive() as archive:
            if self._strings_part in self._parts:
                with archive.open(self._parts[self._strings_part]) as file:
                    for item in chain.from_iterable(_read(file, "sst", _STRING)):
                        self._strings += item[-1].encode()
                        self._ends.append(len(self._strings))
            with archive.open(self._parts[self._sheet_parts[sheet]]) as file:
                yield from self._rows(file)

    def _rows(self, file: IO[bytes]) -> Iterator[tuple[int, list[str], bool]]:
        plain = {str(n or "") for n, one in enumerate(self._formats) if one.show is shown_number}
        line, column, is_hidden = 0, -1, False
        cells: list[str] = []
        for found in _read(file, "sheetData", _CELL):
            for is_row, number, attributes, letters, style, kind, formula, value in found:
                if is_row:
                    yield line, cells, is_hidden
                    line, column, cells = int(number or line + 1), -1, []
                    is_hidden = "h" in attributes and _HIDDEN.search(attributes) is not None
                    continue
                column = _column(letters) if letters else column + 1
                if kind == "s" and value and not style:
                    text = self._string(int(value))
                elif style in plain and value.isdigit() and kind in _NUMBER and len(value) < 16 and not formula:
                    text = value.lstrip("0") or "0"
                else:
                    text = self._text(column, style, kind, value, is_formula=bool(formula))
                if text and not text.isspace():
                    cells.extend([""] * (column + 1 - len(cells)))
                    cells[column] = text
        yield line, cells, is_hidden

    def _text(self, column: int, style: str, kind: str, value: str, *, is_formula: bool) -> str:
        if not value:
            return UNCALCULATED if is_formula and kind != "str" else ""
        if kind in _NUMBER:
            if is_formula and self._is_uncalculated and value == "0":
                return UNCALCULATED
            return self._shown.get((style, value)) or self._number(column, style, value)
        if kind == "b":
            return "TRUE" if value in _TRUE else "FALSE"
        text = self._string(int(value)) if kind == "s" else _unescaped(value)
        chosen = self._formats[int(style or 0)]
        if kind == "d" or (kind != "e" and not chosen.keeps_text):
            self._as_stored[column, chosen.code] += 1
        return text

    def _string(self, index: int) -> str:
        return _unescaped(self._strings[self._ends[index] : self._ends[index + 1]].decode())

    def _number(self, column: int, style: str, value: str) -> str:
        chosen = self._formats[int(style or 0)]
        number = float(value)
        found = chosen.show(number) if chosen.show is not None else None
        if found is None:
            self._as_stored[column, chosen.code] += 1
            return chosen.raw(number)
        if len(self._shown) < _MAX_KEPT:
            self._shown[style, value] = found
        return found


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


@lru_cache(maxsize=20_000)
def _column(letters: str) -> int:
    """Return a column's number, from 0."""
    return reduce(lambda number, letter: number * 26 + ord(letter) - 64, letters.upper(), 0) - 1


def _read(file: IO[bytes], container: str, pattern: re.Pattern[str]) -> Iterator[list[Item]]:
    """Yield the rows and cells, or the shared strings, of one block after another until their container ends.

    An expression reads what is written as most programs write it, in half the time that the parser takes. From the
    first block that holds anything else, the parser reads. Buttons behind the rows have rows of their own.
    """
    block, before = file.read(_READ_BYTES), b""
    head = re.search(b"<%b(?: [^<>]*)?(?<!/)>" % container.encode(), block)
    last, close = b"</row>" if pattern is _CELL else b"</si>", f"</{container}>".encode()
    if head and b"<!" not in block[: head.start()]:
        before, block = block[: head.end()], block[head.end() :]
        while True:
            end = block.find(close)
            cut = end if end >= 0 else block.rfind(last) + len(last)
            text = block[:cut].decode() if cut >= len(last) or end >= 0 else "\r"
            found = pattern.findall(text)
            known = text.count("<row") + text.count("<c") + text.count("<si")
            if len(found) != known or "\r" in text or "<!" in text:
                break
            yield found if "&" not in text else [tuple(map(unescape, item)) for item in found]
            if end >= 0:
                return
            block = block[cut:] + (piece := file.read(_READ_BYTES))
            if not piece:
                raise ValueError("its end is missing")
    yield from _parse(file, container, before + block)


def _parse(file: IO[bytes], container: str, block: bytes) -> Iterator[list[Item]]:  # noqa: C901 - events share variables
    """Yield the same by the parser. The readings that Excel keeps beside Japanese words are left out."""
    found: list[Item] = []
    given: Attributes = {}
    pieces: list[str] = []
    is_text = is_reading = is_ended = False
    formula = ""

    def start(name: str, attributes: Attributes) -> None:
        nonlocal given, is_text, is_reading, formula
        name = name.rpartition(":")[2]
        if name in _ITEMS:
            given, formula = attributes, ""
            pieces.clear()
        elif name == "row":
            shown = " ".join(f'{key}="{value}"' for key, value in attributes.items())
            found.append((name, attributes.get("r", ""), shown, "", "", "", "", ""))
        elif name == "f":
            formula = name
        is_text = name in {"v", "t"} and not is_reading
        is_reading = is_reading or name == "rPh"

    def end(name: str) -> None:
        nonlocal is_text, is_reading, is_ended
        name = name.rpartition(":")[2]
        is_text = False
        if name in _ITEMS:
            letters = given.get("r", "").rstrip("0123456789")
            found.append(("", "", "", letters, given.get("s", ""), given.get("t", ""), formula, "".join(pieces)))
        elif name == "rPh":
            is_reading = False
        elif name == container:
            parser.StartElementHandler = parser.EndElementHandler = None
            is_ended = True

    parser = _xml_parser(start, end, lambda text: pieces.append(text) if is_text else None)
    while block and not is_ended:
        parser.Parse(block)
        yield found
        found.clear()
        block = file.read(_READ_BYTES)
    if not is_ended:
        raise ValueError("its end is missing")


def _xml_parser(
    start: Callable[[str, Attributes], object],
    end: Callable[[str], object] | None = None,
    characters: Callable[[str], object] | None = None,
) -> expat.XMLParserType:
    """Return a parser that calls functions, and refuses entities: no workbook needs them, and they can fill memory."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters

    def refuse(*_declaration: object) -> None:
        raise ValueError("it declares entities")

    parser.StartDoctypeDeclHandler = refuse
    return parser
