"""`xoxzo template render` and `send`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.cli.commands.telephony.template.manage import NUMBER
from xoxzo.cloudpy.cli.core.click_base import Command, examples
from xoxzo.cloudpy.cli.core.exit_codes import invalid_arguments_as_errors
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.inputs import parse_credits_option, parse_pairs
from xoxzo.cloudpy.cli.core.sending.batch_send import BatchSend, confirm_sms
from xoxzo.cloudpy.cli.core.sending.callback_urls import use_signed_callbacks
from xoxzo.cloudpy.cli.core.sending.options import sender_or_caller, sms_options
from xoxzo.cloudpy.cli.core.sending.recipients import read_recipients
from xoxzo.cloudpy.cli.core.session import Session, api

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xoxzo.cloudpy.models import Template


def _variables(function: Callable[..., Any]) -> Callable[..., Any]:
    var = click.option(
        "--var", "values", multiple=True, metavar="NAME=VALUE", help="A placeholder's text; may be repeated."
    )
    variables = click.option("--variables", metavar="JSON", help="All placeholders' texts as one JSON object.")
    return var(variables(function))


@click.command(
    "render",
    cls=Command,
    epilog=examples(
        "xoxzo template render 6 --var name=山田 --var day=11月30日",
        """xoxzo template render 6 --variables '{"name": "山田", "day": "11月30日"}' --json""",
    ),
)
@click.argument("template", type=NUMBER)
@_variables
@api()
def render(session: Session, template: int, values: Sequence[str], variables: str | None) -> None:
    """Show what a template becomes, with its parts and what it costs in Japan; nothing is sent."""
    filled = _read(values, variables)
    with session.client() as client:
        found = client.templates.get(template)
    with invalid_arguments_as_errors():
        session.out.record(session.out.facts(found.render(filled)))


@click.command(
    "send",
    cls=Command,
    epilog=examples(
        "xoxzo template send 6 080-1111-2222 --var name=山田 --sender Shop --simulator",
        "cat numbers.txt | xoxzo template send 6 - --var day=11月30日 --sender Shop --yes --json",
    ),
)
@click.argument("template", type=NUMBER)
@click.argument("recipients", nargs=-1, required=True, metavar="RECIPIENT...")
@_variables
@sms_options
@api(sends=True)
def send(
    session: Session,
    template: int,
    recipients: Sequence[str],
    values: Sequence[str],
    variables: str | None,
    **given: Any,  # noqa: ANN401 - the options of an SMS
) -> None:
    """Send an SMS by a template to one or several phones, one after the other.

    The template is read first: what its text does not name is refused, and the cost is known, before anything is sent.
    """
    from xoxzo.cloudpy.operations import templates

    filled = _read(values, variables)
    sender = sender_or_caller(session, "sender", given.pop("sender"))
    price = parse_credits_option(given.pop("price"), "--price")
    use_signed_callbacks(given)
    people = read_recipients(session, recipients, given.pop("country"), sms=True)
    options = {"sender": sender, "variables": filled, **given}
    with session.client() as client:
        chosen: Template | int = template
        if not session.dry_run:
            chosen = client.templates.get(template)
            with invalid_arguments_as_errors(nothing_sent=True):
                for one in people:
                    templates.send_template(chosen, recipient=one.number, **options)
            what = _("Template {number} ({name}) from {sender}")
            what = what.format(number=template, name=chosen.name, sender=sender)
            confirm_sms(session, what, chosen.render(filled).text, people, options, price=price)
        BatchSend(session, "msgid").run(
            [one.number for one in people],
            lambda number: client.templates.send(chosen, recipient=number, **options),
            follow="sms wait {id}",
        )


def _read(values: Sequence[str], variables: str | None) -> dict[str, str]:
    found = parse_pairs(values, "--var")
    if variables is None:
        return found
    try:
        given = json.loads(variables)
    except ValueError:
        given = None
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise click.UsageError(
            _("--variables wants a JSON object of texts, such as {sample}").format(sample='{"name": "山田"}')
        )
    return {**given, **found}
