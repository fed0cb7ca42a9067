"""Open workbooks: `.xlsx` by our own streaming reader, other kinds by python-calamine."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from xoxzo.cloudpy.campaigns.inputs.cells import RawRow
from xoxzo.cloudpy.campaigns.inputs.detection import cannot_be_read
from xoxzo.cloudpy.campaigns.inputs.numbers import shown_number
from xoxzo.cloudpy.campaigns.inputs.xlsx import Workbook
from xoxzo.cloudpy.campaigns.records import Reason
from xoxzo.cloudpy.errors import CampaignError, ConfigurationError

_HIDDEN_ROW = re.compile(rb'<table:table-row\b[^>]*table:visibility="(?:collapse|filter)"')
_SCAN_BYTES = 1 << 20


def open_xlsx(
    path: Path, sheet: str | None, hidden: str | None, notes: list[Reason], as_stored: Counter[tuple[int, str]]
) -> tuple[str, Iterator[RawRow]]:
    """Open a sheet of a workbook of Excel 2007 or newer: return its name and its rows.

    By default it is the first that is not hidden. `notes` takes what the plan should show: other sheets, hidden rows.
    `CampaignError` if the workbook cannot be read, has no such sheet, or what to do with hidden rows must be stated.
    """
    book = Workbook(path, as_stored)
    name = _choose(path, book.sheets, sheet, notes)
    return name, _without_hidden(name, book.rows(name), hidden, notes)


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


def _without_hidden(
    name: str, rows: Iterator[tuple[int, list[str], bool]], hidden: str | None, notes: list[Reason]
) -> Iterator[RawRow]:
    count, first = 0, 0
    for line, cells, is_hidden in rows:
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


def open_by_calamine(
    path: Path, sheet: str | None, hidden: str | None, notes: list[Reason], as_stored: Counter[tuple[int, str]]
) -> tuple[str, Iterator[RawRow]]:
    """Do the same for the other workbooks; `ConfigurationError` if python-calamine is not installed."""
    try:
        import python_calamine as calamine
    except ModuleNotFoundError:
        raise ConfigurationError('reading workbooks needs an extra: pip install "xoxzo-cloudpy[campaigns]"') from None
    is_ods = zipfile.is_zipfile(path) and _ods_has_hidden_rows(path)
    if is_ods and hidden != "include":
        raise CampaignError(
            "hidden_rows_unread",
            "{path} has hidden or filtered rows, which can be left out of .xlsx only: save it so, or read them by "
            "--hidden include",
            path=path,
        )
    try:
        with path.open("rb") as file:
            # Not by its path: the name would then decide the kind.
            book: Any = calamine.CalamineWorkbook.from_filelike(file)
        sheets = [(one.name, one.visible == calamine.SheetVisibleEnum.Visible) for one in book.sheets_metadata]
        name = _choose(path, sheets, sheet, notes)
        page = book.get_sheet_by_name(name)
    except (OSError, calamine.CalamineError) as error:
        raise cannot_be_read(path, error) from None
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
        return shown_number(value)
    if isinstance(value, date | datetime | time | timedelta):
        as_stored[column, type(value).__name__] += 1
    return str(value).upper() if isinstance(value, bool) else str(value)
