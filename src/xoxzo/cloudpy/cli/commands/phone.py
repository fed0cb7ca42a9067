"""`xoxzo phone`: converts phone numbers as people type them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

# Imported here so that the table of commands reports a missing extra, in one line.
import phonenumbers  # noqa: F401

from xoxzo.cloudpy.cli.core import click_base, exit_codes, inputs
from xoxzo.cloudpy.cli.core.i18n import Word, _, render_error
from xoxzo.cloudpy.cli.core.output.values import Output
from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.phone import parse

_COLUMNS = ("as_typed", "e164", "kind", "country", "assumptions", "notes", "error")


@click_base.make_group("xoxzo phone format 080-1111-2222")
def command() -> None:
    """Convert phone numbers to E.164; no call is made, no message is sent."""


@command.subcommand(
    "format",
    "xoxzo phone format 080-1111-2222 '０３ (1234) 5678'",
    "xoxzo phone format --country US '(201) 555-0123' --json",
    "cut -d, -f2 people.csv | xoxzo phone format - >numbers.tsv",
)
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER...")
@click.option(
    "--country", default="JP", show_default=True, metavar="CC", help="The country of numbers without a country code."
)
@click_base.json_option
def format_(numbers: Sequence[str], country: str, *, machine: bool) -> None:
    """Convert numbers to E.164, and show their kind and each assumption; - reads them from standard input.

    The numbers are not masked: they are the result. Exits with 3 if one of them cannot be read.
    """
    with exit_codes.invalid_arguments_as_errors():
        parse("+818011112222", country)  # an unknown country is no error of a number
    bad: list[str] = []
    out = Output(machine=machine, show_numbers=True)
    out.table(_rows(inputs.expand_stdin(numbers), country, bad, for_people=out.draws), _COLUMNS, single=True)
    if bad:
        raise click.exceptions.Exit(exit_codes.REJECTED)


def _rows(numbers: Sequence[str], country: str, bad: list[str], *, for_people: bool) -> Iterator[dict[str, Any]]:
    translate = _ if for_people else str
    for text in numbers:
        row = dict[str, Any].fromkeys(_COLUMNS) | {"as_typed": text, "assumptions": [], "notes": []}
        try:
            found = parse(text, country, test_numbers=True)
        except InvalidArgument as error:
            bad.append(text)
            row["error"] = render_error(error) if for_people else error.reason
        else:
            row |= {"e164": found.e164, "kind": Word(found.kind), "country": found.country}
            row["assumptions"] = [translate(assumption.value) for assumption in found.assumptions]
            row["notes"] = [translate(note.value) for note in found.notes]
        yield row
