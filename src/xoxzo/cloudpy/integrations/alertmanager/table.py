"""A table of a TOML file, read name by name: what is wrong, missing or unknown is told with its place."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from xoxzo.cloudpy.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterator

_DURATION = re.compile(r"(?:(?P<h>[0-9]{1,4})h)?(?:(?P<m>[0-9]{1,5})m)?(?:(?P<s>[0-9]{1,6})s)?")
_LONGEST = 7 * 86_400


class Table:
    """A table and where it stands.

    Args:
        where: its place in the file; empty for the file itself.
        given: what it holds.
    """

    def __init__(self, where: str, given: dict[str, Any]) -> None:
        self._where = where
        self._given = given
        self._known: set[str] = set()

    def place(self, name: str) -> str:
        """Return the place of one of its values."""
        return f"{self._where}.{name}" if self._where else name

    def names(self) -> tuple[str, ...]:
        """Return all names in it, which are all known then."""
        self._known |= self._given.keys()
        return tuple(self._given)

    def done(self) -> None:
        """Refuse names that nobody asked for: a slip of the pen must not go unnoticed."""
        for name in self._given.keys() - self._known:
            known = ", ".join(sorted(self._known))
            raise InvalidArgument(self.place(name), f"is not known here; there are {known}")

    def get(self, name: str) -> Any:  # noqa: ANN401 - whatever the file says
        """Return a value, or ``None``."""
        self._known.add(name)
        return self._given.get(name)

    def table(self, name: str) -> Table:
        """Return a table in it, an empty one where there is none."""
        value = self.get(name)
        if value is not None and not isinstance(value, dict):
            raise InvalidArgument(self.place(name), "must be a table")
        return Table(self.place(name), value or {})

    def tables(self, name: str) -> Iterator[Table]:
        """Yield the tables of a list of tables, none where there is no list."""
        value = self.get(name)
        if value is not None and not (isinstance(value, list) and all(isinstance(one, dict) for one in value)):
            raise InvalidArgument(self.place(name), "must be a list of tables")
        for number, one in enumerate(value or (), 1):
            yield Table(f"{self.place(name)}[{number}]", one)

    def text_or_table(self, name: str, short: str) -> Table:
        """Return a table, for which a text may stand as its one value."""
        value = self.get(name)
        return Table(self.place(name), {short: value}) if isinstance(value, str) else self.table(name)

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text."""
        value = self.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise InvalidArgument(self.place(name), "must be given, as a text" if value is None else "must be a text")
        return value

    def texts(self, name: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return texts: a list of them, or one by itself."""
        value = self.get(name)
        if value is None and default is not None:
            return default
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise InvalidArgument(self.place(name), "must be a text or a list of texts")
        return tuple(found)

    def choice(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """Return one of some texts."""
        value = self.get(name)
        if value is None and default is not None:
            return default
        if value not in choices:
            raise InvalidArgument(self.place(name), f"must be {' or '.join(choices)}")
        return str(value)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise InvalidArgument(self.place(name), "must be true or false")
        return value

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        """Return a whole number."""
        value = self.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise InvalidArgument(self.place(name), f"must be a whole number from {least} to {most}")
        return value

    def amount(self, name: str) -> Decimal | None:
        """Return credits, or ``None``."""
        value = self.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not (math.isfinite(value) and value >= 0):
            raise InvalidArgument(self.place(name), "must be a number of credits, 0 or more")
        return Decimal(str(value))

    def seconds(self, name: str, default: float) -> float:
        """Return a time: seconds, or a text such as ``90s``, ``5m`` or ``1h30m``; a week at most."""
        value: float | str | Literal[False] | None = self.get(name)
        if value is None:
            return default
        found = -1.0
        if isinstance(value, str) and value and (read := _DURATION.fullmatch(value)):
            found = sum(int(read[unit] or 0) * size for unit, size in (("h", 3600), ("m", 60), ("s", 1)))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found = value
        if not 0 <= found <= _LONGEST:
            raise InvalidArgument(self.place(name), "must be seconds, or a time such as 90s, 5m or 1h30m")
        return float(found)
