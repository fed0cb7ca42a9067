"""`xoxzo campaign status`, `list`, `unknown`, `export` and `report`."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xoxzo.cloudpy.campaigns.records import NO_REASON, outcome_reason
from xoxzo.cloudpy.campaigns.report.export import export as write_export, export_csv
from xoxzo.cloudpy.cli.commands.campaign.options import errors_as_exit, open_campaign, selected_store
from xoxzo.cloudpy.cli.commands.campaign.render import show_tally, state_line, tally_fields
from xoxzo.cloudpy.cli.core import completion_values
from xoxzo.cloudpy.cli.core.click_base import Command, examples
from xoxzo.cloudpy.cli.core.exit_codes import CommandError
from xoxzo.cloudpy.cli.core.i18n import _, language, render_error
from xoxzo.cloudpy.cli.core.output.text_width import pad
from xoxzo.cloudpy.common.masking import mask_number
from xoxzo.cloudpy.errors import CampaignError

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns import Campaign

_CAN_GO_ON = frozenset({"cut off", "created", "paused", "stopped"})
_MACHINE = click.option("--json", "machine", is_flag=True, help="Write JSON.")
_output = partial(click.option, "-o", "--output", type=click.Path(dir_okay=False, allow_dash=True))


@click.command(
    cls=Command, epilog=examples("xoxzo campaign status customers", "xoxzo campaign status customers --json")
)
@click.argument("name", shell_complete=completion_values.campaigns)
@_MACHINE
def status(name: str, *, machine: bool) -> None:
    """Show where a campaign stands."""
    with errors_as_exit("status"), open_campaign(name) as campaign:
        tally, state, reason = campaign.tally(), _state(campaign), campaign.reason
        if machine:
            shown = {"name": name, "state": state, "reason": str(reason), **tally_fields(tally)}
            click.echo(json.dumps(shown, ensure_ascii=False))
            return
        click.echo(state_line(name, state, NO_REASON if state == "running" else reason))
        show_tally(tally)
        if state in _CAN_GO_ON:
            click.echo(_("Go on with: xoxzo campaign resume {name}").format(name=name), err=True)


@click.command("list", cls=Command, epilog=examples("xoxzo campaign list"))
@_MACHINE
def list_(*, machine: bool) -> None:
    """List all campaigns."""
    with errors_as_exit("list"):
        names = list(selected_store().names())
        if not names and not machine and sys.stderr.isatty():
            command = "xoxzo campaign run FILE --text …"
            click.echo(_("There is no campaign yet. Start one: {command}").format(command=command), err=True)
        for name in names:
            try:
                campaign = open_campaign(name)
            except CampaignError as error:
                click.echo(f"xoxzo campaign list: {render_error(error)}", err=True)
                continue
            with campaign:
                tally, state = campaign.tally(), _state(campaign)
                if machine:
                    click.echo(json.dumps({"name": name, "state": state, **tally_fields(tally)}, ensure_ascii=False))
                else:
                    created = datetime.fromtimestamp(float(campaign.ledger.get("created")), UTC)
                    done = _("{done} of {total}").format(done=f"{tally.sent:>9,}", total=f"{tally.total:>9,}")
                    click.echo(f"{created:%Y-%m-%d}  {pad(_(state), 10)} {done}  {name}")


@click.command(cls=Command, epilog=examples("xoxzo campaign unknown customers --show-numbers"))
@click.argument("name", shell_complete=completion_values.campaigns)
@click.option("--show-numbers", is_flag=True, help="Show phone numbers unmasked.")
@_MACHINE
def unknown(name: str, *, show_numbers: bool, machine: bool) -> None:
    """List the recipients whose result is unknown."""
    with errors_as_exit("unknown"), open_campaign(name) as campaign:
        for one in campaign.unknown():
            who = next(campaign.ledger.recipients(one.n, one.n))
            number = who.number if show_numbers else mask_number(who.number)
            tried = f"{datetime.fromtimestamp(one.began, UTC):%Y-%m-%d %H:%M:%S}"
            if machine:
                why = outcome_reason(one.error)
                click.echo(json.dumps({"n": one.n, "line": who.line, "number": number, "at": tried, "why": why}))
            else:
                line = _("line {line}").format(line=f"{who.line:<8}")
                click.echo(f"{line} {number:<16} {tried}  {outcome_reason(one.error, _)}")


@click.command(cls=Command, epilog=examples("xoxzo campaign export customers -o result.csv"))
@click.argument("name", shell_complete=completion_values.campaigns)
@_output(help="By default NAME.csv; .xlsx makes a workbook, - is standard output.")
def export(name: str, *, output: str | None) -> None:
    """Write a table of all recipients.

    With state, msgid, times and cost; phone numbers are not masked.
    """
    with errors_as_exit("export"), open_campaign(name) as campaign:
        if output == "-":
            export_csv(campaign.recipient_statuses(), sys.stdout)
            return
        path = Path(output or f"{name}.csv")
        count = write_export(campaign.recipient_statuses(), path)
        click.echo(_("{count} recipients in {path}").format(count=f"{count:,}", path=path), err=True)


@click.command(cls=Command, epilog=examples("xoxzo campaign report customers -o report.html"))
@click.argument("name", shell_complete=completion_values.campaigns)
@_output(help="By default NAME.html; - is standard output.")
def report(name: str, *, output: str | None) -> None:
    """Write an HTML report with statistics and charts.

    It contains no phone number and no text, and needs no other file.
    """
    with errors_as_exit("report"), open_campaign(name) as campaign:
        if output == "-":
            click.echo(campaign.render_report(language=language()), nl=False)
            return
        path = Path(output or f"{name}.html")
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(campaign.render_report(language=language()))
        except OSError as error:
            why = error.strerror or error
            raise CommandError(_("{path} cannot be written: {why}").format(path=path, why=why)) from None
        click.echo(_("The report is in {path}").format(path=path), err=True)


def _state(campaign: Campaign) -> str:
    """Return a campaign's state; ``cut off`` for a run whose process has died."""
    state = campaign.state
    return "cut off" if state == "running" and not campaign.is_running else state
