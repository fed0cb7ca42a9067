"""The common options of commands that send."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xoxzo.cloudpy.cli.core.i18n import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from xoxzo.cloudpy.cli.core.session import Session

F = TypeVar("F", bound="Callable[..., Any]")

country_option = click.option(
    "--country", metavar="CC", help="Where numbers without a country code belong; JP by default."
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
    click.option("--price", metavar="CREDITS", help="For each part, where yours differs from the published one."),
    country_option,
)
_CALL = (
    click.option("--caller", metavar="NUMBER", help="The number to show; else the configuration's."),
    *_TAGGED,
    country_option,
)


def _all(options: tuple[Any, ...]) -> Callable[[F], F]:
    return lambda function: reduce(lambda done, option: option(done), reversed(options), function)


sms_options = _all(_SMS)
"""Adds the options of an SMS to a command."""
call_options = _all(_CALL)
"""Adds the options of a call to a command."""


def sender_or_caller(session: Session, option: str, given: str | None) -> str:
    """Return the value of the option ``sender`` or ``caller``: the given one, else the configuration's.

    Raises:
        click.UsageError: there is none.
    """
    found = given or session.setting(option)
    if not found:
        line = _("Say from whom: --{option} …, or once and for all: xoxzo config set {option} …").format(option=option)
        raise click.UsageError(line)
    return str(found)
