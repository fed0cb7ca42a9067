"""Read rows of cells, of text and of workbooks: `.xlsx` by our own streaming reader, others by python-calamine.

Quotation marks that do not fit make a bad row, not other people's data.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any

from xoxzo.cloudpy.campaigns.inputs import detection, numbers, xlsx
from xoxzo.cloudpy.campaigns.inputs.cells import RawRow, has_number
from xoxzo.cloudpy.campaigns.records import Reason
from xoxzo.cloudpy.errors import CampaignError, ConfigurationError

_DELIMITERS = ",\t;|"
_HEAD_CHARACTERS = 1 << 16
_HEAD_ROWS = 30
_MAX_CELL_CHARACTERS = 1_000_000
_SEPARATOR_LINE = re.compile(r'\ufeff*"?sep=(.)"?[\t,;|]*(?:\r\n|\r|\n)', re.IGNORECASE)
_UNFITTING_QUOTES = Reason("quotes", "cannot be read: its quotation marks do not fit")
_HIDDEN_ROW = re.compile(rb'<table:table-row\b[^>]*table:visibility="(?:collapse|filter)"')
_SCAN_BYTES = 1 << 20
SEVERAL_LINES = "several_lines"
"""The code of a row of several lines, which is right unless a cell `holds_other_rows`."""


def read_head(path: Path, encoding: str) -> str:
    """Return the beginning of a text; `CampaignError` if the file is empty, or no list."""
    with path.open(encoding=encoding, newline="") as file:
        head = file.read(_HEAD_CHARACTERS)
    detection.check_text(path, head)
    if not head.strip("\ufeff \t\r\n"):
        raise CampaignError("file_empty", "the file is empty")
    return head


def choose_delimiter(path: Path, head: str, country: str) -> str:
    """Return the delimiter that the first line states, else the one that makes numbers, and rows of one width.

    `CampaignError` if there could be two.
    """
    if stated := _SEPARATOR_LINE.match(head):
        return stated[1]
    scores = {one: _score(head, one, country) for one in _DELIMITERS if one in head}
    ranked = sorted(scores, key=scores.__getitem__, reverse=True)
    if not ranked or scores[ranked[0]][1] == 0:
        return ","
    if len(ranked) > 1 and scores[ranked[0]][:2] == scores[ranked[1]][:2] and scores[ranked[1]][2] > 1:
        raise CampaignError(
            "delimiter_unclear",
            "{path}: the delimiter may be {first!r} or {second!r}: name it by --delimiter",
            path=path,
            first=ranked[0],
            second=ranked[1],
        )
    return ranked[0]


def _score(head: str, delimiter: str, country: str) -> tuple[int, int, int]:
    """Return how many rows have a phone number, how many have the most frequent width, and this width."""
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, skipinitialspace=True)
    with suppress(csv.Error):
        rows.extend(islice((cells for cells in reader if any(map(str.strip, cells))), _HEAD_ROWS))
    widths = Counter(len(cells) for cells in rows if len(cells) > 1)
    width, count = max(widths.items(), key=lambda one: (one[1], one[0]), default=(1, 0))
    return sum(has_number(cells, country) for cells in rows), count, width


def read_delimited(path: Path, encoding: str, delimiter: str) -> Iterator[RawRow]:
    """Yield the rows with the lines they begin in; `CampaignError` if the file cannot be read further."""
    csv.field_size_limit(_MAX_CELL_CHARACTERS)
    line = 1
    try:
        with path.open(encoding=encoding, newline="") as file:
            lines: list[str] = []
            reader = csv.reader(_recording(file, lines), delimiter=delimiter, strict=True, skipinitialspace=True)
            has_several = False
            while True:
                try:
                    cells, fault = next(reader), None
                except StopIteration:
                    break
                except csv.Error:
                    cells, fault = _mended(lines, delimiter, line)
                if len(lines) > 1:
                    fault = fault or _open_quote(SEVERAL_LINES, line, lines)
                elif has_several and lines[0].count('"') % 2:
                    # Perhaps the end of a cell whose beginning an open quotation mark has taken.
                    fault = _UNFITTING_QUOTES
                if fault or ("".join(cells).strip() and (line > 1 or not _SEPARATOR_LINE.match(lines[0]))):
                    yield line, cells, fault
                has_several = has_several or fault is not None
                line += len(lines)
                lines.clear()
    except (OSError, UnicodeError) as error:
        raise broken_from(path, line, error) from None


def broken_from(path: Path, line: int, error: Exception) -> CampaignError:
    """Return the error for a file that cannot be read further."""
    return CampaignError(
        "file_broken", "{path} cannot be read from line {line} on: {error}", path=path, line=line, error=error
    )


def _recording(file: Iterator[str], lines: list[str]) -> Iterator[str]:
    for text in chain([next(file, "").lstrip("\ufeff")], file):
        if text:
            lines.append(text)
            yield text


def _open_quote(code: str, line: int, lines: list[str]) -> Reason:
    end = line + len(lines) - 1
    return Reason(
        code, "has an open quotation mark: what follows, until line {end}, is not part of the value", {"end": end}
    )


def _mended(lines: list[str], delimiter: str, line: int) -> tuple[list[str], Reason | None]:
    """Read a row whose quotation marks do not fit: blanks after the last one are no harm."""
    text = "".join(lines)
    trimmed = re.sub(rf'"[ \u3000]+(?={re.escape(delimiter)}|[\r\n]|$)', '"', text)
    try:
        [cells] = csv.reader(trimmed.splitlines(keepends=True), delimiter=delimiter, strict=True, skipinitialspace=True)
    except (csv.Error, ValueError):
        if len(lines) > 1:
            return [text], _open_quote("open_quote", line, lines)
        return [text], _UNFITTING_QUOTES
    return cells, None


def open_xlsx(
    path: Path, sheet: str | None, hidden: str | None, notes: list[Reason], as_stored: Counter[tuple[int, str]]
) -> tuple[str, Iterator[RawRow]]:
    """Open a sheet of a workbook of Excel 2007 or newer: return its name and its rows.

    By default it is the first that is not hidden. `notes` takes what the plan should show: other sheets, hidden rows.
    `CampaignError` if the workbook cannot be read, has no such sheet, or what to do with hidden rows must be stated.
    """
    book = xlsx.Workbook(path, as_stored)
    name = _choose(path, book.sheets, sheet, notes)

    def rows() -> Iterator[RawRow]:
        count, first = 0, 0
        for line, cells, is_hidden in book.rows(name):
            if not cells:
                continue
            if is_hidden:
                count, first = count + 1, first or line
                if hidden != "include":
                    continue
            if hidden is not None or not count:
                yield line, cells, None
        if count and hidden is None:
            raise CampaignError(
                "hidden_rows",
                "sheet {sheet!r} has {count} hidden or filtered rows, the first is row {line}: --hidden skip leaves "
                "them out, --hidden include reads them",
                sheet=name,
                line=first,
                count=count,
            )
        if count:
            sent = Reason("hidden_included", "hidden or filtered rows, read as well: {count}", {"count": count})
            left = Reason("hidden_skipped", "hidden or filtered rows, left out: {count}", {"count": count})
            notes.append(sent if hidden == "include" else left)

    return name, rows()


def _choose(path: Path, sheets: Sequence[tuple[str, bool]], wanted: str | None, notes: list[Reason]) -> str:
    names = [name for name, _is_visible in sheets]
    visible = [name for name, is_visible in sheets if is_visible]
    if wanted is not None and wanted not in names:
        raise CampaignError(
            "no_such_sheet",
            "{path} has no sheet {sheet!r}; it has {sheets}",
            path=path,
            sheet=wanted,
            sheets=", ".join(names),
        )
    if wanted is None and not visible:
        raise CampaignError("no_sheet", "{path} has no sheet that is not hidden", path=path)
    chosen = wanted or visible[0]
    if others := [one for one in visible if one != chosen]:
        notes.append(
            Reason("other_sheets", "other sheets, not read (--sheet): {sheets}", {"sheets": ", ".join(others)})
        )
    if others := [one for one in names if one not in {chosen, *visible}]:
        notes.append(Reason("hidden_sheets", "hidden sheets, not read: {sheets}", {"sheets": ", ".join(others)}))
    return chosen


def open_by_calamine(
    path: Path, sheet: str | None, hidden: str | None, notes: list[Reason], as_stored: Counter[tuple[int, str]]
) -> tuple[str, Iterator[RawRow]]:
    """Do the same for the other workbooks; `ConfigurationError` if python-calamine is not installed."""
    try:
        import python_calamine as calamine
    except ModuleNotFoundError:
        raise ConfigurationError('reading workbooks needs an extra: pip install "xoxzo-cloudpy[campaigns]"') from None
    try:
        if hidden != "include" and zipfile.is_zipfile(path) and _ods_has_hidden_rows(path):
            raise CampaignError(
                "hidden_rows_unread",
                "{path} has hidden or filtered rows, which can be left out of .xlsx only: save it so, or read them by "
                "--hidden include",
                path=path,
            )
        with path.open("rb") as file:
            # Not by its path: the name would then decide the kind.
            book: Any = calamine.CalamineWorkbook.from_filelike(file)
        sheets = [(one.name, one.visible == calamine.SheetVisibleEnum.Visible) for one in book.sheets_metadata]
        name = _choose(path, sheets, sheet, notes)
        page = book.get_sheet_by_name(name)
    except (*detection.BROKEN_ZIP, calamine.CalamineError) as error:
        raise detection.cannot_be_read(path, error) from None
    if hidden is None:
        notes.append(Reason("hidden_unknown", "rows that the workbook hides are read as well: only .xlsx tells them"))

    def rows() -> Iterator[RawRow]:
        for line, cells in enumerate(page.iter_rows(), 1):
            texts = [_text(column, cell, as_stored) for column, cell in enumerate(cells)]
            if "".join(texts).strip():
                yield line, texts, None

    return name, rows()


def _ods_has_hidden_rows(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        if "content.xml" not in archive.namelist():
            return False
        with archive.open("content.xml") as file:
            before = b""
            while piece := file.read(_SCAN_BYTES):
                if _HIDDEN_ROW.search(before + piece):
                    return True
                before = piece[-1000:]
    return False


def _text(column: int, value: object, as_stored: Counter[tuple[int, str]]) -> str:
    if isinstance(value, float):
        if not value.is_integer():
            as_stored[column, "0.0"] += 1
        return numbers.shown_number(value)
    if isinstance(value, date | datetime | time | timedelta):
        as_stored[column, type(value).__name__] += 1
    return str(value).upper() if isinstance(value, bool) else str(value)
