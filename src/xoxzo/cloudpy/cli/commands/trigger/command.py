"""`xoxzo trigger`: sends a callback to a URL, or makes a simulator send a real one."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from xoxzo.cloudpy.cli.commands.listen.command import DEFAULT_PORT
from xoxzo.cloudpy.cli.commands.trigger import sample_callbacks
from xoxzo.cloudpy.cli.commands.trigger.sample_callbacks import KINDS, CallbackValues
from xoxzo.cloudpy.cli.core.click_base import json_option, make_command
from xoxzo.cloudpy.cli.core.exit_codes import CREDENTIALS, NOT_SENT, REJECTED, CommandError, describe
from xoxzo.cloudpy.cli.core.http_probe import control, probe
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.inputs import Choice
from xoxzo.cloudpy.cli.core.output.terminal import visible
from xoxzo.cloudpy.cli.core.output.values import to_json
from xoxzo.cloudpy.cli.core.sending.callback_urls import signing_callbacks
from xoxzo.cloudpy.common.hosts import is_this_machine
from xoxzo.cloudpy.errors import AuthenticationFailed, ConfigurationError, NotFound, SimulatorError
from xoxzo.cloudpy.operations import checks

if TYPE_CHECKING:
    from xoxzo.cloudpy.client.client import Client

FAILING = "+819000000001"
UNANSWERED = "+819000000003"
_CALLER = "815011112222"
_SMS_SENDER = "+818011112222"
_TIMEOUT_SECONDS = 30.0
_POLL_SECONDS = 0.1


def trigger(name: str, simulator: str, url: str, values: CallbackValues) -> list[dict[str, Any]]:
    """Make a simulator send a callback and wait for it; return its attempts, or the steps of an incoming call."""
    control(simulator, "GET", "/_simulator/health")
    try:
        return _trigger(name, simulator, url, values, made_up=True)
    except AuthenticationFailed:
        pass  # it was started with --sid
    try:
        return _trigger(name, simulator, url, values)
    except (AuthenticationFailed, ConfigurationError) as error:
        if isinstance(error, ConfigurationError) and error.code != "no_credentials":
            raise
        raise CommandError(
            _("this simulator takes only the account that it was started with."),
            _("Set XOXZO_API_SID and XOXZO_API_AUTH_TOKEN to what it was given as --sid and --token."),
            status=CREDENTIALS,
        ) from None


def _trigger(
    name: str, simulator: str, url: str, values: CallbackValues, *, made_up: bool = False
) -> list[dict[str, Any]]:
    from xoxzo.cloudpy.client.client import Client

    sid, token = (secrets.token_hex(8), secrets.token_hex(8)) if made_up else (None, None)
    with Client(sid=sid, auth_token=token, base_url=simulator) as client:
        if name == "call.incoming":
            return _receive_call(client, simulator, url, values)
        if name == "sms.incoming":
            return _receive_sms(client, simulator, url, values)
        return _delivered(simulator, _start(name, client, simulator, url, values))


def _start(name: str, client: Client, simulator: str, url: str, values: CallbackValues) -> str:
    failing = name in {"sms.failed", "call.failed"}
    recipient = FAILING if failing else UNANSWERED if name == "call.unanswered" else values.recipient
    if name.startswith("call."):
        return client.calls.say(
            caller=_CALLER,
            recipient=recipient,
            tts_message="Hello",
            tts_lang="en",
            callback_url=url,
            tags=values.tags,
        ).callid
    if name == "link.clicked":
        sent = client.sms.send(
            recipient=recipient,
            sender=values.sender,
            message="See http://www.example.com now",
            track_link=True,
            lt_callback_url=url,
            tags=values.tags,
        )
        tracking = client.sms.get(sent.msgid).link_tracking
        probe("GET", f"{simulator}{urlsplit(tracking.shortlink if tracking else '').path}", {})
        return sent.msgid
    return client.sms.send(
        recipient=recipient, sender=values.sender, message="Hello", callback_url=url, tags=values.tags
    ).msgid


@contextmanager
def _subscribed(resource: Any, kind: str, url: str) -> Iterator[Any]:
    number = next(iter(resource.search()), None)
    if number is None:
        raise SimulatorError("no_number_left", "the simulator has no number left that can be subscribed")
    uid = getattr(number, f"{kind}_uid")
    resource.subscribe(uid)
    try:
        resource.set_action_url(uid, action_url=url)
        yield number
    finally:
        resource.unsubscribe(uid)


def _receive_call(client: Client, simulator: str, url: str, values: CallbackValues) -> list[dict[str, Any]]:
    with _subscribed(client.dins, "din", url) as number:
        call = control(simulator, "POST", "/_simulator/calls", {"din": number.din, "caller": values.caller})

        def ended() -> list[dict[str, Any]]:
            state = control(simulator, "GET", f"/_simulator/calls/{call['id']}")
            return state["steps"] if state["status"] != "IN PROGRESS" else []

        return _poll(ended)


def _receive_sms(client: Client, simulator: str, url: str, values: CallbackValues) -> list[dict[str, Any]]:
    try:
        with _subscribed(client.sins, "sin", url) as number:
            written = {"sin": number.sin, "text": "はい"}
            path = f"/_simulator/phones/{values.caller or _SMS_SENDER}/messages"
            return _delivered(simulator, control(simulator, "POST", path, written)["ident"])
    except NotFound:
        missing = "the simulator has no receiving numbers: start it with --legacy-sin"
        raise SimulatorError("sin_not_served", missing) from None


def _delivered(simulator: str, ident: str) -> list[dict[str, Any]]:
    def delivered() -> list[dict[str, Any]]:
        ours: list[dict[str, Any]] = control(simulator, "GET", f"/_simulator/callbacks?id={ident}")
        # A response other than 200 ends the wait, too: its retries are not awaited.
        return ours if ours and (ours[-1]["outcome"] != "will retry" or ours[-1].get("status")) else []

    return _poll(delivered)


def _poll(found: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    give_up = time.monotonic() + _TIMEOUT_SECONDS
    while time.monotonic() < give_up:
        if value := found():
            return value
        time.sleep(_POLL_SECONDS)
    raise SimulatorError("not_delivered", "nothing was delivered within {seconds:g} s", seconds=_TIMEOUT_SECONDS)


@make_command(
    "xoxzo trigger sms.delivered http://127.0.0.1:8099/",
    "xoxzo trigger call.incoming http://127.0.0.1:8000/xoxzo --sign --reference shop",
    "xoxzo trigger sms.failed http://127.0.0.1:8000/xoxzo --sign --reference booking-1 --times 3",
    "xoxzo trigger link.clicked http://127.0.0.1:8099/ --simulator http://127.0.0.1:8080",
)
@click.argument("event", type=Choice(list(KINDS)), metavar="EVENT")
@click.argument("url")
@click.option("--simulator", metavar="URL", help="Have this simulator send a real callback instead of a sample.")
@click.option("--sign", is_flag=True, help="URL is the public address: add a token signed with XOXZO_CALLBACK_SECRET.")
@click.option("--reference", help="The reference that the signed URL is bound to; also sent as a tag.")
@click.option("--id", "ident", help="The msgid or callid; generated by default.")
@click.option("--recipient", default="+818011112222", show_default=True, help="The number that gets the SMS or call.")
@click.option("--caller", default="+818033334444", show_default=True, help="The caller's number; empty: withheld.")
@click.option("--sender", default="Shop", show_default=True, help="The SMS's sender.")
@click.option("--times", default=1, show_default=True, type=click.IntRange(1, 100), help="How many times to send it.")
@click.option("--form/--as-json", "as_form", default=True, help="How the body is encoded; as a form by default.")
@json_option
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

    Exits with 0 if the answer was 200, 3 if it was another one, and 6 if there was none.
    """
    url = signing_callbacks(url).url(KINDS[event].purpose, reference) if sign else checks.url("url", url)
    chosen = CallbackValues(
        recipient=checks.recipient(recipient),
        caller=checks.recipient(caller, "caller") if caller else None,
        sender=checks.sender(sender),
        ident=ident,
        tags=() if reference is None else (reference,),
    )
    if simulator is not None:
        _trigger_on_simulator(event, simulator.rstrip("/"), url, chosen, machine=machine)
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
        raise CommandError(_no_answer_advice(url), status=NOT_SENT)
    if set(statuses) != {200}:
        raise click.exceptions.Exit(REJECTED)


