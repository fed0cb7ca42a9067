"""`xoxzo campaign pause`, `cancel`, `settle`, `suppress` and `purge`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.campaigns import State
from xoxzo.cloudpy.cli.commands.campaign.account import ClientOptions, client_options, destination_options
from xoxzo.cloudpy.cli.commands.campaign.options import MAY_BE_SENT, USAGE, errors_as_exit, numbers_in, open_campaign
from xoxzo.cloudpy.cli.commands.campaign.render import show_tally
from xoxzo.cloudpy.cli.core import completion_values
from xoxzo.cloudpy.cli.core.click_base import Command, examples
from xoxzo.cloudpy.cli.core.exit_codes import CommandError
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.sending.callback_urls import signing_callbacks
from xoxzo.cloudpy.errors import CallbackRejected

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns import Campaign


@click.command(cls=Command, epilog=examples("xoxzo campaign pause customers"))
@click.argument("name", shell_complete=completion_values.campaigns)
def pause(name: str) -> None:
    """Pause a run after the messages in flight; `resume` continues it."""
    with errors_as_exit("pause"), open_campaign(name) as campaign:
        campaign.pause()
        click.echo(_("{name} pauses; go on with: xoxzo campaign resume {name}").format(name=name), err=True)


@click.command(cls=Command, epilog=examples("xoxzo campaign cancel customers"))
@click.argument("name", shell_complete=completion_values.campaigns)
def cancel(name: str) -> None:
    """Cancel a campaign; it cannot be resumed."""
    with errors_as_exit("cancel"), open_campaign(name) as campaign:
        campaign.cancel()
        click.echo(_("{name} is cancelled").format(name=name), err=True)


@click.command(
    cls=Command,
    epilog=examples("xoxzo campaign settle customers", "xoxzo campaign settle customers --usage-log usage.csv"),
)
@click.argument("name", shell_complete=completion_values.campaigns)
@click.option("--usage-log", type=click.Path(exists=True, dir_okay=False), help="The CSV from Xoxzo's dashboard.")
@click.option("--reports", type=click.Path(exists=True, dir_okay=False), help="What `xoxzo listen --log` has written.")
@click.option("--statuses", is_flag=True, help="Get the final status of each message.")
@click.option("--assume-sent", is_flag=True, help="Count unknown messages as sent.")
@click.option("--resend-unknown", is_flag=True, help="Send unknown messages again; some recipients may get them twice.")
@click.option("--settle", default=600.0, show_default=True, help="Seconds until a lost message is surely lost.")
@destination_options
def settle(name: str, *, settle: float, statuses: bool, profile: str | None, simulator: bool, **methods: Any) -> None:  # noqa: ANN401 - click's options
    """Find out which messages were sent.

    By the sent list, or by what one of the options names; --assume-sent and --resend-unknown are for what nobody knows.
    """
    chosen = [f"--{method.replace('_', '-')}" for method, value in methods.items() if value]
    if len(chosen) > 1:
        raise click.UsageError(_("{options} exclude each other.").format(options=_(" and ").join(chosen)))
    with errors_as_exit("settle"), open_campaign(name) as campaign:
        if methods["usage_log"]:
            found = campaign.read_usage_log(methods["usage_log"], settle=settle)
            sentence = _("{count} records of the usage log are of this campaign").format(count=f"{found:,}")
        elif methods["reports"]:
            changed = _record_callbacks(campaign, Path(methods["reports"]))
            sentence = _("{count} reports told something new").format(count=f"{changed:,}")
        elif methods["assume_sent"]:
            sentence = _("{count} are taken for sent").format(count=f"{campaign.assume_sent():,}")
        elif methods["resend_unknown"]:
            count = f"{campaign.resend_unknown():,}"
            sentence = _("{count} will be sent again: xoxzo campaign resume {name}").format(count=count, name=name)
        else:
            account = client_options({"profile": profile, "simulator": simulator})
            asyncio.run(_reconcile(campaign, account, settle, statuses=statuses))
            sentence = ""
        if sentence:
            click.echo(sentence, err=True)
        tally = campaign.tally()
        show_tally(tally)
        if tally[State.UNKNOWN]:
            raise click.exceptions.Exit(MAY_BE_SENT)


@click.command(cls=Command, epilog=examples("xoxzo campaign suppress customers opt-outs.txt"))
@click.argument("name", shell_complete=completion_values.campaigns)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--country", default="JP", show_default=True, help="Where numbers without a country code belong.")
def suppress(name: str, file: str, *, country: str) -> None:
    """Suppress the numbers in FILE from now on.

    Also while it runs. FILE has one number a line; - reads standard input.
    """
    with errors_as_exit("suppress"), open_campaign(name) as campaign:
        count = f"{campaign.suppress(numbers_in(file, country)):,}"
        click.echo(_("{count} more numbers are left out").format(count=count), err=True)


@click.command(cls=Command, epilog=examples("xoxzo campaign purge customers --yes"))
@click.argument("name", shell_complete=completion_values.campaigns)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def purge(name: str, *, yes: bool) -> None:
    """Delete numbers, texts and ids; keep the statistics."""
    if not yes and not click.confirm(_("Remove the numbers and texts of {name} for good?").format(name=name), err=True):
        raise click.exceptions.Exit(USAGE)
    with errors_as_exit("purge"), open_campaign(name) as campaign:
        click.echo(_("{count} recipients are nameless now").format(count=f"{campaign.purge():,}"), err=True)


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
                changed += campaign.record(received_callback.from_line(line).event(callbacks))
            except ValueError:
                where = _("{path}, line {line}").format(path=path, line=number)
                none = _("this is none that `xoxzo listen --log` has written")
                raise CommandError(f"{where}: {none}") from None
            except CallbackRejected:
                # It is of another account, or signed with another secret: it proves nothing.
                continue
    return changed
