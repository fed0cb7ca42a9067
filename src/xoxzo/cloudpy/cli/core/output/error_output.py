"""Prints an error on standard error: for people as a sentence and advice, for programs as JSON."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from xoxzo.cloudpy.cli.core.output.streams import visible
from xoxzo.cloudpy.cli.core.output.text_width import wrap_at_terminal

if TYPE_CHECKING:
    from xoxzo.cloudpy.cli.core.exit_codes import CommandError


def print_error(ctx: click.Context, failure: CommandError) -> None:
    """Print why a command stopped, and what to do next."""
    if ctx.params.get("machine") or ctx.meta.get("machine"):
        click.echo(json.dumps(failure.facts(), ensure_ascii=False), err=True)
        return
    who = f"{ctx.command_path}:"
    first, *more = wrap_at_terminal(f"{who} {visible(failure.message, lines=True)}", sys.stderr)
    click.echo(first.replace(who, click.style(who, fg="red"), 1), err=True)
    for line in (*more, *(f"  {visible(line)}" for line in failure.advice)):
        click.echo(line, err=True)
