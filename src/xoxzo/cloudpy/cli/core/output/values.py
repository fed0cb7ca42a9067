"""Results of commands: tables at a terminal, tab-separated lines in a pipe, JSON with ``--json``.

Standard output carries data alone; notes and warnings go to standard error. rich is loaded only when a table is drawn.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.cli.core.i18n import Word, _, language
from xoxzo.cloudpy.cli.core.output.terminal import JSON_ESCAPES, pad, visible, width
from xoxzo.cloudpy.common import locale
from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.common.masking import mask_number

if TYPE_CHECKING:
    from xoxzo.cloudpy.models.base import Model

_FIELDS = (
    *(N_("path"), N_("default"), N_("sender"), N_("caller"), N_("country"), N_("confirm above")),
    *(N_("allowed recipients"), N_("sid"), N_("token"), N_("host"), N_("recipient"), N_("participant")),
    *(N_("participants"), N_("phone number"), N_("status"), N_("result"), N_("error"), N_("reference")),
    *(N_("sent time"), N_("start time"), N_("end time"), N_("duration"), N_("direction"), N_("call type")),
    *(N_("parts"), N_("cost"), N_("balance"), N_("tags"), N_("link tracking"), N_("url"), N_("units"), N_("limit")),
    *(N_("ascii only"), N_("first not ascii"), N_("notes"), N_("assumptions"), N_("as typed"), N_("text"), N_("name")),
    *(N_("approved content"), N_("pending content"), N_("api usage example"), N_("placeholders"), N_("deleted")),
    *(N_("released"), N_("website"), N_("message"), N_("verified"), N_("country code"), N_("prefix"), N_("din")),
    *(N_("sin"), N_("monthly cost"), N_("minute cost"), N_("action url"), N_("found"), N_("carrier"), N_("kind")),
    *(N_("event"), N_("method"), N_("content type"), N_("body"), N_("id"), N_("msgid"), N_("callid")),
    *(N_("conferenceid"), N_("otp id"), N_("din uid"), N_("sin uid"), N_("template id"), N_("e164"), N_("mccmnc")),
    *(N_("template content"),),
)
FIELD_TITLES = {title.replace(" ", "_"): title for title in _FIELDS} | {"credits": "balance"}
"""The titles of fields, by their names."""
_AMOUNTS = frozenset({"cost", "credits", "monthly_cost", "minute_cost"})
"""The fields that are amounts of credits."""
STATUS_WORDS = (
    *(N_("QUEUED"), N_("DELIVERING"), N_("DELIVERED"), N_("FAIL"), N_("IN PROGRESS"), N_("ANSWERED")),
    *(N_("NO ANSWER"), N_("FAILED"), N_("APPROVED"), N_("PENDING"), N_("sent"), N_("started"), N_("rejected")),
    *(N_("may have been sent"), N_("not sent"), N_("not tried")),
    *(N_("mobile"), N_("fixed"), N_("fixed_or_mobile"), N_("voip"), N_("toll_free"), N_("pager"), N_("other")),
)
"""Statuses of messages, calls and templates, results of sends, kinds of phone numbers; listed for the catalogue."""
_COLOURS = {
    **dict.fromkeys(("DELIVERED", "ANSWERED", "APPROVED", "sent", "started"), "green"),
    **dict.fromkeys(("FAIL", "FAILED", "NO ANSWER", "rejected", "may have been sent", "not sent"), "red"),
    **dict.fromkeys(("QUEUED", "DELIVERING", "IN PROGRESS", "PENDING"), "yellow"),
}
_NUMBERS = frozenset({"recipient", "caller", "participant", "phone_number"})
_GAP = 2
_FIRST_TO_GO = (
    *("tags", "parts", "sender", "caller", "country_code", "prefix", "notes", "start_time"),
    *("minute_cost", "monthly_cost", "duration", "cost", "sent_time"),
)
"""The columns that a narrow table omits, the least important first. The others are folded where necessary."""
_RIGHT = frozenset({"cost", "parts", "duration", "monthly_cost", "minute_cost", "units"})


def to_json(value: object) -> str:
    """Return a value as one line of JSON; control characters in it are escaped, Japanese is not."""
    return json.dumps(value, ensure_ascii=False, default=_plain).translate(JSON_ESCAPES)


def field_title(name: str) -> str:
    """Return the title of a field in the user's language."""
    return _(FIELD_TITLES.get(name, name.replace("_", " ")))


def column_title(name: str) -> str:
    """Return the title of a table's column in the user's language, with the unit of its numbers."""
    title = field_title(name)
    if name == "duration":
        return _("{title} (s)", title=title)
    return _("{title} (credits)", title=title) if name in _AMOUNTS else title


def format_credits(amount: Decimal | float | None) -> str:
    """Format an amount of credits with its unit in the user's language."""
    return locale.format_credits(amount, locale.translations(language()).ngettext)


