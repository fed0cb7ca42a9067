"""`xoxzo lookup`: which carrier a number belongs to."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import click

from .asking import Plan, allow
from .commands import Command, examples
from .following import ask
from .options import country_option
from .recipients import read
from .session import Session, api
from .words import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

PRICE = Decimal(5)
"""Credits for a look-up, found or not (API section 8.1)."""


@click.command(
    "lookup",
    cls=Command,
    epilog=examples("xoxzo lookup 080-1111-2222 --simulator", "cat numbers.txt | xoxzo lookup - --yes --json"),
)
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER...")
@country_option
@api(sends=True)
def command(session: Session, numbers: Sequence[str], country: str | None) -> None:
    """Ask which carrier numbers belong to, for 5 credits each, found or not. Nobody is called or written to.

    - stands for the lines of standard input.
    """
    people = read(session, numbers, country)
    every = [one.number for one in people]
    allow(session, Plan(tr("Look-ups"), every, PRICE * len(every)))
    with session.client() as client:
        ask(session, every, client.lookup.carrier, ("recipient", "found", "carrier", "country", "mccmnc", "cost"))
