"""Settings as text: the table of all of them, and reading one from `name=value`.

The meaning of a setting is written once, under its field in `Settings`, and read from there.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import json
import math
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.settings import Carrier, NumberRange, Settings

_ROW = re.compile(r"\b15\.(\d+)")
_MAY_BE_NEGATIVE = {"seed"}


class SettingEntry(Struct, frozen=True):
    """One setting."""

    name: str
    value: str
    """As `--set` takes it; number ranges and carriers are only named."""
    rows: tuple[int, ...]
    """The rows of the API's open points (API section 15) that it decides."""
    meaning: str


def setting_entries(settings: Settings) -> list[SettingEntry]:
    """Return all settings in their order, with the values that they have; a token is not shown."""
    shown = settings if settings.token is None else replace(settings, token="••••")  # noqa: S106 - it hides one
    return [
        SettingEntry(name, value_text(getattr(shown, name)), tuple(map(int, _ROW.findall(meaning))), meaning)
        for name, meaning in _meanings().items()
    ]


def settings_table(settings: Settings) -> str:
    """Return all settings as a table in Markdown, which is readable as plain text too."""
    lines = ["| setting | value | row | meaning |", "|---|---|---|---|"]
    for entry in setting_entries(settings):
        rows = ", ".join(map(str, entry.rows))
        lines.append(f"| `{entry.name}` | {entry.value} | {rows} | {entry.meaning.rstrip('.')} |")
    return "\n".join(lines)


def value_text(value: object) -> str:
    """Return a setting's value as text."""
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case Mapping():
            return msgspec.json.encode(value).decode()
        case frozenset():
            return ",".join(sorted(value))
        case tuple():
            return ", ".join(map(_named, value))
        case _:
            return str(value)


def _named(item: object) -> str:
    if isinstance(item, NumberRange):
        return f"{item.country_code} {item.prefix}"
    return f"{item.prefix} {item.name}" if isinstance(item, Carrier) else str(item)


def parse_assignments(texts: Iterable[str]) -> dict[str, Any]:
    """Read settings from `name=value`, the last of a name; raise `SimulatorError` without a value. Tables are JSON."""
    return dict(_read(text) for text in texts)


def _read(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    kinds = get_type_hints(Settings)
    if name not in kinds:
        for near in difflib.get_close_matches(name, kinds, n=1):
            template = N_("there is no setting {name!r}; did you mean {near}?")
            raise SimulatorError("unknown_setting", template, name=name, near=near)
        raise SimulatorError("unknown_setting", "there is no setting {name!r}", name=name)
    try:
        if not equals:
            raise ValueError  # noqa: TRY301 - one message for all that is no value
        found = msgspec.convert(_plain(kinds[name], value), kinds[name], strict=False)
        values = found.values() if isinstance(found, Mapping) else (found,)
        numbers = [one for one in values if isinstance(one, int | float | Decimal)]
        if name not in _MAY_BE_NEGATIVE and not all(math.isfinite(one) and one >= 0 for one in numbers):
            raise ValueError  # noqa: TRY301
    except ValueError:
        kind = kinds[name]
        # A class alone is written by its name; in what is made of several, the names of modules do not help the reader.
        is_plain = isinstance(kind, type) and not get_args(kind)
        shown = kind.__name__ if is_plain else re.sub(r"\b[a-z_]+\.", "", str(kind))
        raise SimulatorError("invalid_setting", "{name} must be of the type {type}", name=name, type=shown) from None
    return name, found


def _plain(kind: object, value: str) -> object:
    """Return what `msgspec` turns into a value of the kind."""
    choices = get_args(kind) if type(None) in get_args(kind) else (kind,)
    if value.lower() == "none" and len(choices) > 1:
        return None
    for choice in choices:
        if get_origin(choice) in {frozenset, tuple} and str in get_args(choice):
            return [item.strip() for item in value.split(",") if item.strip()]
        if get_origin(choice) in {Mapping, tuple}:
            return json.loads(value)
    return value


def _meanings() -> dict[str, str]:
    [definition] = ast.parse(inspect.getsource(Settings)).body
    assert isinstance(definition, ast.ClassDef)  # noqa: S101 - it is the source of a class
    found = {}
    for field, below in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            text = ast.literal_eval(below.value) if isinstance(below, ast.Expr) else ""
            found[field.target.id] = " ".join(text.split()).replace("``", "`")
    return found
