"""`xoxzo sms`, messages to phones, and `xoxzo otp`, one-time passwords by SMS."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import click

from xoxzo.cloudpy.cli.core import click_base, exit_codes, inputs, sending
from xoxzo.cloudpy.cli.core.i18n import _, ngettext
from xoxzo.cloudpy.cli.core.output.values import Output
from xoxzo.cloudpy.cli.core.session import Session, api

_day = partial(click.option, type=inputs.DAY)
_CODE_PRICE = Decimal(3)
"""Credits for the SMS with a code (API section 1.7)."""
_COLUMNS = ("msgid", "status", "recipient", "sender", "sent_time", "parts", "cost", "tags")


@click_base.make_group(
    "xoxzo sms send 080-1111-2222 こんにちは --sender Shop --simulator",
    "xoxzo sms list --since 7d",
    "xoxzo sms parts --file text.txt",
)
def command() -> None:
    """Send SMS, and follow them."""


@command.subcommand(
    "send",
    "xoxzo sms send 080-1111-2222 こんにちは --sender Shop --simulator",
    "xoxzo sms send 080-1111-2222 090-3333-4444 --file text.txt --sender Shop --reference booking-7",
    "cat numbers.txt | xoxzo sms send - 'Closed today' --sender Shop --yes --json",
    "echo こんにちは | xoxzo sms send +818011112222 - --sender Shop --dry-run",
    short_help="Send a text to one or several phones.",
)
@click.argument("words", nargs=-1, required=True, metavar="RECIPIENT... [TEXT]")
@click.option("--text", metavar="TEXT", help="The text; then all arguments are recipients.")
@click.option("--file", metavar="FILE", help="Read the text from a file (UTF-8); - is standard input.")
@sending.sms_options
@api(sends=True)
def send(session: Session, words: Sequence[str], text: str | None, file: str | None, **given: Any) -> None:
    """Send a text to one or several phones, one after the other.

    Recipients are read as people type them; one that is - stands for the lines of standard input. The last argument is
    the text, unless --text or --file has it.

    Exits with the most severe status of all recipients: 0 if Xoxzo accepted every message.
    """
    from xoxzo.cloudpy.operations import sms

    price = given.pop("price")
    numbers, given["message"] = _split(words, text, file)
    people = sending.complete_send(session, "sender", given, numbers)
    sending.check_each(people, sms.send_sms, given)
    what = _("An SMS from {sender}", sender=given["sender"])
    sending.confirm_sms(session, what, given["message"], people, given, price=price)
    sending.send_each(session, people, partial(session.client.sms.send, **given))


@command.subcommand(
    "get", "xoxzo sms get MSGID", "xoxzo sms get MSGID --json | jq -r .status", short_help="Get the status of messages."
)
@click.argument("msgids", nargs=-1, required=True, metavar="MSGID...")
@api()
def get(session: Session, msgids: Sequence[str]) -> None:
    """Get the status of messages; - reads their ids from standard input, one a line.

    QUEUED and DELIVERING are under way, DELIVERED has arrived, FAIL will never arrive.
    """
    sending.show_each(session, msgids, session.client.sms.get, _COLUMNS)


@command.subcommand(
    "list",
    "xoxzo sms list --since 7d",
    "xoxzo sms list --since 2026-11-01 --until 2026-11-30 --json >november.jsonl",
    "xoxzo sms list --on today --status FAIL --show-numbers",
    short_help="List what was sent in the last 90 days.",
)
@_day("--on", help="On this day; days are UTC: 2026-01-31, today, yesterday, 7d.")
@_day("--since", help="On this day or later.")
@_day("--until", help="On this day or earlier.")
@_day("--after", help="Later than this day.")
@_day("--before", help="Earlier than this day.")
@click.option(
    "--status",
    "wanted",
    type=inputs.Choice(["QUEUED", "DELIVERING", "DELIVERED", "FAIL"], case_sensitive=False),
    metavar="STATUS",
    help="Only these: QUEUED, DELIVERING, DELIVERED or FAIL.",
)
@click.option("--tag", metavar="TEXT", help="Only those with this tag.")
@api()
def list_(session: Session, wanted: str | None, tag: str | None, **days: date | None) -> None:
    """List what was sent in the last 90 days, as it arrives.

    This list has a much lower rate limit than other requests, and a size limit: ask for few days.
    """
    found = session.client.sms.list(**days)
    chosen = (one for one in found if (wanted is None or one.status == wanted) and (tag is None or tag in one.tags))
    count = session.out.table(map(session.out.facts, chosen), _COLUMNS)
    session.out.note(ngettext("{count} message", "{count} messages", count))


@command.subcommand(
    "wait",
    "xoxzo sms wait MSGID",
    "xoxzo sms send +818011112222 Hi --sender Shop --yes | cut -f1 | xoxzo sms wait -",
    "xoxzo sms wait MSGID --for 60 --until DELIVERING",
    short_help="Wait until messages have arrived.",
)
@click.argument("msgids", nargs=-1, required=True, metavar="MSGID...")
@click.option(
    "--for", "wait_seconds", default=300.0, show_default=True, metavar="SECONDS", help="How long to wait for each."
)
@click.option("--until", type=inputs.Choice(["DELIVERING", "DELIVERED"]), help="Stop waiting at this status.")
@api()
def wait(session: Session, msgids: Sequence[str], wait_seconds: float, until: str | None) -> None:
    """Wait until messages have arrived; - reads their ids from standard input, one a line.

    Exits with 0 if all arrived, 3 if one failed, and 6 if time ran out.
    """
    from xoxzo.cloudpy.models import MessageStatus

    enough = None if until is None else MessageStatus(until)
    end = partial(session.client.sms.wait, until=enough, timeout=wait_seconds)
    sending.show_each(session, msgids, end, _COLUMNS, good=lambda message: message.status != MessageStatus.FAIL)


@command.subcommand("find", "xoxzo sms find booking-7", "xoxzo sms find booking-7 --since 2d --json")
@click.argument("reference")
@_day("--since", help="The first day to look at: 2026-01-31, today, yesterday, 7d.")
@api()
def find(session: Session, reference: str, since: date | None) -> None:
    """Look for the messages that were sent with a reference.

    If one is found, it was sent. If none is found, it may have been sent all the same: the list has a size limit and
    may be late, so do not send again because of it. Exits with 0 if one was found, else with 3.
    """
    found = session.client.sms.find(reference, since=since)
    session.out.table(map(session.out.facts, found.messages), _COLUMNS, single=True)
    if not found.found:
        session.out.warn(_("Not found. That does not prove that it was not sent: do not send it again because of it."))
        raise click.exceptions.Exit(exit_codes.REJECTED)


@command.subcommand(
    "parts",
    "xoxzo sms parts 'ご予約の確認です。'",
    "xoxzo sms parts --file text.txt --country MY",
    "cat text.txt | xoxzo sms parts - --json",
)
@click.argument("text", required=False)
@click.option("--file", metavar="FILE", help="Read the text from a file (UTF-8); - is standard input.")
@click.option("--country", default="JP", show_default=True, metavar="CC", help="The recipient's country.")
@click.option("--track-link", is_flag=True, help="With a tracked link, which is extra.")
@click.option("--price", type=inputs.CREDITS, help="For each part, where yours differs from the published one.")
@click_base.json_option
def parts(
    text: str | None, file: str | None, country: str, price: Decimal | None, *, track_link: bool, machine: bool
) -> None:
    """Count the parts of a text and what they cost; nothing is sent.

    One character that is not ASCII makes the parts half as long: 70 characters instead of 140.

    Exits with 3 if the text is too long to be sent.
    """
    from xoxzo.cloudpy.text import estimate, measure

    words = inputs.read_text(text, file)
    length = measure(words)
    with exit_codes.invalid_arguments_as_errors():
        found = estimate(words, country, track_link=track_link, price=price)
    first_not_ascii = next((character for character in words if not character.isascii()), None)
    out = Output(machine=machine)
    facts = {name: getattr(length, name) for name in ("parts", "units", "limit", "ascii_only")}
    notes = [_(note) if out.draws else note for note in found.notes]
    out.record({**facts, "first_not_ascii": first_not_ascii, "cost": found.credits, "notes": notes})
    if length.parts is None:
        raise click.exceptions.Exit(exit_codes.REJECTED)


def _split(words: Sequence[str], text: str | None, file: str | None) -> tuple[Sequence[str], str]:
    """Separate the recipients from the text."""
    if text is not None and file is not None:
        raise click.UsageError(_("--text and --file exclude each other."))
    if text is None and file is None:
        *words, text = words
        if not words or _is_number(text):
            raise click.UsageError(_("There is no text: give it after the recipients, or by --text or --file."))
    if inputs.STDIN in words and inputs.STDIN in {text, file}:
        raise click.UsageError(_("Standard input (-) can be read once."))
    return words, inputs.read_text(text, file)


def _is_number(word: str) -> bool:
    """Return whether a word looks like a recipient: if the text was forgotten, the last recipient is not the text."""
    digits = sum(character.isdigit() for character in word)
    return digits >= 9 and all(character.isdigit() or character in "+-() ー－‐." for character in word)


@click_base.make_group(
    "xoxzo otp register https://example.com --simulator",
    "xoxzo otp request https://example.com 080-1111-2222 --simulator",
    "xoxzo otp verify https://example.com 080-1111-2222 123456 --simulator",
)
def otp() -> None:
    """Send one-time passwords, and check them. Xoxzo generates the code, and does not return it."""


@otp.subcommand("register", "xoxzo otp register https://example.com")
@click.argument("website")
@click.option(
    "--template-id", type=click.IntRange(1), metavar="ID", help="The sentence's number; 3 by default, Japanese."
)
@api()
def register(session: Session, website: str, template_id: int | None) -> None:
    """Register a website once, to request codes for it; requests must spell it the same way."""
    registered = session.client.otp.register_website(website=website, template_id=template_id)
    session.out.record(session.out.facts(registered))


@otp.subcommand("request", "xoxzo otp request https://example.com 080-1111-2222")
@click.argument("website")
@click.argument("number")
@sending.country_option
@api(sends=True)
def request(session: Session, website: str, number: str, country: str | None) -> None:
    """Send a code to a phone, for 3 credits."""
    one = sending.read_recipients(session, [number], country)[0]
    sending.confirm_send(session, _("A code for {website}", website=website), [one.number], _CODE_PRICE)
    found = session.client.otp.request(website=website, phone_number=one.number)
    session.out.record({"phone_number": session.out.number(one.number), **session.out.facts(found)})


@otp.subcommand(
    "verify",
    "xoxzo otp verify https://example.com 080-1111-2222 123456",
    "echo 123456 | xoxzo otp verify https://example.com 080-1111-2222 - --json",
)
@click.argument("website")
@click.argument("number")
@click.argument("code")
@click.option("--otp-id", metavar="ID", help="The id that the request returned, to verify as in Xoxzo's tutorial.")
@sending.country_option
@api()
def verify(session: Session, website: str, number: str, code: str, *, otp_id: str | None, country: str | None) -> None:
    """Check a code; - reads it from standard input. Each check counts as an attempt.

    Exits with 0 if it was right, and 3 if it was wrong, expired or used up.
    """
    one = sending.read_recipients(session, [number], country)[0]
    typed = inputs.read_text(code, None).strip()
    found = session.client.otp.verify(website=website, phone_number=one.number, code=typed, otp_id=otp_id)
    session.out.record(session.out.facts(found))
    if not found.verified:
        raise click.exceptions.Exit(exit_codes.REJECTED)
