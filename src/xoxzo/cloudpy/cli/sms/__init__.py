"""`xoxzo sms`: messages to phones."""

import click

from xoxzo.cloudpy.cli.commands import Entry, Group, examples

_HERE = "xoxzo.cloudpy.cli.sms."


@click.group(
    cls=Group,
    table={
        "send": Entry(_HERE + "sending", "Send a text to one or several phones."),
        "get": Entry(_HERE + "following:get", "Ask where messages are."),
        "list": Entry(_HERE + "listing:list_", "List what was sent in the last 90 days."),
        "wait": Entry(_HERE + "following:wait", "Wait until messages have arrived."),
        "find": Entry(_HERE + "listing:find", "Look for the messages that were sent with a reference."),
        "parts": Entry(_HERE + "measuring", "Count the parts of a text and what they cost; nothing is sent."),
    },
    epilog=examples(
        "xoxzo sms send 080-1111-2222 こんにちは --sender Shop --simulator",
        "xoxzo sms list --since 7d",
        "xoxzo sms parts --file text.txt",
    ),
)
def command() -> None:
    """Send SMS, and follow them."""
