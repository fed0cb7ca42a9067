"""`xoxzo campaign rehearse`: play a whole campaign on this machine, and show what the real run would give."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.campaigns import Campaign, Content, Rehearsal
from xoxzo.cloudpy.cli.commands.campaign import creation, render
from xoxzo.cloudpy.cli.commands.campaign.options import campaign_command, limits_of, list_options, selected_store
from xoxzo.cloudpy.cli.commands.campaign.progress import Progress
from xoxzo.cloudpy.cli.core.click_base import json_option
from xoxzo.cloudpy.cli.core.i18n import _, language
from xoxzo.cloudpy.cli.core.inputs import CREDITS

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator import Simulator

_FAULTS = ("throttled", "error_after", "drop", "lose_reply")
_SENDING = ("POST /sms/messages/", "POST /sms/templates/{id}/messages/", "POST /voice/simple/playbacks/")
_MANY = 10_000_000
_DRAW_SECONDS = 0.1


@campaign_command(
    'xoxzo campaign rehearse customers.xlsx --text "{name}様 明日のご予約です" --sender Shop --rate 20',
    "xoxzo campaign rehearse customers.csv --template 6 --sender Shop --faults 2 -o rehearsal.html",
)
@list_options
@click.option("--faults", type=click.FloatRange(0, 100), metavar="PERCENT", help="Percentage of requests that fail.")
@click.option("--balance", type=CREDITS, help="The balance to rehearse with; by default the account's.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write the report to this file, as HTML.")
@json_option
def rehearse(
    file: str, *, faults: float | None, balance: Decimal | None, output: str | None, machine: bool, **given: Any
) -> None:
    """Simulate a whole campaign on this machine, at full speed, and show the results to expect.

    Nothing is sent, whatever the destination is, and nothing is stored. A simulator in this process takes the messages,
    with the balance and the template of the account, which are only read. Its clock advances by itself: a run that
    would take days is over in seconds.
    """
    limits = limits_of(given)
    account, left = creation.account_and_balance(given)
    content = creation.content_from(given, account)
    credits_left = left.credits if balance is None else balance
    name = creation.name_of(file, given)
    # Hours of events come in a second.
    with Progress(name, machine=machine, draw_seconds=_DRAW_SECONDS) as progress:
        rehearsal = Campaign.rehearse(
            name,
            file,
            content,
            _simulator(content, credits_left, (faults or 0.0) / 100),
            limits,
            store=selected_store(),
            allowed_recipients=None if account is None else account["allowed_recipients"],
            on_event=progress.show if sys.stderr.isatty() and not machine else None,
            language=language(),
            test_numbers=creation.is_local(account),
            **creation.creation_options(content, given),
        )
    _show(name, rehearsal, machine=machine)
    if output is not None:
        creation.write_report(output, rehearsal.report)
    render.exit_unless_done(rehearsal.result)


def _simulator(content: Content, credits_left: Decimal | None, fault_share: float) -> Simulator:
    """Return a simulator with an account's balance; without a limit where that is not known."""
    from xoxzo.cloudpy.simulator import Settings, Simulator

    settings: dict[str, Any] = dict.fromkeys(("list_cap", "max_messages", "max_calls"), _MANY)
    if content.price is not None:
        settings |= {name: {"": content.price} for name in ("sms_prices", "voice_prices")}
    settings |= {"credits": credits_left or 0, "postpaid": credits_left is None, "templates_approved": True}
    simulator = Simulator(Settings(**settings))
    for kind in _FAULTS if fault_share else ():
        for endpoint in _SENDING:
            simulator.faults.add(kind, endpoint, chance=fault_share / len(_FAULTS))
    return simulator


def _show(name: str, rehearsal: Rehearsal, *, machine: bool) -> None:
    result = rehearsal.result
    if machine:
        times = {"began": render.moment(rehearsal.began), "ended": render.moment(rehearsal.ended)}
        render.write_json(
            event="rehearsal", name=name, state=result.state, reason=str(result.reason), **times, **rehearsal.figures
        )
        return
    click.echo(_("Rehearsal: nothing was sent, nothing is stored."))
    click.echo(render.state_line(name, result.state, result.reason))
    render.show_tally(result.tally)
    if rehearsal.began:
        begin, end = render.local_time(rehearsal.began), render.local_time(rehearsal.ended)
        took = render.duration(rehearsal.ended - rehearsal.began)
        click.echo(_("The real run would send from {begin} to {end} ({time}).", begin=begin, end=end, time=took))
