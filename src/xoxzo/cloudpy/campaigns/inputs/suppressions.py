"""Read the numbers of people who must not be sent to: each is understood, or refused."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from xoxzo.cloudpy.campaigns.inputs.bad_rows import BadRow, bad_number, bad_row
from xoxzo.cloudpy.campaigns.inputs.columns import columns_with_numbers
from xoxzo.cloudpy.campaigns.inputs.names import is_blank
from xoxzo.cloudpy.campaigns.inputs.tables import read_table
from xoxzo.cloudpy.common.plain_text import plain
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument
from xoxzo.cloudpy.phone import parse, recipient_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def read_numbers(numbers: Iterable[object], country: str, field: str = "suppress") -> Iterator[str]:
    """Yield numbers in E.164; `field` is the name of the argument.

    Raises:
        InvalidArgument: one of them is no number, or this is one text.
    """
    if isinstance(numbers, str | bytes | os.PathLike):
        raise InvalidArgument(field, "must be a list of numbers, not one text")
    for position, number in enumerate(numbers, 1):
        try:
            yield parse_number(number, country)
        except InvalidArgument as error:
            raise InvalidArgument(field, "number {position} {reason}", position=position, reason=error.reason) from None


def read_numbers_file(path: str | os.PathLike[str], country: str) -> tuple[list[str], list[BadRow]]:
    """Return the numbers of a file of any kind that `read_table` reads, and the rows without a readable number.

    All columns of phone numbers count: whoever has two has opted out with both.

    Raises:
        CampaignError: the file cannot be read, or has no column of numbers.
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
                bad.append(bad_number(row, column, error))
    return numbers, bad


def parse_number(number: object, country: str) -> str:
    """Return a number in E.164.

    Raises:
        InvalidArgument: it is none.
    """
    number = plain(number)
    # What is in E.164 is understood whether its range is in use or not.
    if isinstance(number, str) and recipient_error(number) is None:
        return number
    return parse(number, country).e164  # type: ignore[arg-type] # it refuses what is no text
