"""Read rows of CSV, workbooks and JSON lines one at a time."""

from __future__ import annotations

import csv
import json
from collections import Counter
from itertools import chain, islice, repeat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from xoxzo.cloudpy.campaigns.inputs.encodings import cannot_be_read, detect
from xoxzo.cloudpy.campaigns.records import Reason
from xoxzo.cloudpy.errors import CampaignError, ConfigurationError, InvalidArgument
from xoxzo.cloudpy.phone import parse

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_DELIMITERS = ",\t;|"
_SAMPLE_ROWS = 50
_MAX_CELL_CHARACTERS = 1_000_000
_MAX_WHOLE_FLOAT = 1e15
_TOO_MANY_CELLS = Reason(
    "too_many_cells", "is beyond the last column: a delimiter within a value needs quotation marks around it"
)
OWN_COLUMNS = ("xoxzo_line", "xoxzo_column", "xoxzo_reason")
"""The columns that a file of bad rows has beside those of the rows themselves."""


class Row(NamedTuple):
    """One row."""

    line: int
    """The line it begins in, from 1, as an editor counts them; in a workbook the row's number."""
    cells: dict[str, str]
    fault: Reason | None = None
    """Why it cannot be read as a row: nobody can be sent to by it."""
    column: str = ""
    """Where the fault is."""
    refused: Mapping[str, Reason] = {}
    """By column: why a cell's value cannot be used."""


class Table(NamedTuple):
    """A list that is read row by row."""

    columns: tuple[str, ...]
    """The names, each once: a column without a name has its position; those of one name are ``a (1)`` and ``a (2)``."""
    rows: Iterator[Row]
    sample: tuple[Row, ...]
    """The first rows, which `rows` gives as well."""
    kind: str
    """``text``, ``workbook``, ``json`` or ``rows``."""
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    """The line of the names; ``None`` where the list has none."""
    notes: Sequence[Reason] = ()
    """What was decided or left out while reading, for the plan. Complete when the rows are read. A note about the
    values of one column has its name in the field ``column``."""

    @property
    def about(self) -> str:
        """How it was read: kind, encoding, delimiter."""
        shown = {"\t": "tab"}.get(self.delimiter or "", self.delimiter)
        parts = [self.kind, self.encoding, shown and f"delimiter {shown}", self.sheet and f"sheet {self.sheet}"]
        headless = "without a header" if self.kind in {"text", "workbook"} and self.header_row is None else None
        return ", ".join(part for part in (*parts, headless) if part)


def read_table(
    path: str | os.PathLike[str],
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    header: bool | None = None,
    header_row: int | None = None,
    sheet: str | None = None,
    hidden: str | None = None,
    country: str = "JP",
    wanted: Iterable[str] = (),
) -> Table:
    """Open a list of recipients: a workbook, JSON lines, or else text with delimiters.

    Args:
        path: the file.
        encoding: of a text, by its Python name; by default the first of UTF-8, UTF-16, ISO-2022-JP, cp932 and EUC-JP
            that fits.
        delimiter: between cells; by default the comma, tab, semicolon or bar that the first line has most.
        header: whether the first row names the columns; by default it does unless it holds a phone number. Without
            one, columns are called 1, 2, 3.
        header_row: the line of the names, where other lines are above it.
        sheet: of a workbook; by default the first.
        hidden: whether rows that a workbook hides are read: ``include`` or ``skip``.
        country: the country of numbers without a country code, as ISO 3166-1 alpha-2.
        wanted: names of columns that must exist: the placeholders, and columns that were named.

    Raises:
        CampaignError: it cannot be read.
        ConfigurationError: reading workbooks needs the extra ``campaigns``.
    """
    file = Path(path)
    kind = file.suffix.lower()
    if kind in {".jsonl", ".ndjson"}:
        encoding = encoding or detect(file)
        return _table(_read_json(file, encoding), "json", encoding)
    reading = Reading(header, header_row, sheet, hidden, country, tuple(wanted))
    if kind in {".xlsx", ".xlsm", ".xls", ".ods"}:
        return _with_header(_read_workbook(file, sheet), reading)._replace(kind="workbook", sheet=sheet)
    encoding = encoding or detect(file)
    delimiter = delimiter or _detect_delimiter(file, encoding)
    rows = _read_text(file, encoding, delimiter)
    return _with_header(rows, reading)._replace(encoding=encoding, delimiter=delimiter)


def read_rows(rows: Iterable[Mapping[str, object]]) -> Table:
    """Read rows from a program; each maps a column to its value."""
    found = (Row(line, {str(name): _text(value) for name, value in row.items()}) for line, row in enumerate(rows, 1))
    return _table(found, "rows")


def is_phone_number(cell: str, country: str = "JP") -> bool:
    """Return whether a cell holds a phone number."""
    try:
        parse(cell, country)
    except InvalidArgument:
        return False
    return True


class Reading(NamedTuple):
    """How a list is to be read; see `read_table`."""

    header: bool | None
    header_row: int | None
    sheet: str | None
    hidden: str | None
    country: str
    wanted: tuple[str, ...]


def _table(rows: Iterator[Row], kind: str, encoding: str | None = None) -> Table:
    sample = tuple(islice(rows, _SAMPLE_ROWS))
    columns = tuple(dict.fromkeys(name for row in sample for name in row.cells))
    return Table(columns, chain(sample, rows), sample, kind, encoding)


def _unique(names: list[str]) -> tuple[str, ...]:
    """Return names of which each is there once: of several ``memo``, the first is ``memo (1)``."""
    counts, taken = Counter(names), set(names)
    unique = []
    for name in names:
        chosen, n = name, 0
        while counts[name] > 1 and chosen in taken:
            n += 1
            chosen = f"{name} ({n})"
        taken.add(chosen)
        unique.append(chosen)
    return tuple(unique)


def _with_header(lists: Iterator[tuple[int, list[str]]], reading: Reading) -> Table:
    first = next(lists, None)
    if first is None:
        raise CampaignError("file_empty", "the file is empty")
    header = reading.header
    if header is None:
        header = not any(is_phone_number(cell) for cell in first[1])
    if header:
        names = _unique([cell.strip() or str(position) for position, cell in enumerate(first[1], 1)])
    else:
        names = tuple(str(position) for position in range(1, len(first[1]) + 1))
        lists = chain([first], lists)
    width, blanks = len(names), repeat("")

    def rows() -> Iterator[Row]:
        for line, cells in lists:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > width:
                extra = {str(n): cell for n, cell in enumerate(cells[width:], width + 1) if cell.strip()}
                if extra:
                    named = dict(zip(names, cells, strict=False))
                    yield Row(line, named | extra, _TOO_MANY_CELLS, next(iter(extra)))
                    continue
            yield Row(line, dict(zip(names, chain(cells, blanks), strict=False)))

    found = rows()
    sample = tuple(islice(found, _SAMPLE_ROWS))
    return Table(names, chain(sample, found), sample, "text", header_row=first[0] if header else None)


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
