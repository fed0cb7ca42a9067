"""Completion of values in the shell, from files of this machine: the Tab key makes no request."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click


def profiles(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the profiles whose names begin so; none if the configuration cannot be read."""
    from xoxzo.cloudpy.cli.core.config import profiles
    from xoxzo.cloudpy.cli.core.exit_codes import CommandError

    with suppress(CommandError):
        return [name for name in profiles.names() if name.startswith(incomplete)]
    return []


def campaigns(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the campaigns of the store whose names begin so."""
    from xoxzo.cloudpy.cli.commands.campaign.options import selected_store

    with suppress(OSError), ctx.scope(cleanup=False):
        return [name for name in selected_store().names() if name.startswith(incomplete)]
    return []
