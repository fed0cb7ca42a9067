"""`xoxzo campaign plan`, `run`, `resume`, `create` and `dispatch`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.campaigns import Campaign, Limits, Plan, State
from xoxzo.cloudpy.campaigns.sending.campaign_run import FIRST_SENT
from xoxzo.cloudpy.cli.commands.campaign import creation, options
from xoxzo.cloudpy.cli.commands.campaign.creation import ClientOptions
from xoxzo.cloudpy.cli.commands.campaign.options import in_command, limits_of, open_campaign, selected_store
from xoxzo.cloudpy.cli.commands.campaign.progress import Progress
from xoxzo.cloudpy.cli.commands.campaign.rehearse import rehearse as rehearse_command
from xoxzo.cloudpy.cli.commands.campaign.render import ENDED, exit_unless_done, show_plan, show_result, write_json
from xoxzo.cloudpy.cli.core.click_base import add_options, json_option
from xoxzo.cloudpy.cli.core.exit_codes import NOT_SENT, REJECTED, CommandError
from xoxzo.cloudpy.cli.core.i18n import _, ngettext, render_error
from xoxzo.cloudpy.cli.core.output.values import format_value
from xoxzo.cloudpy.cli.core.sending import signing_callbacks
from xoxzo.cloudpy.client.async_client import AsyncClient
from xoxzo.cloudpy.errors import CampaignError
from xoxzo.cloudpy.phone import parse

if TYPE_CHECKING:
    from celery import Celery

_FIRST_FOLLOW_SECONDS = 60.0
_first = click.option(
    "--first",
    type=click.IntRange(1, 10_000),
    metavar="N",
    help="Send to N recipients first, chosen at random, and stop to show their outcomes.",
)
_run_options = add_options(
    click.option("--follow", default=0.0, metavar="SECONDS", help="Poll for final statuses at the end, for this long."),
    click.option(
        "--callbacks", metavar="URL", help="Request delivery reports at this URL, signed with XOXZO_CALLBACK_SECRET."
    ),
    _first,
)
_yes = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")


@options.campaign_command('xoxzo campaign plan customers.xlsx --text "{name}様 明日のご予約です" --sender Shop')
@options.list_options
@json_option
def plan(file: str, *, machine: bool, **given: Any) -> None:
    """Estimate what sending to the recipients in FILE costs and how long it takes.

    Nothing is sent or stored.
    """
    limits = limits_of(given)
    account, balance = creation.account_and_balance(given)
    with (
        tempfile.TemporaryDirectory() as folder,
        creation.new_campaign(file, creation.name_of(file, given), given, account, Path(folder)) as campaign,
    ):
        show_plan(campaign.plan(limits), limits, balance, machine=machine)


@options.campaign_command(
    'xoxzo campaign run customers.xlsx --text "{name}様 明日のご予約です" --sender Shop',
    "xoxzo campaign run customers.csv --template 6 --sender Shop --max-cost 50000 --quiet 21:00-08:00",
)
@options.list_options
@_run_options
@click.option(
    "--test-to",
    multiple=True,
    metavar="NUMBER",
    help="Send the first message to this number before anybody else; may be repeated.",
)
@click.option(
    "--as-before", is_flag=True, help="Continue a campaign as it was started, whatever the options and FILE say."
)
@click.option("--rehearse", is_flag=True, help="Send nothing: do what `rehearse` does.")
@_yes
@json_option
def run(file: str, *, yes: bool, machine: bool, test_to: tuple[str, ...], rehearse: bool, **given: Any) -> None:
    """Send to the recipients in FILE, after asking.

    The plan is shown first. Run the same command again to continue after a stop, a crash or a power cut. Ctrl-C
    completes the messages in flight; a second one does not wait for them.
    """
    if rehearse:
        shared = {name: given[name] for parameter in rehearse_command.params if (name := parameter.name) in given}
        click.get_current_context().invoke(rehearse_command, file=file, machine=machine, **shared)
        return
    name = creation.name_of(file, given)
    limits_of(given)
    if given["callbacks"] is not None:
        signing_callbacks(given["callbacks"])
    fresh = not selected_store().exists(name)
    account = creation.client_options(given)
    test_numbers = [parse(typed, given["country"], test_numbers=creation.is_local(account)).e164 for typed in test_to]
    with _open(file, name, given, account, fresh=fresh) as campaign:
        limits = campaign.limits if given["as_before"] else limits_of(given, campaign.limits)
        left = campaign.plan(limits)
        # A campaign that was never started was never confirmed: the terminal may have been closed at the question.
        begun = campaign.state != "created"
        if not begun:
            show_plan(left, limits, creation.balance_of(account), machine=machine)
        try:
            first = None if begun else given["first"]
            _confirm(left, limits, yes=yes or begun, first=first)
            if test_numbers and not begun:
                _send_test(campaign, account, test_numbers, yes=yes)
            _choose_first(campaign, first)
        except BaseException:  # Ctrl-C at a question as well
            if fresh:
                # It was not confirmed.
                campaign.close()
                selected_store().remove(campaign.name)
            raise
        creation.show_left_out(campaign, file)
        _run(campaign, account, limits, given, machine=machine, yes=yes)


@options.campaign_command("xoxzo campaign resume customers", "xoxzo campaign resume customers --rate 20")
@options.with_campaign
@options.limit_options
@options.destination_options
@_run_options
@_yes
@json_option
def resume(campaign: Campaign, *, yes: bool, machine: bool, **given: Any) -> None:
    """Resume a campaign that stopped or was interrupted.

    The limits of the last run apply, except for those that are given now. A campaign that was never started is shown
    first and has to be confirmed, as with `run`.
    """
    limits = limits_of(given, campaign.limits)
    account = creation.client_options(given)
    if campaign.state == "created":
        left = campaign.plan(limits)
        show_plan(left, limits, creation.balance_of(account), machine=machine)
        _confirm(left, limits, yes=yes, first=given["first"])
    _choose_first(campaign, given["first"])
    _run(campaign, account, limits, given, machine=machine, yes=yes)


@options.campaign_command('xoxzo campaign create spring customers.csv --text "{name}様 明日のご予約です" --sender Shop')
@click.argument("name")
@options.unnamed_list_options
@json_option
def create(name: str, file: str, *, machine: bool, **given: Any) -> None:
    """Create a campaign from the recipients in FILE, and send nothing.

    `dispatch` or `resume` starts it. The plan is shown, as `plan` shows it.
    """
    limits = limits_of(given)
    account, balance = creation.account_and_balance(given)
    with creation.new_campaign(file, name, given, account) as campaign:
        show_plan(campaign.plan(campaign.save_limits(limits)), limits, balance, machine=machine)
        creation.show_left_out(campaign, file)
    created = _("{name} was created. Start it with: xoxzo campaign resume {campaign} (Celery: dispatch)")
    click.echo(created.format(name=name, campaign=in_command(name)), err=True)


@options.campaign_command("xoxzo campaign dispatch spring --app shop.celery:app --workers 4")
@click.argument("name", shell_complete=options.campaign_names)
@click.option("-A", "--app", metavar="APP", help="The Celery application, as `celery --app` takes it.")
@click.option("--broker", metavar="URL", help="The address of the workers' broker, instead of the application.")
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 100), help="Processes that send at the same time."
)
@options.limit_options
@options.destination_options
@_first
@_yes
@json_option
def dispatch(
    name: str, *, app: str | None, broker: str | None, workers: int, yes: bool, machine: bool, **given: Any
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
                show_plan(left, limits, creation.account_and_balance(given)[1], machine=False)
            _confirm(left, limits, yes=yes, first=given["first"])
        _choose_first(campaign, given["first"])
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

    # As `celery` does it: the application is in the current folder.
    sys.path.insert(0, "")
    try:
        queue = Celery(broker=broker) if app is None else find_app(app)
    except Exception as error:  # noqa: BLE001 - the application is any code
        raise CommandError(_("{app} cannot be loaded: {error}", app=app, error=error)) from None
    try:
        with queue.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0)
    except Exception as error:  # noqa: BLE001 - each kind of broker has errors of its own
        why = _("the broker cannot be reached; nothing was sent: {why}", why=error)
        raise CommandError(why, status=NOT_SENT) from None
    return queue, None if app is None else settings.store()


def _run(
    campaign: Campaign, account: ClientOptions, limits: Limits, given: dict[str, Any], *, machine: bool, yes: bool
) -> None:
    callbacks = None if given["callbacks"] is None else signing_callbacks(given["callbacks"])
    # There is little to look at before the final statuses of the first ones are known.
    follow = given["follow"] or (_FIRST_FOLLOW_SECONDS if campaign.is_held else 0.0)
    progress = Progress(campaign.name, machine=machine)
    try:
        with progress:
            result = campaign.run(
                limits=limits, on_event=progress.show, callbacks=callbacks, follow=follow, account=account
            )
    except CampaignError as error:
        if not progress.has_begun:
            raise
        again = _("Nothing is lost. Remove the cause, then: xoxzo campaign resume {name}")
        again = again.format(name=in_command(campaign.name))
        raise CommandError(render_error(error), again, status=REJECTED) from None
    asks = result.reason.code == FIRST_SENT and not (yes or machine) and _is_terminal()
    show_result(campaign.name, result, machine=machine, asks=asks)
    if asks:
        others = result.tally[State.WAITING]
        question = ngettext("Send to the other {count} person now?", "Send to the other {count} people now?", others)
        if click.confirm(question, err=True):
            _run(campaign, account, limits, given, machine=machine, yes=yes)
            return
    exit_unless_done(result)


def _open(file: str, name: str, given: dict[str, Any], account: ClientOptions, *, fresh: bool) -> Campaign:
    if fresh:
        return creation.new_campaign(file, name, given, account)
    campaign = open_campaign(name)
    try:
        _check_unchanged(campaign, file, given)
        if given["suppress"]:
            campaign.suppress(creation.numbers_in(given["suppress"], campaign.country))
    except BaseException:
        campaign.close()
        raise
    return campaign


def _check_unchanged(campaign: Campaign, file: str, given: dict[str, Any]) -> None:
    """Refuse to continue a campaign with another file, content or limits than it was started with."""
    name, state = campaign.name, campaign.state
    if state in ENDED:
        again = _("{name} is {state} already: give another --name to send to the same recipients once more")
        raise CommandError(again.format(name=name, state=_(state)))
    lines = [
        _("{option}: {before} before, {now} now", option=option, before=before, now=now)
        for option, before, now in creation.changes(given, campaign)
    ]
    if not campaign.is_created_from(file):
        lines.append(_("{file} has changed", file=file))
    if lines and not given["as_before"]:
        raise CommandError(
            _("{name} was started with something else; nothing was sent.", name=name),
            *lines,
            _("Continue it as it was started: the same command with --as-before"),
            _("Continue it with other limits: xoxzo campaign resume {name}, with the limits", name=in_command(name)),
            _("Send something else: give another --name"),
        )


def _choose_first(campaign: Campaign, count: int | None) -> None:
    """Choose who is sent to first, where a number is given, unless a choice has not been sent to yet."""
    if count is not None and (not campaign.is_held or campaign.reason.code == FIRST_SENT):
        campaign.choose_first(count)


def _confirm(plan: Plan, limits: Limits, *, yes: bool, first: int | None = None) -> None:
    """Ask whether to send to the `first` ones or to all, unless `yes`; exit if not, or if it costs too much."""
    if limits.max_cost is not None and (cost := plan.cost) > limits.max_cost:
        sentence = _("{cost} credits are more than --max-cost {limit}; nothing was sent.")
        raise CommandError(sentence.format(cost=format_value(cost), limit=format_value(limits.max_cost)))
    if yes:
        return
    if not _is_terminal():
        raise CommandError(_("there is no terminal to ask for confirmation; --yes sends without asking."))
    question = ngettext("Send to {count} person?", "Send to {count} people?", plan.recipients)
    if first is not None and first < plan.recipients:
        question = _("Send to {first} of {count} people first?", first=first, count=f"{plan.recipients:,}")
    _ask(question, _("Nothing was sent."))


def _ask(question: str, otherwise: str) -> None:
    if not click.confirm(question, err=True):
        click.echo(otherwise, err=True)
        raise click.exceptions.Exit(REJECTED)


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _send_test(campaign: Campaign, account: ClientOptions, numbers: list[str], *, yes: bool) -> None:
    async def send() -> None:
        async with AsyncClient(**account) as client:
            for number in numbers:
                await campaign.send_test(client, number)

    asyncio.run(send())
    sentence = ngettext(
        "The first message was sent to the test number.",
        "The first message was sent to {count} test numbers.",
        len(numbers),
    )
    click.echo(sentence, err=True)
    if not yes:
        _ask(_("Did it arrive correctly? Send to all recipients now?"), _("Nothing was sent to the recipients."))
