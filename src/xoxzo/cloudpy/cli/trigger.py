"""`xoxzo trigger`: have a callback hit a URL."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import click

# Imported here so that a missing extra is told by the table of commands, in one line.
import itsdangerous  # noqa: F401

from xoxzo.cloudpy.errors import APIError, ConfigurationError, InvalidArgument, SimulatorError
from xoxzo.cloudpy.hosts import is_this_machine
from xoxzo.cloudpy.operations import checks

from . import made_up
from .commands import Command
from .exchange import exchange
from .inputs import OneOf
from .listen import USUAL_PORT
from .made_up import KINDS, Wishes
from .outages import plain
from .signing import callbacks_at
from .statuses import refusal
from .words import tr

EPILOG = """
\b
Examples:
  xoxzo trigger sms.delivered http://127.0.0.1:8099/
  xoxzo trigger call.incoming http://127.0.0.1:8000/xoxzo --sign --reference shop
  xoxzo trigger sms.failed http://127.0.0.1:8000/xoxzo --sign --reference booking-1 --times 3
  xoxzo trigger link.clicked http://127.0.0.1:8099/ --simulator http://127.0.0.1:8080
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("event", type=OneOf(list(KINDS)), metavar="EVENT")
@click.argument("url")
@click.option("--simulator", metavar="URL", help="Have this simulator do it, instead of making a callback up.")
@click.option("--sign", is_flag=True, help="URL is the public address: add a token signed with XOXZO_CALLBACK_SECRET.")
@click.option("--reference", help="What the signed URL is bound to; it is among the tags, too.")
@click.option("--id", "ident", help="The msgid or callid; made up by default.")
@click.option("--recipient", default="+818011112222", show_default=True, help="Who was written to, rung, or is called.")
@click.option("--caller", default="+818033334444", show_default=True, help="Who calls; an empty one is withheld.")
@click.option("--sender", default="Shop", show_default=True, help="The SMS's sender.")
@click.option("--times", default=1, show_default=True, type=click.IntRange(1, 100), help="How often it is told.")
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
    """Have a callback hit a URL: one that is made up, or one that a simulator really makes.

    EVENT is one of sms.delivered, sms.failed, sms.incoming, call.ended, call.answered, call.unanswered, call.failed,
    call.incoming and link.clicked.

    Ends with 0 when it was answered with 200, with 3 when with anything else, and with 6 when nothing answered.
    """
    try:
        url = _address(event, url, reference, sign=sign)
        wishes = Wishes(
            recipient=checks.recipient(recipient),
            caller=checks.recipient(caller, "caller") if caller else None,
            sender=checks.sender(sender),
            ident=ident,
            tags=() if reference is None else (reference,),
        )
    except (InvalidArgument, ConfigurationError) as error:
        raise click.UsageError(str(refusal(error))) from None
    if simulator is not None:
        _perform(event, simulator.rstrip("/"), url, wishes, machine=machine)
        return
    kind = KINDS[event]
    statuses = []
    for _ in range(times):
        address, headers, body = made_up.request(kind, url, wishes, as_json=not as_form)
        outcome = exchange(kind.method, address, headers, body)
        statuses.append(outcome.status)
        answer = outcome.body.decode("utf-8", "replace").strip()
        told = {"event": event, "status": outcome.status, "seconds": round(outcome.seconds, 4), "answer": answer}
        if outcome.status is None:
            told["error"] = outcome.error if machine else plain(outcome.error)
        _tell(told, machine=machine)
    if None in statuses:
        if not machine:
            click.echo(f"xoxzo trigger: {_nobody_there(url)}", err=True)
        raise click.exceptions.Exit(6)
    if set(statuses) != {200}:
        raise click.exceptions.Exit(3)


def _address(event: str, url: str, reference: str | None, *, sign: bool) -> str:
    if not sign:
        return checks.url("url", url)
    return callbacks_at(url).url(KINDS[event].purpose, reference)


def _nobody_there(url: str) -> str:
    where = urlsplit(url)
    if not is_this_machine(where.hostname or ""):
        return tr("Nothing answered: is the address right, and does the program run there?")
    port = where.port or {"http": 80}.get(where.scheme, 443)
    command = "xoxzo listen" if port == USUAL_PORT else f"xoxzo listen --port {port}"
    return tr("Nothing answered. To see what comes, first type in another window: {command}", command=command)


def _perform(event: str, simulator: str, url: str, wishes: Wishes, *, machine: bool) -> None:
    from .real import perform

    try:
        steps = perform(event, checks.url("simulator", simulator), url, wishes)
    except InvalidArgument as error:
        raise click.UsageError(str(refusal(error))) from None
    except (SimulatorError, APIError) as error:
        click.echo(f"xoxzo trigger: {refusal(error)}", err=True)
        raise click.exceptions.Exit(6) from None
    for step in steps:
        # The address is known, and has a token in it that nobody need see.
        _tell({"event": event, **{name: value for name, value in step.items() if name != "url"}}, machine=machine)
    # The tries to deliver a callback tell their outcome; an incoming call ends with a step of its own.
    if steps[-1].get("outcome", "delivered") != "delivered" or steps[-1].get("status") == "FAILED":
        raise click.exceptions.Exit(3)


def _tell(told: dict[str, Any], *, machine: bool) -> None:
    if machine:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    shown = [f"{name} {value}" for name, value in told.items() if name != "event" and value not in {"", None}]
    click.echo("  ".join([told["event"], *shown]))
