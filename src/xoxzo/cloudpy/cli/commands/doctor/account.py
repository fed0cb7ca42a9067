"""Checks by one request for the balance, which sends and costs nothing: network, clock, account."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from xoxzo.cloudpy.cli.commands.doctor.checks import Finding, State, proxy_of
from xoxzo.cloudpy.cli.core.exit_codes import CommandError, describe
from xoxzo.cloudpy.cli.core.http_probe import ProbeResult, probe
from xoxzo.cloudpy.cli.core.i18n import _, render_error
from xoxzo.cloudpy.cli.core.output.values import format_value
from xoxzo.cloudpy.client.configuration import configure
from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.operations.account import get_credits
from xoxzo.cloudpy.operations.bodies import DecodingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xoxzo.cloudpy.cli.core.config.profiles import Destination
    from xoxzo.cloudpy.protocols import TransportFailure

_NOTE_SECONDS, _WRONG_SECONDS = 5.0, 60.0
"""Seconds by which the clock may differ without a note, and without being wrong."""


def request_balance(where: Destination | None, base_url: str, timeout: float) -> ProbeResult:
    """Request the balance with the commands' transport, without credentials if `where` is ``None``."""
    sid, token = ("nobody", "nothing") if where is None else (where.sid, where.auth_token)
    try:
        settings = configure(sid=sid, auth_token=token, base_url=base_url, rate=None, app_info="xoxzo-doctor")
    except ConfigurationError as error:
        return ProbeResult(None, b"", 0.0, failure=error)
    headers = {name: value for name, value in settings.headers if where is not None or name != "authorization"}
    url = settings.base_url + get_credits().path
    return probe("GET", url, headers, step_seconds=timeout, total_seconds=timeout)


def account(where: Destination | CommandError, base_url: str, timeout: float) -> Iterator[Finding]:
    """Whether the server responds, whether the clocks agree, whether it accepts the credentials."""
    answer = request_balance(None if isinstance(where, CommandError) else where, base_url, timeout)
    facts = {"url": base_url, "seconds": round(answer.seconds, 3), "status": answer.status}
    if isinstance(answer.failure, ConfigurationError):
        yield Finding("connection", "wrong", render_error(answer.failure))
    elif answer.failure is not None:
        yield _connection_failure(answer.failure, base_url, timeout)
    elif answer.status is not None and answer.status >= 500:
        sentence = _("{url} has a problem: status {status}", url=base_url, status=answer.status)
        yield Finding("connection", "wrong", sentence, (_("Try again later."),), facts)
    elif _is_not_xoxzo(answer):
        sentence = _("the server at {url} is not Xoxzo's: status {status}", url=base_url, status=answer.status)
        advice = _("Is the address right? Does this network want you to log in first?")
        yield Finding("connection", "wrong", sentence, (advice,), facts)
    else:
        milliseconds = f"{answer.seconds * 1000:,.0f}"
        sentence = _("{url} answers, after {milliseconds} ms", url=base_url, milliseconds=milliseconds)
        yield Finding("connection", "fine", sentence, facts=facts)
        # The server sent it half-way between request and response.
        yield from _clock(answer, time.time() - answer.seconds / 2)
        yield _credentials(where, answer)
        return
    yield Finding("clock", "skipped", _("not compared: there was no answer"))
    if isinstance(where, CommandError):
        yield _no_credentials(where)
    else:
        yield Finding("credentials", "skipped", _("not tried: there was no answer"))


