"""What commands write: tables for people at a terminal, tab-separated lines in a pipe, JSON where it is asked for.

Standard output carries data and nothing else. Whatever is said beside it goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.cli.core.i18n import Word, _
from xoxzo.cloudpy.cli.core.output.streams import visible
from xoxzo.cloudpy.cli.core.output.titles import FIELD_TITLES, KINDS, STATUSES
from xoxzo.cloudpy.common.masking import mask_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from xoxzo.cloudpy.models.base import Model

# JSON itself escapes those below 32.
_JSON_ESCAPES = {code: f"\\u{code:04x}" for code in (*range(127, 160), 0x2028, 0x2029)}
_NUMBERS = frozenset({"recipient", "caller", "participant", "phone_number"})
_GOOD, _BAD, _GOING = "green", "red", "yellow"
_COLOURS = {
    "DELIVERED": _GOOD,
    "ANSWERED": _GOOD,
    "APPROVED": _GOOD,
    "sent": _GOOD,
    "started": _GOOD,
    "FAIL": _BAD,
    "FAILED": _BAD,
    "NO ANSWER": _BAD,
    "rejected": _BAD,
    "may be sent": _BAD,
    "not sent": _BAD,
    "QUEUED": _GOING,
    "DELIVERING": _GOING,
    "IN PROGRESS": _GOING,
    "PENDING": _GOING,
}


class Output:
    """Where a command's results go.

    Args:
        machine: as JSON, one object a line.
        show_numbers: with whole phone numbers.
    """

    def __init__(self, *, machine: bool = False, show_numbers: bool = False) -> None:
        self.machine = machine
        self.show_numbers = show_numbers

    @property
    def draws(self) -> bool:
        """Whether a person looks at standard output."""
        return not self.machine and sys.stdout.isatty()

    def number(self, value: Any) -> Any:  # noqa: ANN401 - texts are masked, the rest stays
        """Return a phone number, or several with commas between, as it may be shown."""
        if self.show_numbers or not isinstance(value, str):
            return value
        return ",".join(mask_number(each) if each else each for each in value.split(","))

    def note(self, line: str) -> None:
        """Say something to a person; nobody else is told."""
        if sys.stderr.isatty():
            # Not by click.echo, which knows the terminal better than a bar that may stand there and wants to move.
            sys.stderr.write(click.style(visible(line), dim=True) + "\n")

    def warn(self, line: str) -> None:
        """Say something that must not be missed, to a person or in a log."""
        click.echo(visible(line), err=True)

    def facts(self, model: Model) -> dict[str, Any]:
        """Return what a reply says by its field names, with numbers as they may be shown, without ``raw``."""
        return {name: self._shown(name, getattr(model, name)) for name in model.__struct_fields__ if name != "raw"}

    def _shown(self, name: str, value: Any) -> Any:  # noqa: ANN401 - any field
        if name in _NUMBERS:
            return self.number(value)
        if isinstance(value, tuple):
            return [self._shown("", each) for each in value]
        return self.facts(value) if hasattr(value, "__struct_fields__") else value

    def record(self, facts: Mapping[str, Any], *, title: Callable[[str], str] | None = None) -> None:
        """Write one thing: as JSON, or a line for each of its fields.

        Args:
            facts: its fields.
            title: what a person sees a field called; by default its name in the reader's language.
        """
        if self.machine:
            self._json(facts)
            return
        if not self.draws:
            for name, value in facts.items():
                click.echo(f"{name}\t{cell(value)}")
            return
        from xoxzo.cloudpy.cli.core.output.text_width import pad, width

        titles = {name: (title or field_title)(name) for name in facts}
        widest = max(map(width, titles.values()), default=0)
        for name, value in facts.items():
            if isinstance(value, list) and value and isinstance(value[0], dict):
                click.echo(click.style(titles[name], dim=True))
                self.table(value, list(value[0]))
            else:
                click.echo(
                    f"{click.style(pad(titles[name], widest), dim=True)}  {colour_status(value, format_value(value))}"
                )

    def table(
        self,
        rows: Iterable[Mapping[str, Any]],
        columns: Sequence[str],
        *,
        single: bool = False,
        title: Callable[[str], str] | None = None,
    ) -> int:
        """Write many things, as they come where that is possible; return how many.

        Args:
            rows: the facts of each; JSON has all of them.
            columns: those that a table or a tab-separated line has.
            single: at a terminal, show one alone with all that is known of it instead of as a table of one.
            title: what its fields are called then.
        """
        count = 0
        kept = []
        for row in rows:
            count += 1
            if self.machine:
                self._json(row)
            elif self.draws:
                kept.append(row)
            else:
                click.echo("\t".join(cell(row.get(name)) for name in columns))
        if single and len(kept) == 1:
            self.record({name: value for name, value in kept[0].items() if value is not None}, title=title)
        elif kept:
            from xoxzo.cloudpy.cli.core.output.tables import print_table

            print_table(kept, columns)
        return count

    def _json(self, facts: Mapping[str, Any]) -> None:
        click.echo(to_json(facts))


def to_json(value: object) -> str:
    """Return a value as one line of JSON; control characters in it are escaped, Japanese is not."""
    return json.dumps(value, ensure_ascii=False, default=_plain).translate(_JSON_ESCAPES)


def field_title(name: str) -> str:
    """Return what a field is called in the reader's language."""
    return _(FIELD_TITLES.get(name, name.replace("_", " ")))


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def cell(value: object) -> str:
    """Write a value for a pipe: as JSON has it, without quotation marks, tabs and line breaks; nothing for ``None``."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | dict):
        simple = all(isinstance(each, str) for each in value) and not isinstance(value, dict)
        return ",".join(value) if simple else json.dumps(value, ensure_ascii=False, default=_plain)
    text = value.value if isinstance(value, Enum) else value if isinstance(value, str) else str(_plain(value))
    return " ".join(str(text).split()) if {"\t", "\n", "\r"} & set(str(text)) else str(text)


def format_value(value: object) -> str:
    """Write a value for a person: local time, thousands, yes and no."""
    if value is None or value in ("", [], ()):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Word):
        return status_text(value)
    if isinstance(value, Decimal | int):
        return f"{_plain(value) if isinstance(value, Decimal) else value:,}"
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M:%S}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {format_value(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return _(", ").join(format_value(each) for each in value)
    return status_text(value.value) if isinstance(value, Enum) else visible(value, lines=True)


def status_text(status: str) -> str:
    """Return a status, or the kind of a phone number, in the reader's language."""
    return _(STATUSES.get(status) or KINDS.get(status, status))


def status_colour(value: object) -> str | None:
    """Return the colour of a status, ``None`` for anything else or where ``NO_COLOR`` asks for none."""
    return None if os.environ.get("NO_COLOR") else _COLOURS.get(str(value.value if isinstance(value, Enum) else value))


def colour_status(value: object, text: str) -> str:
    """Colour what is a status; Click leaves colours out where the output is no terminal."""
    colour = status_colour(value)
    return click.style(text, fg=colour) if colour else text
