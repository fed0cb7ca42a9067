"""`xoxzo template`: texts that Xoxzo has approved."""

import click

from .commands import Entry, Group, examples

_WRITING = "xoxzo.cloudpy.cli.template_writing:"
_SENDING = "xoxzo.cloudpy.cli.template_sending:"


@click.group(
    cls=Group,
    table={
        "list": Entry(_WRITING + "list_", "List your templates."),
        "show": Entry(_WRITING + "show", "Show one template with its placeholders."),
        "create": Entry(_WRITING + "create", "Write a template; Xoxzo has to approve it."),
        "update": Entry(_WRITING + "update", "Change a template; Xoxzo has to approve it again."),
        "delete": Entry(_WRITING + "delete", "Delete a template."),
        "render": Entry(_SENDING + "render", "Show what a template becomes; nothing is sent."),
        "send": Entry(_SENDING + "send", "Send an SMS by a template."),
    },
    epilog=examples(
        "xoxzo template list",
        "xoxzo template render 6 --var name=山田",
        "xoxzo template send 6 080-1111-2222 --var name=山田 --sender Shop --simulator",
    ),
)
def command() -> None:
    """Write, try and send SMS templates: what accounts send by unless Xoxzo has approved free texts for them."""
