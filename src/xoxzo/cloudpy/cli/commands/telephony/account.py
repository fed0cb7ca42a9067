"""What an account has: its balance (`xoxzo credits`), look-ups, numbers (`xoxzo din` and the retired `xoxzo sin`)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import click

from xoxzo.cloudpy.cli.core.click_base import Group, make_command, make_group
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.sending import confirm_action, confirm_send, country_option, read_recipients, show_each
from xoxzo.cloudpy.cli.core.session import Session, api

_LOOKUP_PRICE = Decimal(5)
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
    confirm_send(session, _("Look-ups"), every, _LOOKUP_PRICE * len(every))
    columns = ("recipient", "found", "carrier", "country", "mccmnc", "cost")
    show_each(session, every, session.client.lookup.carrier, columns)


@make_group(
    "xoxzo din search --country JP --prefix 8150 --simulator",
    "xoxzo din subscribe JPafr34rafic76tf --simulator",
    "xoxzo din action JPafr34rafic76tf https://shop.example/answer --simulator",
)
def din() -> None:
    """Dial-in numbers: find, subscribe, set what answers, release."""


@make_group("xoxzo sin list", "xoxzo sin release JPafr34rafic76tf")
def sin() -> None:
    """Numbers that received SMS. The service ended on 2024-04-30: what Xoxzo answers now is not known."""


def _add_commands(group: Group, kind: str, *prices: str) -> None:
    """Add the commands of a kind of numbers, ``din`` or ``sin``, whose prices stand in these columns."""
    uid_name, xoxzo = f"{kind}_uid", f"xoxzo {kind}"
    columns = (uid_name, kind, "country_code", "prefix", *prices)
    argument = click.argument("uid", metavar=uid_name.upper())

    def resource(session: Session) -> Any:
        return getattr(session.client, f"{kind}s")

    @group.subcommand("search", f"{xoxzo} search --country JP", f"{xoxzo} search --prefix 8150 --json")
    @click.option("--country", metavar="CC", help="Only in this country, for instance JP.")
    @click.option("--prefix", metavar="DIGITS", help="Only with this country code and prefix, for instance 8150.")
    @api()
    def search(session: Session, country: str | None, prefix: str | None) -> None:
        """List the numbers that are free."""
        found = resource(session).search(country=country, prefix=prefix)
        session.out.table(map(session.out.facts, found), columns)

    @group.subcommand("subscribe", f"{xoxzo} subscribe JPafr34rafic76tf")
    @argument
    @api(sends=True)
    def subscribe(session: Session, uid: str) -> None:
        """Subscribe a number. The first 30 days are charged at once, and then every 30 days."""
        one = None
        if not (session.yes or session.dry_run or session.destination.is_simulator):
            one = next((one for one in resource(session).search() if getattr(one, uid_name) == uid), None)
        number = getattr(one, kind, None) or uid
        what = _("Number {number}, charged every 30 days until it is released", number=number)
        confirm_send(session, what, (), getattr(one, "monthly_cost", None))
        session.out.record(session.out.facts(resource(session).subscribe(uid)))

    @group.subcommand("list", f"{xoxzo} list", f"{xoxzo} list --json")
    @api()
    def list_(session: Session) -> None:
        """List the numbers that you subscribe."""
        subscribed = map(session.out.facts, resource(session).list())
        if not session.out.table(subscribed, (*columns, "action_url")):
            session.out.note(_("You have no number yet. Search for one: {command}", command=f"{xoxzo} search"))

    @group.subcommand("action", f"{xoxzo} action JPafr34rafic76tf https://shop.example/answer")
    @argument
    @click.argument("url")
    @api()
    def action(session: Session, uid: str, url: str) -> None:
        """Set the action URL, which is requested when a call or an SMS comes in; it replaces the former one."""
        resource(session).set_action_url(uid, action_url=url)
        session.out.record({uid_name: uid, "action_url": url})

    @group.subcommand("release", f"{xoxzo} release JPafr34rafic76tf --yes")
    @argument
    @api(sends=True)
    def release(session: Session, uid: str) -> None:
        """Release a number. You cannot get it back, and another customer may get it."""
        confirm_action(session, _("Release {uid} for good?", uid=uid))
        resource(session).unsubscribe(uid)
        session.out.record({uid_name: uid, "released": True})


_add_commands(din, "din", "monthly_cost", "minute_cost")
_add_commands(sin, "sin")
