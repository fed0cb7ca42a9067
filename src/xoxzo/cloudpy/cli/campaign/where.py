"""Where a campaign's requests go: ``--profile`` and ``--simulator``, as for every command of the API."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xoxzo.cloudpy.cli import config
from xoxzo.cloudpy.cli.commands import CommonOption
from xoxzo.cloudpy.cli.profiles import NoCredentials, resolve
from xoxzo.cloudpy.cli.session import again
from xoxzo.cloudpy.cli.words import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from xoxzo.cloudpy import Client

F = TypeVar("F", bound="Callable[..., Any]")

Account = dict[str, Any]
"""What a client takes to know where requests go, and by whose account."""


def where_options(function: F) -> F:
    """Add the options that say where requests go."""
    simulator = click.option(
        "--simulator", is_flag=True, cls=CommonOption, help="Use the simulator of this machine; start one if none runs."
    )
    profile = click.option("--profile", cls=CommonOption, metavar="NAME", help="The account, from the configuration.")
    return profile(simulator(function))


def account_of(given: dict[str, Any]) -> Account:
    """Find out where requests go, and say so where somebody reads it.

    Args:
        given: a command's options.

    Raises:
        NoCredentials: nobody knows.
    """
    if given["simulator"] and given["profile"] is not None:
        raise click.UsageError(tr("--simulator and --profile exclude each other."))
    try:
        found = resolve(given["profile"], simulator=given["simulator"])
    except NoCredentials as missing:
        missing.advice = (
            *missing.advice,
            tr("Or try it on this machine, where nothing is really sent:"),
            f"  {again()} --simulator",
        )
        raise
    if sys.stderr.isatty():
        click.echo(click.style(found.line, dim=True), err=True)
    allowed = config.default("allowed_recipients", found.table, list)
    return {
        "sid": found.sid,
        "auth_token": found.auth_token,
        "base_url": found.base_url,
        "allowed_recipients": None if allowed is None else [str(each) for each in allowed],
    }


def client_of(account: Account) -> Client:
    """Open a client."""
    from xoxzo.cloudpy import Client

    return Client(**account, app_info="xoxzo-cli")
