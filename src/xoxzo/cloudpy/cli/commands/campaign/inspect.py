"""`xoxzo campaign status`, `list`, `unknown`, `export`, `report` and `compare`."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import click
from msgspec.structs import asdict

from xoxzo.cloudpy.campaigns import Campaign, Comparison, Difference, compare as compare_campaigns
from xoxzo.cloudpy.campaigns.records import NO_REASON, outcome_reason
from xoxzo.cloudpy.campaigns.report import export as exports, html, statistics
from xoxzo.cloudpy.cli.commands.campaign import options, render
from xoxzo.cloudpy.cli.commands.campaign.creation import write_report
from xoxzo.cloudpy.cli.commands.campaign.options import campaign_command, in_command, open_campaign, with_campaign
from xoxzo.cloudpy.cli.commands.campaign.render import local_time, moment, tally_fields, write_json
from xoxzo.cloudpy.cli.core.click_base import json_option
from xoxzo.cloudpy.cli.core.i18n import _, chosen_language, ngettext, render_error
from xoxzo.cloudpy.cli.core.inputs import CREDITS
from xoxzo.cloudpy.cli.core.output.terminal import pad, visible, width
from xoxzo.cloudpy.cli.core.output.values import format_credits
from xoxzo.cloudpy.common.masking import mask_number
from xoxzo.cloudpy.errors import CampaignError

_LEAST_WIDTH = 14
_CAN_GO_ON = frozenset({"cut off", "created", "paused", "stopped"})


def _read_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise click.BadParameter(_("there is no time zone {name}", name=name)) from None


_zone = click.option(
    "--timezone",
    "zone",
    type=_read_zone,
    metavar="ZONE",
    help="The time zone, such as Asia/Tokyo; by default this machine's, or the recipients' if that is UTC.",
)


@campaign_command("xoxzo campaign status customers", "xoxzo campaign status customers --json")
@with_campaign
@json_option
def status(campaign: Campaign, *, machine: bool) -> None:
    """Show a campaign's state and totals."""
    name, waits = campaign.name, campaign.waits_until
    tally, state, reason = campaign.tally(), _state(campaign), campaign.reason
    if machine:
        facts = {"name": name, "state": state, "reason": str(reason), "waits_until": moment(waits)}
        write_json(**facts, **tally_fields(tally))
        return
    click.echo(render.state_line(name, state, NO_REASON if state == "running" else reason))
    render.show_tally(tally)
    if waits is not None:
        click.echo(_("It waits until {time}", time=local_time(waits)), err=True)
    elif campaign.is_abandoned:
        line = _("Nobody is working on it: start a Celery worker, or send it from here: xoxzo campaign resume {name}")
        click.echo(line.format(name=in_command(name)), err=True)
    if state in _CAN_GO_ON:
        render.show_continue(name)


@campaign_command("xoxzo campaign list")
@json_option
def list_(*, machine: bool) -> None:
    """List all campaigns."""
    names = list(options.selected_store().names())
    if not names and not machine and sys.stderr.isatty():
        command = "xoxzo campaign run FILE --text …"
        click.echo(_("There is no campaign yet. Start one: {command}", command=command), err=True)
    for name in names:
        try:
            campaign = open_campaign(name)
        except CampaignError as error:
            click.echo(f"xoxzo campaign list: {render_error(error)}", err=True)
            continue
        with campaign:
            tally, state = campaign.tally(), _state(campaign)
            created = campaign.ledger.created()
            if machine:
                write_json(name=name, state=state, created=moment(created), **tally_fields(tally))
            else:
                done = _("{done} of {total}", done=f"{tally.sent:>9,}", total=f"{tally.total:>9,}")
                day = f"{datetime.fromtimestamp(created).astimezone():%Y-%m-%d}"
                click.echo(f"{day}  {pad(_(state), 10)} {done}  {name}")


@campaign_command("xoxzo campaign unknown customers --show-numbers")
@with_campaign
@click.option("--show-numbers", is_flag=True, help="Show phone numbers unmasked.")
@json_option
def unknown(campaign: Campaign, *, show_numbers: bool, machine: bool) -> None:
    """List the recipients whose outcome is unknown."""
    for one in campaign.unknown():
        who = next(campaign.ledger.recipients(one.n, one.n))
        number = who.number if show_numbers else mask_number(who.number)
        if machine:
            why = outcome_reason(one.error)
            write_json(n=one.n, line=who.line, number=number, at=moment(one.began), why=why)
        else:
            line = _("line {line}", line=f"{who.line:<8}")
            click.echo(f"{line} {number:<16} {local_time(one.began)}  {outcome_reason(one.error, _)}")


@campaign_command("xoxzo campaign export customers -o result.csv")
@with_campaign
@options.output_option(help="By default NAME.xlsx; .csv is for programs, - writes CSV to standard output.")
@_zone
@json_option
def export(campaign: Campaign, *, output: str | None, zone: ZoneInfo | None, machine: bool) -> None:
    """Write a table of all recipients.

    With state, msgid, times, cost and opt-out, and beside them the columns of the list, if its file is unchanged where
    it was. With --json, one object for each recipient is written to standard output, with times in UTC. Phone numbers
    are not masked.
    """
    _check_json_output(output, machine=machine)
    if machine:
        for row in map(exports.export_row, campaign.recipient_statuses()):
            write_json(**dict(zip(exports.EXPORT_COLUMNS, row, strict=True)))
        return
    zone = zone or html.default_zone(campaign.ledger)
    if output == "-":
        exports.export_csv(campaign.ledger, sys.stdout, zone=zone)
        return
    path = Path(output or f"{campaign.name}.xlsx")
    count = exports.export(campaign.ledger, path, zone=zone)
    click.echo(_("{count} recipients in {path}", count=f"{count:,}", path=path), err=True)


