"""How events and results are written: lines for people, JSON for programs, and CSV that spreadsheets do not damage."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from xoxzo.cloudpy.simulator.engine.context import Event as Event  # noqa: PLC0414 - others get it here
from xoxzo.cloudpy.simulator.engine.rules import format_time, mask
from xoxzo.cloudpy.simulator.queries.results import SearchResult

# What could lead a terminal astray, and line ends: a log line stays a line.
_CONTROLS = (*range(32), *range(127, 160), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
_UNPRINTABLE = {code: f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" for code in _CONTROLS}

# A tenth of the time of `json`, which delays every event while somebody follows; a `Reason` is sent as its text.
_encode = msgspec.json.Encoder(enc_hook=str.__str__, decimal_format="number").encode


def event_line(event: Event, show_content: bool) -> str:
    """Return an event as a line: time of day (UTC), what, whom it concerns, facts, and a short id."""
    numbers = [f"{name} {number or 'withheld'}" for name, number in _numbers(event, show=show_content).items()]
    facts = [_fact(name, value) for name, value in _facts(event, show=show_content).items()]
    words = [format_time(event.at)[11:], f"{event.name:<8}", *facts, *numbers]
    if show_content and event.content is not None:
        words.append(json.dumps(event.content, ensure_ascii=False))
    if event.name != "refused":
        words.append(f"[{event.ident[:8]}]")
    else:
        words.insert(2, event.ident)
    return escaped("  ".join(words))


def event_json(event: Event, show_content: bool) -> str:
    """Return an event as a JSON object in one line."""
    written: dict[str, Any] = {"event": event.name, "at": format_time(event.at), "id": event.ident}
    written |= _facts(event, show=show_content) | _numbers(event, show=show_content)
    if show_content and event.content is not None:
        written["text"] = event.content
    try:
        line = _encode(written).decode()
    except UnicodeEncodeError:  # half a surrogate pair in a text
        return json.dumps(written)
    return line if line.isprintable() else json.dumps(written)


def escaped(text: str) -> str:
    """Return a text in which control characters, and those that turn the direction of a line, are shown by number."""
    return text if text.isprintable() else text.translate(_UNPRINTABLE)


def _fact(name: str, value: object) -> str:
    if name in {"status", "step", "what", "outcome"}:
        return str(value)
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return f"{name} {value}"


def _facts(event: Event, *, show: bool) -> dict[str, Any]:
    known = {name: value for name, value in event.facts.items() if value is not None and value != []}
    # The number of a transfer is masked; an action URL may carry numbers and secrets in its query.
    if not show and "number" in known:
        known["number"] = mask(str(known["number"]))
    if not show and "url" in known:
        known["url"] = str(known["url"]).partition("?")[0]
    return known


def _numbers(event: Event, *, show: bool) -> dict[str, str]:
    return {name: number if show or not number else mask(number) for name, number in event.numbers.items()}


COLUMNS = ("kind", "id", "time_utc", "status", "from", "to", "text", "tags", "parts", "seconds", "credits", "account")
_FORMULA_MARKS = tuple("=+-@\t＝＋－＠'")
# What a spreadsheet turns into a number, a date or a truth value: 090-1234, 1/2, 1E5, MAR1, true.
_NOT_TEXT = re.compile(
    r"[\W_]*\d[\d\W_]*|[a-z]{3,9}\W?\d{1,4}|\d{1,4}\W?[a-z]{1,9}(\W?\d{1,4})?|true|false", re.IGNORECASE
)


def csv_file(pages: Iterable[tuple[SearchResult, ...]]) -> Iterator[bytes]:
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


def json_file(pages: Iterable[tuple[SearchResult, ...]]) -> Iterator[bytes]:
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
