"""Turn rows into recipients, and into numbers of people who must not be sent to: each is understood, or reported."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from xoxzo.cloudpy.campaigns.content import Content
from xoxzo.cloudpy.campaigns.inputs.cells import is_blank
from xoxzo.cloudpy.campaigns.inputs.columns import MOBILE_KINDS, Columns, columns_with_numbers
from xoxzo.cloudpy.campaigns.inputs.tables import Row, Table, read_table
from xoxzo.cloudpy.campaigns.records import Reason, Recipient
from xoxzo.cloudpy.common.plain_text import plain
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument
from xoxzo.cloudpy.phone import Note, parse, recipient_error

_MAX_BAD_ROWS = 100_000
_MAX_REASONS = 20
_SHOWN_LINES = 5
_ROWS_IN_ARGS = 5
# Nearly every row of a Japanese list: read without phonenumbers, by the same rule as it has.
_JAPANESE_MOBILE = re.compile(r"(?:0|\+81)([789]0)-?([1-9]\d{3})-?(\d{4})")
# A vertical tab, as FileMaker writes a line break, is left as it is.
_UNSENDABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_SPLIT = re.compile(r"([1-9])/([2-9])")


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


def bad_row(row: Row, column: str, code: str, template: str, **fields: Any) -> BadRow:  # noqa: ANN401 - the sentence's
    """Return a row as bad, with the reason's code, template and fields."""
    return BadRow(row.line, column, Reason(code, template, fields), row.cells)


class RecipientReader(msgspec.Struct):
    """Reads the recipients of a table, row by row."""

    table: Table
    columns: Columns
    content: Content
    country: str = "JP"
    mobile_only: bool = True
    test_numbers: bool = False
    """Whether to accept the simulator's numbers with fixed outcomes."""
    costs: dict[tuple[int | None, str | None], Decimal | None] = {}
    """The costs of messages so far by parts and country: nothing else changes them."""
    read: int = 0
    """Rows that were read."""
    bad: int = 0
    """Rows that cannot be sent to."""
    bad_rows: list[BadRow] = []
    """The first of them."""
    left_out: dict[tuple[str, str], LeftOut] = {}
    """Rows that are left out, for the first reasons."""
    has_test_numbers: bool = False
    numbers: int = 0
    """Rows whose cell of the number is a phone number."""
    assumptions: Counter[str] = msgspec.field(default_factory=Counter)
    """What had to be assumed to read numbers, and how often."""

    def __iter__(self) -> Iterator[Recipient]:
        used = (self.columns.number, *self.columns.variables.values())
        for row in self.table.rows:
            self.read += 1
            column, reason = row.column, row.fault
            if row.refused and reason is None:
                column = next((name for name in used if name in row.refused), "")
                reason = row.refused.get(column)
            found = self._recipient(row) if reason is None else BadRow(row.line, column, reason, row.cells)
            if isinstance(found, Recipient):
                yield found
            else:
                self.bad += 1
                self.leave_out(found.line, found.column, found.reason)
                if len(self.bad_rows) < _MAX_BAD_ROWS:
                    self.bad_rows.append(found)

    def leave_out(self, line: int, column: str, reason: Reason) -> None:
        """Count a row that is left out."""
        key = column, str(reason)
        if key in self.left_out or len(self.left_out) < _MAX_REASONS:
            found = self.left_out.setdefault(key, LeftOut(column, reason))
            found.count += 1
            if found.count <= _SHOWN_LINES:
                found.lines.append(line)

    def _recipient(self, row: Row) -> Recipient | BadRow:
        column = self.columns.number
        cell = row.cells.get(column, "")
        if is_blank(cell):
            return bad_row(row, column, "empty", "is empty")
        try:
            number, kind, country = self._number(cell)
        except InvalidArgument as error:
            return bad_row(row, column, "invalid_number", error.template, **error.fields)
        self.numbers += 1
        if self.mobile_only and kind not in MOBILE_KINDS:
            return bad_row(row, column, "not_mobile", "is not a mobile number ({kind})", kind=kind)
        variables = {}
        for name, source in self.columns.variables.items():
            value = row.cells.get(source, "").strip()
            if is_blank(value):
                return bad_row(row, source, "empty_variable", "is empty, and the text needs {{{name}}}", name=name)
            variables[name] = value
        message = self.content.preview(variables)
        parts = self.content.parts(message)
        if parts is None and not self.content.options.get("track_link"):
            return bad_row(row, column, "too_long", "makes a text of over 660 characters")
        if "\ufffd" in message or (not message.isprintable() and _UNSENDABLE.search(message)):
            return bad_row(
                row, column, "broken_character", "makes a text with half a character or a control character in it"
            )
        key = parts, country
        if key not in self.costs:
            self.costs[key] = self.content.cost(message, country)
        return Recipient(0, number, variables, parts or 0, self.costs[key], _zone(number, country), row.line)

    def _number(self, cell: str) -> tuple[str, str, str | None]:
        if self.country == "JP" and (found := _JAPANESE_MOBILE.fullmatch(cell)) and cell.isascii():
            return f"+81{found[1]}{found[2]}{found[3]}", "mobile", "JP"
        parsed = parse(cell, self.country, test_numbers=self.test_numbers)
        self.has_test_numbers |= Note.TEST_NUMBER in parsed.notes
        self.assumptions.update(map(str, parsed.assumptions))
        return parsed.e164, parsed.kind, parsed.country


