"""Read rows of text with delimiters; quotation marks that do not fit make a bad row, not other people's data."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from xoxzo.cloudpy.campaigns.inputs.cells import RawRow, has_number
from xoxzo.cloudpy.campaigns.inputs.detection import check_text
from xoxzo.cloudpy.campaigns.records import Reason
from xoxzo.cloudpy.errors import CampaignError

_DELIMITERS = ",\t;|"
_HEAD_CHARACTERS = 1 << 16
_HEAD_ROWS = 30
_MAX_CELL_CHARACTERS = 1_000_000
_SEPARATOR_LINE = re.compile(r'\ufeff*"?sep=(.)"?[\t,;|]*(?:\r\n|\r|\n)', re.IGNORECASE)
_UNFITTING_QUOTES = Reason("quotes", "cannot be read: its quotation marks do not fit")
SEVERAL_LINES = "several_lines"
"""The code of a row of several lines, which is right unless a cell `holds_other_rows`."""


def read_head(path: Path, encoding: str) -> str:
    """Return the beginning of a text; `CampaignError` if the file is empty, or no list."""
    with path.open(encoding=encoding, newline="") as file:
        head = file.read(_HEAD_CHARACTERS)
    check_text(path, head)
    if not head.strip("\ufeff \t\r\n"):
        raise CampaignError("file_empty", "the file is empty")
    return head


def choose_delimiter(path: Path, head: str, country: str) -> str:
    """Return the delimiter that the first line states, else the one that makes numbers, and rows of one width.

    `CampaignError` if there could be two.
    """
    if stated := _SEPARATOR_LINE.match(head):
        return stated[1]
    scores = {one: _score(head, one, country) for one in _DELIMITERS if one in head}
    ranked = sorted(scores, key=scores.__getitem__, reverse=True)
    if not ranked or scores[ranked[0]][1] == 0:
        return ","
    if len(ranked) > 1 and scores[ranked[0]][:2] == scores[ranked[1]][:2] and scores[ranked[1]][2] > 1:
        raise CampaignError(
            "delimiter_unclear",
            "{path}: the delimiter may be {first!r} or {second!r}: name it by --delimiter",
            path=path,
            first=ranked[0],
            second=ranked[1],
        )
    return ranked[0]


def _score(head: str, delimiter: str, country: str) -> tuple[int, int, int]:
    """Return how many rows have a phone number, how many have the most frequent width, and this width."""
    rows = []
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(cells)
            if len(rows) == _HEAD_ROWS:
                break
    except csv.Error:
        pass
    widths = Counter(len(cells) for cells in rows if len(cells) > 1)
    width, count = max(widths.items(), key=lambda one: (one[1], one[0]), default=(1, 0))
    return sum(has_number(cells, country) for cells in rows), count, width


def read_delimited(path: Path, encoding: str, delimiter: str) -> Iterator[RawRow]:
    """Yield the rows with the lines they begin in; `CampaignError` if the file cannot be read further."""
    csv.field_size_limit(_MAX_CELL_CHARACTERS)
    line = 1
    try:
        with path.open(encoding=encoding, newline="") as file:
            lines: list[str] = []
            reader = csv.reader(_recording(file, lines), delimiter=delimiter, strict=True, skipinitialspace=True)
            has_several = False
            while True:
                try:
                    cells, fault = next(reader), None
                except StopIteration:
                    break
                except csv.Error:
                    cells, fault = _mended(lines, delimiter, line)
                if len(lines) > 1:
                    fault = fault or _open_quote(SEVERAL_LINES, line, lines)
                elif has_several and lines[0].count('"') % 2:
                    # Perhaps the end of a cell whose beginning an open quotation mark has taken.
                    fault = _UNFITTING_QUOTES
                if fault or ("".join(cells).strip() and (line > 1 or not _SEPARATOR_LINE.match(lines[0]))):
                    yield line, cells, fault
                has_several = has_several or fault is not None
                line += len(lines)
                lines.clear()
    except (OSError, UnicodeError) as error:
        raise broken_from(path, line, error) from None


def broken_from(path: Path, line: int, error: Exception) -> CampaignError:
    """Return the error for a file that cannot be read further."""
    return CampaignError(
        "file_broken", "{path} cannot be read from line {line} on: {error}", path=path, line=line, error=error
    )


def _recording(file: Iterator[str], lines: list[str]) -> Iterator[str]:
    for text in chain([next(file, "").lstrip("\ufeff")], file):
        if text:
            lines.append(text)
            yield text


def _open_quote(code: str, line: int, lines: list[str]) -> Reason:
    end = line + len(lines) - 1
    return Reason(
        code, "has an open quotation mark: what follows, until line {end}, is not part of the value", {"end": end}
    )


def _mended(lines: list[str], delimiter: str, line: int) -> tuple[list[str], Reason | None]:
    """Read a row whose quotation marks do not fit: blanks after the last one are no harm."""
    text = "".join(lines)
    trimmed = re.sub(rf'"[ \u3000]+(?={re.escape(delimiter)}|[\r\n]|$)', '"', text)
    try:
        [cells] = csv.reader(trimmed.splitlines(keepends=True), delimiter=delimiter, strict=True, skipinitialspace=True)
    except (csv.Error, ValueError):
        if len(lines) > 1:
            return [text], _open_quote("open_quote", line, lines)
        return [text], _UNFITTING_QUOTES
    return cells, None
