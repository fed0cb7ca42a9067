"""One question to the server, for the balance: it sends and costs nothing, and tells of network, clock, account."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

from xoxzo.cloudpy.cli.commands.doctor.failures import no_answer
from xoxzo.cloudpy.cli.commands.doctor.finding import Finding, State
from xoxzo.cloudpy.cli.core.exit_codes import CommandError
from xoxzo.cloudpy.cli.core.i18n import _, render_error
from xoxzo.cloudpy.cli.core.output.values import format_value
from xoxzo.cloudpy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xoxzo.cloudpy.cli.core.config.profiles import Destination

_MAX_BODY_BYTES = 65_536
_NOTE_SECONDS, _WRONG_SECONDS = 5.0, 60.0
"""Seconds by which the clock may differ: until it is said, and until it is wrong."""


class Answer(NamedTuple):
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    at: float
    """When it was on its way back, by this machine's clock."""


def request_balance(where: Destination | None, base_url: str, patience: float) -> Answer:
    """Ask for the balance with the transport that the commands use; without credentials, to hear that they are missing.

    Raises:
        TransportFailure: there was no answer.
        ConfigurationError: the address or the credentials cannot be any.
    """
    from xoxzo.cloudpy.client.configuration import configure
    from xoxzo.cloudpy.operations.account import get_credits
    from xoxzo.cloudpy.protocols import Progress, Request, TimeBudget
    from xoxzo.cloudpy.transports.threads import HttpTransport

    sid, token = ("nobody", "nothing") if where is None else (where.sid, where.auth_token)
    settings = configure(sid=sid, auth_token=token, base_url=base_url, rate=None, app_info="xoxzo-doctor")
    headers = tuple(header for header in settings.headers if where is not None or header[0] != "authorization")
    transport = HttpTransport()
    began, by_clock = time.monotonic(), time.time()
    allowed = TimeBudget(patience, patience, began + patience)
    try:
        reply = transport.send(Request("GET", settings.base_url + get_credits().path, headers), allowed, Progress())
        try:
            body = b""
            while len(body) < _MAX_BODY_BYTES and (piece := reply.read(allowed)):
                body += piece
        finally:
            reply.close()
    finally:
        transport.close()
    took = time.monotonic() - began
    return Answer(reply.status, reply.headers, body, took, by_clock + took / 2)


def account(where: Destination | CommandError, base_url: str, patience: float) -> Iterator[Finding]:
    """Whether the server answers, what its clock says, whether it takes the credentials.

    Args:
        where: whose account; or why nobody knows.
        base_url: the server.
        patience: seconds for everything.
    """
    from xoxzo.cloudpy.protocols import TransportFailure

    known = None if isinstance(where, CommandError) else where
    try:
        answer = request_balance(known, base_url, patience)
    except ConfigurationError as error:
        yield Finding("connection", "wrong", render_error(error))
    except TransportFailure as failure:
        yield no_answer(failure, base_url, patience)
    else:
        facts = {"url": base_url, "seconds": round(answer.seconds, 3), "status": answer.status}
        said = _("{url} answers, after {milliseconds} ms").format(
            url=base_url, milliseconds=f"{answer.seconds * 1000:,.0f}"
        )
        if answer.status >= 500:
            said = _("{url} is in trouble: status {status}").format(url=base_url, status=answer.status)
            yield Finding("connection", "wrong", said, (_("Try again later."),), facts)
        elif _is_not_xoxzo(answer):
            said = _("what answers at {url} is not Xoxzo: status {status}").format(url=base_url, status=answer.status)
            advice = _("Is the address right? Does this network want you to log in first?")
            yield Finding("connection", "wrong", said, (advice,), facts)
        else:
            yield Finding("connection", "fine", said, facts=facts)
            yield from _clock(answer)
            yield _credentials(where, answer)
            return
    yield Finding("clock", "skipped", _("not compared: there was no answer"))
    if isinstance(where, CommandError):
        yield no_credentials(where)
    else:
        yield Finding("credentials", "skipped", _("not tried: there was no answer"))


def no_credentials(refused: CommandError) -> Finding:
    """Say that there are no credentials, or none that can be used."""
    without = _("Without an account: {command}").format(command="xoxzo doctor --simulator")
    return Finding("credentials", "wrong", refused.message, (*refused.advice, without))


def _is_not_xoxzo(answer: Answer) -> bool:
    from xoxzo.cloudpy.operations.account import get_credits
    from xoxzo.cloudpy.operations.decoding.records import DecodingError

    if answer.status != 200:
        return answer.status not in {401, 403, 429}
    try:
        get_credits().read(answer.body)
    except DecodingError:
        return True
    return False


def _clock(answer: Answer) -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (ValueError, TypeError):
        yield Finding("clock", "skipped", _("not compared: the server does not tell its time"))
        return
    # The server tells whole seconds: on average half a second has passed since.
    ahead = answer.at - (theirs + 0.5)
    facts = {"seconds_ahead": round(ahead, 1)}
    if abs(ahead) <= _NOTE_SECONDS:
        yield Finding("clock", "fine", _("as the server's"), facts=facts)
        return
    sentence = _("{seconds} s ahead of the server's") if ahead > 0 else _("{seconds} s behind the server's")
    advice = (_("Have the system set its clock: {command}").format(command="timedatectl set-ntp true"),)
    state: State = "wrong" if abs(ahead) > _WRONG_SECONDS else "note"
    yield Finding("clock", state, sentence.format(seconds=f"{abs(ahead):,.0f}"), advice, facts)


def _credentials(where: Destination | CommandError, answer: Answer) -> Finding:
    from xoxzo.cloudpy.operations.account import get_credits

    if isinstance(where, CommandError):
        return no_credentials(where)
    facts = {"source": where.source, "profile": where.profile, "sid": where.sid_masked, "status": answer.status}
    if answer.status == 200:
        left = get_credits().read(answer.body).credits
        said = _("accepted (SID {sid}); {credits} credits are left").format(
            sid=where.sid_masked, credits=format_value(left)
        )
        return Finding("credentials", "fine", said, facts={**facts, "credits": float(left)})
    if answer.status == 429:
        return Finding("credentials", "note", _("not tried: too many requests; ask again in a while"), facts=facts)
    if answer.status == 403:
        said = _("the account must not read its balance from here: status 403")
        return Finding("credentials", "wrong", said, (_("Does Xoxzo allow this machine's IP address?"),), facts)
    said = _("Xoxzo does not know this SID with this token (SID {sid})").format(sid=where.sid_masked)
    whence = _("the environment") if where.profile is None else _("profile {name}").format(name=where.profile)
    advice = _("They come from {source}. Copy SID and token from Xoxzo's site once more.").format(source=whence)
    return Finding("credentials", "wrong", said, (advice,), facts)
