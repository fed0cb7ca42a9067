"""Read `.xlsx` files as a stream, with what python-calamine does not say: hidden rows and number formats."""

from __future__ import annotations

import posixpath
import re
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from xml.parsers import expat

from xoxzo.cloudpy.campaigns.inputs.encodings import cannot_be_read
from xoxzo.cloudpy.campaigns.inputs.numbers import CellFormat, cell_format
from xoxzo.cloudpy.campaigns.inputs.sheet_xml import SharedStrings, SheetReader, xml_parser

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator
    from pathlib import Path

_TRUE = frozenset({"1", "true"})
_JAPANESE_CHARSET = "128"

Attributes = dict[str, str]


class SheetEntry(NamedTuple):
    """A sheet of a workbook."""

    name: str
    part: str
    is_visible: bool


class Workbook:
    """A workbook of Excel 2007 or newer.

    Attributes:
        sheets: its sheets, in their order.

    Raises:
        CampaignError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.sheets: list[SheetEntry] = []
        self._is_uncalculated = False
        self._formats: list[CellFormat] = []
        self._strings = ""
        with self._archive() as archive:
            self._parts = {name.lower().lstrip("/"): name for name in archive.namelist()}
            main = next((part for part in self._parts if re.fullmatch(r"xl/workbook\d*\.xml", part)), "xl/workbook.xml")
            targets, styles = {}, ""
            for name, given in self._elements(archive, f"xl/_rels/{main[3:]}.rels"):
                if name == "Relationship":
                    target = posixpath.join("/xl", given["Target"])
                    targets[given["Id"]] = part = posixpath.normpath(target).lstrip("/").lower()
                    kind = given["Type"].rpartition("/")[2]
                    self._strings = part if kind == "sharedStrings" else self._strings
                    styles = part if kind == "styles" else styles
                    if kind != "worksheet":
                        del targets[given["Id"]]
            is_1904 = self._read_main(self._elements(archive, main), targets)
            if styles in self._parts:
                self._formats = _read_styles(self._elements(archive, styles), is_1904=is_1904)

    def _read_main(self, elements: list[tuple[str, Attributes]], targets: dict[str, str]) -> bool:
        is_1904 = False
        for name, given in elements:
            if name == "sheet":
                ident = next((value for key, value in given.items() if key.endswith(":id")), "")
                if ident in targets:  # a chart has no rows
                    is_visible = given.get("state", "visible") == "visible"
                    self.sheets.append(SheetEntry(given.get("name", ""), targets[ident], is_visible))
            elif name == "workbookPr":
                is_1904 = given.get("date1904") in _TRUE
            elif name == "calcPr":
                self._is_uncalculated = given.get("fullCalcOnLoad") in _TRUE
        return is_1904

    def rows(self, sheet: str, as_stored: Counter[tuple[int, str]]) -> Iterator[tuple[int, list[str], bool]]:
        """Yield the rows that hold something: their numbers, their cells, and whether they are hidden.

        Args:
            sheet: the sheet's name.
            as_stored: counts, by column and format, cells that may not be as the workbook shows them.

        Raises:
            CampaignError: it cannot be read further.
        """
        part = next(one.part for one in self.sheets if one.name == sheet)
        with self._archive() as archive:
            strings = SharedStrings()
            if self._strings in self._parts:
                with archive.open(self._parts[self._strings]) as file:
                    strings.read(file)
            with archive.open(self._parts[part]) as file:
                reader = SheetReader(strings, self._formats, as_stored, is_uncalculated=self._is_uncalculated)
                yield from reader.rows(file)

    @contextmanager
    def _archive(self) -> Iterator[zipfile.ZipFile]:
        try:
            with zipfile.ZipFile(self._path) as archive:
                yield archive
        except (OSError, KeyError, ValueError, IndexError, RuntimeError, zipfile.BadZipFile, expat.ExpatError) as error:
            raise cannot_be_read(self._path, error) from None

    def _elements(self, archive: zipfile.ZipFile, part: str) -> list[tuple[str, Attributes]]:
        """Return the elements of a small part, by their names without prefix."""
        found: list[tuple[str, Attributes]] = []
        parser = xml_parser(lambda name, given: found.append((name.rpartition(":")[2], given)))
        parser.Parse(archive.read(self._parts[part]), True)
        return found


def _read_styles(elements: list[tuple[str, Attributes]], *, is_1904: bool) -> list[CellFormat]:
    """Return the formats by the numbers that cells name. A Japanese font tells that formats mean Japanese dates."""
    codes = {int(given["numFmtId"]): given.get("formatCode", "") for name, given in elements if name == "numFmt"}
    is_japanese = any(name == "charset" and given.get("val") == _JAPANESE_CHARSET for name, given in elements)
    names = [name for name, _given in elements]
    begin = names.index("cellXfs") if "cellXfs" in names else len(names)
    end = next(
        (n for n in range(begin + 1, len(names)) if names[n] in {"cellStyles", "dxfs", "tableStyles", "extLst"}), None
    )
    found = []
    for name, given in elements[begin:end]:
        if name == "xf":
            ident = int(given.get("numFmtId", "0"))
            found.append(cell_format(codes.get(ident, ident), is_1904=is_1904, is_japanese=is_japanese))
    return found
