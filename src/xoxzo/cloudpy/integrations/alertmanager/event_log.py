"""Write log lines: one event each, as `name=value` pairs or as JSON. Numbers are masked, and texts are left out."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TextIO

_UNQUOTED = re.compile(r"[^\s\"=]+")


class EventLog:
    """Writes one line for each event, by default to standard error; `clock` returns seconds since 1970."""

    def __init__(self, clock: Callable[[], float], *, as_json: bool = False, file: TextIO | None = None) -> None:
        self._clock = clock
        self._as_json = as_json
        self._file = file

    def write(self, event: str, **fields: object) -> None:
        """Write one line; fields that are ``None`` or empty are left out."""
        stamp = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        values = {"time": stamp, "event": event} | {k: v for k, v in fields.items() if v is not None and v != ""}
        pairs = (f"{name}={_quoted(value)}" for name, value in values.items())
        line = _json(values) if self._as_json else " ".join(pairs)
        # A closed pipe must not stop an alert.
        with suppress(OSError, ValueError):
            print(line, file=self._file or sys.stderr, flush=True)


def _quoted(value: object) -> str:
    text = str(value)
    return text if _UNQUOTED.fullmatch(text) and text.isprintable() else _json(text)


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    # Control characters and bidirectional marks from an error of the API must not act on a terminal.
    return text if text.isprintable() else json.dumps(value, default=str)
