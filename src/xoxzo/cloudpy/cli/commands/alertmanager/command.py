"""`xoxzo alertmanager`: Prometheus alerts as SMS, or as calls that repeat until a person answers."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

# Imported here so that the table of commands reports a missing extra in one line.
import phonenumbers  # noqa: F401
import starlette  # noqa: F401
import uvicorn  # noqa: F401

from xoxzo.cloudpy.cli.commands.alertmanager import preview
from xoxzo.cloudpy.cli.core import i18n
from xoxzo.cloudpy.cli.core.click_base import json_option, make_group
from xoxzo.cloudpy.cli.core.exit_codes import NOT_SENT, REJECTED, CommandError
from xoxzo.cloudpy.cli.core.http_probe import probe
from xoxzo.cloudpy.cli.core.i18n import N_, _, render_error
from xoxzo.cloudpy.cli.core.inputs import Choice
from xoxzo.cloudpy.cli.core.output.terminal import visible
from xoxzo.cloudpy.cli.core.output.values import format_field, to_json
from xoxzo.cloudpy.cli.core.sending import signing_callbacks
from xoxzo.cloudpy.cli.core.session import destination_options, resolve_destination
from xoxzo.cloudpy.client.async_client import AsyncClient
from xoxzo.cloudpy.errors import ConfigurationError, InvalidArgument
from xoxzo.cloudpy.integrations.alertmanager.config import loading
from xoxzo.cloudpy.integrations.alertmanager.config.settings import DEFAULT_LISTEN, Settings
from xoxzo.cloudpy.integrations.alertmanager.event_log import EventLog
from xoxzo.cloudpy.integrations.alertmanager.incidents import Phase, parse_notification
from xoxzo.cloudpy.integrations.alertmanager.receiver import Receiver, acknowledge
from xoxzo.cloudpy.integrations.alertmanager.senders import Sender
from xoxzo.cloudpy.integrations.alertmanager.store import Store, default_path


class _ConfigOption(click.Option):
    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """Return the variable's value, unless the option stands before the subcommand."""
        return None if ctx.lookup_default(str(self.name)) else super().resolve_envvar_value(ctx)


_FILE = click.Path(exists=True, dir_okay=False)
_VARIABLE = "XOXZO_ALERTMANAGER_CONFIG"
_config = click.option(
    "--config", cls=_ConfigOption, type=_FILE, envvar=_VARIABLE, show_envvar=True, help="The settings."
)
_state = click.option("--state", type=click.Path(dir_okay=False), help="The file that remembers incidents.")


@make_group(
    "xoxzo alertmanager example > oncall.toml",
    "xoxzo alertmanager --config oncall.toml --check",
    "xoxzo alertmanager --config oncall.toml --simulator",
    "xoxzo alertmanager --config oncall.toml",
    "xoxzo alertmanager page tanaka",
    "xoxzo alertmanager status",
    "xoxzo alertmanager ack K7QD",
    invoke_without_command=True,
)
@_config
@_state
@click.option(
    "--listen", metavar="HOST:PORT", help="The address, instead of the settings' one; port 0 takes a free port."
)
@click.option("--check", is_flag=True, help="Read the settings, show their effect, and exit.")
@click.option(
    "--show", type=click.File("rb"), metavar="FILE", help="Show what a payload of Alertmanager would cause, and exit."
)
@destination_options()
@click.option("--dry-run", is_flag=True, help="Listen, and print what would be sent instead of sending it.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    config: str | None,
    state: str | None,
    *,
    listen: str | None,
    show: Any,
    profile: str | None,
    check: bool,
    simulator: bool,
    dry_run: bool,
    machine: bool,
) -> None:
    """Turn Prometheus alerts into SMS, and into calls that repeat until somebody answers.

    Let Alertmanager's webhook_configs post to /alerts. Each group of alerts goes through a list of steps until somebody
    answers a call or acknowledges it, or until it is resolved. Open incidents survive a restart, and nothing is sent
    twice. Stop it with Ctrl-C.

    Where XOXZO_ALERTMANAGER_TOKEN is set, callers have to bring it as a bearer token.

    Exit status: 0 done, 2 wrong use or settings, 3 no such incident, 4 credentials.
    """
    if ctx.invoked_subcommand is not None:
        # They are the defaults of the subcommand's own options.
        ctx.default_map = {ctx.invoked_subcommand: {"config": config, "state": state, "listen": listen}}
        return
    if config is None:
        raise click.UsageError(_("Name the settings by --config; `xoxzo alertmanager example` writes some."))
    settings = _load(config, test_numbers=True)
    if show is not None:
        click.echo("\n".join(map(visible, preview.describe_notification(settings, parse_notification(show.read())))))
    elif check:
        click.echo("\n".join(map(visible, preview.describe(settings))))
        if settings.dial_in:
            url = signing_callbacks(settings.public_url).url("incoming-call", "alertmanager")
            set_it = f"xoxzo din action DIN_UID {url}"
            click.echo(_("Let calls to {number} acknowledge: {command}", number=settings.dial_in, command=set_it))
    else:
        address = loading.address(listen or settings.listen, "--listen")
        log = EventLog(time.time, as_json=machine)
        client = None if dry_run else _client(settings, config, log, profile, simulator=simulator)
        # A dry run stores nothing.
        path = ":memory:" if dry_run else state or settings.state or default_path()
        asyncio.run(_serve(settings, address, path, client, log))


