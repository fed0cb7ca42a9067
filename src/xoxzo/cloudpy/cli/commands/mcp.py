"""`xoxzo mcp`: a server of the Model Context Protocol on standard input and output, for assistants."""

from __future__ import annotations

import asyncio
import os
from decimal import Decimal
from typing import TYPE_CHECKING

import click

# Imported here so that the table of commands reports a missing extra, in one line.
import mcp_types  # noqa: F401
import phonenumbers  # noqa: F401

from xoxzo.cloudpy.cli.core.click_base import make_command
from xoxzo.cloudpy.cli.core.configuration import Destination, NoCredentials, resolve
from xoxzo.cloudpy.cli.core.exit_codes import CREDENTIALS, DONE, MAY_BE_SENT, CommandError
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.inputs import CREDITS
from xoxzo.cloudpy.cli.core.session import check_exclusive, destination_options
from xoxzo.cloudpy.common.signals import handle_signals
from xoxzo.cloudpy.integrations.mcp.limits import SendLimits
from xoxzo.cloudpy.operations import checks

if TYPE_CHECKING:
    from xoxzo.cloudpy.integrations.mcp.tools import SendSettings


@make_command(
    "xoxzo mcp --simulator",
    "xoxzo mcp --profile shop",
    "xoxzo mcp --simulator --allow anne=+818011112222 --budget 100 --sender Shop",
    "xoxzo mcp --allow anne=+818011112222 --budget 100 --sender Shop --caller 815012345678 --call-price 15",
)
@destination_options()
@click.option("--allow", multiple=True, metavar="[NAME=]NUMBER", help="A recipient that is allowed; may be repeated.")
@click.option("--budget", type=CREDITS, help="The credits that this server may spend.")
@click.option("--sender", help="The sender of SMS; without it no SMS are sent.")
@click.option("--caller", help="The number that calls show; without it no calls are made.")
@click.option("--sms-price", type=CREDITS, help="For each part, where yours differs or none is published.")
@click.option("--call-price", type=CREDITS, help="Credits for each started minute; without it no calls are made.")
@click.option("--show-numbers", is_flag=True, help="Show phone numbers unmasked.")
def command(
    profile: str | None,
    allow: tuple[str, ...],
    budget: Decimal | None,
    *,
    simulator: bool,
    sender: str | None,
    caller: str | None,
    show_numbers: bool,
    **prices: Decimal | None,
) -> None:
    """Let an AI assistant read, and send within limits that you set (MCP).

    It speaks the Model Context Protocol on standard input and output: name this command in your assistant's settings.
    Without --allow and --budget it only reads. With both, it sends to those who are named, until the budget is spent.
    Credentials come from the environment or a profile, never from the command line.

    Exit status: 0 done, 2 wrong use, 4 credentials, 7 stopped while something was being sent.
    """
    from xoxzo.cloudpy.integrations.mcp.tools import SendSettings

    check_exclusive(profile, simulator=simulator)
    limits = _send_limits(allow, budget)
    settings = SendSettings(
        sender=None if sender is None else checks.sender(sender),
        caller=None if caller is None else checks.caller(caller),
        **prices,
    )
    if limits is not None and settings.sender is None and settings.caller is None:
        raise click.UsageError(_("Give a sender by --sender, a caller by --caller and --call-price, or both."))
    if caller is not None and prices["call_price"] is None:
        raise click.UsageError(_("--caller needs --call-price: what a call costs is not published."))
    try:
        where = resolve(profile, simulator=simulator)
    except NoCredentials as missing:
        # An assistant shows one line of what goes wrong here, if any.
        line = _("{reason} Or try it with --simulator.", reason=missing.message)
        raise CommandError(line, *missing.advice, status=CREDENTIALS) from None
    click.echo(where.line, err=True)
    asyncio.run(_serve(where, limits, settings, show_numbers=show_numbers))


async def _serve(where: Destination, limits: SendLimits | None, settings: SendSettings, *, show_numbers: bool) -> None:
    from xoxzo.cloudpy.client.async_client import AsyncClient
    from xoxzo.cloudpy.integrations.mcp.server import build

    destination = (
        "It is a simulator on this machine: nothing reaches a phone." if where.is_simulator else "It is the real one."
    )
    async with AsyncClient(
        sid=where.sid,
        auth_token=where.auth_token,
        base_url=where.base_url,
        # A second check: the client itself refuses other numbers, whatever a tool does.
        allowed_recipients=None if limits is None else limits.recipients.values(),
        app_info="xoxzo-mcp",
    ) as client:
        server = build(
            client, destination=destination, limits=limits, send_settings=settings, show_numbers=show_numbers
        )

        def end(*_signal: object) -> None:
            # A thread waits for the next line of input; only the end of the process ends that wait.
            os._exit(MAY_BE_SENT if limits is not None and limits.is_sending else DONE)

        with handle_signals(end):
            await server.run_stdio_async()


def _send_limits(allow: tuple[str, ...], budget: Decimal | None) -> SendLimits | None:
    if not allow and budget is None:
        return None
    if not allow or budget is None:
        raise click.UsageError(_("Give both --allow and --budget: whom it may reach, and for how many credits."))
    recipients: dict[str, str] = {}
    for entry in allow:
        name, mark, number = entry.rpartition("=")
        name = name if mark else f"person{len(recipients) + 1}"
        if not name or name in recipients:
            raise click.UsageError(_("--allow takes each name once, for instance anne=+818011112222"))
        recipients[name] = number
    return SendLimits(recipients, budget)
