"""`xoxzo simulator`: runs the simulator on this machine until Ctrl-C; `stop` and `status`."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from typing import Any

import click
from click.core import ParameterSource
from msgspec.structs import replace

from xoxzo.cloudpy.cli.core import click_base, exit_codes, inputs, local_simulator
from xoxzo.cloudpy.cli.core.i18n import _, render_error
from xoxzo.cloudpy.common.hosts import is_this_machine
from xoxzo.cloudpy.common.signals import stop_signals
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.clock import RealClock, SteppedClock
from xoxzo.cloudpy.simulator.engine.context import Event
from xoxzo.cloudpy.simulator.queries.formats import event_json, event_line
from xoxzo.cloudpy.simulator.server import Server
from xoxzo.cloudpy.simulator.settings import PROFILES, Settings, profile
from xoxzo.cloudpy.simulator.settings_text import parse_assignments, settings_table
from xoxzo.cloudpy.simulator.simulator import Simulator

MAX_WAITING_EVENTS = 10_000
"""The most events that wait to be written; later ones are only counted until the reader reads again."""
_BATCH_SIZE = 500
# Events of this time are written together: waking and flushing for each would take time from the requests.
_GATHER_SECONDS = 0.02


class EventLog:
    """Writes events to standard output, after the simulator's address, as `write` formats them.

    Events that a database has due may occur before. A full or closed pipe, or an encoding without Japanese, must not
    stop a request.
    """

    def __init__(self, write: Callable[[Event, bool], str], *, show_content: bool) -> None:
        self._write = write
        self._show_content = show_content
        self._waiting: deque[Event] = deque()
        self._woken = threading.Event()
        self._over = threading.Event()
        self._lost = 0
        self._thread = threading.Thread(target=self._run, name="xoxzo-simulator-log", daemon=True)

    def enqueue(self, event: Event) -> None:
        """Queue an event to be written."""
        if len(self._waiting) >= MAX_WAITING_EVENTS:
            self._lost += 1
            return
        self._waiting.append(event)
        if not self._woken.is_set():
            self._woken.set()

    def begin(self) -> None:
        """Start to write the queued events."""
        self._thread.start()

    def close(self, timeout_seconds: float = 0.5) -> None:
        """Write the rest, as much as is read until the timeout."""
        self._over.set()
        self._woken.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        while self._waiting or not self._over.is_set():
            self._woken.wait()
            self._over.wait(_GATHER_SECONDS)
            self._woken.clear()
            while self._waiting:
                events = [self._waiting.popleft() for _ in range(min(_BATCH_SIZE, len(self._waiting)))]
                lines = [self._write(event, self._show_content) for event in events]
                lost, self._lost = self._lost, 0
                with suppress(OSError, ValueError):
                    print("\n".join(lines), flush=True)
                if lost:
                    warning = f"xoxzo simulator: the log was not read; {lost:,} of its lines were dropped"
                    with suppress(OSError, ValueError):
                        print(warning, file=sys.stderr)


@click_base.make_group(
    "xoxzo simulator",
    "xoxzo simulator --port 9000 --database state.db",
    "xoxzo simulator --profile strict --set list_interval=60",
    "xoxzo simulator status",
    invoke_without_command=True,
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free port.")
@click.option("--sid", help="Accept this SID only; by default any SID and token are accepted.")
@click.option("--token", envvar="XOXZO_SIMULATOR_TOKEN", help="The token of --sid.", show_envvar=True)
@click.option(
    "--profile",
    "profile_name",
    type=inputs.Choice(list(PROFILES)),
    default="standard",
    show_default=True,
    help="strict has rate limits; new-account may send templates only.",
)
@click.option("--credits", type=click.FloatRange(0), help="What each account starts with.")
@click.option(
    "--clock",
    type=inputs.Choice(["real", "stepped"]),
    default="real",
    show_default=True,
    help="A stepped clock is stopped until it is advanced.",
)
@click.option("--database", type=click.Path(), help="Keep the state in this file; by default it ends with the program.")
@click.option("--seed", type=int, help="Make ids and numbers repeatable.")
@click.option(
    "--number",
    "numbers",
    multiple=True,
    metavar="NUMBER=OUTCOME",
    help="Fix the outcome of a number: fail, hold (switched off), ignore, decline or deliver; may be repeated.",
)
@click.option("--legacy-sin", is_flag=True, help="Serve the retired SIN paths.")
@click.option(
    "--allow-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="A name of this machine, such as its container's; may be repeated.",
)
@click.option("--allow-network", is_flag=True, help="Let callbacks and action URLs reach other machines.")
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Any setting; may be repeated.")
@click.option("--show-settings", is_flag=True, help="Write all settings as a table, and exit.")
@click.option("--show-content", is_flag=True, help="Show phone numbers and texts unmasked in the log.")
@click.option("--unlisted", is_flag=True, help="Hide it from other commands: neither --simulator nor stop finds it.")
@click.option("--json", "machine", is_flag=True, help="Write the start line and the log as JSON, one object a line.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    host: str,
    port: int,
    clock: str,
    database: str | None,
    *,
    show_settings: bool,
    show_content: bool,
    unlisted: bool,
    machine: bool,
    **options: Any,
) -> None:
    """Run Xoxzo's telephony service on this machine.

    It serves the same HTTP API, delivers messages to virtual phones, requests callbacks and action URLs on this
    machine, and never reaches the real service. Stop it with Ctrl-C.
    """
    if ctx.invoked_subcommand is not None:
        return
    settings = _settings_from(**options)
    if show_settings:
        click.echo(settings_table(settings))
        return
    with stop_signals() as stopped:
        try:
            moment = SteppedClock() if clock == "stepped" else RealClock()
            simulator = Simulator(settings, clock=moment, database=database)
            log = EventLog(event_json if machine else event_line, show_content=show_content)
            simulator.engine.add_listener(log.enqueue)
            server = Server(simulator, host, port)
            server.start()
        except SimulatorError as error:
            raise exit_codes.CommandError(render_error(error)) from None
        usable = settings.sid is None and (is_this_machine(host) or server.url.startswith("http://127.0.0.1:"))
        with nullcontext() if unlisted else local_simulator.registered(server.url, simulator.instance, usable=usable):
            try:
                _announce(server, settings, host, machine=machine)
                log.begin()
                while not stopped(0.5):  # a wait without end cannot be interrupted on every system
                    pass
            finally:
                server.stop()
                log.close()


def _settings_from(
    *, profile_name: str, assignments: tuple[str, ...], numbers: tuple[str, ...], token: str | None, **options: Any
) -> Settings:
    """Return the settings of the command line: the profile, then the options, then each `--set`."""
    given = {name: value for name, value in options.items() if value is not None and value is not False and value != ()}
    try:
        if assignments:
            given |= parse_assignments(assignments)
        if numbers:
            fixed = ((number, outcome) for number, _equals, outcome in (text.partition("=") for text in numbers))
            given["numbers"] = {**given.get("numbers", {}), **dict(fixed)}
        settings = profile(profile_name, **{"token": token, **given})
    except SimulatorError as error:
        raise click.UsageError(render_error(error)) from None
    if settings.sid is not None and not settings.token:
        raise click.UsageError(_("--sid needs --token (or XOXZO_SIMULATOR_TOKEN)."))
    if settings.sid is None and settings.token is not None:
        source = click.get_current_context().get_parameter_source("token")
        if token != settings.token or source == ParameterSource.COMMANDLINE:
            raise click.UsageError(_("--token needs --sid."))
        return replace(settings, token=None)  # the environment alone has a token
    return settings


def _announce(server: Server, settings: Settings, host: str, *, machine: bool) -> None:
    if machine:
        click.echo(json.dumps({"event": "started", "url": server.url}))
    else:
        click.echo(_("Xoxzo simulator: {url}", url=server.url))
    if not is_this_machine(host):
        warning = _("Warning: {host} may be reached from other machines, and so may all that is sent.", host=host)
        click.echo(warning, err=True)
    if sys.stdout.isatty() and not machine:
        sid, token = (settings.sid, "$XOXZO_SIMULATOR_TOKEN") if settings.sid else ("me", "secret")
        click.echo(
            f"  export XOXZO_API_HOST={server.url} XOXZO_API_SID={sid} XOXZO_API_AUTH_TOKEN={token}\n"
            f"  curl -u {sid}:{token} {server.url}/sms/messages/ --data-urlencode recipient=+819000001234 \\\n"
            f"       -d sender=Xoxzo --data-urlencode message=こんにちは\n"
            f"  {_('Open {url}/ in a browser to see the phones. Stop with Ctrl-C.', url=server.url)}\n"
        )


_POLL_SECONDS = 0.01


@command.subcommand("stop", "xoxzo simulator stop", "xoxzo simulator stop --url http://127.0.0.1:8080")
@click.option("--url", help="Stop the one at this address; by default all that run.")
@click.option("--timeout", default=10.0, show_default=True, type=click.FloatRange(0), help="Seconds to wait for each.")
def stop(url: str | None, timeout: float) -> None:
    """Stop the simulators that run on this machine, and wait until they have gone.

    Exits with 0 if all have stopped, and 6 if one still runs.
    """
    entries = [entry for entry in local_simulator.running() if url is None or entry.url == url.rstrip("/")]
    if not entries:
        none = _("No simulator of yours runs on this machine.")
        click.echo(none if url is None else _("No simulator runs at {url}.", url=url))
    for entry in entries:
        os.kill(entry.pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    for entry in entries:
        while local_simulator.is_there(entry):
            if not time.monotonic() < deadline:
                message = _("the simulator at {url} still runs (process {pid})", url=entry.url, pid=entry.pid)
                raise exit_codes.CommandError(message, status=exit_codes.NOT_SENT)
            time.sleep(_POLL_SECONDS)
        click.echo(_("The simulator at {url} was stopped.", url=entry.url))


@command.subcommand("status", "xoxzo simulator status", "xoxzo simulator status --json")
@click_base.json_option
def status(*, machine: bool) -> None:
    """List the simulators that run on this machine; exits with 0 if there is one, else with 3."""
    entries = local_simulator.running()
    for entry in entries:
        since = datetime.fromtimestamp(entry.started, UTC)
        if machine:
            fields = {"url": entry.url, "pid": entry.pid, "started": f"{since:%Y-%m-%dT%H:%M:%SZ}"}
            click.echo(json.dumps({**fields, "version": entry.version, "usable": entry.usable}))
        else:
            when = f"{since.astimezone():%Y-%m-%d %H:%M}"
            facts: dict[str, Any] = {"url": entry.url, "pid": entry.pid, "since": when}
            usable = _("{url}  since {since}, process {pid}", **facts)
            left_alone = _("{url}  since {since}, process {pid}, which --simulator leaves alone", **facts)
            click.echo(usable if entry.usable else left_alone)
    if not entries:
        if not machine:
            click.echo(_("No simulator of yours runs on this machine. Start one with: xoxzo simulator"))
        raise click.exceptions.Exit(exit_codes.REJECTED)


@command.subcommand("wait-ready", "xoxzo simulator wait-ready --url http://127.0.0.1:8080")
@click.option("--url", default="http://127.0.0.1:8080", show_default=True, help="The URL of the simulator.")
@click.option("--timeout", default=10.0, show_default=True, type=click.FloatRange(0), help="Seconds to wait.")
def wait_ready(url: str, timeout: float) -> None:
    """Wait until a simulator answers. Exits with 0 then, and with 6 if none does in time."""
    deadline = time.monotonic() + timeout
    while not local_simulator.answers_as(url.rstrip("/")):
        if not time.monotonic() < deadline:  # "nan" seconds are over, too
            sentence = _("no simulator answers at {url} within {seconds} s", url=url, seconds=f"{timeout:g}")
            raise exit_codes.CommandError(sentence, status=exit_codes.NOT_SENT)
        time.sleep(_POLL_SECONDS)
