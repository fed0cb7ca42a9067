"""The options ``--profile`` and ``--simulator`` of campaign commands, and the client that they select."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xoxzo.cloudpy.cli.core.click_base import CommonOption
from xoxzo.cloudpy.cli.core.config import config_file
from xoxzo.cloudpy.cli.core.session import DEFAULT_COUNTRY, check_exclusive, resolve_destination

if TYPE_CHECKING:
    from collections.abc import Callable

    from xoxzo.cloudpy import Client

F = TypeVar("F", bound="Callable[..., Any]")

ClientOptions = dict[str, Any]
"""The arguments of a client: the account and the destination."""


def destination_options(function: F) -> F:
    """Add the options that select the account and the destination."""
    simulator = click.option(
        "--simulator", is_flag=True, cls=CommonOption, help="Use the simulator of this machine; start one if none runs."
    )
    profile = click.option("--profile", cls=CommonOption, metavar="NAME", help="The account, from the configuration.")
    return profile(simulator(function))


def client_options(given: dict[str, Any]) -> ClientOptions:
    """Return a client's arguments from a command's options; on a terminal, show the destination.

    Without ``--sender`` or ``--country``, `given` gets the profile's or else the configuration's.

    Raises:
        NoCredentials: no account is configured.
    """
    check_exclusive(given["profile"], simulator=given["simulator"])
    table: dict[str, Any] = {}
    try:
        found = resolve_destination(given["profile"], simulator=given["simulator"])
        table = {} if given["simulator"] else found.table
    finally:
        _fill_defaults(given, table)
    if sys.stderr.isatty():
        click.echo(click.style(found.line, dim=True), err=True)
    allowed = config_file.default("allowed_recipients", found.table, list)
    return {
        "sid": found.sid,
        "auth_token": found.auth_token,
        "base_url": found.base_url,
        "allowed_recipients": None if allowed is None else list(map(str, allowed)),
    }


def _fill_defaults(given: dict[str, Any], table: dict[str, Any]) -> None:
    if given.get("sender", "") is None:
        is_call = given["say"] is not None or given["play"] is not None
        given["sender"] = config_file.default("caller" if is_call else "sender", table)
    if given.get("country", "") is None:
        given["country"] = configured_country(table)


def configured_country(table: dict[str, Any] | None = None) -> str:
    """Return where numbers without a country code belong, by a profile's table or the configuration; else Japan."""
    return config_file.default("country", table) or DEFAULT_COUNTRY


def open_client(account: ClientOptions) -> Client:
    """Open a client."""
    from xoxzo.cloudpy import Client

    return Client(**account, app_info="xoxzo-cli")
