"""`xoxzo campaign create` and `dispatch`: for campaigns that the workers of a Celery application send."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.cli.commands.campaign.account import client_options, destination_options
from xoxzo.cloudpy.cli.commands.campaign.creation import create as create_campaign
from xoxzo.cloudpy.cli.commands.campaign.files import bad_file_of, show_left_out
from xoxzo.cloudpy.cli.commands.campaign.options import (
    SectionedCommand,
    campaign_names,
    content_options,
    errors_as_exit,
    in_command,
    json_option,
    limit_options,
    limits_of,
    open_campaign,
    unnamed_input_options,
)
from xoxzo.cloudpy.cli.commands.campaign.render import Balance, show_plan, write_json
from xoxzo.cloudpy.cli.commands.campaign.send import (
    balance_of,
    choose_first,
    confirm,
    content_from,
    first_option,
    is_local,
)
from xoxzo.cloudpy.cli.core.click_base import examples
from xoxzo.cloudpy.cli.core.config.profiles import NoCredentials
from xoxzo.cloudpy.cli.core.exit_codes import CommandError
from xoxzo.cloudpy.cli.core.i18n import _

if TYPE_CHECKING:
    from celery import Celery

    from xoxzo.cloudpy.cli.commands.campaign.account import ClientOptions


@click.command(
    cls=SectionedCommand,
    epilog=examples('xoxzo campaign create spring customers.csv --text "{name}様 明日のご予約です" --sender Shop'),
)
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@content_options
@unnamed_input_options
@limit_options
@destination_options
@json_option("Write the plan as one JSON object.")
def create(name: str, file: str, *, machine: bool, **given: Any) -> None:  # noqa: ANN401 - click's options
    """Create a campaign from the recipients in FILE, and send nothing.

    `dispatch` or `resume` starts it. The plan is shown, as `plan` shows it.
    """
    with errors_as_exit("create", bad_file=bad_file_of(file)):
        limits = limits_of(given)
        account, balance = _account(given)
        with create_campaign(
            file, name, content_from(given, account), given, test_numbers=is_local(account)
        ) as campaign:
            show_plan(campaign.plan(campaign.save_limits(limits)), limits, balance, machine=machine)
            if campaign.bad:
                show_left_out(campaign, bad_file_of(file))
        click.echo(
            _("{name} was created. Start it with: xoxzo campaign resume {campaign} (Celery: dispatch)").format(
                name=name, campaign=in_command(name)
            ),
            err=True,
        )


@click.command(
    cls=SectionedCommand,
    epilog=examples("xoxzo campaign dispatch spring --app shop.celery:app --workers 4"),
)
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
@json_option()
def dispatch(
    name: str,
    *,
    app: str | None,
    broker: str | None,
    workers: int,
    yes: bool,
    machine: bool,
    **given: Any,  # noqa: ANN401 - click's options
) -> None:
    """Have the workers of a Celery application send a campaign, after asking.

    The command ends at once; `status` shows the progress. Workers use the account of their own environment. Without
    --store, the campaign is in the store that the application is installed with, or in XOXZO_CAMPAIGNS.
    """
    with errors_as_exit("dispatch"):
        queue, store = _application(app, broker)
        with open_campaign(name, store) as campaign:
            limits = limits_of(given, campaign.limits)
            if campaign.state == "created":
                left = campaign.plan(limits)
                if not machine:
                    show_plan(left, limits, _account(given)[1], machine=False)
                confirm(left, limits, yes=yes, verb="dispatch", first=given["first"])
            choose_first(campaign, given["first"])
            campaign.dispatch(queue, limits, workers=workers)
            if machine:
                write_json(name=name, state=campaign.state, workers=workers)
        click.echo(
            _("{name} was dispatched. Follow it with: xoxzo campaign status {campaign}").format(
                name=name, campaign=in_command(name)
            ),
            err=True,
        )


def _account(given: dict[str, Any]) -> tuple[ClientOptions | None, Balance]:
    """Return the account and its balance; none where none is configured, since the workers have one."""
    try:
        account = client_options(given)
    except NoCredentials as missing:
        return None, Balance(None, missing.message)
    return account, balance_of(account)


def _application(app: str | None, broker: str | None) -> tuple[Celery, str | None]:
    """Return the Celery application, and the store that it is installed with."""
    if (app is None) == (broker is None):
        raise click.UsageError(_("Name either the Celery application (--app) or its broker (--broker)."))
    try:
        from celery import Celery
        from celery.app.utils import find_app
    except ModuleNotFoundError:
        line = _("this needs an extra: {install}").format(install='pip install "xoxzo-cloudpy[celery]"')
        raise CommandError(line) from None
    from xoxzo.cloudpy.integrations.celery import settings

    if app is None:
        return Celery(broker=broker), None
    # As `celery` does it: the application is in the current folder.
    sys.path.insert(0, "")
    try:
        found = find_app(app)
    except Exception as error:  # noqa: BLE001 - the application is any code
        raise CommandError(_("{app} cannot be loaded: {error}").format(app=app, error=error)) from None
    return found, settings.store()
