"""Rows that cannot be sent to, and the file that they are written to: corrected, it is a list of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from xoxzo.cloudpy.campaigns.inputs.names import OWN_COLUMNS
from xoxzo.cloudpy.campaigns.inputs.tables import Row, Table
from xoxzo.cloudpy.campaigns.records import Reason
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument

_SHOWN_LINES = 5
_ROWS_IN_ARGS = 5
_FORMULA_MARKS = frozenset("=@\t\r+-'")


class BadRow(msgspec.Struct, frozen=True):
    """A row that cannot be sent to. A ``repr`` leaves the cells out."""

    line: int
    """The line of the input."""
    column: str
    """The column that is wrong."""
    reason: Reason
    """The rule that it breaks, without the value."""
    cells: dict[str, str]
    """The row itself."""

    def __repr__(self) -> str:
        return f"BadRow(line={self.line}, column={self.column!r}, reason={str(self.reason)!r})"


class BadRows(CampaignError):
    """An input has rows that cannot be sent to, and nothing was created."""

    def __init__(self, rows: Sequence[BadRow | dict[str, Any]], count: int) -> None:
        self.rows = [msgspec.convert(row, BadRow) if isinstance(row, dict) else row for row in rows]
        """The rows, the first hundred thousand of them. An error that was rebuilt from JSON has the first five, without
        their cells."""
        self.count = count
        """How many there are."""
        first = self.rows[0]
        super().__init__(
            "bad_rows",
            "{count} row cannot be sent to: line {line}: {column} {reason}"
            if count == 1
            else "{count} rows cannot be sent to; the first is line {line}: {column} {reason}",
            count=count,
            line=first.line,
            column=first.column,
            reason=first.reason,
        )
        # Cells are personal data, which must not reach a task queue's result by way of an error.
        without_cells = [msgspec.structs.replace(row, cells={}) for row in self.rows[:_ROWS_IN_ARGS]]
        self.args = (msgspec.to_builtins(without_cells), count)


class LeftOut(msgspec.Struct):
    """Rows that are left out for one reason."""

    column: str
    """The column that is wrong."""
    reason: Reason
    """The rule that it breaks."""
    count: int = 0
    """How many there are."""
    lines: list[int] = []
    """The first five of their lines."""

    def add(self, line: int) -> None:
        """Count one more."""
        self.count += 1
        if self.count <= _SHOWN_LINES:
            self.lines.append(line)


def bad_row(row: Row, column: str, code: str, template: str, **fields: Any) -> BadRow:  # noqa: ANN401 - the sentence's
    """Return a row as bad, with the reason's code, template and fields."""
    return BadRow(row.line, column, Reason(code, template, fields), row.cells)


def bad_number(row: Row, column: str, error: InvalidArgument) -> BadRow:
    """Return a row as bad by what `phone.parse` has raised."""
    return bad_row(row, column, "invalid_number", error.template, **error.fields)


def without_formula(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: with an apostrophe in front, if need be."""
    is_number = cell[:1] in {"+", "-"} and cell[1:].isdecimal()
    return "'" + cell if cell[:1] in _FORMULA_MARKS and not is_number else cell


def with_formulas(table: Table, path: str) -> Table:
    """Return a file of bad rows as the list that it is from: without the apostrophes of `without_formula`."""
    if not (path.endswith(".bad.csv") or set(OWN_COLUMNS) & set(table.columns)):
        return table
    return table._replace(rows=(row._replace(cells=_restored(row.cells)) for row in table.rows))


def _restored(cells: dict[str, str]) -> dict[str, str]:
    return {
        name: cell[1:] if cell[:1] == "'" and without_formula(cell[1:]) == cell else cell
        for name, cell in cells.items()
    }
