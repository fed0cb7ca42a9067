"""`xoxzo credits`: the balance."""

from __future__ import annotations

import click

from xoxzo.cloudpy.cli.core.click_base import Command, examples
from xoxzo.cloudpy.cli.core.session import Session, api


@click.command("credits", cls=Command, epilog=examples("xoxzo credits", "xoxzo credits --json | jq .credits"))
@api()
def command(session: Session) -> None:
    """Show the balance; 1 credit is 1 yen before tax."""
    with session.client() as client:
        session.out.record(session.out.facts(client.account.credits()))
