"""Messages, calls and replies as a file: CSV that spreadsheets open without damage, or JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator

import msgspec

from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.engine.rules import format_time
from xoxzo.cloudpy.simulator.queries.event_format import escaped
from xoxzo.cloudpy.simulator.queries.results import SearchResult
from xoxzo.cloudpy.simulator.queries.search import parse_search, search

COLUMNS = ("kind", "id", "time_utc", "status", "from", "to", "text", "tags", "parts", "seconds", "credits", "account")
_ROWS = 1_000
_FORMULA_MARKS = tuple("=+-@\t＝＋－＠'")
# What a spreadsheet turns into a number, a date or a truth value: 090-1234, 1/2, 1E5, MAR1, true.
_NOT_TEXT = re.compile(
    r"[\W_]*\d[\d\W_]*|[a-z]{3,9}\W?\d{1,4}|\d{1,4}\W?[a-z]{1,9}(\W?\d{1,4})?|true|false", re.IGNORECASE
)
_encode = msgspec.json.Encoder(decimal_format="number").encode

Pages = Iterable[tuple[SearchResult, ...]]


def found_pages(engine: Engine, text: str) -> Pages:
    """Return all that a search finds, the newest first, some at a time; raise `SimulatorError` for a bad search."""
    parse_search(text)
    return _pages(engine, text)


def _pages(engine: Engine, text: str) -> Iterator[tuple[SearchResult, ...]]:
    before = None
    while True:
        page = search(engine, text, _ROWS, before)
        yield page.items
        if (before := page.next) is None:
            return


def csv_file(pages: Pages) -> Iterator[bytes]:
    """Yield a file of CSV in UTF-8, with a byte-order mark, so that Excel does not read it as cp932."""
    yield "\ufeff".encode() + ",".join(COLUMNS).encode() + b"\r\n"
    for page in pages:
        rows = io.StringIO(newline="")
        csv.writer(rows).writerows(map(_row, page))
        yield rows.getvalue().encode("utf-8", "replace")


def _row(one: SearchResult) -> tuple[object, ...]:
    texts = map(_cell, (one.sender, one.recipient, one.text, ",".join(one.tags)))
    figures = (one.parts or "", one.duration if one.kind == "call" else "", f"{one.cost:f}")
    return (one.kind, one.ident, format_time(one.at), one.status, *texts, *figures, _cell(one.sid))


def _cell(text: str) -> str:
    """Return a text as a cell that a spreadsheet shows as it is: with an apostrophe in front, if need be."""
    shown = "\n".join(map(escaped, text.replace("\r\n", "\n").split("\n")))
    return f"'{shown}" if shown.startswith(_FORMULA_MARKS) or _NOT_TEXT.fullmatch(shown) else shown


def json_file(pages: Pages) -> Iterator[bytes]:
    """Yield a file of one JSON array, an object a line."""
    before = b"[\n"
    for page in pages:
        if page:
            yield before + b",\n".join(map(_json, page))
            before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"


def _json(one: SearchResult) -> bytes:
    try:
        return _encode(one)
    except UnicodeEncodeError:  # half a surrogate pair in a text has to be escaped
        return json.dumps({**msgspec.to_builtins(one), "cost": float(one.cost)}).encode()
