"""`xoxzo simulator`: runs the simulator on this machine until Ctrl-C."""

from __future__ import annotations

import ipaddress
import json
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from xoxzo.cloudpy.cli.commands.simulator.control import status, stop as stop_running
from xoxzo.cloudpy.cli.commands.simulator.log import EventLog
from xoxzo.cloudpy.cli.core.click_base import Group, examples
from xoxzo.cloudpy.cli.core.config import simulator_registry
from xoxzo.cloudpy.cli.core.i18n import _, render_error
from xoxzo.cloudpy.cli.core.inputs import Choice
from xoxzo.cloudpy.cli.core.signals import stop_signals

# Imported here so that the table of commands reports a missing extra, in one line.
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.clock import RealClock, SteppedClock

# Imported here so that the table of commands reports a missing extra, in one line.
from xoxzo.cloudpy.simulator.queries.event_format import event_json, event_line
from xoxzo.cloudpy.simulator.server import Server
from xoxzo.cloudpy.simulator.settings import PROFILES, Settings, profile
from xoxzo.cloudpy.simulator.simulator import Simulator

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_POLL_SECONDS = 0.05


@click.group(
    cls=Group,
    invoke_without_command=True,
    epilog=examples(
        "xoxzo simulator",
        "xoxzo simulator --port 9000 --database state.db",
        "xoxzo simulator --profile strict --set list_interval=60",
        "xoxzo simulator status",
    ),
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free port.")
@click.option("--sid", help="Accept this SID only; by default any SID and token are accepted.")
@click.option("--token", envvar="XOXZO_SIMULATOR_TOKEN", help="The token of --sid.", show_envvar=True)
@click.option(
    "--profile",
    "profile_name",
    type=Choice(list(PROFILES)),
    default="standard",
    show_default=True,
    help="strict is throttled; new-account may send templates alone.",
)
@click.option("--credits", type=click.FloatRange(0), help="What each account starts with.")
@click.option(
    "--clock",
    type=Choice(["real", "stepped"]),
    default="real",
    show_default=True,
    help="A stepped one stands still until it is advanced.",
)
@click.option("--database", type=click.Path(), help="Keep the state in this file; by default it ends with the program.")
@click.option("--seed", type=int, help="Make ids and numbers repeatable.")
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
@click.option("--show-settings", is_flag=True, help="Write all settings as a table, and end.")
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
    **options: Any,  # noqa: ANN401 - the other options
) -> None:
    """Run Xoxzo's telephony service on this machine.

    It serves the same HTTP API, brings messages to phones that are not there, calls callbacks and action URLs on
    this machine, and never reaches the real service. Stop it with Ctrl-C.
    """
    if ctx.invoked_subcommand is not None:
        return
    settings = _settings_from(**options)
    if show_settings:
        from xoxzo.cloudpy.simulator.settings_text import settings_table

        click.echo(settings_table(settings))
        return
    with stop_signals() as stop:
        try:
            moment = SteppedClock() if clock == "stepped" else RealClock()
            simulator = Simulator(settings, clock=moment, database=database)
            log = EventLog(event_json if machine else event_line, show_content=show_content)
            simulator.engine.add_listener(log.enqueue)
            server = Server(simulator, host, port)
            server.start()
        except SimulatorError as error:
            click.echo(f"xoxzo simulator: {render_error(error)}", err=True)
            raise click.exceptions.Exit(2) from None
        with nullcontext() if unlisted else _registered(simulator, server, settings, host):
            try:
                _announce(server, settings, host, machine=machine)
                log.begin()
                while not stop.wait(0.5):  # a wait without end cannot be interrupted on every system
                    pass
            finally:
                server.stop()
                log.close()


def _settings_from(
    *,
    profile_name: str,
    assignments: tuple[str, ...],
    sid: str | None,
    token: str | None,
    **options: Any,  # noqa: ANN401 - fields of Settings, each of its own type
) -> Settings:
    """Return the settings of the command line: the profile, then the options, then each `--set`.

    Options that were not given are `None` or false; `token` may come from the environment.

    Raises:
        click.UsageError: They contradict each other, or a setting is unknown or of another type.
    """
    given = {name: value for name, value in options.items() if value is not None and value is not False and value != ()}
    try:
        if assignments:
            from xoxzo.cloudpy.simulator.settings_text import parse_assignments

            given |= parse_assignments(assignments)
        settings = profile(profile_name, **{"sid": sid, "token": token, **given})
    except SimulatorError as error:
        raise click.UsageError(render_error(error)) from None
    if settings.sid is not None and not settings.token:
        raise click.UsageError(_("--sid needs --token (or XOXZO_SIMULATOR_TOKEN)."))
    if settings.sid is None and settings.token is not None:
        if (
            token == settings.token
            and click.get_current_context().get_parameter_source("token") != ParameterSource.COMMANDLINE
        ):
            return replace(settings, token=None)  # the environment alone has a token
        raise click.UsageError(_("--token needs --sid."))
    return settings


command.add_command(stop_running)
command.add_command(status)


@command.command("wait-ready", epilog=examples("xoxzo simulator wait-ready --url http://127.0.0.1:8080"))
@click.option("--url", default="http://127.0.0.1:8080", show_default=True, help="Where the simulator is, or will be.")
@click.option("--timeout", default=10.0, show_default=True, type=click.FloatRange(0), help="Seconds to wait.")
def wait_ready(url: str, timeout: float) -> None:
    """Wait until a simulator answers; ends with 0 then, and with 6 when none does in time."""
    deadline = time.monotonic() + timeout
    while not _is_ready(url):
        if time.monotonic() >= deadline:
            sentence = _("no simulator answers at {url} within {seconds} s").format(url=url, seconds=f"{timeout:g}")
            click.echo(f"xoxzo simulator: {sentence}", err=True)
            raise click.exceptions.Exit(6)
        time.sleep(_POLL_SECONDS)


def _is_ready(url: str) -> bool:
    from xoxzo.cloudpy.cli.core.http_probe import probe

    outcome = probe("GET", f"{url.rstrip('/')}/_simulator/health", {})
    return outcome.status == 200 and b'"status"' in outcome.body


def _registered(simulator: Simulator, server: Server, settings: Settings, host: str) -> AbstractContextManager[None]:
    usable = settings.sid is None and (_is_loopback(host) or server.url.startswith("http://127.0.0.1:"))
    return simulator_registry.registered(server.url, simulator.instance, usable=usable)


def _announce(server: Server, settings: Settings, host: str, *, machine: bool) -> None:
    if machine:
        click.echo(json.dumps({"event": "started", "url": server.url}))
    else:
        click.echo(_("Xoxzo simulator: {url}").format(url=server.url))
    if not _is_loopback(host):
        warning = _("Warning: {host} may be reached from other machines, and so may all that is sent.").format(
            host=host
        )
        click.echo(warning, err=True)
    if sys.stdout.isatty() and not machine:
        sid, token = (settings.sid, "$XOXZO_SIMULATOR_TOKEN") if settings.sid else ("me", "secret")
        click.echo(
            f"  export XOXZO_API_HOST={server.url} XOXZO_API_SID={sid} XOXZO_API_AUTH_TOKEN={token}\n"
            f"  curl -u {sid}:{token} {server.url}/sms/messages/ --data-urlencode recipient=+819000001234 \\\n"
            f"       -d sender=Xoxzo --data-urlencode message=こんにちは\n"
            f"  {_('Open {url}/ in a browser to see the phones. Stop with Ctrl-C.').format(url=server.url)}\n"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