def _zone(number: str, country: str | None) -> str | None:
    if country == "JP":
        return "Asia/Tokyo"
    import phonenumbers
    from phonenumbers import timezone

    zones = timezone.time_zones_for_number(phonenumbers.parse(number))
    known = [zone for zone in zones if zone != timezone.UNKNOWN_TIMEZONE]
    return ",".join(known) or None


class Part(msgspec.Struct):
    """One of several random parts of a list. Whom it has depends on the number and the list alone."""

    part: int
    """Which, from 1."""
    of: int
    seed: str
    """What the parts of one list have in common."""
    others: int = 0
    """How many recipients are in the others."""

    @classmethod
    def read(cls, text: str, seed: str) -> Part:
        """Return the part that a text such as ``1/2`` means; `InvalidArgument` if it means none."""
        found = _SPLIT.fullmatch(text)
        if found is None or int(found[1]) > int(found[2]):
            raise InvalidArgument("split", "must be the part and how many there are, such as 1/2 and 2/2")
        return cls(int(found[1]), int(found[2]), seed)

    def select(self, recipients: Iterable[Recipient]) -> Iterator[Recipient]:
        """Yield the recipients of this part, and count the others."""
        for one in recipients:
            digest = hashlib.sha256(f"{self.seed} {one.number}".encode()).digest()
            if int.from_bytes(digest[:8], "big") % self.of == self.part - 1:
                yield one
            else:
                self.others += 1


def read_numbers(numbers: Iterable[object], country: str, field: str = "suppress") -> Iterator[str]:
    """Yield numbers in E.164; `InvalidArgument` with the name of the field if one is no number, or all are one text."""
    if isinstance(numbers, str | bytes | os.PathLike):
        raise InvalidArgument(field, "must be a list of numbers, not one text")
    for position, number in enumerate(numbers, 1):
        try:
            yield parse_number(number, country)
        except InvalidArgument as error:
            raise InvalidArgument(
                field, "number {position} {reason}", position=position, reason=error.reason
            ) from error


def read_numbers_file(path: str | os.PathLike[str], country: str) -> tuple[list[str], list[BadRow]]:
    """Return the numbers of a file of any kind that `read_table` reads, and the rows without a readable number.

    All columns of phone numbers count: a person with two numbers has opted out with both. `CampaignError` if the file
    cannot be read, or has no column of numbers.
    """
    # Whoever is in a hidden row has opted out as well.
    read = partial(read_table, path, country=country, hidden="include")
    try:
        table = read()
    except CampaignError as error:
        if error.code == "file_empty":
            return [], []
        if error.code != "header_unclear":
            raise
        # The options that decide are about the list of recipients; here the row is told.
        table = read(header=False)
    columns = columns_with_numbers(table, country)
    numbers: list[str] = []
    bad = []
    for row in table.rows:
        cells = [(name, cell) for name in columns if not is_blank(cell := row.cells.get(name, ""))]
        if row.fault is not None:
            bad.append(BadRow(row.line, row.column, row.fault, row.cells))
        elif not cells:
            bad.append(bad_row(row, columns[0], "empty", "is empty"))
        for column, cell in cells:
            try:
                numbers.append(parse_number(cell, country))
            except InvalidArgument as error:
                bad.append(bad_row(row, column, "invalid_number", error.template, **error.fields))
    return numbers, bad


def parse_number(number: object, country: str) -> str:
    """Return a number in E.164; `InvalidArgument` if it is none."""
    number = plain(number)
    # What is in E.164 is understood whether its range is in use or not.
    if isinstance(number, str) and recipient_error(number) is None:
        return number
    return parse(number, country).e164  # type: ignore[arg-type] # it refuses what is no text
