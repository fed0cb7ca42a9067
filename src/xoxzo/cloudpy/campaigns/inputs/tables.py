"""Read rows of CSV, workbooks and JSON lines one at a time."""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Sized
from decimal import Decimal
from enum import Enum
from itertools import chain, count, islice, repeat
from pathlib import Path
from typing import NamedTuple

from xoxzo.cloudpy.campaigns.inputs import detection, numbers, sources
from xoxzo.cloudpy.campaigns.inputs.cells import (
    HEAD_ROWS,
    OWN_COLUMNS,
    RawRow,
    find_header,
    has_number,
    is_blank,
    with_formula,
)
from xoxzo.cloudpy.campaigns.records import Reason
from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.common.plain_text import plain
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument

_SAMPLE_ROWS = 50
_FEW_ROWS = 2
_NUMBER = re.compile(r"[+(]?\d[\d\s().\-]{7,}\d")
_TOO_MANY_CELLS = Reason(
    "too_many_cells", "is beyond the last column: a delimiter within a value needs quotation marks around it"
)
# What a program gives is named by its Python type.
_JSON_KINDS = {"_JsonObject": N_("an object"), "list": N_("an array"), "bool": N_("true or false")}
_DELIMITER_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}


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

    Its content decides what it is, not its name. A file of bad rows is read as the list that it is from: without the
    apostrophes that keep spreadsheets from taking cells for formulas.

    Args:
        path: the file.
        encoding: of a text, by its Python name; by default it is detected.
        delimiter: between cells; by default the comma, tab, semicolon or bar that fits most rows, or that a first line
            ``sep=;`` states.
        header: whether the first row names the columns; by default it is found where it is certain, also below a title.
            Without one, columns are called 1, 2, 3.
        header_row: the line of the names, where other lines are above it.
        sheet: of a workbook; by default the first that is not hidden.
        hidden: whether rows that a workbook hides are read: ``include`` or ``skip``.
        country: the country of numbers without a country code, as ISO 3166-1 alpha-2.
        wanted: names of columns that must exist: the placeholders, and columns that were named.

    Raises:
        CampaignError: it cannot be read, or something must be stated that is not certain: its encoding, delimiter,
            header, or what to do with hidden rows.
        ConfigurationError: reading workbooks needs the extra ``campaigns``.
    """
    file = Path(path)
    if hidden not in {None, "include", "skip"}:
        raise InvalidArgument("hidden", "must be include or skip")
    if header_row is not None and header is False:
        raise InvalidArgument("header_row", "cannot be given for a list without a header")
    reader = _ListReader(header, header_row, country, tuple(wanted), delimiter, [], Counter())
    kind = detection.kind_of(file)
    if kind in {"xlsx", "workbook"}:
        opened = sources.open_xlsx if kind == "xlsx" else sources.open_by_calamine
        name, lists = opened(file, sheet, hidden, reader.notes, reader.as_stored)
        table = reader._replace(delimiter=None).table(lists)._replace(kind="workbook", sheet=name)
    else:
        table = _read_text(file, encoding, reader)
    if not file.name.endswith(".bad.csv") and set(OWN_COLUMNS).isdisjoint(table.columns):
        return table
    rows = (row._replace(cells={name: with_formula(cell) for name, cell in row.cells.items()}) for row in table.rows)
    return table._replace(rows=rows)


def read_rows(rows: Iterable[Mapping[str, object]]) -> Table:
    """Read rows from a program; each maps a column to its value."""
    return _table((_row_of(line, row) for line, row in enumerate(rows, 1)), "rows")


def _table(rows: Iterator[Row], kind: str, encoding: str | None = None) -> Table:
    sample = tuple(islice(rows, _SAMPLE_ROWS))
    columns = tuple(dict.fromkeys(name for row in sample for name in row.cells))
    return Table(columns, chain(sample, rows), sample, kind, encoding)


def _read_text(file: Path, encoding: str | None, reader: _ListReader) -> Table:
    delimiter = reader.delimiter
    try:
        if encoding is None:
            encoding, sample = detection.detect(file, reader.country)
            if sample:
                fields = {"encoding": encoding, "sample": sample}
                reader.notes.append(Reason("encoding", "the text is most likely {encoding}: {sample}", fields))
        else:
            encoding = detection.named_encoding(encoding)
            detection.check_encoding(file, encoding)
        head = sources.read_head(file, encoding)
        if _is_json(file, head):
            return _table(_read_json(file, encoding), "json", encoding)
        if delimiter is None:
            delimiter = sources.choose_delimiter(file, head, reader.country)
    except OSError as error:
        raise detection.cannot_be_read(file, error) from None
    delimiter = _DELIMITER_NAMES.get(delimiter, delimiter)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise InvalidArgument("delimiter", "must be one character, or tab")
    rows = sources.read_delimited(file, encoding, delimiter)
    return reader._replace(delimiter=delimiter).table(rows)._replace(encoding=encoding, delimiter=delimiter)


class _ListReader(NamedTuple):
    """Makes a table of lists of cells; see `read_table`."""

    header: bool | None
    header_row: int | None
    country: str
    wanted: tuple[str, ...]
    delimiter: str | None
    """``None`` for a workbook."""
    notes: list[Reason]
    as_stored: Counter[tuple[int, str]]
    """By column and format: cells that may not be as the workbook shows them. Complete when the rows are read."""

    def table(self, lists: Iterator[RawRow]) -> Table:
        """Return the table; its rows are read from the lists as they are needed."""
        head = list(islice(lists, HEAD_ROWS))
        if not head:
            raise CampaignError("file_empty", "the file is empty")
        position, header = self._header(head, lists)
        if header is not None and position:
            fields = {"line": header[0], "count": position}
            self.notes.append(Reason("rows_above", "line {line} names the columns; rows above it: {count}", fields))
        head = head[position + 1 :]
        names = self._numbers(head) if header is None else self._names(*header)
        rows = self._rows(chain(head, lists), names)
        sample = tuple(islice(rows, _SAMPLE_ROWS))
        header_row = None if header is None else header[0]
        return Table(names, chain(sample, rows), sample, "text", header_row=header_row, notes=self.notes)

    def _header(self, head: list[RawRow], lists: Iterator[RawRow]) -> tuple[int, RawRow | None]:
        line = self.header_row
        if line is not None:
            at = next(((n, row) for n, row in enumerate(chain(head, lists)) if row[0] >= line), None)
            if at is None or at[1][0] != line:
                raise CampaignError("no_header_row", "no row begins in line {line}, or it is empty", line=line)
            return at
        if self.header is None:
            return find_header(head, self.wanted, self.country)
        return (0, head[0]) if self.header else (-1, None)

    def _numbers(self, head: list[RawRow]) -> tuple[str, ...]:
        """Return the names of columns without a header: numbers, as many as most rows have cells."""
        rows = [row for _line, row, _fault in head if len(row) > 1]
        widths = Counter(map(len, rows)) or Counter([1])
        width = max(widths)
        if self.delimiter is not None:
            width = max(widths, key=lambda one: (widths[one], -one))
            # What a single row has in the last column may have been shifted there by a delimiter within a value.
            is_ragged = len(widths) > 1 or len(rows) > _FEW_ROWS
            while is_ragged and width > 1 and sum(any(row[width - 1 :]) for row in rows) < _FEW_ROWS:
                width -= 1
        return tuple(map(str, range(1, width + 1)))

    def _names(self, line: int, header: list[str], fault: Reason | None) -> tuple[str, ...]:
        """Return names of which each is there once: of several ``memo``, the first is ``memo (1)``."""
        if fault and (len(header) == 1 or any(self._holds_other_rows(cell, 0) for cell in header)):
            raise CampaignError(
                "header_broken", "line {line}: a quotation mark opens in the header and does not end there", line=line
            )
        while self.delimiter is not None and len(header) > 1 and not header[-1].strip():
            header = header[:-1]
        names = [" ".join(cell.split()) or str(position) for position, cell in enumerate(header, 1)]
        counts, taken, unique = Counter(names), set(names), []
        for name in names:
            numbered = (f"{name} ({n})" for n in count(1))
            unique.append(name if counts[name] == 1 else next(one for one in numbered if one not in taken))
            taken.add(unique[-1])
        return tuple(unique)

    def _rows(self, lists: Iterator[RawRow], names: tuple[str, ...]) -> Iterator[Row]:
        width, blanks = len(names), repeat("")
        for line, given, fault in lists:
            row = Row(line, dict(zip(names, chain(given, blanks) if len(given) < width else given, strict=False)))
            if len(given) > width:
                extra = {str(n): cell for n, cell in enumerate(given[width:], width + 1) if cell.strip()}
                row = row._replace(cells=row.cells | extra)
                # In a workbook a remark beside the table shifts nothing.
                if extra and self.delimiter is not None:
                    row = row._replace(fault=_TOO_MANY_CELLS, column=next(iter(extra)))
            if fault is not None:
                column: str | None = names[0]
                if fault.code == sources.SEVERAL_LINES:
                    # A mark that opens in the last of too many cells joins the next row to this one.
                    holding = (name for name, cell in row.cells.items() if self._holds_other_rows(cell, width))
                    column = row.column or next(holding, None)
                if column is not None:
                    row = row._replace(fault=fault, column=column)
            yield row
        for (place, code), number in self.as_stored.items():
            if place < len(names):
                template = N_("{column}: {count} cells may differ from what the workbook shows (format {format})")
                fields = {"column": names[place], "count": number, "format": code}
                self.notes.append(Reason("as_stored", template, fields))

    def _holds_other_rows(self, cell: str, width: int) -> bool:
        """Return whether a cell of several lines holds what only an open quotation mark can put there."""
        lines = unicodedata.normalize("NFKC", cell).splitlines() if "\n" in cell or "\r" in cell else []
        if self.delimiter is not None and width > 1 and any(line.count(self.delimiter) >= width - 1 for line in lines):
            return True
        return any(has_number(_NUMBER.findall(line), self.country) for line in lines)


def _is_json(file: Path, head: str) -> bool:
    if file.suffix.lower() in {".jsonl", ".ndjson"}:
        return True
    first = head.lstrip("\ufeff \t\r\n").split("\n", 1)[0]
    try:
        return first.startswith("{") and isinstance(json.loads(first), dict)
    except ValueError:
        return False


def _read_json(path: Path, encoding: str) -> Iterator[Row]:
    line = 0
    try:
        with path.open(encoding=encoding) as file:
            for line, text in enumerate(file, 1):
                if not text.strip("\ufeff \t\r\n"):
                    continue
                try:
                    value = json.loads(text.lstrip("\ufeff"), object_pairs_hook=_JsonObject)
                except (ValueError, RecursionError):
                    value = None
                if not isinstance(value, _JsonObject):
                    raise CampaignError(
                        "no_json_object", "{path}, line {line}: this is not a JSON object", path=path, line=line
                    )
                yield _row_of(line, value, value.repeated)
    except (OSError, UnicodeError) as error:
        raise sources.broken_from(path, line + 1, error) from None


class _JsonObject(dict[str, object]):
    """An object of JSON that remembers the names that stand in it twice, with different values."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.repeated = {name for name, value in pairs if self[name] != value} if len(self) < len(pairs) else set()


