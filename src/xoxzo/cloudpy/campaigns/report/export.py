"""Every recipient with what became of it, as a file for people."""

from __future__ import annotations

import csv
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import CampaignError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from xoxzo.cloudpy.campaigns.inputs import BadRow
    from xoxzo.cloudpy.campaigns.ledger.queries import RecipientStatus

EXPORT_COLUMNS = ("line", "number", "state", "msgid", "began", "sent", "ended", "parts", "estimate", "charged", "error")
"""The columns of an export. Times are UTC; ``estimate`` and ``charged`` are credits."""


def rows(recipient_statuses: Iterable[RecipientStatus]) -> Iterator[tuple[str, ...]]:
    """Return the rows of an export, without its header."""
    for one in recipient_statuses:
        who = one.recipient
        yield (
            str(who.line),
            who.number,
            one.state.name,
            one.ident,
            _stamp(one.began),
            _stamp(one.sent),
            _stamp(one.ended),
            str(who.parts),
            "" if who.cost is None else str(who.cost),
            "" if one.charged is None else str(one.charged),
            one.error,
        )


def export(recipient_statuses: Iterable[RecipientStatus], path: Path) -> int:
    """Write an export, as a workbook where the name ends with ``.xlsx`` and else as CSV; its owner alone may read it.

    Returns:
        How many recipients are in it.

    Raises:
        CampaignError: the file cannot be written.
        ConfigurationError: writing workbooks needs the extra ``campaigns``.
    """
    try:
        write = _workbook if path.suffix.lower() == ".xlsx" else _csv
        return write(EXPORT_COLUMNS, rows(recipient_statuses), path)
    except OSError as error:
        raise CampaignError(f"{path} cannot be written: {error.strerror or error}") from None


def write_bad_rows(bad: Iterable[BadRow], path: Path, say: Callable[[str], str] = str) -> int:
    """Write bad rows with their reasons as a CSV that can be mended and fed in again.

    Args:
        bad: the rows.
        path: the file.
        say: says a reason in the language of whoever reads the file.

    Returns:
        How many there are.

    Raises:
        CampaignError: the file cannot be written.
    """
    kept = list(bad)
    columns = tuple(dict.fromkeys(name for row in kept for name in row.cells if not name.startswith("xoxzo_")))
    cells = (
        (*(row.cells.get(name, "") for name in columns), str(row.line), row.column, say(row.reason)) for row in kept
    )
    try:
        return _csv((*columns, "xoxzo_line", "xoxzo_column", "xoxzo_reason"), cells, path)
    except OSError as error:
        raise CampaignError(f"{path} cannot be written: {error.strerror or error}") from None


def _csv(header: tuple[str, ...], lines: Iterable[tuple[str, ...]], path: Path) -> int:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    # With its mark, so that Excel does not take it for cp932.
    with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        count = 0
        for count, line in enumerate(lines, 1):  # noqa: B007 - it is what is returned
            writer.writerow([_inert(cell) for cell in line])
    return count


def _inert(cell: str) -> str:
    # A spreadsheet would carry out what begins so; numbers in E.164 are the one exception that it must keep.
    if cell[:1] in {"=", "@", "\t", "\r"} or (cell[:1] in {"+", "-"} and not cell[1:].isdecimal()):
        return "'" + cell
    return cell


def _workbook(header: tuple[str, ...], lines: Iterable[tuple[str, ...]], path: Path) -> int:
    try:
        import xlsxwriter
    except ModuleNotFoundError:
        raise ConfigurationError('writing workbooks needs an extra: pip install "xoxzo-cloudpy[campaigns]"') from None
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet("recipients")
        sheet.freeze_panes(1, 0)
        count = 0
        sheet.write_row(0, 0, header, book.add_format({"bold": True}))
        for count, line in enumerate(lines, 1):
            for column, cell in enumerate(line):
                sheet.write_string(count, column, cell)
    return count


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S") if seconds else ""
