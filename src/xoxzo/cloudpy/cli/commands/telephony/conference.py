"""`xoxzo conference`: calls that join two or three phones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.cli.commands.telephony.call import COLUMNS, first_minutes
from xoxzo.cloudpy.cli.core.click_base import Group, examples
from xoxzo.cloudpy.cli.core.exit_codes import invalid_arguments_as_errors
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.sending.callback_urls import use_signed_callbacks
from xoxzo.cloudpy.cli.core.sending.confirmation import SendSummary, confirm_send
from xoxzo.cloudpy.cli.core.sending.options import call_options, sender_or_caller
from xoxzo.cloudpy.cli.core.sending.recipients import read_recipients
from xoxzo.cloudpy.cli.core.session import Session, api

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.group(
    cls=Group,
    epilog=examples(
        "xoxzo conference create 080-1111-2222 090-3333-4444 --caller 81501112222 --simulator",
        "xoxzo conference get CONFERENCEID",
    ),
)
def command() -> None:
    """Call two or three phones and join them in a conference."""


@command.command(
    "create",
    epilog=examples("xoxzo conference create 080-1111-2222 090-3333-4444 --caller 81501112222 --simulator"),
)
@click.argument("participants", nargs=-1, required=True, metavar="NUMBER...")
@click.option("--lang", metavar="LANG", help="The voice guide's language; whether Xoxzo heeds it is not documented.")
@call_options
@api(sends=True)
def create(session: Session, participants: Sequence[str], **given: Any) -> None:  # noqa: ANN401 - the options of a call
    """Call two or three phones and join them in a conference; each is charged as a call."""
    from xoxzo.cloudpy.operations.calls import create_conference

    given["caller"] = sender_or_caller(session, "caller", given["caller"])
    use_signed_callbacks(given)
    people = read_recipients(session, participants, given.pop("country"))
    numbers = [one.number for one in people]
    with invalid_arguments_as_errors(nothing_sent=True):
        create_conference(participants=numbers, **given)
    confirm_send(session, SendSummary(_("A conference"), numbers, first_minutes(people), at_least=True))
    with session.client() as client:
        started = client.conferences.create(participants=numbers, **given)
    session.out.record(session.out.facts(started))
    session.follow(f"conference get {started.conferenceid}")


@command.command(
    "get", epilog=examples("xoxzo conference get CONFERENCEID", "xoxzo conference get CONFERENCEID --json")
)
@click.argument("conferenceid")
@api()
def get(session: Session, conferenceid: str) -> None:
    """Ask how a conference went: each participant's call, the length of the longest, and the cost of all."""
    with session.client() as client:
        facts = session.out.facts(client.conferences.get(conferenceid))
    calls = facts.pop("participants")
    if session.out.draws:
        session.out.record(facts)
        session.out.table(calls, COLUMNS)
    else:
        session.out.record({**facts, "participants": calls})
