"""`xoxzo campaign pause`, `cancel`, `reschedule`, `settle`, `suppress` and `purge`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click

from xoxzo.cloudpy.campaigns import Campaign, State
from xoxzo.cloudpy.campaigns.ledger import FolderStore
from xoxzo.cloudpy.cli.commands.campaign import options, render
from xoxzo.cloudpy.cli.commands.campaign.creation import client_options, numbers_in
from xoxzo.cloudpy.cli.commands.campaign.options import campaign_command, in_command, with_campaign
from xoxzo.cloudpy.cli.commands.campaign.render import show_change
from xoxzo.cloudpy.cli.core import click_base, exit_codes, sending
from xoxzo.cloudpy.cli.core.i18n import _, ngettext
from xoxzo.cloudpy.client.async_client import AsyncClient
from xoxzo.cloudpy.errors import CallbackRejected


@campaign_command("xoxzo campaign pause customers")
@with_campaign
@click_base.json_option
def pause(campaign: Campaign, *, machine: bool) -> None:
    """Pause a run after the messages in flight; `resume` continues it."""
    campaign.pause()
    sentence = _("{name} pauses; continue with: xoxzo campaign resume {campaign}")
    sentence = sentence.format(name=campaign.name, campaign=in_command(campaign.name))
    show_change(sentence, machine=machine, name=campaign.name, requested="pause", is_running=campaign.is_running)


@campaign_command("xoxzo campaign cancel customers")
@with_campaign
@click_base.json_option
def cancel(campaign: Campaign, *, machine: bool) -> None:
    """Cancel a campaign; it cannot be resumed."""
    campaign.cancel()
    sentence = _("{name} is cancelled", name=campaign.name)
    show_change(sentence, machine=machine, name=campaign.name, requested="cancel", is_running=campaign.is_running)


@campaign_command(
    'xoxzo campaign reschedule customers --at "2026-12-02 10:00"',
    "xoxzo campaign reschedule customers --at none --window 'Mon-Fri 09:00-18:00'",
)
@with_campaign
@options.schedule_options
@click_base.json_option
def reschedule(campaign: Campaign, *, machine: bool, **given: Any) -> None:
    """Change when a campaign's messages may be sent, also while it waits or runs.

    What is not given stays as it is; `none` removes it.
    """
    if not any(given.values()):
        raise click.UsageError(_("Give the new time: --at, --window or --quiet."))
    schedule = options.schedule_of(given, campaign.limits.schedule)
    campaign.reschedule(schedule)
    when = _("at any time") if schedule is None else render.describe_schedule(schedule)
    sentence = _("{name}: messages may be sent {when}", name=campaign.name, when=when)
    if (waits := campaign.waits_until) is not None:
        sentence += _("; the first ones at {time}", time=render.local_time(waits))
    show_change(sentence, machine=machine, name=campaign.name, waits_until=render.moment(waits))


@campaign_command("xoxzo campaign settle customers", "xoxzo campaign settle customers --usage-log usage.csv")
@click.argument("name", shell_complete=options.campaign_names)
@click.option("--usage-log", type=options.FILE, help="The CSV from Xoxzo's dashboard.")
@click.option("--reports", type=options.FILE, help="Delivery reports that `xoxzo listen --log` has received.")
@click.option("--statuses", is_flag=True, help="Get the final status of each message.")
@click.option("--assume-sent", is_flag=True, help="Count unknown messages as sent.")
@click.option(
    "--lost-wal", is_flag=True, help="Continue without the campaign's -wal file; those not sent to are unknown."
)
@click.option("--resend-unknown", is_flag=True, help="Send unknown messages again; some recipients may get them twice.")
@click.option("--settle", default=600.0, show_default=True, help="Seconds until no late acceptance is possible.")
@click_base.json_option
@options.destination_options
def settle(name: str, *, machine: bool, **given: Any) -> None:
    """Find out which messages were sent.

    Looks them up in the sent list, or in the file that an option names. --assume-sent and --resend-unknown decide about
    those that stay unknown.
    """
    methods = ("usage_log", "reports", "assume_sent", "resend_unknown", "lost_wal")
    chosen = [f"--{method.replace('_', '-')}" for method in methods if given[method]]
    if len(chosen) > 1:
        raise click.UsageError(_("{options} exclude each other.", options=_(" and ").join(chosen)))
    if given["lost_wal"]:
        store = options.selected_store()
        if not isinstance(store, FolderStore):
            raise click.UsageError(_("--lost-wal is for campaigns in files"))
        store.replace_wal(name)
    with options.open_campaign(name) as campaign:
        count, sentence = _settle(campaign, given)
        tally = campaign.tally()
        if sentence:
            click.echo(sentence.format(count=f"{count:,}", name=in_command(name)), err=True)
        if machine:
            render.write_json(name=name, changed=count, **render.tally_fields(tally))
        else:
            render.show_tally(tally)
        if tally[State.UNKNOWN]:
            raise click.exceptions.Exit(exit_codes.MAY_BE_SENT)


@campaign_command("xoxzo campaign suppress customers opt-outs.txt")
@with_campaign
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@options.country_option(help="The country of numbers without a country code; by default as in the campaign's list.")
@click_base.json_option
def suppress(campaign: Campaign, file: str, *, country: str | None, machine: bool) -> None:
    """Suppress the numbers in FILE from now on.

    Also while it runs. FILE is any list with a column of numbers; - reads standard input.
    """
    count = campaign.suppress(numbers_in(file, country or campaign.country))
    sentence = ngettext("{count} more number is suppressed", "{count} more numbers are suppressed", count)
    show_change(sentence, machine=machine, name=campaign.name, suppressed=count)


@campaign_command("xoxzo campaign purge customers --yes")
@with_campaign
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click_base.json_option
def purge(campaign: Campaign, *, yes: bool, machine: bool) -> None:
    """Delete numbers, messages and ids; keep the statistics."""
    question = _("Delete the numbers and messages of {name} for good?", name=campaign.name)
    if not yes and not click.confirm(question, err=True):
        raise click.exceptions.Exit(exit_codes.USAGE)
    count = campaign.purge()
    sentence = ngettext("{count} recipient was made anonymous", "{count} recipients were made anonymous", count)
    show_change(sentence, machine=machine, name=campaign.name, purged=count)


def _settle(campaign: Campaign, given: dict[str, Any]) -> tuple[int, str]:
    """Reconcile by the chosen method; return how many have changed, and a sentence about it."""
    if given["lost_wal"]:
        return campaign.tally()[State.UNKNOWN], _("{count} may have been sent and are unknown now")
    if given["usage_log"]:
        count = campaign.read_usage_log(given["usage_log"], settle=given["settle"])
        return count, _("{count} records of the usage log are of this campaign")
    if given["reports"]:
        return _record_callbacks(campaign, Path(given["reports"])), _("{count} reports were new")
    if given["assume_sent"]:
        return campaign.assume_sent(), _("{count} are counted as sent")
    if given["resend_unknown"]:
        return campaign.resend_unknown(), _("{count} will be sent again: xoxzo campaign resume {name}")
    before = campaign.tally()[State.UNKNOWN]

    async def reconcile() -> None:
        async with AsyncClient(**account) as client:
            await campaign.settle(client, settle=given["settle"], statuses=given["statuses"])

    account = client_options(given)
    asyncio.run(reconcile())
    return before - campaign.tally()[State.UNKNOWN], ""


def _record_callbacks(campaign: Campaign, path: Path) -> int:
    """Record the callbacks that `xoxzo listen --log` has written; return how many changed anything."""
    from xoxzo.cloudpy.cli.commands.listen import ReceivedCallback

    callbacks = sending.signing_callbacks("http://localhost")
    changed = 0
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                received = ReceivedCallback.from_line(line)
                changed += campaign.record(received.event(callbacks), at=received.at.timestamp())
            except ValueError:
                where = _("{path}, line {line}", path=path, line=number)
                none = _("this was not written by `xoxzo listen --log`")
                raise exit_codes.CommandError(f"{where}: {none}") from None
            except CallbackRejected:
                # It is of another account, or signed with another secret: it proves nothing.
                continue
    return changed
