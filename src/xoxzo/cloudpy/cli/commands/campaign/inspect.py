"""`xoxzo campaign status`, `list`, `unknown`, `export` and `report`."""

from __future__ import annotations

import sys
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import click

from xoxzo.cloudpy.campaigns.records import NO_REASON, outcome_reason
from xoxzo.cloudpy.campaigns.report.export import (
    EXPORT_COLUMNS,
    export as write_export,
    export_csv,
    export_rows,
    own_columns,
)
from xoxzo.cloudpy.campaigns.report.html import default_zone
from xoxzo.cloudpy.campaigns.report.statistics import Statistics
from xoxzo.cloudpy.cli.commands.campaign.files import write_report
from xoxzo.cloudpy.cli.commands.campaign.options import (
    amount,
    campaign_names,
    errors_as_exit,
    in_command,
    json_option,
    open_campaign,
    selected_store,
)
from xoxzo.cloudpy.cli.commands.campaign.render import (
    local_time,
    moment,
    show_tally,
    state_line,
    tally_fields,
    write_json,
)
from xoxzo.cloudpy.cli.core.click_base import Command, examples
from xoxzo.cloudpy.cli.core.i18n import _, chosen_language, render_error
from xoxzo.cloudpy.cli.core.output.terminal import pad
from xoxzo.cloudpy.common.masking import mask_number
from xoxzo.cloudpy.errors import CampaignError

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns import Campaign

_CAN_GO_ON = frozenset({"cut off", "created", "paused", "stopped"})
_zone = click.option(
    "--timezone",
    "zone",
    metavar="ZONE",
    callback=lambda _ctx, _parameter, value: None if value is None else _read_zone(value),
    help="Of times, as Asia/Tokyo; by default this machine's, or where that is UTC the recipients'.",
)
_output = partial(click.option, "-o", "--output", type=click.Path(dir_okay=False, allow_dash=True))


@click.command(
    cls=Command, epilog=examples("xoxzo campaign status customers", "xoxzo campaign status customers --json")
)
@click.argument("name", shell_complete=campaign_names)
@json_option()
def status(name: str, *, machine: bool) -> None:
    """Show a campaign's state and totals."""
    with errors_as_exit("status"), open_campaign(name) as campaign:
        tally, state, reason = campaign.tally(), _state(campaign), campaign.reason
        if machine:
            write_json(
                name=name,
                state=state,
                reason=str(reason),
                waits_until=moment(campaign.waits_until),
                **tally_fields(tally),
            )
            return
        click.echo(state_line(name, state, NO_REASON if state == "running" else reason))
        show_tally(tally)
        if (waits := campaign.waits_until) is not None:
            click.echo(_("It waits until {time}").format(time=local_time(waits)), err=True)
        elif campaign.is_abandoned:
            sentence = _(
                "Nobody is working on it: start a Celery worker, or send it from here: xoxzo campaign resume {name}"
            )
            click.echo(sentence.format(name=in_command(name)), err=True)
        if state in _CAN_GO_ON:
            click.echo(_("Continue with: xoxzo campaign resume {name}").format(name=in_command(name)), err=True)


@click.command("list", cls=Command, epilog=examples("xoxzo campaign list"))
@json_option()
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
                created = float(campaign.ledger.get("created"))
                if machine:
                    write_json(name=name, state=state, created=moment(created), **tally_fields(tally))
                else:
                    done = _("{done} of {total}").format(done=f"{tally.sent:>9,}", total=f"{tally.total:>9,}")
                    day = f"{datetime.fromtimestamp(created).astimezone():%Y-%m-%d}"
                    click.echo(f"{day}  {pad(_(state), 10)} {done}  {name}")


