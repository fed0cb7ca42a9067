"""`xoxzo campaign pause`, `cancel`, `settle`, `suppress` and `purge`."""

from __future__ import annotations

import asyncio

import click

from xoxzo.cloudpy.campaigns import Campaign, State
from xoxzo.cloudpy.cli.commands import Command, examples

from .options import MAY_BE_SENT, USAGE, numbers_in, told
from .showing import show_tally


@click.command(cls=Command, epilog=examples("xoxzo campaign pause customers"))
@click.argument("name")
def pause(name: str) -> None:
    """Have the running campaign stop after what is in flight; `resume` goes on."""
    with told("pause"), Campaign.open(name) as campaign:
        campaign.wish("pause")
        click.echo(f"{name} pauses; go on with: xoxzo campaign resume {name}", err=True)


@click.command(cls=Command, epilog=examples("xoxzo campaign cancel customers"))
@click.argument("name")
def cancel(name: str) -> None:
    """End a campaign for good; whoever was not sent to will not be."""
    with told("cancel"), Campaign.open(name) as campaign:
        campaign.cancel()
        click.echo(f"{name} is cancelled", err=True)


@click.command(
    cls=Command,
    epilog=examples("xoxzo campaign settle customers", "xoxzo campaign settle customers --usage-log usage.csv"),
)
@click.argument("name")
@click.option("--usage-log", type=click.Path(exists=True, dir_okay=False), help="The CSV from Xoxzo's dashboard.")
@click.option("--statuses", is_flag=True, help="Ask for the last word on each message.")
@click.option("--assume-sent", is_flag=True, help="Take what is unknown for sent.")
@click.option("--resend-unknown", is_flag=True, help="Send what is unknown again, though some may get it twice.")
@click.option("--settle", default=600.0, show_default=True, help="Seconds until a lost message is surely lost.")
def settle(
    name: str, *, usage_log: str | None, statuses: bool, assume_sent: bool, resend_unknown: bool, settle: float
) -> None:
    """Find out what became of messages: by the sent list, the usage log, or because you say so."""
    if assume_sent and resend_unknown:
        raise click.UsageError("--assume-sent and --resend-unknown exclude each other.")
    with told("settle"), Campaign.open(name) as campaign:
        if usage_log is not None:
            found = campaign.read_usage_log(usage_log, settle=settle)
            click.echo(f"{found:,} records of the usage log are of this campaign", err=True)
        elif assume_sent:
            click.echo(f"{campaign.assume_sent():,} are taken for sent", err=True)
        elif resend_unknown:
            click.echo(f"{campaign.resend_unknown():,} will be sent again: xoxzo campaign resume {name}", err=True)
        else:
            asyncio.run(_look(campaign, settle, statuses=statuses))
        tally = campaign.tally()
        show_tally(tally)
        if tally[State.UNKNOWN]:
            raise click.exceptions.Exit(MAY_BE_SENT)


@click.command(cls=Command, epilog=examples("xoxzo campaign suppress customers opt-outs.txt"))
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--country", default="JP", show_default=True, help="Where numbers without a country code belong.")
def suppress(name: str, file: str, *, country: str) -> None:
    """Leave the numbers in FILE out from now on, also while it runs; - reads standard input."""
    with told("suppress"), Campaign.open(name) as campaign:
        click.echo(f"{campaign.suppress(numbers_in(file, country)):,} more numbers are left out", err=True)


@click.command(cls=Command, epilog=examples("xoxzo campaign purge customers --yes"))
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge(name: str, *, yes: bool) -> None:
    """Remove numbers, texts and ids for good; the figures stay."""
    if not yes and not click.confirm(f"Remove the numbers and texts of {name} for good?", err=True):
        raise click.exceptions.Exit(USAGE)
    with told("purge"), Campaign.open(name) as campaign:
        click.echo(f"{campaign.purge():,} recipients are nameless now", err=True)


async def _look(campaign: Campaign, settle: float, *, statuses: bool) -> None:
    from xoxzo.cloudpy import AsyncClient

    async with AsyncClient() as client:
        await campaign.settle(client, settle=settle, statuses=statuses)
