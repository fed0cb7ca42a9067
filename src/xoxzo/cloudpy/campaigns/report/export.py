"""Export all recipients with their status, and bad rows with their reasons, as CSV or a workbook."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from itertools import chain, count
from pathlib import Path
from typing import Any, TextIO

from xoxzo.cloudpy.campaigns.inputs.cells import OWN_COLUMNS, without_formula
from xoxzo.cloudpy.campaigns.inputs.recipients import BadRow
from xoxzo.cloudpy.campaigns.inputs.tables import Row, hash_file, read_table
from xoxzo.cloudpy.campaigns.ledger import Ledger
from xoxzo.cloudpy.campaigns.records import Recipient, RecipientStatus, outcome_reason
from xoxzo.cloudpy.common.user_files import open_private
from xoxzo.cloudpy.errors import CampaignError, ConfigurationError

EXPORT_COLUMNS = (
    *("line", "number", "state", "msgid", "began", "sent", "ended", "parts", "estimate", "charged", "error"),
    *("opted_out", "opt_out_source"),
)
"""The columns of an export. ``estimate`` and ``charged`` are credits; ``opted_out`` is since when."""
ZONE = "zone"
"""The column with the time zone of the times, in files."""
_COLUMN_WIDTHS = {"number": 16, "state": 11, "msgid": 24, "error": 28} | dict.fromkeys(
    ("began", "sent", "ended", "opted_out"), 19
)
# A device has none.
_ENDINGS = frozenset({".xlsx", ".csv", ".txt", ""})
_BAD_ROWS_ENDING = ".bad.csv"


def own_columns(ledger: Ledger) -> tuple[tuple[str, ...], Callable[[Recipient], list[str]]]:
    """Return the names of the list's columns, and a function that returns a recipient's cells, called in their order.

    All columns, if the file that the campaign was created from is unchanged where it was. Else those that the message
    has a placeholder for, which the campaign has stored.
    """
    stored = ledger.get("input") or {}
    file, names = stored.get("file"), [name for name in stored.get("columns", ()) if name != "number"]
    rows: Iterator[Row] | None = None
    if file and Path(file).is_file() and hash_file(file) == ledger.get("source"):
        table = read_table(file, **{k: v for k, v in stored["asked"].items() if k not in {"number", "any_number"}})
        names, rows = list(table.columns), iter(table.rows)

    def cells(one: Recipient) -> list[str]:
        values = one.variables
        if rows is not None:
            values = next((row.cells for row in rows if row.line == one.line), {})
        return [values.get(name, "") for name in names]

    return tuple(f"{name} (list)" if name in {*EXPORT_COLUMNS, ZONE} else name for name in names), cells


def export(ledger: Ledger, path: Path, *, zone: tzinfo | None = UTC) -> int:
    """Export to a file that only its owner can read, and return how many recipients: a workbook or, by its ending, CSV.

    The columns of the list stand beside. A spreadsheet shows a workbook as it is: numbers and ids are text, times are
    dates in the zone. It takes cells of a CSV file for numbers where it can. Times in it are ISO 8601 with the offset
    of the zone; ``None`` stands for that of this machine.

    Raises:
        CampaignError: the file cannot be written, or its name ends with neither ``.xlsx`` nor ``.csv``.
        ConfigurationError: writing workbooks needs the extra ``campaigns``.
    """
    ending = path.suffix.lower()
    if ending not in _ENDINGS:
        raise CampaignError("wrong_ending", "{path}: the name must end with .xlsx or .csv", path=path)
    header, rows = _header_and_rows(ledger, zone)
    try:
        if ending == ".xlsx":
            return _write_workbook(header, rows, path)
        # With a byte-order mark, so that Excel does not read it as cp932.
        with os.fdopen(open_private(path), "w", encoding="utf-8-sig", errors="replace", newline="") as file:
            return _write_csv(header, rows, file)
    except OSError as error:
        raise _cannot_be_written(path, error) from None


def export_csv(ledger: Ledger, file: TextIO, *, zone: tzinfo | None = UTC) -> int:
    """Export as CSV to an open file; return how many recipients were exported. See `export`."""
    return _write_csv(*_header_and_rows(ledger, zone), file)


def _header_and_rows(ledger: Ledger, zone: tzinfo | None) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
    names, cells = own_columns(ledger)
    zone_name = str(zone) if zone else datetime.now().astimezone().tzname()

    def row(one: RecipientStatus) -> tuple[Any, ...]:
        local = (value.astimezone(zone) if isinstance(value, datetime) else value for value in export_row(one))
        return (*local, zone_name, *cells(one.recipient))

    return (*EXPORT_COLUMNS, ZONE, *names), map(row, ledger.recipient_statuses())


def write_bad_rows(bad: Iterable[BadRow], path: Path, translate: Callable[[str], str] = str) -> Path:
    """Write bad rows with their reasons as a CSV file that can be corrected and used as input again; return its path.

    If there is another file, in which rows may have been corrected, the name gets a number. `translate` returns a
    sentence in the reader's language, as ``gettext`` does. `CampaignError` if the file cannot be written.
    """
    rows = list(bad)
    columns = tuple(dict.fromkeys(name for row in rows for name in row.cells if name not in OWN_COLUMNS))
    cells = (
        (*(row.cells.get(name, "") for name in columns), str(row.line), row.column, row.reason.render(translate))
        for row in rows
    )
    text = io.StringIO()
    _write_csv((*columns, *OWN_COLUMNS), cells, text)
    # Half a character in a cell is one reason why a row is bad. For the byte-order mark see `export`.
    content = text.getvalue().encode("utf-8-sig", "replace")
    stem = path.name.removesuffix(_BAD_ROWS_ENDING)
    numbered = (path.with_name(f"{stem}-{number}{_BAD_ROWS_ENDING}") for number in count(2))
    try:
        free = next(one for one in chain([path], numbered) if not one.exists() or one.read_bytes() == content)
        with os.fdopen(open_private(free), "wb") as file:
            file.write(content)
    except OSError as error:
        raise _cannot_be_written(path, error) from None
    return free


def export_row(one: RecipientStatus) -> tuple[Any, ...]:
    """Return the values of `EXPORT_COLUMNS` for a recipient; times are aware, credits are ``Decimal``."""
    recipient = one.recipient
    return (
        recipient.line,
        recipient.number,
        one.state.name,
        one.ident,
        *map(_time, (one.began, one.sent, one.ended)),
        recipient.parts,
        recipient.cost,
        one.charged,
        outcome_reason(one.error),
        _time(one.opted_out),
        one.opt_out_source,
    )


def _time(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _write_csv(header: tuple[str, ...], rows: Iterable[tuple[Any, ...]], file: TextIO) -> int:
    writer = csv.writer(file)
    writer.writerow(header)
    written = 0
    for written, row in enumerate(rows, 1):  # noqa: B007 - it is returned
        texts = (
            one.isoformat(timespec="seconds").replace("+00:00", "Z") if isinstance(one, datetime) else one
            for one in row
        )
        writer.writerow(["" if one is None else without_formula(str(one)) for one in texts])
    return written


def _cannot_be_written(path: Path, error: OSError) -> CampaignError:
    return CampaignError(
        "file_cannot_be_written", "{path} cannot be written: {error}", path=path, error=error.strerror or error
    )


def _write_workbook(header: tuple[str, ...], rows: Iterable[tuple[Any, ...]], path: Path) -> int:
    try:
        import xlsxwriter
    except ModuleNotFoundError:
        raise ConfigurationError('writing workbooks needs an extra: pip install "xoxzo-cloudpy[campaigns]"') from None
    os.close(open_private(path))
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet("recipients")
        sheet.freeze_panes(1, 2)
        date, text = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}), book.add_format({"num_format": "@"})
        for column, name in enumerate(header):
            sheet.set_column(column, column, _COLUMN_WIDTHS.get(name, 12))
        count = 0
        sheet.write_row(0, 0, header, book.add_format({"bold": True}))
        for count, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if isinstance(value, int | Decimal):
                    sheet.write_number(count, column, value)
                elif isinstance(value, datetime):
                    sheet.write_datetime(count, column, value.replace(tzinfo=None), date)
                elif value not in {None, ""}:
                    sheet.write_string(count, column, str(value), text)
        sheet.autofilter(0, 0, count, len(header) - 1)
    return count
