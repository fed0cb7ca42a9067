"""Rows of texts out of CSV, XLSX and JSON lines, one at a time."""

from __future__ import annotations

import csv
import json
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from xoxzo.cloudpy.campaigns.inputs.encodings import detect
from xoxzo.cloudpy.errors import CampaignError, ConfigurationError, InvalidArgument
from xoxzo.cloudpy.phone import parse

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

_DELIMITERS = ",\t;|"
_SAMPLE = 50
_LONGEST = 1_000_000
# What `BadRow` files carry beside the rows themselves.
OWN_COLUMNS = ("xoxzo_line", "xoxzo_column", "xoxzo_reason")


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
        delimiter: what stands between cells; by default the comma, tab, semicolon or bar that the first line has most.
        header: whether the first row names the columns; by default it does unless a phone number stands in it. Without
            one, columns are called 1, 2, 3.
        sheet: of a workbook; by default the first.

    Raises:
        CampaignError: it cannot be read.
        ConfigurationError: reading workbooks needs the extra ``campaigns``.
    """
    file = Path(path)
    kind = file.suffix.lower()
    if kind in {".jsonl", ".ndjson"}:
        rows: Iterator[Row] = _json_rows(file, encoding or detect(file))
        return _table(rows, "JSON lines")
    if kind in {".xlsx", ".xlsm", ".xls", ".ods"}:
        return _named(_workbook(file, sheet), header, f"workbook, sheet {sheet or 1}")
    encoding = encoding or detect(file)
    delimiter = delimiter or _delimiter(file, encoding)
    shown = {"\t": "tab"}.get(delimiter, delimiter)
    return _named(_text(file, encoding, delimiter), header, f"text, {encoding}, delimiter {shown}")


def read_rows(rows: Iterable[Mapping[str, object]]) -> Table:
    """Take rows from a program; each maps a column to its value."""
    return _table(
        (Row(line, {str(name): _shown(value) for name, value in row.items()}) for line, row in enumerate(rows, 1)),
        "rows of a program",
    )


def _table(rows: Iterator[Row], about: str) -> Table:
    sample = tuple(islice(rows, _SAMPLE))
    columns = tuple(dict.fromkeys(name for row in sample for name in row.cells))
    return Table(columns, chain(sample, rows), sample, about)


def _named(lists: Iterator[tuple[int, list[str]]], header: bool | None, about: str) -> Table:
    first = next(lists, None)
    if first is None:
        raise CampaignError("the file is empty")
    if header is None:
        header = not any(_is_number(cell) for cell in first[1])
    if header:
        names = [cell.strip() or str(place) for place, cell in enumerate(first[1], 1)]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise CampaignError(f"line {first[0]}: two columns are called {twice!r}")
    else:
        names = [str(place) for place in range(1, len(first[1]) + 1)]
        lists = chain([first], lists)

    def rows() -> Iterator[Row]:
        for line, cells in lists:
            if any(cell.strip() for cell in cells):
                more = {
                    f"{place}": cell for place, cell in enumerate(cells[len(names) :], len(names) + 1) if cell.strip()
                }
                padded = cells + [""] * (len(names) - len(cells))
                yield Row(line, dict(zip(names, padded, strict=False)) | more)

    found = rows()
    sample = tuple(islice(found, _SAMPLE))
    return Table(tuple(names), chain(sample, found), sample, about + ("" if header else ", without a header"))


def _text(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(_LONGEST)
    line = 1
    try:
        with path.open(encoding=encoding, newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            for cells in reader:
                yield line, cells
                line = reader.line_num + 1
    except (OSError, LookupError, UnicodeError, csv.Error) as error:
        raise CampaignError(f"{path} cannot be read from line {line} on: {error}") from None


def _delimiter(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, newline="") as file:
        first = file.readline(_LONGEST)
    return max(_DELIMITERS, key=first.count)


def _workbook(path: Path, sheet: str | None) -> Iterator[tuple[int, list[str]]]:
    try:
        import python_calamine as calamine
    except ModuleNotFoundError:
        raise ConfigurationError('reading workbooks needs an extra: pip install "xoxzo-cloudpy[campaigns]"') from None
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
        if sheet is not None and sheet not in book.sheet_names:
            raise CampaignError(f"{path} has no sheet {sheet!r}; it has {', '.join(book.sheet_names)}")
        page = book.get_sheet_by_name(sheet) if sheet is not None else book.get_sheet_by_index(0)
        first = (page.start or (0, 0))[0]
        for line, cells in enumerate(page.iter_rows(), first + 1):
            yield line, [_shown(cell) for cell in cells]
    except (OSError, calamine.CalamineError) as error:
        raise CampaignError(f"{path} cannot be read: {error}") from None


def _json_rows(path: Path, encoding: str) -> Iterator[Row]:
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
                    raise CampaignError(f"{path}, line {line}: this is no JSON object")
                yield Row(line, {str(name): _shown(cell) for name, cell in value.items()})
    except (OSError, LookupError, UnicodeError) as error:
        raise CampaignError(f"{path} cannot be read from line {line + 1} on: {error}") from None


def _shown(value: object) -> str:
    if value is None:
        return ""
    # Workbooks keep whole numbers as floats.
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value if isinstance(value, str) else str(value)


def _is_number(cell: str) -> bool:
    with suppress(InvalidArgument):
        parse(cell)
        return True
    return False