@command.subcommand(
    "page", "xoxzo alertmanager page tanaka", 'xoxzo alertmanager page oncall --message "db-1 is on fire"'
)
@click.argument("name")
@click.option("--message", default="", help="The text of the SMS; by default that it is a test.")
@click.option("--by", "method", type=Choice(["sms", "call"]), help="How a person is notified; by SMS by default.")
@_config
@click.option("--listen", metavar="HOST:PORT", help="The address of the receiver; by default the settings' one.")
@json_option
def page(name: str, *, message: str, method: str | None, config: str | None, listen: str | None, machine: bool) -> None:
    """Notify a person, or start a list, through the running receiver: a test, or a call for help.

    NAME is a person or a list of the settings. A page ignores quiet hours, and is acknowledged like an alert.
    """
    address = loading.address(listen or (_load(config).listen if config else DEFAULT_LISTEN), "--listen")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address[0], address[0])  # noqa: S104 - where to, not where from
    url = f"http://{f'[{host}]' if ':' in host else host}:{address[1]}/page/{quote(name, safe='')}"
    token = os.environ.get("XOXZO_ALERTMANAGER_TOKEN")
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    outcome = probe("POST", url, headers, to_json({"message": message, "method": method}).encode())
    if outcome.status is None:
        advice = _("Start it: {command}", command="xoxzo alertmanager --config FILE")
        message = _("no receiver answers at {host} port {port}", host=host, port=address[1])
        raise CommandError(message, advice, status=NOT_SENT)
    reply: Any = None
    with suppress(ValueError):
        reply = json.loads(outcome.body)
    reply = reply if isinstance(reply, dict) else {}
    if outcome.status != 200:
        raise CommandError(str(reply.get("detail") or f"HTTP {outcome.status}"), status=REJECTED)
    if machine:
        click.echo(to_json(reply))
        return
    click.echo(_("{ident}: the receiver notifies {name}.", ident=reply.get("incident"), name=name))
    if sys.stderr.isatty():
        click.echo(_("Next: {command}", command="xoxzo alertmanager status"), err=True)


@command.subcommand("ack", "xoxzo alertmanager ack K7QD", "xoxzo alertmanager ack --all")
@click.argument("idents", nargs=-1, metavar="ID...")
@click.option("--all", "everything", is_flag=True, help="Acknowledge every open incident.")
@_config
@_state
def ack(idents: tuple[str, ...], *, everything: bool, config: str | None, state: str | None) -> None:
    """Acknowledge an incident: its escalation ends, whether the receiver runs or not.

    The id is at the end of each message.
    """
    if bool(idents) == everything:
        raise click.UsageError(_("Give ids, or --all."))
    by = f"{os.environ.get('USER') or 'somebody'}, by command"
    unknown = 0
    with _open_store(config, state) as store:
        for ident in idents or [one.ident for one in store.incidents(Phase.OPEN)]:
            incident = acknowledge(store, ident.upper().lstrip("#"), by, time.time())
            if incident is None:
                click.echo(f"xoxzo alertmanager ack: {_('there is no incident {ident}', ident=ident)}", err=True)
                unknown += 1
            else:
                click.echo(f"{incident.ident} {_for_reader(incident.phase)}")
    if unknown:
        click.echo(_("To see which are there: {command}", command="xoxzo alertmanager status"), err=True)
        raise click.exceptions.Exit(REJECTED)


