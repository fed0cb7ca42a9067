"""How a refusal is shown: for people as a sentence and what to do next, for programs as JSON; on standard error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from .statuses import Refused


def tell_refusal(ctx: click.Context, refused: Refused) -> None:
    """Say why a command stopped, and what to do next."""
    if ctx.params.get("machine") or ctx.meta.get("machine"):
        click.echo(json.dumps(refused.facts(), ensure_ascii=False), err=True)
        return
    click.echo(f"{click.style(ctx.command_path + ':', fg='red')} {refused.message}", err=True)
    for line in refused.advice:
        click.echo(f"  {line}", err=True)
