"""`xoxzo sms get` and `wait`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xoxzo.cloudpy.cli.core.click_base import Command, examples
from xoxzo.cloudpy.cli.core.inputs import Choice
from xoxzo.cloudpy.cli.core.sending.polling import show_each
from xoxzo.cloudpy.cli.core.session import Session, api

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = ("msgid", "status", "recipient", "sender", "sent_time", "parts", "cost", "tags")


@click.command("get", cls=Command, epilog=examples("xoxzo sms get MSGID", "xoxzo sms get MSGID --json | jq -r .status"))
@click.argument("msgids", nargs=-1, required=True, metavar="MSGID...")
@api()
def get(session: Session, msgids: Sequence[str]) -> None:
    """Get the status of messages; - reads their ids from standard input, one a line.

    QUEUED and DELIVERING are on their way, DELIVERED has arrived, FAIL never will.
    """
    with session.client() as client:
        show_each(session, msgids, client.sms.get, COLUMNS)


@click.command(
    "wait",
    cls=Command,
    epilog=examples(
        "xoxzo sms wait MSGID",
        "xoxzo sms send +818011112222 Hi --sender Shop --yes | cut -f1 | xoxzo sms wait -",
        "xoxzo sms wait MSGID --for 60 --until DELIVERING",
    ),
)
@click.argument("msgids", nargs=-1, required=True, metavar="MSGID...")
@click.option(
    "--for", "wait_seconds", default=300.0, show_default=True, metavar="SECONDS", help="How long to wait for each."
)
@click.option("--until", type=Choice(["DELIVERING", "DELIVERED"]), help="Stop waiting at this status.")
@api()
def wait(session: Session, msgids: Sequence[str], wait_seconds: float, until: str | None) -> None:
    """Wait until messages have arrived; - reads their ids from standard input, one a line.

    Ends with 0 when all arrived, with 3 when one failed, and with 6 when time ran out.
    """
    from xoxzo.cloudpy.models import MessageStatus

    enough = None if until is None else MessageStatus(until)
    with session.client() as client:
        show_each(
            session,
            msgids,
            lambda msgid: client.sms.wait(msgid, until=enough, timeout=wait_seconds),
            COLUMNS,
            good=lambda message: message.status != MessageStatus.FAIL,
        )
