"""`xoxzo template`: texts that Xoxzo has approved."""

from __future__ import annotations

import click

from xoxzo.cloudpy.cli.core.click_base import CommandEntry, Group, examples

_MANAGE = "xoxzo.cloudpy.cli.commands.telephony.template.manage:"
_SEND = "xoxzo.cloudpy.cli.commands.telephony.template.send:"


@click.group(
    cls=Group,
    table={
        "list": CommandEntry(_MANAGE + "list_", "List your templates."),
        "show": CommandEntry(_MANAGE + "show", "Show one template with its placeholders."),
        "create": CommandEntry(_MANAGE + "create", "Write a template; Xoxzo has to approve it."),
        "update": CommandEntry(_MANAGE + "update", "Change a template; Xoxzo has to approve it again."),
        "delete": CommandEntry(_MANAGE + "delete", "Delete a template."),
        "render": CommandEntry(_SEND + "render", "Show what a template becomes; nothing is sent."),
        "send": CommandEntry(_SEND + "send", "Send an SMS by a template."),
    },
    epilog=examples(
        "xoxzo template list",
        "xoxzo template render 6 --var name=山田",
        "xoxzo template send 6 080-1111-2222 --var name=山田 --sender Shop --simulator",
    ),
)
def command() -> None:
    """Write, try and send SMS templates: what accounts send by unless Xoxzo has approved free texts for them."""
