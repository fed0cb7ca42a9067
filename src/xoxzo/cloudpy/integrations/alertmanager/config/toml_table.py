"""Read a TOML table key by key; every error names the place in the file."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Self, TypeGuard, TypeVar

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import InvalidArgument

_DURATION = re.compile(r"(?:(?P<h>[0-9]{1,4})h)?(?:(?P<m>[0-9]{1,5})m)?(?:(?P<s>[0-9]{1,6})s)?")
_MAX_SECONDS = 7 * 86_400
C = TypeVar("C", bound=str)


class Table:
    """A table, and its path in the file. Used in a ``with`` statement, it refuses the keys that were not read there.

    Args:
        path: the path, such as ``lists.oncall``; empty for the top level.
        values: the values by key.
    """

    def __init__(self, path: str, values: dict[str, Any]) -> None:
        self._path = path
        self._values = values
        self._known: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_more: object) -> None:
        # A key that was never read may be misspelt.
        for name in self._values.keys() - self._known if kind is None else ():
            known = ", ".join(sorted(self._known))
            raise InvalidArgument(self.path(name), "is not known here; there are {known}", known=known)

    def path(self, name: str) -> str:
        """Return the path of one of its keys."""
        return f"{self._path}.{name}" if self._path else name

    def names(self) -> tuple[str, ...]:
        """Return all keys, and accept every one of them."""
        self._known |= self._values.keys()
        return tuple(self._values)

    def get(self, name: str) -> Any:  # noqa: ANN401 - any TOML value
        """Return a value, or ``None``."""
        self._known.add(name)
        return self._values.get(name)

    def _take(self, name: str, default: object, fits: Callable[[Any], bool], rule: str, **fields: object) -> Any:  # noqa: ANN401
        """Return a value that fits, or the default of a missing one; without a default, it must be there."""
        value = self.get(name)
        if value is None and default is not None:
            return default
        if not fits(value):
            # A rule with fields says what to give.
            rule = rule if fields or value is not None else N_("must be given")
            raise InvalidArgument(self.path(name), rule, **fields)
        return value

    def table(self, name: str) -> Table:
        """Return a table in it; an empty one if it is missing."""
        values = self._take(name, {}, lambda value: isinstance(value, dict), N_("must be a table"))
        return Table(self.path(name), values)

    def tables(self, name: str) -> Iterator[Table]:
        """Yield the tables of a list of tables; none if it is missing."""
        found = self._take(name, [], lambda value: _is_list_of(dict, value), N_("must be a list of tables"))
        for number, one in enumerate(found, 1):
            yield Table(f"{self.path(name)}[{number}]", one)

    def text_or_table(self, name: str, short: str) -> Table:
        """Return a table; a text in its place is the value of the key `short`."""
        value = self.get(name)
        return Table(self.path(name), {short: value}) if isinstance(value, str) else self.table(name)

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text."""
        return str(self._take(name, default, lambda value: isinstance(value, str), N_("must be a text")))

    def texts(self, name: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return texts: a list of them, or a single one."""
        rule = N_("must be a text or a list of texts")
        found = self._take(name, default, lambda value: isinstance(value, str) or _is_list_of(str, value), rule)
        return (found,) if isinstance(found, str) else tuple(found)

    def choice(self, name: str, choices: tuple[C, ...], default: C | None = None) -> C:
        """Return one of some texts."""
        rule = N_("must be one of {names}")
        found: C = self._take(name, default, lambda value: value in choices, rule, names=", ".join(choices))
        return found

    def flag(self, name: str) -> bool:
        """Return a boolean; ``False`` if it is missing."""
        return bool(self._take(name, False, lambda value: isinstance(value, bool), N_("must be true or false")))

    def number(self, name: str, default: int | None, *, minimum: int, maximum: int) -> int:
        """Return an integer."""
        rule = N_("must be a whole number from {least} to {most}")
        limits = {"least": minimum, "most": maximum}
        return int(
            self._take(name, default, lambda value: type(value) is int and minimum <= value <= maximum, rule, **limits)
        )

    def amount(self, name: str) -> Decimal | None:
        """Return an amount of credits, or ``None``."""
        rule = N_("must be a number of credits, 0 or more")
        found = self._take(name, -1, lambda value: _is_number(value) and 0 <= value < math.inf, rule)
        return None if found == -1 else Decimal(str(found))

    def seconds(self, name: str, default: float) -> float:
        """Return a duration in seconds: a number, or a text such as ``90s``, ``5m`` or ``1h30m``; at most a week."""
        rule = N_("must be seconds, or a time such as 90s, 5m or 1h30m")
        return float(_seconds(self._take(name, default, lambda value: 0 <= _seconds(value) <= _MAX_SECONDS, rule)))


def _is_list_of(kind: type, value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, kind) for one in value)


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _seconds(value: Any) -> float:  # noqa: ANN401 - any TOML value
    """Return a duration in seconds; -1 for what is none."""
    if isinstance(value, str) and value and (read := _DURATION.fullmatch(value)):
        return sum(int(read[unit] or 0) * size for unit, size in (("h", 3600), ("m", 60), ("s", 1)))
    return value if _is_number(value) else -1
