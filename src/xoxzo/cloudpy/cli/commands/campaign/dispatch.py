"""`xoxzo campaign create` and `dispatch`: for campaigns that the workers of a Celery application send."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.cli.commands.campaign.account import account_and_balance
from xoxzo.cloudpy.cli.commands.campaign.creation import create as create_campaign, show_left_out
from xoxzo.cloudpy.cli.commands.campaign.options import (
    campaign_command,
    campaign_names,
    destination_options,
    in_command,
    limit_options,
    limits_of,
    open_campaign,
    unnamed_list_options,
)
from xoxzo.cloudpy.cli.commands.campaign.render import show_plan, write_json
from xoxzo.cloudpy.cli.commands.campaign.send import choose_first, confirm, first_option
from xoxzo.cloudpy.cli.core.click_base import json_option
from xoxzo.cloudpy.cli.core.exit_codes import CommandError
from xoxzo.cloudpy.cli.core.i18n import _

if TYPE_CHECKING:
    from celery import Celery


@campaign_command('xoxzo campaign create spring customers.csv --text "{name}様 明日のご予約です" --sender Shop')
@click.argument("name")
@unnamed_list_options
@json_option
def create(name: str, file: str, *, machine: bool, **given: Any) -> None:
    """Create a campaign from the recipients in FILE, and send nothing.

    `dispatch` or `resume` starts it. The plan is shown, as `plan` shows it.
    """
    limits = limits_of(given)
    account, balance = account_and_balance(given)
    with create_campaign(file, name, given, account) as campaign:
        show_plan(campaign.plan(campaign.save_limits(limits)), limits, balance, machine=machine)
        show_left_out(campaign, file)
    created = _("{name} was created. Start it with: xoxzo campaign resume {campaign} (Celery: dispatch)")
    click.echo(created.format(name=name, campaign=in_command(name)), err=True)


@campaign_command("xoxzo campaign dispatch spring --app shop.celery:app --workers 4")
@click.argument("name", shell_complete=campaign_names)
@click.option("-A", "--app", metavar="APP", help="The Celery application, as `celery --app` takes it.")
@click.option("--broker", metavar="URL", help="The address of the workers' broker, instead of the application.")
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 100), help="Processes that send at the same time."
)
@limit_options
@destination_options
@first_option
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
def dispatch(
    name: str,
    *,
    app: str | None,
    broker: str | None,
    workers: int,
    yes: bool,
    machine: bool,
    **given: Any,
) -> None:
    """Have the workers of a Celery application send a campaign, after asking.

    The command ends at once; `status` shows the progress. Workers use the account of their own environment. Without
    --store, the campaign is in the store that the application is installed with, or in XOXZO_CAMPAIGNS.
    """
    queue, store = _application(app, broker)
    with open_campaign(name, store) as campaign:
        limits = limits_of(given, campaign.limits)
        if campaign.state == "created":
            left = campaign.plan(limits)
            if not machine:
                show_plan(left, limits, account_and_balance(given)[1], machine=False)
            confirm(left, limits, yes=yes, first=given["first"])
        choose_first(campaign, given["first"])
        campaign.dispatch(queue, limits, workers=workers)
        if machine:
            write_json(name=name, state=campaign.state, workers=workers)
    dispatched = _("{name} was dispatched. Follow it with: xoxzo campaign status {campaign}")
    click.echo(dispatched.format(name=name, campaign=in_command(name)), err=True)


def _application(app: str | None, broker: str | None) -> tuple[Celery, str | None]:
    """Return the Celery application, and the store that it is installed with."""
    if (app is None) == (broker is None):
        raise click.UsageError(_("Name either the Celery application (--app) or its broker (--broker)."))
    try:
        from celery import Celery
        from celery.app.utils import find_app
    except ModuleNotFoundError:
        line = _("this needs an extra: {install}", install='pip install "xoxzo-cloudpy[celery]"')
        raise CommandError(line) from None
    from xoxzo.cloudpy.integrations.celery import settings

    if app is None:
        return Celery(broker=broker), None
    # As `celery` does it: the application is in the current folder.
    sys.path.insert(0, "")
    try:
        found = find_app(app)
    except Exception as error:  # noqa: BLE001 - the application is any code
        raise CommandError(_("{app} cannot be loaded: {error}", app=app, error=error)) from None
    return found, settings.store()
