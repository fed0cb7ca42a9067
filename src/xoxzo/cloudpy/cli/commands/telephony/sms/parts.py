"""`xoxzo sms parts`: a text's length and price, without any network."""

from __future__ import annotations

import click

from xoxzo.cloudpy.cli.core.click_base import Command, examples, json_option
from xoxzo.cloudpy.cli.core.exit_codes import REJECTED, invalid_arguments_as_errors
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.inputs import parse_credits_option, read_text
from xoxzo.cloudpy.cli.core.output.results import Output


@click.command(
    "parts",
    cls=Command,
    epilog=examples(
        "xoxzo sms parts 'ご予約の確認です。'",
        "xoxzo sms parts --file text.txt --country MY",
        "cat text.txt | xoxzo sms parts - --json",
    ),
)
@click.argument("text", required=False)
@click.option("--file", metavar="FILE", help="Read the text from a file (UTF-8); - is standard input.")
@click.option("--country", default="JP", show_default=True, metavar="CC", help="Where it would be sent to.")
@click.option("--track-link", is_flag=True, help="With a tracked link, which is extra.")
@click.option("--price", metavar="CREDITS", help="For each part, where yours differs from the published one.")
@json_option
def command(
    text: str | None, file: str | None, country: str, price: str | None, *, track_link: bool, machine: bool
) -> None:
    """Count the parts of a text and what they cost; nothing is sent.

    One character that is not ASCII makes the parts half as long: 70 characters in place of 140.

    Ends with 3 for a text that is too long to be sent.
    """
    from xoxzo.cloudpy.text import estimate, measure

    words = read_text(text, file)
    length = measure(words)
    with invalid_arguments_as_errors():
        found = estimate(words, country, track_link=track_link, price=parse_credits_option(price, "--price"))
    first_not_ascii = None if length.ascii_only else next(character for character in words if not character.isascii())
    out = Output(machine=machine)
    out.record(
        {
            "parts": length.parts,
            "units": length.units,
            "limit": length.limit,
            "ascii_only": length.ascii_only,
            "first_not_ascii": first_not_ascii,
            "cost": found.credits,
            "notes": [_(note) if out.draws else note for note in found.notes],
        }
    )
    if length.parts is None:
        raise click.exceptions.Exit(REJECTED)
