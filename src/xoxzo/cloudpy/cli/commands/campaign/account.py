"""The account of a campaign command, and what is read from it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from xoxzo.cloudpy.campaigns import Content
from xoxzo.cloudpy.cli.commands.campaign.options import CONTENT_KINDS
from xoxzo.cloudpy.cli.commands.campaign.render import Balance
from xoxzo.cloudpy.cli.core.config import config_file
from xoxzo.cloudpy.cli.core.config.profiles import NoCredentials
from xoxzo.cloudpy.cli.core.exit_codes import describe_api_error
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.session import DEFAULT_COUNTRY, resolve_destination
from xoxzo.cloudpy.common.hosts import is_this_machine
from xoxzo.cloudpy.errors import APIError

if TYPE_CHECKING:
    from xoxzo.cloudpy import Client

ClientOptions = dict[str, Any]
"""The arguments of a client: the account and the destination."""


def client_options(given: dict[str, Any]) -> ClientOptions:
    """Return a client's arguments from a command's options; on a terminal, show the destination.

    Without ``--sender`` or ``--country``, `given` gets the profile's or else the configuration's.

    Raises:
        NoCredentials: no account is configured.
    """
    table: dict[str, Any] = {}
    try:
        found = resolve_destination(given["profile"], simulator=given["simulator"])
        table = found.table
    finally:
        if given.get("sender", "") is None:
            is_call = given["say"] is not None or given["play"] is not None
            given["sender"] = config_file.default("caller" if is_call else "sender", table)
        if given.get("country", "") is None:
            given["country"] = configured_country(table)
    if sys.stderr.isatty():
        click.echo(click.style(found.line, dim=True), err=True)
    return found.client_options()


def configured_country(table: dict[str, Any] | None = None) -> str:
    """Return where numbers without a country code belong, by a profile's table or the configuration; else Japan."""
    return config_file.default("country", table) or DEFAULT_COUNTRY


def open_client(account: ClientOptions) -> Client:
    """Open a client."""
    from xoxzo.cloudpy import Client

    return Client(**account, app_info="xoxzo-cli")


def is_local(account: ClientOptions | None) -> bool:
    """Return whether an account is one of a simulator on this machine."""
    return account is not None and is_this_machine(urlsplit(account["base_url"]).hostname or "")


def account_and_balance(given: dict[str, Any]) -> tuple[ClientOptions | None, Balance]:
    """Return the account and its balance; none where none is configured: an estimate needs none."""
    try:
        account = client_options(given)
    except NoCredentials as missing:
        return None, Balance(None, missing.message)
    return account, balance_of(account)


def balance_of(account: ClientOptions) -> Balance:
    """Return the balance of an account, or why it is not known."""
    try:
        with open_client(account) as client:
            return Balance(client.account.credits().credits)
    except APIError as error:
        return Balance(None, describe_api_error(error))


def content_from(given: dict[str, Any], account: ClientOptions | None) -> Content:
    """Return the content that a command's options give; the text of a template is read from the account."""
    kinds: list[Any] = [kind for kind in CONTENT_KINDS if given[kind] is not None]
    if len(kinds) != 1:
        raise click.UsageError(_("Give the content by one of --text, --template, --say and --play."))
    [kind] = kinds
    if not given["sender"]:
        option = "caller" if kind in {"say", "play"} else "sender"
        raise click.UsageError(_("Give --sender, or set a default: xoxzo config set {option} …", option=option))
    return Content(
        kind=kind,
        sender=given["sender"],
        message=_approved_text(given, account) if kind == "template" else given[kind],
        template=given["template"],
        language=given["language"] or "ja",
        tags=given["tags"],
        options={"track_link": True} if given["track_link"] else {},
        price=given["price"],
    )


def _approved_text(given: dict[str, Any], account: ClientOptions | None) -> str:
    # Only Xoxzo has a template's text: without an account this raises the error that says what is missing.
    with open_client(client_options(given) if account is None else account) as client:
        found = client.templates.get(given["template"])
    if found.approved_content is None:
        missing = _("Template {number} has no text in force: Xoxzo has not approved it yet.", number=found.id)
        raise click.UsageError(missing)
    return found.approved_content