def _no_answer_advice(url: str) -> str:
    where = urlsplit(url)
    if not is_this_machine(where.hostname or ""):
        return _("Nothing answered: is the address right, and does the program run there?")
    port = where.port or {"http": 80}.get(where.scheme, 443)
    command = "xoxzo listen" if port == DEFAULT_PORT else f"xoxzo listen --port {port}"
    return _("Nothing answered. To see what comes, first type in another window: {command}", command=command)


def _trigger_on_simulator(event: str, simulator: str, url: str, chosen: CallbackValues, *, machine: bool) -> None:
    steps = trigger(event, checks.url("simulator", simulator), url, chosen)
    for step in steps:
        # Without the URL: it is known, and contains a token.
        _print({"event": event, **{name: value for name, value in step.items() if name != "url"}}, machine=machine)
    # The attempts to deliver a callback have an outcome; an incoming call ends with a step that has a status.
    if steps[-1].get("outcome", "delivered") != "delivered" or steps[-1].get("status") == "FAILED":
        raise click.exceptions.Exit(REJECTED if steps[-1].get("status") else NOT_SENT)


def _print(result: dict[str, Any], *, machine: bool) -> None:
    if machine:
        click.echo(to_json(result))
        return
    fields = {name: value for name, value in result.items() if name != "event" and value not in ("", None)}
    click.echo("  ".join([result["event"], *(f"{name} {visible(value)}" for name, value in fields.items())]))