@command.subcommand("status", "xoxzo alertmanager status", "xoxzo alertmanager status --json")
@_config
@_state
@json_option
def status(*, config: str | None, state: str | None, machine: bool) -> None:
    """Show the incidents that are not over, and how far each has come."""
    with _open_store(config, state) as store:
        incidents = store.incidents(Phase.OPEN, Phase.ACKNOWLEDGED, Phase.ENDED)
        for incident in incidents:
            attempts = store.attempts(incident.ident)
            opened = datetime.fromtimestamp(incident.opened).astimezone()
            facts: dict[str, Any] = {
                "id": incident.ident,
                "phase": str(incident.phase),
                "since": opened.isoformat(timespec="seconds"),
                "list": incident.policy,
                "step": incident.step + 1,
                "alerts": sorted({alert.labels.get("alertname", "") for alert in incident.alerts}),
                "by": incident.acknowledged_by,
                "done": [f"{attempt.kind} {attempt.person} {attempt.outcome}" for attempt in attempts],
            }
            if machine:
                click.echo(to_json(facts))
                continue
            shown = format_field("since", opened) if sys.stdout.isatty() else facts["since"]
            phase, since = _for_reader(incident.phase), _for_reader("since {time}", time=shown)
            if incident.acknowledged_by:
                phase = _for_reader("{phase} by {name}", phase=phase, name=incident.acknowledged_by)
            click.echo(f"{facts['id']}  {phase}  {since}  {visible(', '.join(facts['alerts']))}")
            for attempt in attempts:
                click.echo(f"      {_for_reader(attempt.kind)} {attempt.person} {_for_reader(attempt.outcome)}")
        if not incidents and not machine and sys.stderr.isatty():
            click.echo(_("There is no open incident."), err=True)


@command.subcommand("example", "xoxzo alertmanager example --language ja > oncall.toml")
@click.option("--language", type=Choice(["en", "ja"]), help="Language of texts and comments; by default the shell's.")
def example_(language: str | None) -> None:
    """Write sample settings: fill in your contacts, and check them with --check."""
    click.echo(loading.example(language or i18n.language()), nl=False)


def _load(path: str, *, test_numbers: bool = False) -> Settings:
    """Read the settings; raise `CommandError` with the path in the file if they are invalid."""
    try:
        return loading.load(path, test_numbers=test_numbers)
    except ConfigurationError as error:
        rule = error.__cause__
        message = render_error(error)
        if isinstance(rule, InvalidArgument):
            message = f"{error.fields['path']}: {rule.field}: {render_error(rule)}"
        advice = _("To see what may stand there: {command}", command="xoxzo alertmanager example")
        raise CommandError(message, advice) from None


_WORDS = frozenset(
    (
        *(N_("open"), N_("acknowledged"), N_("ended"), N_("resolved"), N_("closed")),
        *(N_("sms"), N_("call"), N_("news")),
        *(N_("claimed"), N_("sent"), N_("ringing"), N_("answered"), N_("unanswered"), N_("unknown"), N_("unsent")),
        *(N_("refused"), N_("since {time}"), N_("{phase} by {name}")),
    )
)
"""The words for incidents: their phases, what was done, and its outcomes."""


def _for_reader(text: str, **values: object) -> str:
    """Return a text about an incident: in the reader's language at a terminal, and always the same for programs."""
    return (_(text) if text in _WORDS and sys.stdout.isatty() else str(text)).format(**values)


def _client(settings: Settings, config: str, log: EventLog, profile: str | None, *, simulator: bool) -> AsyncClient:
    account = resolve_destination(profile, simulator=simulator)
    if not account.is_simulator:
        _load(config)  # it refuses the simulator's test numbers, which nobody has
    log.write("starting", api=account.base_url, live="no" if account.is_simulator else "yes")
    return AsyncClient(
        sid=account.sid,
        auth_token=account.auth_token,
        base_url=account.base_url,
        # Even after a mistake, only people in the file are reached.
        allowed_recipients=[person.number for person in settings.people.values()],
        app_info="xoxzo-alertmanager",
    )


async def _serve(
    settings: Settings, address: tuple[str, int], path: str | Path, client: AsyncClient | None, log: EventLog
) -> None:
    from xoxzo.cloudpy.integrations.alertmanager import server

    try:
        secrets = server.Secrets(
            token=os.environ.get(server.TOKEN_VARIABLE, ""),
            grafana=os.environ.get(server.GRAFANA_VARIABLE, ""),
            callbacks=signing_callbacks(settings.public_url) if settings.dial_in else None,
        )
        server.check_secrets(secrets, settings, address[0])
        with Store(path) as store, server.listen(*address) as listener:
            store.lock()
            receiver = Receiver(settings, store, Sender(client, settings, log), log, clock=time.time)
            await server.serve(receiver, log, secrets, listener)
    finally:
        if client is not None:
            await client.close()


def _open_store(config: str | None, state: str | None) -> Store:
    if state is None and config is not None:
        state = _load(config).state
    try:
        return Store(Path(state) if state else default_path(), create=False)
    except ConfigurationError as error:
        other = _("If it is in another file, name that by --state FILE, or the settings by --config FILE.")
        raise CommandError(render_error(error), other) from None