def _connection_failure(failure: TransportFailure, base_url: str, timeout: float) -> Finding:
    """Describe a connection failure of a request to an address, with its timeout in seconds."""
    host, reason = urlsplit(base_url).hostname or "", failure.reason
    proxy = proxy_of(base_url)
    facts = {"url": base_url, "reason": reason, "timeout": failure.timeout}
    if failure.timeout is not None:
        sentence = _("{url} does not answer within {seconds} s", url=base_url, seconds=f"{timeout:g}")
        advice = _("Check the network, the firewall and the proxy; --timeout waits longer.")
    elif failure.code == "certificate_not_trusted":
        why = reason.partition("certificate verify failed: ")[2].partition(" (_ssl")[0] or reason
        sentence = _("the certificate of {host} is not trusted: {why}", host=host, why=why)
        command = "export SSL_CERT_FILE=/path/to/its/ca.pem"
        advice = _("If your network checks traffic, type: {command}", command=command)
    elif proxy is not None and failure.code != "connection_broke":
        why = describe(reason, failure.code)
        sentence = _("the proxy {proxy} does not let through: {why}", proxy=proxy.address, why=why)
        advice = _("Is HTTPS_PROXY right? Without a proxy: {command}", command=f"export NO_PROXY={host}")
    elif failure.code == "name_not_found":
        sentence = _("there is no machine called {host}", host=host)
        advice = _("Is the address right? Does the network work?")
    else:
        sentence = _("nothing answers at {url}: {why}", url=base_url, why=describe(reason, failure.code))
        simulator = _("Type: {command}", command="xoxzo simulator")
        advice = simulator if base_url.startswith("http://") else _("Check the network and the firewall.")
    return Finding("connection", "wrong", sentence, (advice,), facts)


def _no_credentials(refused: CommandError) -> Finding:
    """Return the finding that there are no usable credentials."""
    without = _("Without an account: {command}", command="xoxzo doctor --simulator")
    return Finding("credentials", "wrong", refused.message, (*refused.advice, without))


def _is_not_xoxzo(answer: ProbeResult) -> bool:
    if answer.status != 200:
        return answer.status not in {401, 403, 429}
    try:
        get_credits().read(answer.body)
    except DecodingError:
        return True
    return False


def _clock(answer: ProbeResult, at: float) -> Iterator[Finding]:
    """Compare the clocks; `at` is when the server sent its response, by this machine's clock."""
    try:
        server_time = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (ValueError, TypeError):
        yield Finding("clock", "skipped", _("not compared: the server's response has no time"))
        return
    # The header has no fractions: on average half a second has passed since.
    ahead = at - (server_time + 0.5)
    facts = {"seconds_ahead": round(ahead, 1)}
    if abs(ahead) <= _NOTE_SECONDS:
        yield Finding("clock", "fine", _("as the server's"), facts=facts)
        return
    sentence = _("{seconds} s ahead of the server's") if ahead > 0 else _("{seconds} s behind the server's")
    advice = (_("Have the system set its clock: {command}", command="timedatectl set-ntp true"),)
    state: State = "wrong" if abs(ahead) > _WRONG_SECONDS else "note"
    yield Finding("clock", state, sentence.format(seconds=f"{abs(ahead):,.0f}"), advice, facts)


def _credentials(where: Destination | CommandError, answer: ProbeResult) -> Finding:
    if isinstance(where, CommandError):
        return _no_credentials(where)
    facts = {"source": where.source, "profile": where.profile, "sid": where.sid_masked, "status": answer.status}
    if answer.status == 200:
        left = get_credits().read(answer.body).credits
        shown = format_value(left)
        sentence = _("accepted (SID {sid}); {credits} credits are left", sid=where.sid_masked, credits=shown)
        return Finding("credentials", "fine", sentence, facts={**facts, "credits": float(left)})
    if answer.status == 429:
        return Finding("credentials", "note", _("not tried: too many requests; try again later"), facts=facts)
    if answer.status == 403:
        sentence = _("the account must not read its balance from here: status 403")
        return Finding("credentials", "wrong", sentence, (_("Does Xoxzo allow this machine's IP address?"),), facts)
    sentence = _("Xoxzo does not know this SID with this token (SID {sid})", sid=where.sid_masked)
    source = _("the environment") if where.profile is None else _("profile {name}", name=where.profile)
    advice = _("They come from {source}. Copy SID and token from Xoxzo's site once more.", source=source)
    return Finding("credentials", "wrong", sentence, (advice,), facts)
