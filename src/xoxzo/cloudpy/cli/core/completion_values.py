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
