"""`xoxzo otp`: one-time passwords."""

from __future__ import annotations

from decimal import Decimal

import click

from xoxzo.cloudpy.cli.core.click_base import make_group
from xoxzo.cloudpy.cli.core.exit_codes import REJECTED
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.inputs import read_text
from xoxzo.cloudpy.cli.core.sending.confirmation import SendSummary, confirm_send
from xoxzo.cloudpy.cli.core.sending.options import country_option, read_recipients
from xoxzo.cloudpy.cli.core.session import Session, api

PRICE = Decimal(3)
"""Credits for the SMS with a code (API section 1.7)."""


@make_group(
    "xoxzo otp register https://example.com --simulator",
    "xoxzo otp request https://example.com 080-1111-2222 --simulator",
    "xoxzo otp verify https://example.com 080-1111-2222 123456 --simulator",
)
def command() -> None:
    """Send one-time passwords, and check them. Xoxzo generates the code, and does not return it."""


@command.subcommand("register", "xoxzo otp register https://example.com")
@click.argument("website")
@click.option(
    "--template-id",
    type=click.IntRange(1),
    metavar="ID",
    help="The sentence's number; 3 by default, Japanese.",
)
@api()
def register(session: Session, website: str, template_id: int | None) -> None:
    """Register a website once, to request codes for it; requests must spell it the same way."""
    with session.client() as client:
        session.out.record(session.out.facts(client.otp.register_website(website=website, template_id=template_id)))


@command.subcommand("request", "xoxzo otp request https://example.com 080-1111-2222")
@click.argument("website")
@click.argument("number")
@country_option
@api(sends=True)
def request(session: Session, website: str, number: str, country: str | None) -> None:
    """Send a code to a phone, for 3 credits."""
    one = read_recipients(session, [number], country)[0]
    confirm_send(session, SendSummary(_("A code for {website}", website=website), [one.number], PRICE))
    with session.client() as client:
        found = client.otp.request(website=website, phone_number=one.number)
    session.out.record({"phone_number": session.out.number(one.number), **session.out.facts(found)})


@command.subcommand(
    "verify",
    "xoxzo otp verify https://example.com 080-1111-2222 123456",
    "echo 123456 | xoxzo otp verify https://example.com 080-1111-2222 - --json",
)
@click.argument("website")
@click.argument("number")
@click.argument("code")
@click.option("--otp-id", metavar="ID", help="The id that the request returned, to verify as in Xoxzo's tutorial.")
@country_option
@api()
def verify(session: Session, website: str, number: str, code: str, *, otp_id: str | None, country: str | None) -> None:
    """Check a code; - reads it from standard input. Each check counts as an attempt.

    Exits with 0 if it was right, and 3 if it was wrong, expired or used up.
    """
    one = read_recipients(session, [number], country)[0]
    typed = read_text(code, None).strip()
    with session.client() as client:
        found = client.otp.verify(website=website, phone_number=one.number, code=typed, otp_id=otp_id)
    session.out.record(session.out.facts(found))
    if not found.verified:
        raise click.exceptions.Exit(REJECTED)
