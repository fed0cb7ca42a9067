"""`xoxzo sms`: messages to phones."""

from __future__ import annotations

import click

from xoxzo.cloudpy.cli.core.click_base import CommandEntry, Group, examples

_HERE = "xoxzo.cloudpy.cli.commands.telephony.sms."


@click.group(
    cls=Group,
    table={
        "send": CommandEntry(_HERE + "send", "Send a text to one or several phones."),
        "get": CommandEntry(_HERE + "status:get", "Get the status of messages."),
        "list": CommandEntry(_HERE + "history:list_", "List what was sent in the last 90 days."),
        "wait": CommandEntry(_HERE + "status:wait", "Wait until messages have arrived."),
        "find": CommandEntry(_HERE + "history:find", "Look for the messages that were sent with a reference."),
        "parts": CommandEntry(_HERE + "parts", "Count the parts of a text and what they cost; nothing is sent."),
    },
    epilog=examples(
        "xoxzo sms send 080-1111-2222 こんにちは --sender Shop --simulator",
        "xoxzo sms list --since 7d",
        "xoxzo sms parts --file text.txt",
    ),
)
def command() -> None:
    """Send SMS, and follow them."""
