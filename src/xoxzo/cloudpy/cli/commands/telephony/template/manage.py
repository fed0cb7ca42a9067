"""`xoxzo template list`, `show`, `create`, `update` and `delete`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.cli.core.click_base import Command, examples
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.inputs import read_text
from xoxzo.cloudpy.cli.core.sending.confirmation import confirm_action
from xoxzo.cloudpy.cli.core.session import Session, api

if TYPE_CHECKING:
    from xoxzo.cloudpy.models import Template

COLUMNS = ("id", "name", "status", "approved_content", "pending_content")
NUMBER = click.IntRange(1)


def template_fields(session: Session, template: Template) -> dict[str, Any]:
    """Return the fields of a template and its placeholders."""
    return {**session.out.facts(template), "placeholders": list(template.placeholders)}


@click.command("list", cls=Command, epilog=examples("xoxzo template list", "xoxzo template list --json | jq .name"))
@api()
def list_(session: Session) -> None:
    """List your templates."""
    with session.client() as client:
        count = session.out.table((template_fields(session, one) for one in client.templates.list()), COLUMNS)
    if not count:
        session.out.note(
            _("There is no template yet. Create one: {command}").format(command="xoxzo template create NAME TEXT")
        )


@click.command("show", cls=Command, epilog=examples("xoxzo template show 6", "xoxzo template show 6 --json"))
@click.argument("template", type=NUMBER)
@api()
def show(session: Session, template: int) -> None:
    """Show one template with its placeholders."""
    with session.client() as client:
        session.out.record(template_fields(session, client.templates.get(template)))


@click.command(
    "create",
    cls=Command,
    epilog=examples(
        "xoxzo template create Booking '{name}様 ご予約は{day}です'",
        "xoxzo template create Booking --file booking.txt",
    ),
)
@click.argument("name")
@click.argument("content", required=False)
@click.option("--file", metavar="FILE", help="Read the text from a file (UTF-8); - is standard input.")
@api()
def create(session: Session, name: str, content: str | None, file: str | None) -> None:
    """Write a template, with placeholders such as {name}. Xoxzo has to approve it before it can be sent."""
    text = read_text(content, file)
    with session.client() as client:
        session.out.record(template_fields(session, client.templates.create(name=name, content=text)))


@click.command(
    "update",
    cls=Command,
    epilog=examples(
        "xoxzo template update 6 --content '{name}様 お待ちしております'", "xoxzo template update 6 --name Welcome"
    ),
)
@click.argument("template", type=NUMBER)
@click.option("--name", metavar="NAME", help="How it is called from now on.")
@click.option("--content", metavar="TEXT", help="Its new text; - reads it from standard input.")
@click.option("--file", metavar="FILE", help="Read the new text from a file (UTF-8); - is standard input.")
@api()
def update(session: Session, template: int, name: str | None, content: str | None, file: str | None) -> None:
    """Change a template. It cannot be sent until Xoxzo has approved it again."""
    if name is None and content is None and file is None:
        raise click.UsageError(_("Say what to change, by --name, --content or --file."))
    text = None if content is None and file is None else read_text(content, file)
    with session.client() as client:
        session.out.record(template_fields(session, client.templates.update(template, name=name, content=text)))


@click.command("delete", cls=Command, epilog=examples("xoxzo template delete 6", "xoxzo template delete 6 --yes"))
@click.argument("template", type=NUMBER)
@api(sends=True)
def delete(session: Session, template: int) -> None:
    """Delete a template; a new one would have to be approved again."""
    confirm_action(session, _("Delete template {number} for good?").format(number=template))
    with session.client() as client:
        client.templates.delete(template)
    session.out.record({"id": template, "deleted": True})
