"""`xoxzo simulator stop` and `status`: stops and lists the simulators of this machine."""

from __future__ import annotations

import json
import os
import signal
import time
from datetime import UTC, datetime

import click

from xoxzo.cloudpy.cli.core.click_base import Command, examples, json_option
from xoxzo.cloudpy.cli.core.config import simulator_registry
from xoxzo.cloudpy.cli.core.i18n import N_, _

_POLL_SECONDS = 0.01
_USABLE = N_("{url}  since {since}, process {pid}")
_NOT_USABLE = N_("{url}  since {since}, process {pid}, which --simulator leaves alone")


@click.command(cls=Command, epilog=examples("xoxzo simulator stop", "xoxzo simulator stop --url http://127.0.0.1:8080"))
@click.option("--url", help="Stop the one at this address; by default all that run.")
@click.option("--timeout", default=10.0, show_default=True, type=click.FloatRange(0), help="Seconds to wait for each.")
def stop(url: str | None, timeout: float) -> None:
    """Stop the simulators that run on this machine, and wait until they have gone.

    Ends with 0 when none is left, and with 6 when one goes on.
    """
    entries = [entry for entry in simulator_registry.running() if url is None or entry.url == url.rstrip("/")]
    if not entries:
        none = _("No simulator of yours runs on this machine.")
        click.echo(none if url is None else _("No simulator runs at {url}.").format(url=url))
    for entry in entries:
        os.kill(entry.pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    for entry in entries:
        while simulator_registry.is_there(entry):
            if time.monotonic() >= deadline:
                message = _("the one at {url} goes on (process {pid})").format(url=entry.url, pid=entry.pid)
                click.echo(f"xoxzo simulator stop: {message}", err=True)
                raise click.exceptions.Exit(6)
            time.sleep(_POLL_SECONDS)
        click.echo(_("The simulator at {url} was stopped.").format(url=entry.url))


@click.command(cls=Command, epilog=examples("xoxzo simulator status", "xoxzo simulator status --json"))
@json_option
def status(*, machine: bool) -> None:
    """Tell which simulators run on this machine; ends with 0 when one does, and with 3 when none."""
    entries = simulator_registry.running()
    for entry in entries:
        since = datetime.fromtimestamp(entry.started, UTC)
        if machine:
            fields = {"url": entry.url, "pid": entry.pid, "started": f"{since:%Y-%m-%dT%H:%M:%SZ}"}
            click.echo(json.dumps({**fields, "version": entry.version, "usable": entry.usable}))
        else:
            sentence = _USABLE if entry.usable else _NOT_USABLE
            click.echo(_(sentence).format(url=entry.url, since=f"{since.astimezone():%Y-%m-%d %H:%M}", pid=entry.pid))
    if not entries:
        if not machine:
            click.echo(_("No simulator of yours runs on this machine. Start one with: xoxzo simulator"))
        raise click.exceptions.Exit(3)
