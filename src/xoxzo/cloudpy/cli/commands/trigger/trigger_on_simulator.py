"""Makes a simulator send a real callback."""

from __future__ import annotations

import json
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from xoxzo.cloudpy.cli.core.http_probe import probe
from xoxzo.cloudpy.errors import NotFound, SimulatorError

if TYPE_CHECKING:
    from collections.abc import Callable

    from xoxzo.cloudpy.cli.commands.trigger.sample_callbacks import CallbackValues
    from xoxzo.cloudpy.client.client import Client

FAILING = "+819000000001"
UNANSWERED = "+819000000003"
_CALLER = "815011112222"
_SMS_SENDER = "+818011112222"
_TIMEOUT_SECONDS = 30.0
_POLL_SECONDS = 0.1


def trigger(name: str, simulator: str, url: str, values: CallbackValues) -> list[dict[str, Any]]:
    """Make a simulator send a callback, and wait until it was delivered.

    Args:
        name: the event, a key of `KINDS`.
        simulator: the simulator's address.
        url: the callback URL.
        values: the values of the message or call.

    Returns:
        The attempts to deliver the callback, or the steps of an incoming call.

    Raises:
        SimulatorError: no simulator responds, it does not support this, or nothing was delivered within 30 seconds.
        APIError: it refused a request.
    """
    from xoxzo.cloudpy.client.client import Client

    control(simulator, "GET", "/_simulator/health")
    with Client(sid=secrets.token_hex(8), auth_token=secrets.token_hex(8), base_url=simulator) as client:
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


def _receive_call(client: Client, simulator: str, url: str, values: CallbackValues) -> list[dict[str, Any]]:
    number = next(iter(client.dins.search()), None)
    if number is None:
        raise SimulatorError("no_number_left", "the simulator has no dial-in number left")
    client.dins.subscribe(number.din_uid)
    client.dins.set_action_url(number.din_uid, action_url=url)
    call = control(simulator, "POST", "/_simulator/calls", {"din": number.din, "caller": values.caller})

    def ended() -> list[dict[str, Any]]:
        state = control(simulator, "GET", f"/_simulator/calls/{call['id']}")
        return state["steps"] if state["status"] != "IN PROGRESS" else []

    try:
        return _poll(ended)
    finally:
        client.dins.unsubscribe(number.din_uid)


def _receive_sms(client: Client, simulator: str, url: str, values: CallbackValues) -> list[dict[str, Any]]:
    try:
        number = next(iter(client.sins.search()), None)
    except NotFound:
        raise SimulatorError(
            "sin_not_served", "the simulator has no receiving numbers: start it with --legacy-sin"
        ) from None
    if number is None:
        raise SimulatorError("no_number_left", "the simulator has no receiving number left")
    client.sins.subscribe(number.sin_uid)
    client.sins.set_action_url(number.sin_uid, action_url=url)
    written = {"sin": number.sin, "text": "はい"}
    reply = control(simulator, "POST", f"/_simulator/phones/{values.caller or _SMS_SENDER}/messages", written)
    try:
        return _delivered(simulator, reply["ident"])
    finally:
        client.sins.unsubscribe(number.sin_uid)


def _delivered(simulator: str, ident: str) -> list[dict[str, Any]]:
    def delivered() -> list[dict[str, Any]]:
        ours: list[dict[str, Any]] = control(simulator, "GET", f"/_simulator/callbacks?id={ident}")
        # A response other than 200 ends the wait, too: its retries are not awaited.
        return ours if ours and (ours[-1]["outcome"] != "will retry" or ours[-1].get("status")) else []

    return _poll(delivered)


def control(simulator: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
    """Call a simulator's control API and return its JSON; raise ``SimulatorError`` if it refuses or none responds."""
    headers = {} if body is None else {"content-type": "application/json"}
    outcome = probe(method, simulator + path, headers, b"" if body is None else json.dumps(body).encode())
    if outcome.status is None:
        raise SimulatorError(
            "simulator_not_found", "no simulator answers at {url}: start one with `xoxzo simulator`", url=simulator
        )
    try:
        reply = json.loads(outcome.body)
    except ValueError:
        raise SimulatorError("not_a_simulator", "what answers at {url} is no simulator", url=simulator) from None
    if outcome.status >= 400:
        why = reply.get("detail", outcome.status)
        raise SimulatorError("simulator_refused", "the simulator refused: {why}", why=why)
    return reply


def _poll(found: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    give_up = time.monotonic() + _TIMEOUT_SECONDS
    while time.monotonic() < give_up:
        if value := found():
            return value
        time.sleep(_POLL_SECONDS)
    raise SimulatorError("not_delivered", "nothing was delivered within {seconds:g} s", seconds=_TIMEOUT_SECONDS)
