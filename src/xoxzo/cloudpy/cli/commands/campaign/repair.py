"""`xoxzo campaign pause`, `cancel`, `reschedule`, `settle`, `suppress` and `purge`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.campaigns import State
from xoxzo.cloudpy.campaigns.ledger import FolderStore
from xoxzo.cloudpy.cli.commands.campaign.account import ClientOptions, client_options, destination_options
from xoxzo.cloudpy.cli.commands.campaign.creation import numbers_in
from xoxzo.cloudpy.cli.commands.campaign.options import (
    MAY_BE_SENT,
    USAGE,
    campaign_names,
    country_option,
    errors_as_exit,
    in_command,
    json_option,
    open_campaign,
    schedule_of,
    schedule_options,
    selected_store,
)
from xoxzo.cloudpy.cli.commands.campaign.render import (
    describe_schedule,
    local_time,
    moment,
    show_tally,
    tally_fields,
    write_json,
)
from xoxzo.cloudpy.cli.core.click_base import Command, examples
from xoxzo.cloudpy.cli.core.exit_codes import CommandError
from xoxzo.cloudpy.cli.core.i18n import _, ngettext
from xoxzo.cloudpy.cli.core.sending.callback_urls import signing_callbacks
from xoxzo.cloudpy.errors import CallbackRejected

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns import Campaign


@click.command(cls=Command, epilog=examples("xoxzo campaign pause customers"))
@click.argument("name", shell_complete=campaign_names)
@json_option()
def pause(name: str, *, machine: bool) -> None:
    """Pause a run after the messages in flight; `resume` continues it."""
    with errors_as_exit("pause"), open_campaign(name) as campaign:
        campaign.pause()
        sentence = _("{name} pauses; continue with: xoxzo campaign resume {campaign}").format(
            name=name, campaign=in_command(name)
        )
        _show_change(sentence, machine=machine, name=name, requested="pause", is_running=campaign.is_running)


@click.command(cls=Command, epilog=examples("xoxzo campaign cancel customers"))
@click.argument("name", shell_complete=campaign_names)
@json_option()
def cancel(name: str, *, machine: bool) -> None:
    """Cancel a campaign; it cannot be resumed."""
    with errors_as_exit("cancel"), open_campaign(name) as campaign:
        campaign.cancel()
        sentence = _("{name} is cancelled").format(name=name)
        _show_change(sentence, machine=machine, name=name, requested="cancel", is_running=campaign.is_running)


@click.command(
    cls=Command,
    epilog=examples(
        'xoxzo campaign reschedule customers --at "2026-12-02 10:00"',
        "xoxzo campaign reschedule customers --at none --window 'Mon-Fri 09:00-18:00'",
    ),
)
@click.argument("name", shell_complete=campaign_names)
@schedule_options
@json_option()
def reschedule(name: str, *, machine: bool, **given: Any) -> None:  # noqa: ANN401 - click's options
    """Change when a campaign's messages may be sent, also while it waits or runs.

    What is not given stays as it is; `none` removes it.
    """
    if not any(given.values()):
        raise click.UsageError(_("Give the new time: --at, --window or --quiet."))
    with errors_as_exit("reschedule"), open_campaign(name) as campaign:
        schedule = schedule_of(given, campaign.limits.schedule)
        campaign.reschedule(schedule)
        when = _("at any time") if schedule is None else describe_schedule(schedule)
        sentence = _("{name}: messages may be sent {when}").format(name=name, when=when)
        if (waits := campaign.waits_until) is not None:
            sentence += _("; the first ones at {time}").format(time=local_time(waits))
        _show_change(sentence, machine=machine, name=name, waits_until=moment(campaign.waits_until))


@click.command(
    cls=Command,
    epilog=examples("xoxzo campaign settle customers", "xoxzo campaign settle customers --usage-log usage.csv"),
)
@click.argument("name", shell_complete=campaign_names)
@click.option("--usage-log", type=click.Path(exists=True, dir_okay=False), help="The CSV from Xoxzo's dashboard.")
@click.option(
    "--reports",
    type=click.Path(exists=True, dir_okay=False),
    help="Delivery reports that `xoxzo listen --log` has received.",
)
@click.option("--statuses", is_flag=True, help="Get the final status of each message.")
@click.option("--assume-sent", is_flag=True, help="Count unknown messages as sent.")
@click.option(
    "--lost-wal", is_flag=True, help="Continue without the campaign's -wal file; those not sent to are unknown."
)
@click.option("--resend-unknown", is_flag=True, help="Send unknown messages again; some recipients may get them twice.")
@click.option("--settle", default=600.0, show_default=True, help="Seconds until no late acceptance is possible.")
@json_option()
@destination_options
def settle(name: str, *, settle: float, statuses: bool, machine: bool, **given: Any) -> None:  # noqa: ANN401 - click's options
    """Find out which messages were sent.

    Looks them up in the sent list, or in the file that an option names. --assume-sent and --resend-unknown decide about
    those that stay unknown.
    """
    methods = {
        method: given[method] for method in ("usage_log", "reports", "assume_sent", "resend_unknown", "lost_wal")
    }
    chosen = [f"--{method.replace('_', '-')}" for method, value in methods.items() if value]
    if len(chosen) > 1:
        raise click.UsageError(_("{options} exclude each other.").format(options=_(" and ").join(chosen)))
    if given["lost_wal"]:
        _replace_wal(name)
    with errors_as_exit("settle"), open_campaign(name) as campaign:
        count, sentence = _settle(campaign, methods, given, settle, statuses=statuses)
        tally = campaign.tally()
        if sentence:
            click.echo(sentence, err=True)
        if machine:
            write_json(name=name, changed=count, **tally_fields(tally))
        else:
            show_tally(tally)
        if tally[State.UNKNOWN]:
            raise click.exceptions.Exit(MAY_BE_SENT)


@click.command(cls=Command, epilog=examples("xoxzo campaign suppress customers opt-outs.txt"))
@click.argument("name", shell_complete=campaign_names)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@country_option(
    help="Where numbers without a country code belong; by default as in the campaign's list.",
)
@json_option()
def suppress(name: str, file: str, *, country: str | None, machine: bool) -> None:
    """Suppress the numbers in FILE from now on.

    Also while it runs. FILE is any list with a column of numbers; - reads standard input.
    """
    with errors_as_exit("suppress"), open_campaign(name) as campaign:
        count = campaign.suppress(numbers_in(file, country or campaign.country))
        sentence = ngettext("{count} more number is suppressed", "{count} more numbers are suppressed", count)
        _show_change(sentence.format(count=f"{count:,}"), machine=machine, name=name, suppressed=count)


@click.command(cls=Command, epilog=examples("xoxzo campaign purge customers --yes"))
@click.argument("name", shell_complete=campaign_names)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option()
def purge(name: str, *, yes: bool, machine: bool) -> None:
    """Delete numbers, messages and ids; keep the statistics."""
    question = _("Delete the numbers and messages of {name} for good?").format(name=name)
    if not yes and not click.confirm(question, err=True):
        raise click.exceptions.Exit(USAGE)
    with errors_as_exit("purge"), open_campaign(name) as campaign:
        count = campaign.purge()
        sentence = ngettext("{count} recipient was made anonymous", "{count} recipients were made anonymous", count)
        _show_change(sentence.format(count=f"{count:,}"), machine=machine, name=name, purged=count)


def _show_change(sentence: str, *, machine: bool, **fields: object) -> None:
    """Show what a command has changed: one JSON object, or a sentence on standard error."""
    if machine:
        write_json(**fields)
    else:
        click.echo(sentence, err=True)


def _settle(
    campaign: Campaign, methods: dict[str, Any], given: dict[str, Any], settle: float, *, statuses: bool
) -> tuple[int, str]:
    """Reconcile by the chosen method; return how many have changed, and a sentence about it."""
    if methods["lost_wal"]:
        count = campaign.tally()[State.UNKNOWN]
        sentence = _("{count} may have been sent and are unknown now")
    elif methods["usage_log"]:
        count = campaign.read_usage_log(methods["usage_log"], settle=settle)
        sentence = _("{count} records of the usage log are of this campaign")
    elif methods["reports"]:
        count = _record_callbacks(campaign, Path(methods["reports"]))
        sentence = _("{count} reports were new")
    elif methods["assume_sent"]:
        count = campaign.assume_sent()
        sentence = _("{count} are counted as sent")
    elif methods["resend_unknown"]:
        count = campaign.resend_unknown()
        sentence = _("{count} will be sent again: xoxzo campaign resume {name}")
    else:
        before = campaign.tally()[State.UNKNOWN]
        asyncio.run(_reconcile(campaign, client_options(given), settle, statuses=statuses))
        count, sentence = before - campaign.tally()[State.UNKNOWN], ""
    return count, sentence.format(count=f"{count:,}", name=in_command(campaign.name))


def _replace_wal(name: str) -> None:
    store = selected_store()
    if not isinstance(store, FolderStore):
        raise click.UsageError(_("--lost-wal is for campaigns in files"))
    with errors_as_exit("settle"):
        store.replace_wal(name)


async def _reconcile(campaign: Campaign, account: ClientOptions, settle: float, *, statuses: bool) -> None:
    from xoxzo.cloudpy import AsyncClient

    async with AsyncClient(**account) as client:
        await campaign.settle(client, settle=settle, statuses=statuses)


def _record_callbacks(campaign: Campaign, path: Path) -> int:
    """Record the callbacks that `xoxzo listen --log` has written; return how many changed anything."""
    from xoxzo.cloudpy.cli.commands.listen import received_callback

    callbacks = signing_callbacks("http://localhost")
    changed = 0
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                received = received_callback.from_line(line)
                changed += campaign.record(received.event(callbacks), at=received.at.timestamp())
            except ValueError:
                where = _("{path}, line {line}").format(path=path, line=number)
                none = _("this was not written by `xoxzo listen --log`")
                raise CommandError(f"{where}: {none}") from None
            except CallbackRejected:
                # It is of another account, or signed with another secret: it proves nothing.
                continue
    return changed
