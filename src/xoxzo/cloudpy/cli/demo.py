"""`xoxzo demo`: the main job as a story, on a simulator of its own.

It needs no account and can never use one: what the environment says of credentials and hosts is not looked at.
"""

import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any, TypeVar, cast
from urllib.parse import parse_qs, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

import click

from xoxzo.cloudpy import Call, CallStatus, Client, Message, MessageStatus, XoxzoError
from xoxzo.cloudpy.text import measure

from .commands import Command, examples

PHONE, FRIEND, OFFICE = "+818011112222", "+818033334444", "815011112222"
TEXT = (
    "ご予約の確認です。11月30日18時に2名様でお待ちしております。"
    "変更は前日までにお電話ください。皆様のお越しを心よりお待ちしております。xoxzo.cloudpy"
)
SPOKEN = "ご注文の品が本日届きます。"
GREETING = "お電話ありがとうございます。"
PATIENCE = 20.0
"""Seconds in which anything must have happened."""

Record = TypeVar("Record", Message, Call)


class Surprise(Exception):
    """A step did not end as it must."""


def check(holds: object, otherwise: str) -> None:
    """Raise :class:`Surprise` unless something holds."""
    if not holds:
        raise Surprise(otherwise)


def chapter(title: str) -> None:
    """Begin a chapter of the story."""
    click.echo()
    click.secho(title, bold=True)


def line(text: str) -> None:
    """Tell one thing."""
    click.echo(f"  {text}")


def done(text: str) -> None:
    """Tell how a checked step ended."""
    click.echo(f"  {click.style('✓', fg='green')} {text}")


