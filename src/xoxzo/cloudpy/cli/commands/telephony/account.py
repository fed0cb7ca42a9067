"""`xoxzo credits`, the balance, and `xoxzo lookup`, the carrier of a number."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import click

from xoxzo.cloudpy.cli.core.click_base import make_command
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.sending.batch_send import confirm_send, show_each
from xoxzo.cloudpy.cli.core.sending.options import country_option, read_recipients
from xoxzo.cloudpy.cli.core.session import Session, api

_PRICE = Decimal(5)
"""Credits for a look-up, found or not (API section 8.1)."""


@make_command("xoxzo credits", "xoxzo credits --json | jq .credits")
@api()
def credits_(session: Session) -> None:
    """Show the balance; 1 credit is 1 yen before tax."""
    session.out.record(session.out.facts(session.client.account.credits()))


@make_command("xoxzo lookup 080-1111-2222 --simulator", "cat numbers.txt | xoxzo lookup - --yes --json")
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER...")
@country_option
@api(sends=True)
def lookup(session: Session, numbers: Sequence[str], country: str | None) -> None:
    """Look up the carriers of numbers, for 5 credits each, found or not. No call is made, no message is sent.

    - stands for the lines of standard input.
    """
    people = read_recipients(session, numbers, country)
    every = [one.number for one in people]
    confirm_send(session, _("Look-ups"), every, _PRICE * len(every))
    columns = ("recipient", "found", "carrier", "country", "mccmnc", "cost")
    show_each(session, every, session.client.lookup.carrier, columns)
