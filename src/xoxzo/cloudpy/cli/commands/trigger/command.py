"""`xoxzo trigger`: sends a callback to a URL."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import click

# Imported here so that the table of commands reports a missing extra, in one line.
import itsdangerous  # noqa: F401

from xoxzo.cloudpy.cli.commands.listen.command import DEFAULT_PORT
from xoxzo.cloudpy.cli.commands.trigger import sample_callbacks
from xoxzo.cloudpy.cli.commands.trigger.sample_callbacks import KINDS, CallbackValues
from xoxzo.cloudpy.cli.core.click_base import Command
from xoxzo.cloudpy.cli.core.connection_errors import describe
from xoxzo.cloudpy.cli.core.exit_codes import to_command_error
from xoxzo.cloudpy.cli.core.http_probe import probe
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.inputs import Choice
from xoxzo.cloudpy.cli.core.output.streams import visible
from xoxzo.cloudpy.cli.core.output.values import to_json
from xoxzo.cloudpy.cli.core.sending.callback_urls import signing_callbacks
from xoxzo.cloudpy.common.hosts import is_this_machine
from xoxzo.cloudpy.errors import APIError, ConfigurationError, InvalidArgument, SimulatorError
from xoxzo.cloudpy.operations import checks

EPILOG = """
\b
Examples:
  xoxzo trigger sms.delivered http://127.0.0.1:8099/
  xoxzo trigger call.incoming http://127.0.0.1:8000/xoxzo --sign --reference shop
  xoxzo trigger sms.failed http://127.0.0.1:8000/xoxzo --sign --reference booking-1 --times 3
  xoxzo trigger link.clicked http://127.0.0.1:8099/ --simulator http://127.0.0.1:8080
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("event", type=Choice(list(KINDS)), metavar="EVENT")
@click.argument("url")
@click.option("--simulator", metavar="URL", help="Have this simulator send a real callback instead of a sample.")
@click.option("--sign", is_flag=True, help="URL is the public address: add a token signed with XOXZO_CALLBACK_SECRET.")
@click.option("--reference", help="What the signed URL is bound to; it is among the tags, too.")
@click.option("--id", "ident", help="The msgid or callid; made up by default.")
@click.option("--recipient", default="+818011112222", show_default=True, help="Who was written to, rung, or is called.")
@click.option("--caller", default="+818033334444", show_default=True, help="Who calls; an empty one is withheld.")
@click.option("--sender", default="Shop", show_default=True, help="The SMS's sender.")
@click.option("--times", default=1, show_default=True, type=click.IntRange(1, 100), help="How many times to send it.")
@click.option("--form/--as-json", "as_form", default=True, help="How the body is encoded; as a form by default.")
@click.option("--json", "machine", is_flag=True, help="Write one JSON object a line.")
def command(
    event: str,
    url: str,
    *,
    simulator: str | None,
    sign: bool,
    reference: str | None,
    ident: str | None,
    recipient: str,
    caller: str,
    sender: str,
    times: int,
    as_form: bool,
    machine: bool,
) -> None:
    """Send a sample callback to a URL, or have a simulator send a real one.

    EVENT is one of sms.delivered, sms.failed, sms.incoming, call.ended, call.answered, call.unanswered, call.failed,
    call.incoming and link.clicked.

    Ends with 0 when it was answered with 200, with 3 when with anything else, and with 6 when nothing answered.
    """
    try:
        url = _address(event, url, reference, sign=sign)
        chosen = CallbackValues(
            recipient=checks.recipient(recipient),
            caller=checks.recipient(caller, "caller") if caller else None,
            sender=checks.sender(sender),
            ident=ident,
            tags=() if reference is None else (reference,),
        )
    except (InvalidArgument, ConfigurationError) as error:
        raise click.UsageError(str(to_command_error(error))) from None
    if simulator is not None:
        _trigger(event, simulator.rstrip("/"), url, chosen, machine=machine)
        return
    kind = KINDS[event]
    statuses = []
    for _attempt in range(times):
        address, headers, body = sample_callbacks.build_request(kind, url, chosen, as_json=not as_form)
        outcome = probe(kind.method, address, headers, body)
        statuses.append(outcome.status)
        answer = outcome.body.decode("utf-8", "replace").strip()
        result = {"event": event, "status": outcome.status, "seconds": round(outcome.seconds, 4), "answer": answer}
        if outcome.status is None:
            result["error"] = outcome.error if machine else describe(outcome.error, outcome.code)
        _print(result, machine=machine)
    if None in statuses:
        if not machine:
            click.echo(f"xoxzo trigger: {_no_answer_advice(url)}", err=True)
        raise click.exceptions.Exit(6)
    if set(statuses) != {200}:
        raise click.exceptions.Exit(3)


def _address(event: str, url: str, reference: str | None, *, sign: bool) -> str:
    if not sign:
        return checks.url("url", url)
    return signing_callbacks(url).url(KINDS[event].purpose, reference)


def _no_answer_advice(url: str) -> str:
    where = urlsplit(url)
    if not is_this_machine(where.hostname or ""):
        return _("Nothing answered: is the address right, and does the program run there?")
    port = where.port or {"http": 80}.get(where.scheme, 443)
    command = "xoxzo listen" if port == DEFAULT_PORT else f"xoxzo listen --port {port}"
    return _("Nothing answered. To see what comes, first type in another window: {command}").format(command=command)


def _trigger(event: str, simulator: str, url: str, chosen: CallbackValues, *, machine: bool) -> None:
    from xoxzo.cloudpy.cli.commands.trigger.trigger_on_simulator import trigger

    try:
        steps = trigger(event, checks.url("simulator", simulator), url, chosen)
    except InvalidArgument as error:
        raise click.UsageError(str(to_command_error(error))) from None
    except (SimulatorError, APIError) as error:
        click.echo(f"xoxzo trigger: {to_command_error(error)}", err=True)
        raise click.exceptions.Exit(6) from None
    for step in steps:
        # Without the URL: it is known, and contains a token.
        _print({"event": event, **{name: value for name, value in step.items() if name != "url"}}, machine=machine)
    # The attempts to deliver a callback have an outcome; an incoming call ends with a step that has a status.
    if steps[-1].get("outcome", "delivered") != "delivered" or steps[-1].get("status") == "FAILED":
        raise click.exceptions.Exit(3)


def _print(result: dict[str, Any], *, machine: bool) -> None:
    if machine:
        click.echo(to_json(result))
        return
    fields = {name: value for name, value in result.items() if name != "event" and value not in ("", None)}
    click.echo("  ".join([result["event"], *(f"{name} {visible(value)}" for name, value in fields.items())]))
