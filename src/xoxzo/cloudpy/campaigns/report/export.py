"""Export all recipients with their status, and bad rows with their reasons, as CSV or a workbook."""

from __future__ import annotations

import csv
import os
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TextIO

from xoxzo.cloudpy.campaigns.inputs.bad_rows import without_formula
from xoxzo.cloudpy.campaigns.inputs.names import OWN_COLUMNS
from xoxzo.cloudpy.campaigns.records import outcome_reason
from xoxzo.cloudpy.common.private_files import open_private
from xoxzo.cloudpy.errors import CampaignError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from xoxzo.cloudpy.campaigns.inputs.bad_rows import BadRow
    from xoxzo.cloudpy.campaigns.records import RecipientStatus

EXPORT_COLUMNS = ("line", "number", "state", "msgid", "began", "sent", "ended", "parts", "estimate", "charged", "error")
"""The columns of an export. Times are ISO 8601 in UTC; ``estimate`` and ``charged`` are credits."""


def export(statuses: Iterable[RecipientStatus], path: Path) -> int:
    """Export to a file that only its owner can read: a workbook if its name ends with ``.xlsx``, else CSV.

    Returns:
        How many recipients were exported.

    Raises:
        CampaignError: the file cannot be written.
        ConfigurationError: writing workbooks needs the extra ``campaigns``.
    """
    if path.suffix.lower() != ".xlsx":
        return _write_csv_file(EXPORT_COLUMNS, export_rows(statuses), path)
    try:
        return _write_workbook(EXPORT_COLUMNS, export_rows(statuses), path)
    except OSError as error:
        raise _cannot_be_written(path, error) from None


def export_csv(statuses: Iterable[RecipientStatus], file: TextIO) -> int:
    """Export as CSV to an open file; return how many recipients were exported."""
    return _write_csv(EXPORT_COLUMNS, export_rows(statuses), file)


def write_bad_rows(bad: Iterable[BadRow], path: Path, translate: Callable[[str], str] = str) -> int:
    """Write bad rows with their reasons as a CSV file that can be corrected and used as input again.

    Args:
        bad: the rows.
        path: the file.
        translate: returns a sentence in the reader's language, as ``gettext`` does.

    Returns:
        How many there are.

    Raises:
        CampaignError: the file cannot be written.
    """
    rows = list(bad)
    columns = tuple(dict.fromkeys(name for row in rows for name in row.cells if name not in OWN_COLUMNS))
    cells = (
        (*(row.cells.get(name, "") for name in columns), str(row.line), row.column, row.reason.render(translate))
        for row in rows
    )
    return _write_csv_file((*columns, *OWN_COLUMNS), cells, path)


def export_rows(statuses: Iterable[RecipientStatus]) -> Iterator[tuple[Any, ...]]:
    """Yield the values of `EXPORT_COLUMNS` for each recipient; times are aware, credits are ``Decimal``."""
    for one in statuses:
        recipient = one.recipient
        yield (
            recipient.line,
            recipient.number,
            one.state.name,
            one.ident,
            *(datetime.fromtimestamp(at, UTC) if at else None for at in (one.began, one.sent, one.ended)),
            recipient.parts,
            recipient.cost,
            one.charged,
            outcome_reason(one.error),
        )


def _write_csv_file(header: tuple[str, ...], rows: Iterable[tuple[Any, ...]], path: Path) -> int:
    try:
        descriptor = open_private(path)
        # With a byte-order mark, so that Excel does not read it as cp932.
        # Half a character in a cell is one reason why a row is bad.
        with os.fdopen(descriptor, "w", encoding="utf-8-sig", errors="replace", newline="") as file:
            return _write_csv(header, rows, file)
    except OSError as error:
        raise _cannot_be_written(path, error) from None


def _write_csv(header: tuple[str, ...], rows: Iterable[tuple[Any, ...]], file: TextIO) -> int:
    writer = csv.writer(file)
    writer.writerow(header)
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - it is returned
        writer.writerow([without_formula(_cell(value)) for value in row])
    return count


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
        sheet.freeze_panes(1, 0)
        count = 0
        sheet.write_row(0, 0, header, book.add_format({"bold": True}))
        for count, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if isinstance(value, int | Decimal):
                    sheet.write_number(count, column, value)
                else:
                    sheet.write_string(count, column, _cell(value))
    return count


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return "" if value is None else str(value)
