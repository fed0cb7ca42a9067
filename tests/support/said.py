"""Everything that the command line says: sentences in the code, help texts, names of fields."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import click

from xoxzo.cloudpy import cli
from xoxzo.cloudpy.cli.app import xoxzo
from xoxzo.cloudpy.cli.core.click_base import Group
from xoxzo.cloudpy.cli.core.help_format import paragraphs

ROOM = Path(cli.__file__).parent


def sentences(room: Path = ROOM) -> Iterator[tuple[str, str]]:
    """Give each sentence that stands in a call of `tr` or `plural`, with the file that it stands in."""
    for path in sorted(room.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"tr", "plural"}:
                for argument in node.args[: 2 if node.func.id == "plural" else 1]:
                    for part in ast.walk(argument):
                        if isinstance(part, ast.Constant) and isinstance(part.value, str) and len(part.value) > 1:
                            yield part.value, path.name


def commands(
    command: click.Command = xoxzo, words: tuple[str, ...] = ("xoxzo",)
) -> Iterator[tuple[str, click.Command]]:
    """Give every command with the words that it is typed as."""
    yield " ".join(words), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                yield from commands(found, (*words, name))


def help_texts(command: click.Command) -> Iterator[str]:
    """Give what the help of a command says, by what is translated as a whole; its examples are commands, not words."""
    for lines in paragraphs(command.help or ""):
        yield from lines[1:] if lines[0] == "\b" else [" ".join(lines)]
    for lines in paragraphs((command.epilog or "").strip("\n")):
        yield from (line for line in lines[1:] if not line.startswith("  ")) if lines[0] == "\b" else [" ".join(lines)]
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.help:
            yield parameter.help
    if isinstance(command, Group):
        yield from (entry.help for entry in command.table.values())