def format_field(name: str, value: object) -> str:
    """Format a field of a record for a person: numbers with their units, times with their zone."""
    if name == "duration" and isinstance(value, int):
        return _("{seconds} s", seconds=f"{value:,}")
    if name in _AMOUNTS and isinstance(value, Decimal | int):
        return format_credits(value)
    return f"{value.astimezone():%Y-%m-%d %H:%M:%S %Z}" if isinstance(value, datetime) else format_value(value)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def cell(value: object) -> str:
    """Format a value for a pipe: as in JSON, without quotation marks and control characters; ``None`` is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | dict):
        simple = all(isinstance(each, str) for each in value) and not isinstance(value, dict)
        return visible(",".join(value)) if simple else to_json(value)
    text = value.value if isinstance(value, Enum) else value if isinstance(value, str) else str(_plain(value))
    return visible(" ".join(str(text).split()) if {"\t", "\n", "\r"} & set(str(text)) else text)


def format_value(value: object) -> str:
    """Format a value for a person: local time, thousands, yes and no."""
    if value is None or value in ("", [], ()):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Word):
        return _(value)
    if isinstance(value, Decimal | int):
        return f"{_plain(value) if isinstance(value, Decimal) else value:,}"
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M:%S}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {format_value(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return _(", ").join(format_value(each) for each in value)
    return _(value.value) if isinstance(value, Enum) else visible(value, lines=True)


def status_colour(value: object) -> str | None:
    """Return the colour of a status; ``None`` for anything else, or if ``NO_COLOR`` is set."""
    return None if os.environ.get("NO_COLOR") else _COLOURS.get(str(value.value if isinstance(value, Enum) else value))


def colour_status(value: object, text: str) -> str:
    """Colour a status; Click omits colours if the output is no terminal."""
    colour = status_colour(value)
    return click.style(text, fg=colour) if colour else text


class Output:
    """Writes a command's results: as JSON, one object a line, if `machine`; numbers unmasked if `show_numbers`."""

    def __init__(self, *, machine: bool = False, show_numbers: bool = False) -> None:
        self.machine = machine
        self.show_numbers = show_numbers

    @property
    def draws(self) -> bool:
        """Whether to draw tables: standard output is a terminal, and ``--json`` was not given."""
        return not self.machine and sys.stdout.isatty()

    def number(self, value: Any) -> Any:  # noqa: ANN401 - texts are masked, the rest stays
        """Mask a phone number, or several with commas between, unless numbers may be shown."""
        if self.show_numbers or not isinstance(value, str):
            return value
        return ",".join(mask_number(each) if each else each for each in value.split(","))

    def note(self, line: str) -> None:
        """Write a note on standard error if that is a terminal."""
        if sys.stderr.isatty():
            # Not by click.echo: it writes past a progress bar, which rich moves only for sys.stderr.
            sys.stderr.write(click.style(visible(line), dim=True) + "\n")

    def warn(self, line: str) -> None:
        """Write a warning on standard error, in a pipe, too."""
        click.echo(visible(line), err=True)

    def facts(self, model: Model) -> dict[str, Any]:
        """Return the fields of a model except ``raw``, with phone numbers masked unless they may be shown."""
        return {name: self._shown(name, getattr(model, name)) for name in model.__struct_fields__ if name != "raw"}

    def _shown(self, name: str, value: Any) -> Any:  # noqa: ANN401 - any field
        if name in _NUMBERS:
            return self.number(value)
        if isinstance(value, tuple):
            return [self._shown("", each) for each in value]
        return self.facts(value) if hasattr(value, "__struct_fields__") else value

    def record(self, facts: Mapping[str, Any], *, title: Callable[[str], str] | None = None) -> None:
        """Write one record: as JSON, or a line for each field, with its name in the user's language or its `title`."""
        if self.machine:
            click.echo(to_json(facts))
            return
        if not self.draws:
            for name, value in facts.items():
                click.echo(f"{name}\t{cell(value)}")
            return
        titles = {name: (title or field_title)(name) for name in facts}
        widest = max(map(width, titles.values()), default=0)
        for name, value in facts.items():
            if isinstance(value, list) and value and isinstance(value[0], dict):
                click.echo(click.style(titles[name], dim=True))
                self.table(value, list(value[0]))
            else:
                text = colour_status(value, format_field(name, value))
                click.echo(f"{click.style(pad(titles[name], widest), dim=True)}  {text}")

    def table(self, rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, single: bool = False) -> int:
        """Write records as they come unless a table is drawn; return how many. `single`: one alone shows all fields."""
        count = 0
        drawn = []
        for row in rows:
            count += 1
            if self.machine:
                click.echo(to_json(row))
            elif self.draws:
                drawn.append(row)
            else:
                click.echo("\t".join(cell(row.get(name)) for name in columns))
        if single and len(drawn) == 1:
            self.record({name: value for name, value in drawn[0].items() if value is not None})
        elif drawn:
            print_table(drawn, columns)
        return count


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Draw a table as wide as the terminal, without empty columns; name the columns that do not fit."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    columns = [name for name in columns if any(row.get(name) not in (None, "", [], ()) for row in rows)]
    need = {name: max(width(column_title(name)), *(width(_short(row.get(name))) for row in rows)) for name in columns}
    console = Console()
    left_out: list[str] = []
    for name in _FIRST_TO_GO:
        if sum(need[each] + _GAP for each in columns) - _GAP <= console.width:
            break
        if name in columns:
            columns.remove(name)
            left_out.append(name)
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


def _short(value: object) -> str:
    """Format a value; a time without year and seconds: the API's lists go back 90 days, and ids take most of a line."""
    return f"{value.astimezone():%m-%d %H:%M}" if isinstance(value, datetime) else format_value(value)
