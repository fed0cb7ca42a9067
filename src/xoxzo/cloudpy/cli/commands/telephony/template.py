"""`xoxzo template`: texts that Xoxzo has approved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.cli.core import click_base, exit_codes, inputs, sending
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.session import Session, api

if TYPE_CHECKING:
    from xoxzo.cloudpy.models import Template

_COLUMNS = ("id", "name", "status", "approved_content", "pending_content")
_template = click.argument("template", type=click.IntRange(1))
_variables = click_base.add_options(
    click.option("--var", "values", multiple=True, metavar="NAME=VALUE", help="A placeholder's text; may be repeated."),
    click.option("--variables", metavar="JSON", help="All placeholders' texts as one JSON object."),
)


@click_base.make_group(
    "xoxzo template list",
    "xoxzo template render 6 --var name=山田",
    "xoxzo template send 6 080-1111-2222 --var name=山田 --sender Shop --simulator",
)
def command() -> None:
    """Create, preview and send SMS templates. Accounts without Xoxzo's approval for free texts send by templates."""


@command.subcommand("list", "xoxzo template list", "xoxzo template list --json | jq .name")
@api()
def list_(session: Session) -> None:
    """List your templates."""
    if not session.out.table((_fields(session, one) for one in session.client.templates.list()), _COLUMNS):
        create_one = "xoxzo template create NAME TEXT"
        session.out.note(_("There is no template yet. Create one: {command}", command=create_one))


@command.subcommand("show", "xoxzo template show 6", "xoxzo template show 6 --json")
@_template
@api()
def show(session: Session, template: int) -> None:
    """Show one template with its placeholders."""
    session.out.record(_fields(session, session.client.templates.get(template)))


@command.subcommand(
    "create",
    "xoxzo template create Booking '{name}様 ご予約は{day}です'",
    "xoxzo template create Booking --file booking.txt",
    short_help="Create a template; Xoxzo has to approve it.",
)
@click.argument("name")
@click.argument("content", required=False)
@click.option("--file", metavar="FILE", help="Read the text from a file (UTF-8); - is standard input.")
@api()
def create(session: Session, name: str, content: str | None, file: str | None) -> None:
    """Create a template, with placeholders such as {name}. Xoxzo has to approve it before it can be sent."""
    text = inputs.read_text(content, file)
    session.out.record(_fields(session, session.client.templates.create(name=name, content=text)))


@command.subcommand(
    "update",
    "xoxzo template update 6 --content '{name}様 お待ちしております'",
    "xoxzo template update 6 --name Welcome",
    short_help="Change a template; Xoxzo has to approve it again.",
)
@_template
@click.option("--name", metavar="NAME", help="The new name.")
@click.option("--content", metavar="TEXT", help="Its new text; - reads it from standard input.")
@click.option("--file", metavar="FILE", help="Read the new text from a file (UTF-8); - is standard input.")
@api()
def update(session: Session, template: int, name: str | None, content: str | None, file: str | None) -> None:
    """Change a template. It cannot be sent until Xoxzo has approved it again."""
    if name is None and content is None and file is None:
        raise click.UsageError(_("Give what to change, by --name, --content or --file."))
    text = None if content is None and file is None else inputs.read_text(content, file)
    session.out.record(_fields(session, session.client.templates.update(template, name=name, content=text)))


@command.subcommand(
    "delete", "xoxzo template delete 6", "xoxzo template delete 6 --yes", short_help="Delete a template."
)
@_template
@api(sends=True)
def delete(session: Session, template: int) -> None:
    """Delete a template; a new one would have to be approved again."""
    sending.confirm_action(session, _("Delete template {number} for good?", number=template))
    session.client.templates.delete(template)
    session.out.record({"id": template, "deleted": True})


@command.subcommand(
    "render",
    "xoxzo template render 6 --var name=山田 --var day=11月30日",
    """xoxzo template render 6 --variables '{"name": "山田", "day": "11月30日"}' --json""",
    short_help="Show what a template becomes; nothing is sent.",
)
@_template
@_variables
@api()
def render(session: Session, template: int, values: Sequence[str], variables: str | None) -> None:
    """Show what a template becomes, with its parts and what it costs in Japan; nothing is sent."""
    filled = _read(values, variables)
    found = session.client.templates.get(template)
    with exit_codes.invalid_arguments_as_errors():
        session.out.record(session.out.facts(found.render(filled)))


@command.subcommand(
    "send",
    "xoxzo template send 6 080-1111-2222 --var name=山田 --sender Shop --simulator",
    "cat numbers.txt | xoxzo template send 6 - --var day=11月30日 --sender Shop --yes --json",
    short_help="Send an SMS by a template.",
)
@_template
@click.argument("recipients", nargs=-1, required=True, metavar="RECIPIENT...")
@_variables
@sending.sms_options
@api(sends=True)
def send(
    session: Session,
    template: int,
    recipients: Sequence[str],
    values: Sequence[str],
    variables: str | None,
    **given: Any,
) -> None:
    """Send an SMS by a template to one or several phones, one after the other.

    The template is read first, to check its placeholders and the cost before anything is sent.
    """
    from xoxzo.cloudpy.operations.sms import send_template

    filled = _read(values, variables)
    price = given.pop("price")
    people = sending.complete_send(session, "sender", given, recipients)
    given["variables"] = filled
    chosen: Template | int = template
    if not session.dry_run:
        chosen = session.client.templates.get(template)
        sending.check_each(people, partial(send_template, chosen), given)
        sender = given["sender"]
        what = _("Template {number} ({name}) from {sender}", number=template, name=chosen.name, sender=sender)
        sending.confirm_sms(session, what, chosen.render(filled).text, people, given, price=price)
    sending.send_each(session, people, partial(session.client.templates.send, chosen, **given))


def _fields(session: Session, template: Template) -> dict[str, Any]:
    return {**session.out.facts(template), "placeholders": list(template.placeholders)}


def _read(values: Sequence[str], variables: str | None) -> dict[str, str]:
    found = inputs.parse_pairs(values, "--var")
    given = None
    with suppress(ValueError):
        given = json.loads("{}" if variables is None else variables)
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        sample = '{"name": "山田"}'
        raise click.UsageError(_("--variables must be a JSON object of texts, such as {sample}", sample=sample))
    return {**given, **found}
