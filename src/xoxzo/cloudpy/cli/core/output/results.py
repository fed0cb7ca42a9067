"""What commands write: tables for people at a terminal, tab-separated lines in a pipe, JSON where it is asked for.

Standard output carries data and nothing else. Whatever is said beside it goes to standard error.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.cli.core.output.streams import visible
from xoxzo.cloudpy.cli.core.output.values import cell, colour_status, field_title, format_value, to_json
from xoxzo.cloudpy.common.masking import mask_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from xoxzo.cloudpy.models.base import Model

_NUMBERS = frozenset({"recipient", "caller", "participant", "phone_number"})


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
