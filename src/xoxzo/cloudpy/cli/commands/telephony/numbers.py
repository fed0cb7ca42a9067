"""`xoxzo din` and the retired `xoxzo sin`: numbers that receive calls, and received SMS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from xoxzo.cloudpy.cli.core.click_base import Group, make_group
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.sending.confirmation import SendSummary, confirm_action, confirm_send
from xoxzo.cloudpy.cli.core.session import Session, api

if TYPE_CHECKING:
    from decimal import Decimal

    from xoxzo.cloudpy.client.client import Client


class NumberKind(NamedTuple):
    """The differences between the two kinds of numbers."""

    name: str
    """``din`` or ``sin``."""
    prices: tuple[str, ...]
    """The columns of the prices."""

    def of(self, client: Client) -> Any:  # noqa: ANN401 - one of two resources
        """Return the client's resource."""
        return getattr(client, f"{self.name}s")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a table."""
        return (f"{self.name}_uid", self.name, "country_code", "prefix", *self.prices)


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


def _add_commands(group: Group, kind: NumberKind) -> None:
    uid = f"{kind.name}_uid"
    xoxzo = f"xoxzo {kind.name}"
    argument = click.argument("uid", metavar=uid.upper())

    @group.subcommand("search", f"{xoxzo} search --country JP", f"{xoxzo} search --prefix 8150 --json")
    @click.option("--country", metavar="CC", help="Only in this country, for instance JP.")
    @click.option("--prefix", metavar="DIGITS", help="Only with this country code and prefix, for instance 8150.")
    @api()
    def search(session: Session, country: str | None, prefix: str | None) -> None:
        """List the numbers that are free."""
        with session.client() as client:
            found = kind.of(client).search(country=country, prefix=prefix)
            session.out.table(map(session.out.facts, found), kind.columns)

    @group.subcommand("subscribe", f"{xoxzo} subscribe JPafr34rafic76tf")
    @argument
    @api(sends=True)
    def subscribe(session: Session, uid: str) -> None:
        """Subscribe a number. The first 30 days are charged at once, and then every 30 days."""
        with session.client() as client:
            number, cost = None, None
            if not (session.yes or session.dry_run or session.destination.is_simulator):
                number, cost = _price(kind, client, uid)
            what = _("Number {number}, charged every 30 days until it is released", number=number or uid)
            confirm_send(session, SendSummary(what, (), cost))
            session.out.record(session.out.facts(kind.of(client).subscribe(uid)))

    @group.subcommand("list", f"{xoxzo} list", f"{xoxzo} list --json")
    @api()
    def list_(session: Session) -> None:
        """List the numbers that you subscribe."""
        with session.client() as client:
            count = session.out.table(map(session.out.facts, kind.of(client).list()), (*kind.columns, "action_url"))
        if not count:
            session.out.note(_("You have no number yet. Search for one: {command}", command=f"{xoxzo} search"))

    @group.subcommand("action", f"{xoxzo} action JPafr34rafic76tf https://shop.example/answer")
    @argument
    @click.argument("url")
    @api()
    def action(session: Session, uid: str, url: str) -> None:
        """Set the action URL, which is requested when a call or an SMS comes in; it replaces the former one."""
        with session.client() as client:
            kind.of(client).set_action_url(uid, action_url=url)
        session.out.record({f"{kind.name}_uid": uid, "action_url": url})

    @group.subcommand("release", f"{xoxzo} release JPafr34rafic76tf --yes")
    @argument
    @api(sends=True)
    def release(session: Session, uid: str) -> None:
        """Release a number. You cannot get it back, and another customer may get it."""
        confirm_action(session, _("Release {uid} for good?", uid=uid))
        with session.client() as client:
            kind.of(client).unsubscribe(uid)
        session.out.record({f"{kind.name}_uid": uid, "released": True})


def _price(kind: NumberKind, client: Client, uid: str) -> tuple[str | None, Decimal | None]:
    """Return a free number and the cost of its first 30 days, if the list has it."""
    for one in kind.of(client).search():
        if getattr(one, f"{kind.name}_uid") == uid:
            return getattr(one, kind.name), getattr(one, "monthly_cost", None)
    return None, None


_add_commands(din, NumberKind("din", ("monthly_cost", "minute_cost")))
_add_commands(sin, NumberKind("sin", ()))
