"""`xoxzo demo`: demonstrates the main features on its own simulator.

It needs no account and never uses one: it ignores credentials and hosts of the environment.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

import click

from xoxzo.cloudpy import Call, CallStatus, Client, Message, MessageStatus, XoxzoError
from xoxzo.cloudpy.cli.core.click_base import make_command
from xoxzo.cloudpy.cli.core.exit_codes import INTERRUPTED
from xoxzo.cloudpy.cli.core.http_probe import control
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.output.values import format_credits
from xoxzo.cloudpy.simulator import Settings, Simulator
from xoxzo.cloudpy.text import measure

PHONE, FRIEND, OFFICE = "+818011112222", "+818033334444", "815011112222"
TEXT = (
    "ご予約の確認です。11月30日18時に2名様でお待ちしております。"
    "変更は前日までにお電話ください。皆様のお越しを心よりお待ちしております。xoxzo.cloudpy"
)
SPOKEN = "ご注文の品が本日届きます。"
GREETING = "お電話ありがとうございます。"
TIMEOUT_SECONDS = 20.0
"""The timeout of each step."""

Record = TypeVar("Record", Message, Call)


class DemoFailed(Exception):
    """A step did not end as it must."""


def _check(holds: object, otherwise: str) -> None:
    if not holds:
        raise DemoFailed(otherwise)


def _heading(title: str) -> None:
    click.echo("\n" + click.style(title, bold=True))


def _line(text: str) -> None:
    click.echo(f"  {text}")


def _checked(text: str) -> None:
    click.echo(f"  {click.style('✓', fg='green')} {text}")


@make_command("xoxzo demo")
def command() -> None:
    """Demonstrate a message, two calls and a dial-in number, on a simulator that this command runs.

    Needs no account and sends no real message.
    """
    began = time.monotonic()
    try:
        with simulator() as url:
            run_steps(url)
        _line(_("The simulator was stopped again."))
    except (DemoFailed, XoxzoError) as error:
        click.secho("\n" + _("The demo stopped: {why}", why=error), fg="red", err=True)
        raise click.exceptions.Exit(1) from None
    except KeyboardInterrupt:
        click.echo("\n" + _("Stopped."), err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    click.echo()
    click.secho(_("Everything was checked, in {seconds} s.", seconds=f"{time.monotonic() - began:.1f}"), bold=True)
    _line(_("Next: `xoxzo simulator` in one terminal, the README's first program in another."))


def run_steps(url: str) -> None:
    """Run all steps against the simulator at an address."""
    _heading(_("The simulator"))
    where = _("runs at {url}, on this machine only. Any SID and token open an account with 100,000 credits there.")
    _line(where.format(url=url))
    with Client(sid=secrets.token_hex(16), auth_token=secrets.token_hex(16), base_url=url) as client:
        before = client.account.credits().credits
        spent = message(client, url) + calls(client) + dial_in(client, url)
        after = client.account.credits().credits
        _heading(_("The bill"))
        _line(_("{before} before, {after} after.", before=format_credits(before), after=format_credits(after)))
        _check(before - after == spent, f"{before - after} credits are gone, the steps add up to {spent}")
        _checked(_("{cost} were spent: the sum of the costs of all steps", cost=format_credits(spent)))


@contextmanager
def simulator() -> Iterator[str]:
    """Run a simulator on a free port of this machine; yield its address."""
    # Calls are shorter than usual: the demo waits for each.
    settings = Settings(ring_seconds=0.5, recording_seconds=1, tts_characters_per_second=20)
    with Simulator(settings).serve() as server:
        yield server.url


def message(client: Client, url: str) -> Decimal:
    """Send an SMS in Japanese and follow it to the handset; return its cost."""
    _heading(_("An SMS in Japanese"))
    length = measure(TEXT)
    _line(_("“{text}”", text=TEXT))
    _line(_("{units} characters, not all of them ASCII: {parts} parts.", units=length.units, parts=length.parts))
    today = datetime.now(UTC).date()
    sent = client.sms.send(recipient=PHONE, sender="Shop", message=TEXT, reference="demo-1")
    _line(_("sent to {number} as {ident}", number=PHONE, ident=sent.msgid))
    message = poll(partial(client.sms.get, sent.msgid))
    _check(message.status is MessageStatus.DELIVERED, f"the SMS ended as {message.status}")
    _check(message.parts == length.parts, f"billed {message.parts} parts, expected {length.parts}")
    _check(message.cost == 10 * (length.parts or 0), f"it cost {message.cost}")
    received = control(url, "GET", f"/_simulator/phones/{PHONE}")["messages"]
    _check([each["text"] for each in received] == [TEXT], "the phone shows something else")
    arrived = _("delivered: {parts} parts, {cost}; the phone shows the text, once")
    _checked(arrived.format(parts=message.parts, cost=format_credits(message.cost)))
    listed = [each.msgid for each in client.sms.list(since=today)]
    _check(listed == [sent.msgid], f"the list since {today} has {listed}")
    _check(client.sms.find("demo-1", since=today).found, "the reference was not found")
    _checked(_("in the list of what was sent since {day}, and found by its reference", day=today))
    return message.cost or Decimal(0)


def calls(client: Client) -> Decimal:
    """Ring two phones, with an mp3 and with a text, and follow both calls; return their cost."""
    _heading(_("A phone rings, twice"))
    mp3 = client.calls.play(caller=OFFICE, recipient=PHONE, recording_url="http://www.example.com/hello.mp3")
    _line(_("{number} gets a call with an mp3", number=PHONE))
    tts = client.calls.say(caller=OFFICE, recipient=FRIEND, tts_message=SPOKEN, tts_lang="ja")
    _line(_("{number} gets a call with a Japanese text: “{text}”", number=FRIEND, text=SPOKEN))
    cost = Decimal(0)
    for what, callid in ((_("the mp3"), mp3.callid), (_("the text"), tts.callid)):
        call = poll(partial(client.calls.get, callid))
        _check(call.status is CallStatus.ANSWERED, f"the call with {what} ended as {call.status}")
        _check(call.duration > 0 and call.end_time, "the call has no length")
        _check(call.cost, "the call cost nothing")
        cost += call.cost or 0
        talk = _("{call}: answered, {seconds} s of talk, {cost}")
        _checked(talk.format(call=what, seconds=call.duration, cost=format_credits(call.cost)))
    return cost


def dial_in(client: Client, url: str) -> Decimal:
    """Subscribe a number, let a call come in and have it answered; return what that cost."""
    _heading(_("A call comes in"))
    number = next(iter(client.dins.search(country="JP", prefix="8150")), None)
    if number is None:
        raise DemoFailed("no 050 number is free")
    client.dins.subscribe(number.din_uid)
    costs = {"month": format_credits(number.monthly_cost), "minute": format_credits(number.minute_cost)}
    _line(_("subscribed +{number}: {month} for 30 days, {minute} a minute", number=number.din, **costs))
    queries: list[dict[str, list[str]]] = []
    with action_server(f'say ja "{GREETING}"', queries) as action_url:
        client.dins.set_action_url(number.din_uid, action_url=action_url)
        _check([each.action_url for each in client.dins.list()] == [action_url], "the action URL was not kept")
        _line(_("its action URL is {url}, a small server in this program", url=action_url))
        ringing = control(url, "POST", "/_simulator/calls", {"din": number.din, "caller": FRIEND})
        _line(_("{number} dials the number …", number=FRIEND))
        call = poll(partial(client.calls.get, ringing["id"]))
    expected = {"caller": [FRIEND.removeprefix("+")], "recipient": [number.din]}
    _check(queries == [expected], f"the action URL was asked with {queries}")
    _checked(_("the action URL was asked: {query}", query=f"caller={expected['caller'][0]} recipient={number.din}"))
    _check(call.status is CallStatus.ANSWERED, f"the incoming call ended as {call.status}")
    steps = control(url, "GET", f"/_simulator/calls/{ringing['id']}")["steps"]
    sentence = [step for step in steps if GREETING in json.dumps(step, ensure_ascii=False)]
    _check(sentence, f"the greeting was not spoken: {steps}")
    answered = _("answered with say ja “{text}”: {seconds} s, {cost}")
    _checked(answered.format(text=GREETING, seconds=call.duration, cost=format_credits(call.cost)))
    return (number.monthly_cost or Decimal(0)) + (call.cost or Decimal(0))


def poll(get: Callable[[], Record]) -> Record:
    """Get a record until its status is final, printing each status once."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    seen = None
    while True:
        found = get()
        if found.status != seen:
            seen = found.status
            _line(f"… {seen}")
        if found.status.is_final:
            return found
        _check(time.monotonic() < deadline, f"still {seen} after {TIMEOUT_SECONDS:.0f} s")
        time.sleep(0.1)


@contextmanager
def action_server(answer: str, queries: list[dict[str, list[str]]]) -> Iterator[str]:
    """Serve one response to every request, and store their queries; yield the address."""

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    def answer_all(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        queries.append(parse_qs(environ["QUERY_STRING"]))
        start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
        return [answer.encode()]

    with make_server("127.0.0.1", 0, answer_all, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/action/"
        finally:
            server.shutdown()
            thread.join()
