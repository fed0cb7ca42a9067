"""Read rows of CSV, workbooks and JSON lines one at a time."""

from __future__ import annotations

import csv
import json
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from xoxzo.cloudpy.campaigns.inputs.encodings import cannot_be_read, detect
from xoxzo.cloudpy.errors import CampaignError, ConfigurationError, InvalidArgument
from xoxzo.cloudpy.phone import parse

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

_DELIMITERS = ",\t;|"
_SAMPLE_ROWS = 50
_MAX_CELL_CHARACTERS = 1_000_000
_MAX_WHOLE_FLOAT = 1e15
OWN_COLUMNS = ("xoxzo_line", "xoxzo_column", "xoxzo_reason")
"""The columns that a file of bad rows has beside those of the rows themselves."""


class Row(NamedTuple):
    """One row."""

    line: int
    """The line it begins in, from 1; in a workbook the row's number."""
    cells: dict[str, str]


class Table(NamedTuple):
    """A file that is read row by row."""

    columns: tuple[str, ...]
    rows: Iterator[Row]
    sample: tuple[Row, ...]
    """The first rows, which `rows` gives as well."""
    about: str
    """How it was read: kind, encoding, delimiter."""


def read_table(
    path: str | os.PathLike[str],
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
) -> Table:
    """Open a file of recipients: ``.xlsx``, ``.jsonl``, or else text with delimiters.

    Args:
        path: the file.
        encoding: by its Python name; by default the first of UTF-8, UTF-16, ISO-2022-JP, cp932 and EUC-JP that fits.
        delimiter: between cells; by default the comma, tab, semicolon or bar that the first line has most.
        header: whether the first row names the columns; by default it does unless it holds a phone number. Without
            one, columns are called 1, 2, 3.
        sheet: of a workbook; by default the first.

    Raises:
        CampaignError: it cannot be read.
        ConfigurationError: reading workbooks needs the extra ``campaigns``.
    """
    file = Path(path)
    kind = file.suffix.lower()
    if kind in {".jsonl", ".ndjson"}:
        return _table(_read_json(file, encoding or detect(file)), "JSON lines")
    if kind in {".xlsx", ".xlsm", ".xls", ".ods"}:
        return _with_header(_read_workbook(file, sheet), header, f"workbook, sheet {sheet or 1}")
    encoding = encoding or detect(file)
    delimiter = delimiter or _detect_delimiter(file, encoding)
    shown = {"\t": "tab"}.get(delimiter, delimiter)
    return _with_header(_read_text(file, encoding, delimiter), header, f"text, {encoding}, delimiter {shown}")


def read_rows(rows: Iterable[Mapping[str, object]]) -> Table:
    """Read rows from a program; each maps a column to its value."""
    return _table(
        (Row(line, {str(name): _text(value) for name, value in row.items()}) for line, row in enumerate(rows, 1)),
        "rows of a program",
    )


def is_phone_number(cell: str) -> bool:
    """Return whether a cell holds a phone number."""
    try:
        parse(cell)
    except InvalidArgument:
        return False
    return True


def _table(rows: Iterator[Row], about: str) -> Table:
    sample = tuple(islice(rows, _SAMPLE_ROWS))
    columns = tuple(dict.fromkeys(name for row in sample for name in row.cells))
    return Table(columns, chain(sample, rows), sample, about)


def _with_header(lists: Iterator[tuple[int, list[str]]], header: bool | None, about: str) -> Table:
    first = next(lists, None)
    if first is None:
        raise CampaignError("file_empty", "the file is empty")
    if header is None:
        header = not any(is_phone_number(cell) for cell in first[1])
    if header:
        names = [cell.strip() or str(position) for position, cell in enumerate(first[1], 1)]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise CampaignError(
                "column_twice", "line {line}: two columns are called {column!r}", line=first[0], column=twice
            )
    else:
        names = [str(position) for position in range(1, len(first[1]) + 1)]
        lists = chain([first], lists)

    def rows() -> Iterator[Row]:
        for line, cells in lists:
            if any(cell.strip() for cell in cells):
                extra = enumerate(cells[len(names) :], len(names) + 1)
                unnamed = {str(position): cell for position, cell in extra if cell.strip()}
                padded = cells + [""] * (len(names) - len(cells))
                yield Row(line, dict(zip(names, padded, strict=False)) | unnamed)

    found = rows()
    sample = tuple(islice(found, _SAMPLE_ROWS))
    return Table(tuple(names), chain(sample, found), sample, about + ("" if header else ", without a header"))


def _read_text(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(_MAX_CELL_CHARACTERS)
    line = 1
    try:
        with path.open(encoding=encoding, newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            for cells in reader:
                yield line, cells
                line = reader.line_num + 1
    except (OSError, LookupError, UnicodeError, csv.Error) as error:
        raise _broken_from(path, line, error) from None


def _broken_from(path: Path, line: int, error: Exception) -> CampaignError:
    return CampaignError(
        "file_broken", "{path} cannot be read from line {line} on: {error}", path=path, line=line, error=error
    )


def _detect_delimiter(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, newline="") as file:
        first = file.readline(_MAX_CELL_CHARACTERS)
    return max(_DELIMITERS, key=first.count)


def _read_workbook(path: Path, sheet: str | None) -> Iterator[tuple[int, list[str]]]:
    try:
        import python_calamine as calamine
    except ModuleNotFoundError:
        raise ConfigurationError('reading workbooks needs an extra: pip install "xoxzo-cloudpy[campaigns]"') from None
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
        if sheet is not None and sheet not in book.sheet_names:
            raise CampaignError(
                "no_such_sheet",
                "{path} has no sheet {sheet!r}; it has {sheets}",
                path=path,
                sheet=sheet,
                sheets=", ".join(book.sheet_names),
            )
        page = book.get_sheet_by_name(sheet) if sheet is not None else book.get_sheet_by_index(0)
        first = (page.start or (0, 0))[0]
        for line, cells in enumerate(page.iter_rows(), first + 1):
            yield line, [_text(cell) for cell in cells]
    except (OSError, calamine.CalamineError) as error:
        raise cannot_be_read(path, error) from None


def _read_json(path: Path, encoding: str) -> Iterator[Row]:
    line = 0
    try:
        with path.open(encoding=encoding) as file:
            for line, text in enumerate(file, 1):
                if not text.strip():
                    continue
                try:
                    value = json.loads(text)
                except ValueError:
                    value = None
                if not isinstance(value, dict):
                    raise CampaignError(
                        "no_json_object", "{path}, line {line}: this is no JSON object", path=path, line=line
                    )
                yield Row(line, {str(name): _text(cell) for name, cell in value.items()})
    except (OSError, LookupError, UnicodeError) as error:
        raise _broken_from(path, line + 1, error) from None


def _text(value: object) -> str:
    if value is None:
        return ""
    # Workbooks store whole numbers as floats.
    if isinstance(value, float) and value.is_integer() and abs(value) < _MAX_WHOLE_FLOAT:
        return str(int(value))
    return value if isinstance(value, str) else str(value)
