"""Draws tables on a terminal with rich, which is loaded only when a table is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.output.terminal import width
from xoxzo.cloudpy.cli.core.output.values import column_title, field_title, format_value, status_colour

_GAP = 2
_FIRST_TO_GO = (
    *("tags", "parts", "sender", "caller", "country_code", "prefix", "notes", "start_time"),
    *("minute_cost", "monthly_cost", "duration", "cost", "sent_time"),
)
"""The columns that a narrow table omits, the least important first. The others are folded where necessary."""
_RIGHT = frozenset({"cost", "parts", "duration", "monthly_cost", "minute_cost", "units"})


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Draw a table as wide as the terminal, without empty columns; name the columns that do not fit."""
    columns = [name for name in columns if any(row.get(name) not in (None, "", [], ()) for row in rows)]
    console = Console()
    columns, left_out = _fitting(rows, columns, console.width)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(
            column_title(name),
            justify="right" if name in _RIGHT else "left",
            overflow="fold",
            # A folded id can be neither read nor copied; the other columns shrink.
            no_wrap=name.endswith("id"),
        )
    for row in rows:
        table.add_row(*(Text(_short(row.get(name)), style=status_colour(row.get(name)) or "") for name in columns))
    console.print(table)
    if left_out:
        named = _(", ").join(field_title(name) for name in left_out)
        Console(stderr=True, style="dim").print(_("A wider terminal, or --json, shows more: {names}", names=named))


def _fitting(rows: Sequence[Mapping[str, Any]], columns: list[str], room: int) -> tuple[list[str], list[str]]:
    """Return the columns that fit a width, and the others."""
    need = {name: max(width(column_title(name)), *(width(_short(row.get(name))) for row in rows)) for name in columns}
    left_out: list[str] = []
    for name in _FIRST_TO_GO:
        shown = [each for each in columns if each not in left_out]
        if sum(need[each] + _GAP for each in shown) - _GAP <= room:
            break
        if name in shown:
            left_out.append(name)
    return [name for name in columns if name not in left_out], left_out


def _short(value: object) -> str:
    """Format a value; a time without year and seconds: the API's lists go back 90 days, and ids take most of a line."""
    return f"{value.astimezone():%m-%d %H:%M}" if isinstance(value, datetime) else format_value(value)
