"""`xoxzo optout`: the list of those who get no message of any campaign."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

# Imported here so that the table of commands reports a missing extra in one line.
import phonenumbers  # noqa: F401

from xoxzo.cloudpy.campaigns import OptOuts
from xoxzo.cloudpy.cli.commands.campaign.account import configured_country
from xoxzo.cloudpy.cli.commands.campaign.creation import readable
from xoxzo.cloudpy.cli.commands.campaign.options import (
    country_option,
    errors_as_exit,
    json_option,
    selected_store,
    store_option,
)
from xoxzo.cloudpy.cli.commands.campaign.render import local_time, moment, write_json
from xoxzo.cloudpy.cli.core.click_base import Command, Group, examples
from xoxzo.cloudpy.cli.core.exit_codes import REJECTED
from xoxzo.cloudpy.cli.core.i18n import _, ngettext
from xoxzo.cloudpy.cli.core.inputs import expand_stdin
from xoxzo.cloudpy.cli.core.output.terminal import pad, visible
from xoxzo.cloudpy.common.private_files import open_private

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xoxzo.cloudpy.campaigns import OptOut

_SHOWN_HASH = 8
_numbers = click.argument("numbers", nargs=-1, required=True, metavar="NUMBER...")
_source = click.option("--source", metavar="TEXT", help="Where the opt-out came from, for instance 'phone call'.")


@click.group(
    cls=Group,
    epilog=examples(
        "xoxzo optout add 090-1111-2222 --source 'phone call'",
        "xoxzo optout import opt-outs.xlsx",
        "xoxzo optout list 090-1111-2222",
    ),
)
def command() -> None:
    """Keep one list of those who get no message of any campaign.

    All campaigns of a store leave them out, also those that are running. The list holds hashes, and no phone numbers.
    """


@contextmanager
def _list(verb: str, country: str | None = None) -> Iterator[OptOuts]:
    with errors_as_exit(verb, group="optout"):
        yield OptOuts(selected_store(), country=country or configured_country())


@click.command(cls=Command, epilog=examples("xoxzo optout add 090-1111-2222 --source 'phone call'"))
@_numbers
@_source
@click.option("--since", metavar="TIME", help="When the person opted out, as 2026-11-30T18:00+09:00; by default now.")
@country_option()
@json_option()
def add(numbers: Sequence[str], source: str | None, since: str | None, country: str | None, *, machine: bool) -> None:
    """Add numbers to the list; - reads them from standard input.

    A number that is on the list already keeps its time and source.
    """
    at = None if since is None else _time(since)
    with _list("add", country) as opt_outs:
        _show_added(opt_outs.add(expand_stdin(numbers), source=source or "", since=at), machine=machine)


@click.command(cls=Command, epilog=examples("xoxzo optout remove 090-1111-2222"))
@_numbers
@country_option()
@json_option()
def remove(numbers: Sequence[str], country: str | None, *, machine: bool) -> None:
    """Remove numbers from the list; - reads them from standard input.

    Do so only for people who have agreed to get messages again.
    """
    with _list("remove", country) as opt_outs:
        count = opt_outs.remove(expand_stdin(numbers))
    sentence = ngettext("{count} number was removed", "{count} numbers were removed", count)
    _show(sentence.format(count=f"{count:,}"), machine=machine, removed=count)


@click.command("list", cls=Command, epilog=examples("xoxzo optout list", "xoxzo optout list 090-1111-2222"))
@click.argument("numbers", nargs=-1, metavar="[NUMBER...]")
@country_option()
@json_option("Write one JSON object for each entry.")
def list_(numbers: Sequence[str], country: str | None, *, machine: bool) -> None:
    """List since when and why numbers are on the list: those given, or all.

    Numbers are not stored, so all entries are shown by the beginnings of their hashes. Ends with 3 when a given number
    is not on the list.
    """
    with _list("list", country) as opt_outs:
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


@click.command("import", cls=Command, epilog=examples("xoxzo optout import opt-outs.xlsx --source 'old system'"))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@_source
@country_option()
@json_option()
def import_(file: str, source: str | None, country: str | None, *, machine: bool) -> None:
    """Add the numbers in FILE, or the entries of a list that `export` has written.

    FILE is any list with columns of numbers; - reads standard input. A row without a readable number stops everything.
    """
    with _list("import", country) as opt_outs, readable(file) as path:
        _show_added(opt_outs.import_file(path, source="" if file == "-" and not source else source), machine=machine)


@click.command(cls=Command, epilog=examples("xoxzo optout export -o opt-outs.csv"))
@click.option(
    "-o",
    "--output",
    default="-",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="A file; by default standard output.",
)
def export(output: str) -> None:
    """Write the list as CSV, for `import` of another store.

    It holds hashes, the times in UTC, and the sources.
    """
    with _list("export") as opt_outs:
        if output == "-":
            opt_outs.export(sys.stdout)
            return
        with os.fdopen(open_private(output), "w", encoding="utf-8", newline="") as file:
            count = opt_outs.export(file)
    sentence = ngettext("{count} entry in {path}", "{count} entries in {path}", count)
    click.echo(sentence.format(count=f"{count:,}", path=Path(output)), err=True)


for entry in (add, remove, list_, import_, export):
    command.add_command(store_option(entry))


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(_("--since wants a time such as 2026-11-30T18:00+09:00")) from None
    return found if found.tzinfo else found.astimezone()


def _show_added(count: int, *, machine: bool) -> None:
    sentence = ngettext("{count} number was added", "{count} numbers were added", count)
    _show(sentence.format(count=f"{count:,}"), machine=machine, added=count)


def _show(sentence: str, *, machine: bool, **fields: Any) -> None:  # noqa: ANN401 - JSON's
    if machine:
        write_json(**fields)
    else:
        click.echo(sentence, err=True)


def _show_entry(one: OptOut | None, name: str, *, machine: bool) -> None:
    if machine:
        number = one.hash.hex() if one else None
        since = moment(one.since) if one else None
        write_json(
            **({} if one and one.hash.hex().startswith(name) else {"number": name}),
            hash=number,
            since=since,
            source=one.source if one else None,
            campaign=one.campaign or None if one else None,
        )
        return
    if one is None:
        click.echo(f"{pad(visible(name), 16)} {_('not on the list')}")
        return
    where = _("only campaign {name}").format(name=one.source) if one.campaign else one.source
    click.echo(f"{pad(visible(name), 16)} {local_time(one.since)}  {visible(where)}".rstrip())
