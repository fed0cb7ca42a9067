"""How a refusal is shown: for people as a sentence and what to do next, for programs as JSON; on standard error."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from xoxzo.cloudpy.cli.core.output.streams import visible

if TYPE_CHECKING:
    from xoxzo.cloudpy.cli.core.exit_codes import CommandError


def print_error(ctx: click.Context, failure: CommandError) -> None:
    """Say why a command stopped, and what to do next."""
    if ctx.params.get("machine") or ctx.meta.get("machine"):
        click.echo(json.dumps(failure.facts(), ensure_ascii=False), err=True)
        return
    who = f"{ctx.command_path}:"
    first, *more = _lines(f"{who} {visible(failure.message, lines=True)}")
    click.echo(first.replace(who, click.style(who, fg="red"), 1), err=True)
    for line in more:
        click.echo(line, err=True)
    for line in failure.advice:
        click.echo(f"  {visible(line)}", err=True)


def _lines(sentence: str) -> list[str]:
    """Break a sentence where the terminal's lines end; in a pipe it stays one line."""
    if not sys.stderr.isatty():
        return [sentence]
    import shutil

    from xoxzo.cloudpy.cli.core.output.text_width import wrap

    return wrap(sentence, shutil.get_terminal_size().columns)
