"""Output of commands: tables at a terminal, tab-separated lines in a pipe, JSON with ``--json``.

Standard output carries data alone; notes and warnings go to standard error.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.cli.core.output.terminal import pad, visible, width
from xoxzo.cloudpy.cli.core.output.values import cell, colour_status, field_title, format_field, to_json
from xoxzo.cloudpy.common.masking import mask_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from xoxzo.cloudpy.models.base import Model

_NUMBERS = frozenset({"recipient", "caller", "participant", "phone_number"})


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

    def table(
        self,
        rows: Iterable[Mapping[str, Any]],
        columns: Sequence[str],
        *,
        single: bool = False,
    ) -> int:
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
            from xoxzo.cloudpy.cli.core.output.tables import print_table

            print_table(drawn, columns)
        return count