@campaign_command("xoxzo campaign report customers -o report.html")
@with_campaign
@options.output_option(help="By default NAME.html; - is standard output.")
@click.option("--language", type=click.Choice(["en", "ja"]), help="By default yours, or that of the list's country.")
@_zone
@click.option(
    "--yen-per-credit", type=CREDITS, metavar="YEN", help="The price of a credit in yen: shows amounts in yen, too."
)
@json_option
def report(
    campaign: Campaign, *, output: str | None, language: Literal["en", "ja"] | None, machine: bool, **given: Any
) -> None:
    """Write an HTML report with statistics and charts.

    It contains no phone number and no message, needs no other file, and prints on one sheet. With --json, the figures
    are written to standard output.
    """
    _check_json_output(output, machine=machine)
    if machine:
        figures = statistics.Statistics(campaign.recipient_statuses(), campaign.ledger.get("statistics"))
        write_json(name=campaign.name, state=_state(campaign), **figures.to_dict())
        return
    page = campaign.render_report(language=language or chosen_language(), **given)
    if output == "-":
        click.echo(page, nl=False)
    else:
        write_report(output or f"{campaign.name}.html", page)


@campaign_command(
    'xoxzo campaign run customers.csv --split 1/2 --text "今だけ 2 割引" --sender Shop --track-link',
    'xoxzo campaign run customers.csv --split 2/2 --text "20% OFF" --sender Shop --track-link',
    "xoxzo campaign compare customers-1of2 customers-2of2",
)
@click.argument("first", metavar="A", shell_complete=options.campaign_names)
@click.argument("second", metavar="B", shell_complete=options.campaign_names)
@json_option
def compare(first: str, second: str, *, machine: bool) -> None:
    """Compare two campaigns: delivered, clicked, opted out, cost.

    For each measure it says whether the difference is more than chance. `--split` of `run` and `create` makes random
    halves of one list. Clicks are known from callbacks and from `settle --statuses`.
    """
    with open_campaign(first) as one, open_campaign(second) as other:
        if first == second:
            raise click.UsageError(_("Give two campaigns that differ."))
        found = compare_campaigns(one, other)
        going_on = [(each.name, each.state) for each in (one, other) if each.state not in render.ENDED]
    if machine:
        differences = [
            {**asdict(difference), "is_more_than_chance": difference.is_more_than_chance}
            for difference in found.differences
        ]
        write_json(variants=list(map(asdict, found.variants)), differences=differences, is_random=found.is_random)
        return
    _show_table(found)
    for difference in found.differences:
        click.echo(_sentence(difference, found))
    if undecided := sum(part.open for part in found.variants):
        line = ngettext(
            "{count} message has no final status yet: this may change.",
            "{count} messages have no final status yet: this may change.",
            undecided,
        )
        click.echo(line)
    for name, state in going_on:
        click.echo(_("{name} is {state}: this may change.", name=visible(name), state=_(state)))
    if not found.is_random:
        click.echo(_("These are not random parts of one list (--split): the lists themselves may make the difference."))


def _show_table(found: Comparison) -> None:
    rows = [
        ["", *(visible(part.name) for part in found.variants)],
        [_("sent"), *(f"{part.sent:,}" for part in found.variants)],
        *([_(each.measure), *(f"{100 * share:.1f} %" for share in each.shares)] for each in found.differences),
        [_("cost"), *(format_credits(part.cost) for part in found.variants)],
    ]
    widths = [max(_LEAST_WIDTH, *(width(row[column]) for row in rows)) for column in range(3)]
    for row in rows:
        cells = (" " * (wide - width(cell)) + cell for cell, wide in zip(row[1:], widths[1:], strict=True))
        click.echo(f"{pad(row[0], widths[0])} {'  '.join(cells)}".rstrip())


def _sentence(difference: Difference, found: Comparison) -> str:
    fields = {
        "measure": _(difference.measure),
        "low": f"{100 * difference.low:+.1f}",
        "high": f"{100 * difference.high:+.1f}",
        "p": f"{difference.p_value:.3f}" if difference.p_value >= 0.001 else "< 0.001",
    }
    if not difference.is_more_than_chance:
        return _("{measure}: the difference may be chance: {low} to {high} points (p = {p})", **fields)
    fields["name"] = visible(found.variants[difference.shares[1] > difference.shares[0]].name)
    return _("{measure}: more for {name}, and that is more than chance: {low} to {high} points (p = {p})", **fields)


def _check_json_output(output: str | None, *, machine: bool) -> None:
    if machine and output not in {None, "-"}:
        raise click.UsageError(_("--json writes to standard output: omit -o."))


def _state(campaign: Campaign) -> str:
    """Return a campaign's state; ``cut off`` for a run whose process has died."""
    state = campaign.state
    return "cut off" if state == "running" and not campaign.workers and not campaign.is_running else state
