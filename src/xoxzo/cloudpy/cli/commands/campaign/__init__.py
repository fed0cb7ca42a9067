"""`xoxzo campaign`: one message to very many people, from a file."""

from __future__ import annotations

# Imported here so that the table of commands reports a missing extra in one line.
import phonenumbers  # noqa: F401

from xoxzo.cloudpy.cli.commands.campaign.inspect import compare, export, list_, report, status, unknown
from xoxzo.cloudpy.cli.commands.campaign.rehearse import rehearse
from xoxzo.cloudpy.cli.commands.campaign.repair import cancel, pause, purge, reschedule, settle, suppress
from xoxzo.cloudpy.cli.commands.campaign.send import create, dispatch, plan, resume, run
from xoxzo.cloudpy.cli.core.click_base import make_group


@make_group(
    'xoxzo campaign plan customers.xlsx --text "{name}様 明日のご予約です" --sender Shop',
    "xoxzo campaign run customers.xlsx --template 6 --sender Shop --max-cost 50000",
    "xoxzo campaign status customers",
)
def command() -> None:
    """Send one message to many people: nobody gets it twice, and nobody is lost.

    `run` creates a campaign from a list of recipients and sends to them; `resume` continues it after a stop. Campaigns
    are stored in XOXZO_CAMPAIGNS, by default in the user's data folder.

    Exit status: 0 done, 2 wrong use, 3 stopped before its end or some messages rejected, 4 credentials, 7 some messages
    may have been sent, which could not be verified.
    """


for entry in (
    *(plan, run, resume, status, list_, pause, cancel, reschedule, settle, unknown, suppress, export, report, compare),
    *(purge, create, dispatch, rehearse),
):
    command.add_command(entry)
