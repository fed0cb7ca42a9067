"""Read a TOML table key by key; every error names the place in the file."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from xoxzo.cloudpy.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterator

_DURATION = re.compile(r"(?:(?P<h>[0-9]{1,4})h)?(?:(?P<m>[0-9]{1,5})m)?(?:(?P<s>[0-9]{1,6})s)?")
_MAX_SECONDS = 7 * 86_400


class Table:
    """A table, and its path in the file.

    Args:
        path: the path, such as ``lists.oncall``; empty for the top level.
        values: the values by key.
    """

    def __init__(self, path: str, values: dict[str, Any]) -> None:
        self._path = path
        self._values = values
        self._known: set[str] = set()

    def path(self, name: str) -> str:
        """Return the path of one of its keys."""
        return f"{self._path}.{name}" if self._path else name

    def names(self) -> tuple[str, ...]:
        """Return all keys, and accept every one of them."""
        self._known |= self._values.keys()
        return tuple(self._values)

    def reject_unknown(self) -> None:
        """Raise an error for a key that was never read: it may be misspelt."""
        for name in self._values.keys() - self._known:
            known = ", ".join(sorted(self._known))
            raise InvalidArgument(self.path(name), "is not known here; there are {known}", known=known)

    def get(self, name: str) -> Any:  # noqa: ANN401 - any TOML value
        """Return a value, or ``None``."""
        self._known.add(name)
        return self._values.get(name)

    def table(self, name: str) -> Table:
        """Return a table in it; an empty one if it is missing."""
        value = self.get(name)
        if value is not None and not isinstance(value, dict):
            raise InvalidArgument(self.path(name), "must be a table")
        return Table(self.path(name), value or {})

    def tables(self, name: str) -> Iterator[Table]:
        """Yield the tables of a list of tables; none if it is missing."""
        value = self.get(name)
        if value is not None and not (isinstance(value, list) and all(isinstance(one, dict) for one in value)):
            raise InvalidArgument(self.path(name), "must be a list of tables")
        for number, one in enumerate(value or (), 1):
            yield Table(f"{self.path(name)}[{number}]", one)

    def text_or_table(self, name: str, short: str) -> Table:
        """Return a table; a text in its place is the value of the key `short`."""
        value = self.get(name)
        return Table(self.path(name), {short: value}) if isinstance(value, str) else self.table(name)

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text."""
        value = self.get(name)
        if value is None and default is not None:
            return default
        if value is None:
            raise InvalidArgument(self.path(name), "must be given, as a text")
        if not isinstance(value, str):
            raise InvalidArgument(self.path(name), "must be a text")
        return value

    def texts(self, name: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return texts: a list of them, or a single one."""
        value = self.get(name)
        if value is None and default is not None:
            return default
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise InvalidArgument(self.path(name), "must be a text or a list of texts")
        return tuple(found)

    def choice(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """Return one of some texts."""
        value = self.get(name)
        if value is None and default is not None:
            return default
        if value not in choices:
            raise InvalidArgument(self.path(name), "must be one of {names}", names=", ".join(choices))
        return str(value)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a boolean."""
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise InvalidArgument(self.path(name), "must be true or false")
        return value

    def number(self, name: str, default: int, *, minimum: int, maximum: int) -> int:
        """Return an integer."""
        value = self.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
            raise InvalidArgument(
                self.path(name), "must be a whole number from {least} to {most}", least=minimum, most=maximum
            )
        return value

    def amount(self, name: str) -> Decimal | None:
        """Return an amount of credits, or ``None``."""
        value = self.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not (math.isfinite(value) and value >= 0):
            raise InvalidArgument(self.path(name), "must be a number of credits, 0 or more")
        return Decimal(str(value))

    def seconds(self, name: str, default: float) -> float:
        """Return a duration in seconds: a number, or a text such as ``90s``, ``5m`` or ``1h30m``; at most a week."""
        value: float | str | Literal[False] | None = self.get(name)
        if value is None:
            return default
        found = -1.0
        if isinstance(value, str) and value and (read := _DURATION.fullmatch(value)):
            found = sum(int(read[unit] or 0) * size for unit, size in (("h", 3600), ("m", 60), ("s", 1)))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found = value
        if not 0 <= found <= _MAX_SECONDS:
            raise InvalidArgument(self.path(name), "must be seconds, or a time such as 90s, 5m or 1h30m")
        return float(found)
