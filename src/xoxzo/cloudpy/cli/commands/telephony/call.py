"""`xoxzo call`, which plays an mp3 or speaks a text, and `xoxzo conference`, which joins two or three phones."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import click

from xoxzo.cloudpy.cli.core import click_base, exit_codes, inputs, sending
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.session import Session, api

_COLUMNS = ("callid", "status", "recipient", "caller", "start_time", "duration", "cost", "tags")
_MINUTE, _LOCAL_MINUTE = Decimal(10), Decimal(15)
"""Credits for the first minute to Japan, charged whether it is answered or not (API section 1.7)."""
_din_caller = click.option(
    "--jp-din-caller", is_flag=True, help="Show your dial-in number --caller to the recipient, at a higher price."
)


@click_base.make_group(
    "xoxzo call say 080-1111-2222 'ご注文の品が届きました' --caller 81501112222 --simulator", "xoxzo call wait CALLID"
)
def command() -> None:
    """Call a phone and play an mp3 or speak a text."""


@command.subcommand(
    "play",
    "xoxzo call play 080-1111-2222 --url http://www.example.com/hello.mp3 --caller 81501112222 --simulator",
    "cat numbers.txt | xoxzo call play - --url http://www.example.com/hello.mp3 --caller 81501112222 --yes",
)
@click.argument("recipients", nargs=-1, required=True, metavar="RECIPIENT...")
@click.option("--url", required=True, metavar="URL", help="A public mp3; http:// only.")
@_din_caller
@sending.call_options
@api(sends=True)
def play(session: Session, recipients: Sequence[str], url: str, **given: Any) -> None:
    """Call one or several phones, one after the other, and play an mp3."""
    _call(session, recipients, "play", _("A call that plays an mp3"), given | {"recording_url": url})


@command.subcommand(
    "say",
    "xoxzo call say 080-1111-2222 'ご注文の品が届きました' --caller 81501112222 --simulator",
    "xoxzo call say 080-1111-2222 --file text.txt --lang en --caller 81501112222",
)
@click.argument("recipient")
@click.argument("text", required=False)
@click.option("--file", metavar="FILE", help="Read the text from a file (UTF-8); - is standard input.")
@click.option("--lang", default="ja", show_default=True, metavar="LANG", help="The text's language: ja or en.")
@_din_caller
@sending.call_options
@api(sends=True)
def say(session: Session, recipient: str, text: str | None, file: str | None, lang: str, **given: Any) -> None:
    """Call a phone and speak a text; commas make pauses. A RECIPIENT - stands for numbers on standard input."""
    given |= {"tts_message": inputs.read_text(text, file), "tts_lang": lang}
    _call(session, [recipient], "say", _("A call that speaks a text"), given)


def _call(session: Session, recipients: Sequence[str], action: str, what: str, given: dict[str, Any]) -> None:
    """Check all calls, ask for confirmation if needed, and call each number; `action` is ``play`` or ``say``."""
    from xoxzo.cloudpy.operations import calls

    people = sending.complete_send(session, "caller", given, recipients)
    sending.check_each(people, getattr(calls, action), given)
    cost = _first_minutes(people, local=given["jp_din_caller"])
    sending.confirm_send(session, what, [one.number for one in people], cost, at_least=True)
    send = partial(getattr(session.client.calls, action), **given)
    sending.send_each(session, people, send, key="callid", done="started", follow="call wait {id}")


def _first_minutes(people: Sequence[sending.Recipient], *, local: bool = False) -> Decimal | None:
    """Return the least cost of calls, their first minutes; ``None`` if no price is published."""
    minute = _LOCAL_MINUTE if local else _MINUTE
    return minute * len(people) if all(one.country == "JP" for one in people) else None


@command.subcommand("get", "xoxzo call get CALLID", "xoxzo call get CALLID --json | jq .duration")
@click.argument("callids", nargs=-1, required=True, metavar="CALLID...")
@api()
def get(session: Session, callids: Sequence[str]) -> None:
    """Get the status of calls; - reads their ids from standard input, one a line.

    duration is seconds of talk; cost is 0 until the call has ended.
    """
    sending.show_each(session, callids, session.client.calls.get, _COLUMNS)


@command.subcommand("wait", "xoxzo call wait CALLID", "xoxzo call wait CALLID --for 60 --json")
@click.argument("callids", nargs=-1, required=True, metavar="CALLID...")
@click.option(
    "--for", "wait_seconds", default=300.0, show_default=True, metavar="SECONDS", help="How long to wait for each."
)
@api()
def wait(session: Session, callids: Sequence[str], wait_seconds: float) -> None:
    """Wait until calls are over; - reads their ids from standard input, one a line.

    Exits with 0 if all were answered, 3 if one was not, and 6 if time ran out.
    """
    end = partial(session.client.calls.wait, timeout=wait_seconds)
    sending.show_each(session, callids, end, _COLUMNS, good=lambda call: call.status == "ANSWERED")


@click_base.make_group(
    "xoxzo conference create 080-1111-2222 090-3333-4444 --caller 81501112222 --simulator",
    "xoxzo conference get CONFERENCEID",
)
def conference() -> None:
    """Call two or three phones and join them in a conference."""


@conference.subcommand("create", "xoxzo conference create 080-1111-2222 090-3333-4444 --caller 81501112222 --simulator")
@click.argument("participants", nargs=-1, required=True, metavar="NUMBER...")
@click.option("--lang", metavar="LANG", help="The voice guide's language; whether Xoxzo uses it is not documented.")
@sending.call_options
@api(sends=True)
def create(session: Session, participants: Sequence[str], **given: Any) -> None:
    """Call two or three phones and join them in a conference; each is charged as a call."""
    from xoxzo.cloudpy.operations.calls import create_conference

    people = sending.complete_send(session, "caller", given, participants)
    numbers = [one.number for one in people]
    with exit_codes.invalid_arguments_as_errors(nothing_sent=True):
        create_conference(participants=numbers, **given)
    sending.confirm_send(session, _("A conference"), numbers, _first_minutes(people), at_least=True)
    started = session.client.conferences.create(participants=numbers, **given)
    session.out.record(session.out.facts(started))
    session.follow(f"conference get {started.conferenceid}")


@conference.subcommand("get", "xoxzo conference get CONFERENCEID", "xoxzo conference get CONFERENCEID --json")
@click.argument("conferenceid")
@api()
def get_conference(session: Session, conferenceid: str) -> None:
    """Ask how a conference went: each participant's call, the length of the longest, and the cost of all."""
    facts = session.out.facts(session.client.conferences.get(conferenceid))
    calls = facts.pop("participants")
    if session.out.draws:
        session.out.record(facts)
        session.out.table(calls, _COLUMNS)
    else:
        session.out.record({**facts, "participants": calls})
