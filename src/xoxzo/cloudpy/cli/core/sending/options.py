"""The common options of commands that send: senders, recipients as people type them, signed callback URLs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from xoxzo.cloudpy.cli.core.click_base import add_options
from xoxzo.cloudpy.cli.core.exit_codes import CommandError
from xoxzo.cloudpy.cli.core.i18n import _, render_error
from xoxzo.cloudpy.cli.core.inputs import CREDITS, expand_stdin
from xoxzo.cloudpy.cli.core.session import Session
from xoxzo.cloudpy.errors import InvalidArgument

if TYPE_CHECKING:
    from xoxzo.cloudpy.callbacks import Callbacks

country_option = click.option(
    "--country",
    metavar="CC",
    help="The country of numbers without a country code; by default the configured one, or JP.",
)
_TAGGED = (
    click.option("--reference", metavar="TEXT", help="Your own key to find it by; it is sent as a tag."),
    click.option("--tag", "tags", multiple=True, metavar="TEXT", help="A tag; may be repeated."),
    click.option("--callback-url", metavar="URL", help="URL that receives the result of the message or call."),
    click.option(
        "--callbacks",
        metavar="URL",
        help="The same, signed with XOXZO_CALLBACK_SECRET and bound to --reference; xoxzo listen --verify checks it.",
    ),
)
_SMS = (
    click.option("--sender", metavar="NAME", help="10 letters and digits, or 15 digits; else the configuration's."),
    *_TAGGED,
    click.option("--track-link", is_flag=True, help="Replace the first link with a tracked short link, at extra cost."),
    click.option("--lt-callback-url", metavar="URL", help="URL that receives the first click; needs --track-link."),
    click.option("--jp-kp", is_flag=True, help="K-premium route to Japan; needs --jp-kp-sender."),
    click.option("--jp-kpl", is_flag=True, help="K-premium Lite; needs --jp-kp-sender."),
    click.option("--jp-kp-sender", metavar="DIGITS", help="The sender registered for K-premium."),
    click.option("--price", type=CREDITS, help="For each part, where yours differs from the published one."),
    country_option,
)
_CALL = (
    click.option("--caller", metavar="NUMBER", help="The number to show; else the configuration's."),
    *_TAGGED,
    country_option,
)


sms_options, call_options = add_options(*_SMS), add_options(*_CALL)
"""Add the options of an SMS, and of a call, to a command."""


SIGNING_VARIABLE = "XOXZO_CALLBACK_SECRET"
"""The environment variable with the secret that signs callback URLs; a command line would show it to others."""
_NEW_VALUE = "\"$(python3 -c 'import secrets; print(secrets.token_hex())')\""
_COUNTRIES = {"+81": "JP", "+60": "MY"}
"""The countries with published prices; others need not be known."""


class Recipient(NamedTuple):
    """A recipient."""

    number: str
    """In E.164."""
    country: str | None
    """ISO 3166-1 alpha-2, if it is known without a library."""


def complete_send(
    session: Session, option: Literal["sender", "caller"], given: dict[str, Any], recipients: Iterable[str]
) -> list[Recipient]:
    """Complete the options of a send in `given`, and return its recipients; see `read_recipients`.

    The sender or caller may come from the configuration, and callback URLs are signed. Raises `click.UsageError`.
    """
    given[option] = given[option] or session.setting(option)
    if not given[option]:
        raise click.UsageError(_("Give --{option}, or set a default: xoxzo config set {option} …", option=option))
    if given["callbacks"] is not None:
        if given["callback_url"] is not None or given.get("lt_callback_url") is not None:
            raise click.UsageError(_("--callbacks makes the URLs: omit the other callback URLs."))
        if given["reference"] is None:
            raise click.UsageError(_("--callbacks needs --reference: each URL is bound to it."))
        given["callbacks"] = signing_callbacks(given["callbacks"])
    return read_recipients(session, recipients, given.pop("country"), sms=option == "sender")


def read_recipients(
    session: Session, given: Iterable[str], country: str | None = None, *, sms: bool = False
) -> list[Recipient]:
    """Read numbers (``-``: standard input) or raise `CommandError`; warn of assumptions and repeated numbers."""
    session.destination  # noqa: B018 - prints it before any other message
    found: dict[str, Recipient] = {}
    for position, text in enumerate(expand_stdin(given), 1):
        one, remarks = _read(session, text, position, country, sms=sms)
        if one.number in found:
            remarks.append(_("this number is listed twice; it is used once"))
        for remark in remarks:
            session.out.warn(f"{session.out.number(one.number)}: {remark}")
        found.setdefault(one.number, one)
    if not found:
        raise CommandError(_("There is no number to send to."))
    return list(found.values())


def _read(session: Session, text: str, position: int, country: str | None, *, sms: bool) -> tuple[Recipient, list[str]]:
    """Return a recipient, with assumptions and warnings; reading E.164 loads no number plans."""
    from xoxzo.cloudpy.phone import parse, recipient_error

    if not recipient_error(text):
        return Recipient(text, _COUNTRIES.get(text[:3])), []
    try:
        number = parse(text, country or session.country, test_numbers=session.destination.is_simulator)
    except InvalidArgument as error:
        shown = text if session.out.show_numbers else _("number {place}", place=position)
        advice = _("Nothing was sent. See how a number is read: xoxzo phone format NUMBER")
        raise CommandError(f"{shown}: {render_error(error)}", advice) from None
    remarks = [_(str(assumption)) for assumption in number.assumptions]
    if sms and number.kind not in {"mobile", "fixed_or_mobile"}:
        remarks.append(_("this is not a mobile number ({kind}): it may not receive SMS", kind=_(number.kind)))
    return Recipient(number.e164, number.country), remarks


def signing_secret() -> str:
    """Return the secret that signs URLs; `CommandError` without one."""
    secret = os.environ.get(SIGNING_VARIABLE)
    if not secret:
        raise CommandError(
            _("{variable} is not set, and URLs are signed with it.", variable=SIGNING_VARIABLE),
            _("Type: {command}", command=f"export {SIGNING_VARIABLE}={_NEW_VALUE}"),
            _("Store it: the program that receives the callbacks needs the same value."),
        )
    return secret


def signing_callbacks(url: str) -> Callbacks:
    """Return the `Callbacks` for a public URL; `CommandError` without secret, `ConfigurationError` for a bad one."""
    from xoxzo.cloudpy.callbacks import Callbacks

    return Callbacks(signing_secret(), url)
