"""`xoxzo sms send`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.cli.core.click_base import Command, examples
from xoxzo.cloudpy.cli.core.exit_codes import invalid_arguments_as_errors
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.inputs import STDIN, parse_credits_option, read_text
from xoxzo.cloudpy.cli.core.sending.batch_send import BatchSend, confirm_sms
from xoxzo.cloudpy.cli.core.sending.callback_urls import use_signed_callbacks
from xoxzo.cloudpy.cli.core.sending.options import sender_or_caller, sms_options
from xoxzo.cloudpy.cli.core.sending.recipients import read_recipients
from xoxzo.cloudpy.cli.core.session import Session, api

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
    sender = sender_or_caller(session, "sender", given.pop("sender"))
    price = parse_credits_option(given.pop("price"), "--price")
    use_signed_callbacks(given)
    recipients = read_recipients(session, numbers, given.pop("country"), sms=True)
    options = {"sender": sender, "message": message, **given}
    with invalid_arguments_as_errors(nothing_sent=True):
        for one in recipients:
            sms.send_sms(recipient=one.number, **options)
    confirm_sms(session, _("An SMS from {sender}").format(sender=sender), message, recipients, options, price=price)
    with session.client() as client:
        BatchSend(session, "msgid").run(
            [one.number for one in recipients],
            lambda number: client.sms.send(recipient=number, **options),
            follow="sms wait {id}",
        )


def _split(words: Sequence[str], text: str | None, file: str | None) -> tuple[Sequence[str], str]:
    """Separate the recipients from the text."""
    if text is not None or file is not None:
        if text is not None and file is not None:
            raise click.UsageError(_("--text and --file exclude each other."))
        if STDIN in words and STDIN in {text, file}:
            raise click.UsageError(_("Standard input (-) can be read once."))
        return words, read_text(text, file)
    numbers, last = words[:-1], words[-1]
    if not numbers or _is_number(last):
        raise click.UsageError(_("There is no text: give it after the recipients, or by --text or --file."))
    if STDIN in numbers and last == STDIN:
        raise click.UsageError(_("Standard input (-) can be read once."))
    return numbers, read_text(last, None)


def _is_number(word: str) -> bool:
    """Return whether a word looks like a recipient: if the text was forgotten, the last recipient is not the text."""
    digits = sum(character.isdigit() for character in word)
    return digits >= 9 and all(character.isdigit() or character in "+-() ー－‐." for character in word)
