"""`xoxzo sms list` and `find`."""

from __future__ import annotations

import click

from xoxzo.cloudpy.cli.commands.telephony.sms.status import COLUMNS
from xoxzo.cloudpy.cli.core.click_base import Command, examples
from xoxzo.cloudpy.cli.core.exit_codes import REJECTED
from xoxzo.cloudpy.cli.core.i18n import _, ngettext
from xoxzo.cloudpy.cli.core.inputs import Choice, parse_day
from xoxzo.cloudpy.cli.core.session import Session, api


@click.command(
    "list",
    cls=Command,
    epilog=examples(
        "xoxzo sms list --since 7d",
        "xoxzo sms list --since 2026-11-01 --until 2026-11-30 --json >november.jsonl",
        "xoxzo sms list --on today --status FAIL --show-numbers",
    ),
)
@click.option("--on", metavar="DAY", help="On this day; days are UTC: 2026-01-31, today, yesterday, 7d.")
@click.option("--since", metavar="DAY", help="On this day or later.")
@click.option("--until", metavar="DAY", help="On this day or earlier.")
@click.option("--after", metavar="DAY", help="Later than this day.")
@click.option("--before", metavar="DAY", help="Earlier than this day.")
@click.option(
    "--status",
    "wanted",
    type=Choice(["QUEUED", "DELIVERING", "DELIVERED", "FAIL"], case_sensitive=False),
    metavar="STATUS",
    help="Only these: QUEUED, DELIVERING, DELIVERED or FAIL.",
)
@click.option("--tag", metavar="TEXT", help="Only those with this tag.")
@api()
def list_(session: Session, wanted: str | None, tag: str | None, **days: str | None) -> None:
    """List what was sent in the last 90 days, as it arrives.

    Xoxzo throttles this list far harder than everything else, and caps it: ask for few days.
    """
    from xoxzo.cloudpy.models import MessageStatus

    status = None if wanted is None else MessageStatus(wanted)
    filters = {name: parse_day(value) for name, value in days.items()}
    with session.client() as client:
        found = client.sms.list(**filters)
        chosen = (one for one in found if (status is None or one.status == status) and (tag is None or tag in one.tags))
        count = session.out.table(map(session.out.facts, chosen), COLUMNS)
    session.out.note(ngettext("{count} message", "{count} messages", count).format(count=f"{count:,}"))


@click.command(
    "find",
    cls=Command,
    epilog=examples("xoxzo sms find booking-7", "xoxzo sms find booking-7 --since 2d --json"),
)
@click.argument("reference")
@click.option("--since", metavar="DAY", help="The first day to look at: 2026-01-31, today, yesterday, 7d.")
@api()
def find(session: Session, reference: str, since: str | None) -> None:
    """Look for the messages that were sent with a reference.

    Found proves that one was sent. Not found proves nothing: the list is capped and may lag behind; do not send again
    because of it. Ends with 0 when one was found, else with 3.
    """
    with session.client() as client:
        found = client.sms.find(reference, since=parse_day(since))
    session.out.table(map(session.out.facts, found.messages), COLUMNS, single=True)
    if not found.found:
        session.out.warn(_("Not found. That does not prove that it was not sent: do not send it again because of it."))
        raise click.exceptions.Exit(REJECTED)
