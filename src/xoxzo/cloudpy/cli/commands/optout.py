"""`xoxzo optout`: the list of those who get no message of any campaign."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

# Imported here so that the table of commands reports a missing extra in one line.
import phonenumbers  # noqa: F401

from xoxzo.cloudpy.campaigns import BadRows, OptOut, OptOuts
from xoxzo.cloudpy.cli.commands.campaign import creation, options, render
from xoxzo.cloudpy.cli.core.click_base import json_option, make_group
from xoxzo.cloudpy.cli.core.exit_codes import REJECTED, CommandError, writing
from xoxzo.cloudpy.cli.core.i18n import _, ngettext
from xoxzo.cloudpy.cli.core.inputs import TIME, expand_stdin
from xoxzo.cloudpy.cli.core.output.terminal import pad, visible
from xoxzo.cloudpy.common.user_files import open_private

_SHOWN_HASH = 8
_numbers = click.argument("numbers", nargs=-1, required=True, metavar="NUMBER...")
_source = click.option("--source", metavar="TEXT", help="Where the opt-out came from, for instance 'phone call'.")


class OptOutCommand(options.CampaignCommand):
    """A command on the opt-out list of a store."""

    def to_command_error(self, ctx: click.Context, error: Exception) -> CommandError | None:
        """Convert an error of the library."""
        if isinstance(error, BadRows):
            return CommandError(_("a number cannot be read; nothing was added."), *options.bad_row_lines(error))
        return super().to_command_error(ctx, error)


@make_group(
    "xoxzo optout add 090-1111-2222 --source 'phone call'",
    "xoxzo optout import opt-outs.xlsx",
    "xoxzo optout list 090-1111-2222",
)
def command() -> None:
    """Keep one list of those who get no message of any campaign.

    All campaigns of a store leave them out, also those that are running. The list holds hashes, and no phone numbers.
    """


command.command_class = OptOutCommand


def _opt_outs(country: str | None = None) -> OptOuts:
    return OptOuts(options.selected_store(), country=country or creation.configured_country())


@command.subcommand("add", "xoxzo optout add 090-1111-2222 --source 'phone call'")
@_numbers
@_source
@click.option("--since", type=TIME, help="When the person opted out, as 2026-11-30T18:00+09:00; by default now.")
@options.country_option()
@json_option
def add(
    numbers: Sequence[str], source: str | None, since: datetime | None, country: str | None, *, machine: bool
) -> None:
    """Add numbers to the list; - reads them from standard input.

    A number that is on the list already keeps its time and source.
    """
    count = _opt_outs(country).add(expand_stdin(numbers), source=source or "", since=since)
    sentence = ngettext("{count} number was added", "{count} numbers were added", count)
    render.show_change(sentence, machine=machine, added=count)


@command.subcommand("remove", "xoxzo optout remove 090-1111-2222")
@_numbers
@options.country_option()
@json_option
def remove(numbers: Sequence[str], country: str | None, *, machine: bool) -> None:
    """Remove numbers from the list; - reads them from standard input.

    Do so only for people who have agreed to get messages again.
    """
    count = _opt_outs(country).remove(expand_stdin(numbers))
    sentence = ngettext("{count} number was removed", "{count} numbers were removed", count)
    render.show_change(sentence, machine=machine, removed=count)


@command.subcommand("list", "xoxzo optout list", "xoxzo optout list 090-1111-2222")
@click.argument("numbers", nargs=-1, metavar="[NUMBER...]")
@options.country_option()
@json_option
def list_(numbers: Sequence[str], country: str | None, *, machine: bool) -> None:
    """List since when and why numbers are on the list: those given, or all.

    Numbers are not stored, so all entries are shown by the beginnings of their hashes. Exits with 3 if a given number
    is not on the list.
    """
    opt_outs = _opt_outs(country)
    if not numbers:
        for one in opt_outs:
            _show_entry(one, one.hash.hex()[:_SHOWN_HASH], machine=machine)
        return
    missing = False
    for number in expand_stdin(numbers):
        found = opt_outs.get(number)
        missing |= found is None
        _show_entry(found, number, machine=machine)
    if missing:
        raise click.exceptions.Exit(REJECTED)


@command.subcommand("import", "xoxzo optout import opt-outs.xlsx --source 'old system'")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@_source
@options.country_option()
@json_option
def import_(file: str, source: str | None, country: str | None, *, machine: bool) -> None:
    """Add the numbers in FILE, or the entries of a list that `export` has written.

    FILE is any list with columns of numbers; - reads standard input. A row without a readable number stops everything.
    """
    with creation.readable(file) as path:
        count = _opt_outs(country).import_file(path, source="" if file == "-" and not source else source)
    sentence = ngettext("{count} number was added", "{count} numbers were added", count)
    render.show_change(sentence, machine=machine, added=count)


@command.subcommand("export", "xoxzo optout export -o opt-outs.csv")
@options.output_option(default="-", help="A file; by default standard output.")
def export(output: str) -> None:
    """Write the list as CSV, for `import` of another store.

    It holds hashes, the times in UTC, and the sources.
    """
    opt_outs = _opt_outs()
    if output == "-":
        opt_outs.export(sys.stdout)
        return
    with writing(output), os.fdopen(open_private(output), "w", encoding="utf-8", newline="") as file:
        count = opt_outs.export(file)
    click.echo(ngettext("{count} entry in {path}", "{count} entries in {path}", count, path=output), err=True)


def _show_entry(one: OptOut | None, name: str, *, machine: bool) -> None:
    if machine:
        facts = dict[str, Any].fromkeys(("hash", "since", "source", "campaign"))
        if one is not None:
            facts = {"hash": one.hash.hex(), "since": render.moment(one.since), "source": one.source}
            facts["campaign"] = one.campaign or None
        render.write_json(**({} if one and one.hash.hex().startswith(name) else {"number": name}), **facts)
    elif one is None:
        click.echo(f"{pad(visible(name), 16)} {_('not on the list')}")
    else:
        where = _("only campaign {name}", name=one.source) if one.campaign else one.source
        click.echo(f"{pad(visible(name), 16)} {render.local_time(one.since)}  {visible(where)}".rstrip())