def _row_of(line: int, values: Mapping[str, object], repeated: Collection[str] = ()) -> Row:
    if not isinstance(values, Mapping):
        raise InvalidArgument("source", "must yield mappings of columns to values, or be the path of a file")
    cells: dict[str, str] = {}
    refused = {name: Reason("repeated_name", "stands twice in the line, with different values") for name in repeated}
    for key, given in values.items():
        name, value = str(plain(key)), plain(given)
        cells[name] = text = _text(value)
        # A text of bytes, a list or any other object is its Python code, or names its class, as of a bool or an Enum.
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        has_own_text = is_number or type(value).__str__ not in {object.__str__, Enum.__str__}
        is_collection = isinstance(value, Sized) and not hasattr(value, "encode")  # as an array of numpy
        if not is_blank(text) and (not has_own_text or is_collection):
            kind = type(value).__name__
            fields = {"kind": _JSON_KINDS.get(kind, kind)}
            refused[name] = Reason("no_text", "is neither text nor a number ({kind})", fields)
    return Row(line, cells, refused=refused) if refused else Row(line, cells)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return numbers.shown_number(value)
    if isinstance(value, Decimal):
        return format(value, "f")  # without an exponent
    # Not compared with itself, as NaN may be: pandas' NA raises TypeError. Its text is one of `BLANKS`, as NaT's is.
    return "" if value is None else str(value)


def hash_file(source: str | os.PathLike[str]) -> str:
    """Return a hash of a file's bytes; `CampaignError` if it cannot be read."""
    try:
        with Path(source).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise detection.cannot_be_read(source, error) from None
