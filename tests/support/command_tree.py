"""The tree of the commands of `xoxzo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xoxzo.cloudpy.cli.app import xoxzo

if TYPE_CHECKING:
    from collections.abc import Iterator


def commands(
    command: click.Command = xoxzo, words: tuple[str, ...] = ("xoxzo",)
) -> Iterator[tuple[str, click.Command]]:
    """Yield every command with the words that it is typed as."""
    yield " ".join(words), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                yield from commands(found, (*words, name))