@click.command(cls=Command, epilog=examples("xoxzo campaign unknown customers --show-numbers"))
@click.argument("name", shell_complete=campaign_names)
@click.option("--show-numbers", is_flag=True, help="Show phone numbers unmasked.")
@json_option()
def unknown(name: str, *, show_numbers: bool, machine: bool) -> None:
    """List the recipients whose outcome is unknown."""
    with errors_as_exit("unknown"), open_campaign(name) as campaign:
        for one in campaign.unknown():
            who = next(campaign.ledger.recipients(one.n, one.n))
            number = who.number if show_numbers else mask_number(who.number)
            if machine:
                why = outcome_reason(one.error)
                write_json(n=one.n, line=who.line, number=number, at=moment(one.began), why=why)
            else:
                line = _("line {line}").format(line=f"{who.line:<8}")
                click.echo(f"{line} {number:<16} {local_time(one.began)}  {outcome_reason(one.error, _)}")


@click.command(cls=Command, epilog=examples("xoxzo campaign export customers -o result.csv"))
@click.argument("name", shell_complete=campaign_names)
@_output(help="By default NAME.xlsx; .csv is for programs, - writes CSV to standard output.")
@_zone
@json_option("Write one JSON object for each recipient to standard output, with times in UTC.")
def export(name: str, *, output: str | None, zone: ZoneInfo | None, machine: bool) -> None:
    """Write a table of all recipients.

    With state, msgid, times, cost and opt-out, and beside them the columns of the list, if its file is unchanged where
    it was. Phone numbers are not masked.
    """
    _check_json_output(output, machine=machine)
    with errors_as_exit("export"), open_campaign(name) as campaign:
        if machine:
            for row in export_rows(campaign.recipient_statuses()):
                write_json(**dict(zip(EXPORT_COLUMNS, row, strict=True)))
            return
        own, zone = own_columns(campaign.ledger), zone or default_zone(campaign.ledger)
        if output == "-":
            export_csv(campaign.recipient_statuses(), sys.stdout, own=own, zone=zone)
            return
        path = Path(output or f"{name}.xlsx")
        count = write_export(campaign.recipient_statuses(), path, own=own, zone=zone)
        click.echo(_("{count} recipients in {path}").format(count=f"{count:,}", path=path), err=True)


@click.command(cls=Command, epilog=examples("xoxzo campaign report customers -o report.html"))
@click.argument("name", shell_complete=campaign_names)
@_output(help="By default NAME.html; - is standard output.")
@click.option("--language", type=click.Choice(["en", "ja"]), help="By default yours, or that of the list's country.")
@_zone
@click.option("--yen-per-credit", metavar="YEN", help="What a credit costs you: shows amounts in yen as well.")
@json_option("Write the figures as one JSON object to standard output.")
def report(
    name: str,
    *,
    output: str | None,
    language: Literal["en", "ja"] | None,
    zone: ZoneInfo | None,
    yen_per_credit: str | None,
    machine: bool,
) -> None:
    """Write an HTML report with statistics and charts.

    It contains no phone number and no message, needs no other file, and prints on one sheet.
    """
    _check_json_output(output, machine=machine)
    with errors_as_exit("report"), open_campaign(name) as campaign:
        if machine:
            figures = Statistics(campaign.recipient_statuses(), campaign.ledger.get("statistics"))
            write_json(name=name, state=_state(campaign), **figures.to_dict())
            return
        page = campaign.render_report(
            language=language or chosen_language(), zone=zone, yen_per_credit=amount("yen-per-credit", yen_per_credit)
        )
        if output == "-":
            click.echo(page, nl=False)
            return
        write_report(Path(output or f"{name}.html"), page)


def _read_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise click.BadParameter(_("there is no time zone {name}").format(name=name)) from None


def _check_json_output(output: str | None, *, machine: bool) -> None:
    if machine and output not in {None, "-"}:
        raise click.UsageError(_("--json writes to standard output: leave -o out."))


def _state(campaign: Campaign) -> str:
    """Return a campaign's state; ``cut off`` for a run whose process has died."""
    state = campaign.state
    return "cut off" if state == "running" and not campaign.workers and not campaign.is_running else state