@click.command("demo", cls=Command, epilog=examples("xoxzo demo"))
def command() -> None:
    """Watch a message, two calls and a dial-in number at work, on a simulator that this command runs.

    Needs no account and sends nothing to anybody.
    """
    began = time.monotonic()
    try:
        with simulator() as url:
            tell(url)
        line("The simulator was stopped again.")
    except (Surprise, XoxzoError) as surprise:
        click.secho(f"\nThe demo stopped: {surprise}", fg="red", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo("\nStopped.", err=True)
        sys.exit(130)
    click.echo()
    click.secho(f"Everything was checked, in {time.monotonic() - began:.1f} s.", bold=True)
    line("Next: `xoxzo simulator` in one terminal, the README's first program in another.")


def price(amount: Decimal | None) -> str:
    """Write credits as people do."""
    number = f"{amount or 0:,.2f}".rstrip("0").rstrip(".")
    return f"{number} credit{'' if number == '1' else 's'}"


def tell(url: str) -> None:
    """Tell the story against the simulator at an address."""
    chapter("The simulator")
    line(f"runs at {url}, on this machine only. Any SID and token open an account with 100,000 credits there.")
    with Client(sid=secrets.token_hex(16), auth_token=secrets.token_hex(16), base_url=url) as client:
        before = client.account.credits().credits
        spent = message(client, url) + calls(client) + dial_in(client, url)
        after = client.account.credits().credits
        chapter("The bill")
        line(f"{price(before)} before, {price(after)} after.")
        check(before - after == spent, f"{before - after} credits are gone, the steps add up to {spent}")
        done(f"{price(spent)} were spent: the sum of what each step said")


@contextmanager
def simulator() -> Iterator[str]:
    """Run a simulator on a free port, as a user would in another terminal; yield its address."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XOXZO_")}
    with subprocess.Popen(
        [sys.executable, "-m", "xoxzo.cloudpy.cli", "simulator", "--port", "0", "--unlisted"],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env=environment,
        encoding="utf-8",
        # Ctrl-C is for the demo, which then stops its simulator.
        start_new_session=True,
    ) as process:
        try:
            output = cast("IO[str]", process.stdout)
            name, _, url = output.readline().strip().partition(": ")
            check(name == "Xoxzo simulator" and url, "the simulator did not start")
            # What it logs is not told here, but it must be able to write it.
            drain = threading.Thread(target=output.read)
            drain.start()
            yield url
        finally:
            process.terminate()
        drain.join()
    check(process.returncode == 0, f"the simulator ended with status {process.returncode}")


def message(client: Client, url: str) -> Decimal:
    """Send an SMS in Japanese and follow it to the handset; return its cost."""
    chapter("An SMS in Japanese")
    length = measure(TEXT)
    line(f"“{TEXT}”")
    line(f"{length.units} characters, not all of them ASCII: {length.parts} parts.")
    today = datetime.now(UTC).date()
    sent = client.sms.send(recipient=PHONE, sender="Shop", message=TEXT, reference="demo-1")
    line(f"sent to {PHONE} as {sent.msgid}")
    message = follow(partial(client.sms.get, sent.msgid))
    check(message.status is MessageStatus.DELIVERED, f"the SMS ended as {message.status}")
    check(message.parts == length.parts, f"billed {message.parts} parts, expected {length.parts}")
    check(message.cost == 10 * (length.parts or 0), f"it cost {message.cost}")
    received = control(url, f"/_simulator/phones/{PHONE}")["messages"]
    check([each["text"] for each in received] == [TEXT], "the phone shows something else")
    done(f"delivered: {message.parts} parts, {price(message.cost)}; the phone shows the text, once")
    listed = [each.msgid for each in client.sms.list(since=today)]
    check(listed == [sent.msgid], f"the list since {today} has {listed}")
    check(client.sms.find("demo-1", since=today).found, "the reference was not found")
    done(f"in the list of what was sent since {today}, and found by its reference")
    return message.cost or Decimal(0)


def calls(client: Client) -> Decimal:
    """Ring two phones, with an mp3 and with a text, and follow both calls; return their cost."""
    chapter("A phone rings, twice")
    mp3 = client.calls.play(caller=OFFICE, recipient=PHONE, recording_url="http://www.example.com/hello.mp3")
    line(f"{PHONE} is to hear an mp3")
    tts = client.calls.say(caller=OFFICE, recipient=FRIEND, tts_message=SPOKEN, tts_lang="ja")
    line(f"{FRIEND} is to hear, in Japanese: “{SPOKEN}”")
    cost = Decimal(0)
    for what, callid in (("the mp3", mp3.callid), ("the text", tts.callid)):
        call = follow(partial(client.calls.get, callid))
        check(call.status is CallStatus.ANSWERED, f"the call with {what} ended as {call.status}")
        check(call.duration > 0 and call.end_time, "the call has no length")
        check(call.cost, "the call cost nothing")
        cost += call.cost or 0
        done(f"{what}: answered, {call.duration} s of talk, {price(call.cost)}")
    return cost


def dial_in(client: Client, url: str) -> Decimal:
    """Subscribe a number, let a call come in and have it answered; return what that cost."""
    chapter("A call comes in")
    number = next(iter(client.dins.search(country="JP", prefix="8150")), None)
    if number is None:
        raise Surprise("no 050 number is free")
    client.dins.subscribe(number.din_uid)
    line(f"subscribed +{number.din}: {price(number.monthly_cost)} for 30 days, {price(number.minute_cost)} a minute")
    asked: list[dict[str, list[str]]] = []
    with action_server(f'say ja "{GREETING}"', asked) as action_url:
        client.dins.set_action_url(number.din_uid, action_url=action_url)
        check([each.action_url for each in client.dins.list()] == [action_url], "the action URL was not kept")
        line(f"its action URL is {action_url}, a small server in this program")
        ringing = control(url, "/_simulator/calls", {"din": number.din, "caller": FRIEND})
        line(f"{FRIEND} dials the number …")
        call = follow(partial(client.calls.get, ringing["id"]))
    expected = {"caller": [FRIEND.removeprefix("+")], "recipient": [number.din]}
    check(asked == [expected], f"the action URL was asked with {asked}")
    done(f"the action URL was asked: caller={expected['caller'][0]} recipient={number.din}")
    check(call.status is CallStatus.ANSWERED, f"the incoming call ended as {call.status}")
    steps = control(url, f"/_simulator/calls/{ringing['id']}")["steps"]
    said = [step for step in steps if GREETING in json.dumps(step, ensure_ascii=False)]
    check(said, f"the greeting was not said: {steps}")
    done(f"answered with say ja “{GREETING}”: {call.duration} s, {price(call.cost)}")
    return (number.monthly_cost or Decimal(0)) + (call.cost or Decimal(0))


def follow(ask: Callable[[], Record]) -> Record:
    """Ask for a record until it has reached its end, telling each status once."""
    give_up = time.monotonic() + PATIENCE
    seen = None
    while True:
        found = ask()
        if found.status != seen:
            seen = found.status
            line(f"… {seen}")
        if found.status.is_final:
            return found
        check(time.monotonic() < give_up, f"still {seen} after {PATIENCE:.0f} s")
        time.sleep(0.1)


@contextmanager
def action_server(answer: str, asked: list[dict[str, list[str]]]) -> Iterator[str]:
    """Serve one answer to whoever asks, remembering the questions; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(parse_qs(urlsplit(self.path).query))
            body = answer.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/action/"
        finally:
            server.shutdown()
            thread.join()


def control(url: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
    """Ask the simulator's control API, which is on this machine whatever proxy the environment names."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(url + path, data, {"content-type": "application/json"})  # noqa: S310 - our own address
    with build_opener(ProxyHandler({})).open(request, timeout=PATIENCE) as answer:
        return json.load(answer)
