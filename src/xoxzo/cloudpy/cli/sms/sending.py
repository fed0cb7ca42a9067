"""`xoxzo sms send`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.cli.asking import Plan, allow
from xoxzo.cloudpy.cli.commands import Command, examples
from xoxzo.cloudpy.cli.inputs import STDIN, amount, text_of
from xoxzo.cloudpy.cli.options import from_whom, sms_options
from xoxzo.cloudpy.cli.recipients import read
from xoxzo.cloudpy.cli.sends import Sends, cost_of
from xoxzo.cloudpy.cli.session import Session, api
from xoxzo.cloudpy.cli.signing import sign
from xoxzo.cloudpy.cli.statuses import objection
from xoxzo.cloudpy.cli.words import tr

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command(
    "send",
    cls=Command,
    epilog=examples(
        "xoxzo sms send 080-1111-2222 こんにちは --sender Shop --simulator",
        "xoxzo sms send 080-1111-2222 090-3333-4444 --file text.txt --sender Shop --reference booking-7",
        "cat numbers.txt | xoxzo sms send - 'Closed today' --sender Shop --yes --json",
        "echo こんにちは | xoxzo sms send +818011112222 - --sender Shop --dry-run",
    ),
)
@click.argument("words", nargs=-1, required=True, metavar="RECIPIENT... [TEXT]")
@click.option("--text", metavar="TEXT", help="The text; then all arguments are recipients.")
@click.option("--file", metavar="FILE", help="Read the text from a file (UTF-8); - is standard input.")
@sms_options
@api(sends=True)
def command(session: Session, words: Sequence[str], text: str | None, file: str | None, **given: Any) -> None:  # noqa: ANN401
    """Send a text to one or several phones, one after the other.

    Recipients are read as people type them; one that is - stands for the lines of standard input. The last argument is
    the text, unless --text or --file has it.

    Ends with the gravest status of all recipients: 0 when Xoxzo took every message.
    """
    from xoxzo.cloudpy.operations import sms

    numbers, message = _split(words, text, file)
    sender = from_whom(session, "sender", given.pop("sender"))
    price = amount(given.pop("price"), "--price")
    sign(given)
    recipients = read(session, numbers, given.pop("country"), sms=True)
    options = {"sender": sender, "message": message, **given}
    with objection(nothing_sent=True):
        for one in recipients:
            sms.send_sms(recipient=one.number, **options)
    cost, parts = cost_of(message, recipients, options, price)
    plan = Plan(
        what=tr("An SMS from {sender}", sender=sender),
        recipients=[one.number for one in recipients],
        cost=cost,
        parts=parts,
    )
    allow(session, plan)
    with session.client() as client:
        Sends(session, "msgid").run(
            [one.number for one in recipients],
            lambda number: client.sms.send(recipient=number, **options),
            follow="sms wait {id}",
        )


def _split(words: Sequence[str], text: str | None, file: str | None) -> tuple[Sequence[str], str]:
    """Tell recipients and text apart."""
    if text is not None or file is not None:
        if text is not None and file is not None:
            raise click.UsageError(tr("--text and --file exclude each other."))
        if STDIN in words and STDIN in {text, file}:
            raise click.UsageError(tr("Standard input (-) can be read once."))
        return words, text_of(text, file)
    numbers, last = words[:-1], words[-1]
    if not numbers or _is_number(last):
        raise click.UsageError(tr("There is no text: give it after the recipients, or by --text or --file."))
    if STDIN in numbers and last == STDIN:
        raise click.UsageError(tr("Standard input (-) can be read once."))
    return numbers, text_of(last, None)


def _is_number(word: str) -> bool:
    """Whether a word could be meant as one more recipient: a text that was forgotten must not become one."""
    digits = sum(character.isdigit() for character in word)
    return digits >= 9 and all(character.isdigit() or character in "+-() ー－‐." for character in word)
