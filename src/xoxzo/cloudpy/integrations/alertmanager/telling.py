"""Log lines: one event each, as `name=value` or as JSON. Numbers are masked, and texts are not told."""

from __future__ import annotations

import json
import re
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

_BARE = re.compile(r"[^\s\"=]+")


class Teller:
    """Writes what happens.

    Args:
        machine: as JSON, one object a line.
        file: where to; standard error by default.
        clock: the time, in seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float], *, machine: bool = False, file: TextIO | None = None) -> None:
        self._clock = clock
        self._machine = machine
        self._file = file

    def tell(self, event: str, **facts: object) -> None:
        """Write one line; what is ``None`` or empty is left out."""
        stamp = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        told = {"time": stamp, "event": event} | {k: v for k, v in facts.items() if v is not None and v != ""}
        if self._machine:
            line = json.dumps(told, ensure_ascii=False, default=str)
        else:
            line = " ".join(f"{name}={_word(value)}" for name, value in told.items())
        # Whoever reads the log may have gone; that must not stop an alert.
        with suppress(OSError, ValueError):
            print(line, file=self._file or sys.stderr, flush=True)


def _word(value: object) -> str:
    text = str(value)
    return text if _BARE.fullmatch(text) and text.isprintable() else json.dumps(text, ensure_ascii=False)
