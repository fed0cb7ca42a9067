"""`xoxzo simulator stop` and `status`: which simulators run on this machine, and their end."""

from __future__ import annotations

import json
import os
import signal
import time
from datetime import UTC, datetime

import click

from . import registry

_GLANCE = 0.01


@click.command()
@click.option("--url", help="Stop the one at this address; by default all that run.")
@click.option("--timeout", default=10.0, show_default=True, type=click.FloatRange(0), help="Seconds to wait for each.")
def stop(url: str | None, timeout: float) -> None:
    """Stop the simulators that run on this machine, and wait until they have gone.

    Ends with 0 when none is left, and with 6 when one goes on.
    """
    entries = [entry for entry in registry.running() if url is None or entry.url == url.rstrip("/")]
    if not entries:
        click.echo("No simulator of yours runs on this machine." if url is None else f"No simulator runs at {url}.")
    for entry in entries:
        os.kill(entry.pid, signal.SIGTERM)
    give_up = time.monotonic() + timeout
    for entry in entries:
        while registry.is_there(entry):
            if time.monotonic() >= give_up:
                click.echo(f"xoxzo simulator: the one at {entry.url} goes on (process {entry.pid})", err=True)
                raise click.exceptions.Exit(6)
            time.sleep(_GLANCE)
        click.echo(f"The simulator at {entry.url} was stopped.")


@click.command()
@click.option("--json", "machine", is_flag=True, help="Write one JSON object a line.")
def status(*, machine: bool) -> None:
    """Tell which simulators run on this machine; ends with 0 when one does, and with 3 when none."""
    entries = registry.running()
    for entry in entries:
        since = datetime.fromtimestamp(entry.started, UTC)
        if machine:
            told = {"url": entry.url, "pid": entry.pid, "started": f"{since:%Y-%m-%dT%H:%M:%SZ}"}
            click.echo(json.dumps({**told, "version": entry.version, "usable": entry.usable}))
        else:
            wants = "" if entry.usable else ", which --simulator leaves alone"
            click.echo(f"{entry.url}  since {since.astimezone():%Y-%m-%d %H:%M}, process {entry.pid}{wants}")
    if not entries:
        if not machine:
            click.echo("No simulator of yours runs on this machine. Start one with: xoxzo simulator")
        raise click.exceptions.Exit(3)
