"""The checks of `xoxzo doctor`: of this machine, then by one request for the balance, which sends and costs nothing."""

from __future__ import annotations

import os
import platform
import re
import shutil
import ssl
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from difflib import get_close_matches
from email.utils import parsedate_to_datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from xoxzo.cloudpy.cli.core import local_simulator
from xoxzo.cloudpy.cli.core.configuration import HOST, SID, TOKEN, Destination, load, path
from xoxzo.cloudpy.cli.core.exit_codes import CommandError, describe
from xoxzo.cloudpy.cli.core.http_probe import ProbeResult, probe
from xoxzo.cloudpy.cli.core.i18n import N_, _, language, render_error
from xoxzo.cloudpy.cli.core.output.values import format_value
from xoxzo.cloudpy.client.configuration import configure
from xoxzo.cloudpy.common.hosts import is_this_machine
from xoxzo.cloudpy.common.version import __version__
from xoxzo.cloudpy.errors import ConfigurationError, SimulatorError
from xoxzo.cloudpy.operations.account import get_credits
from xoxzo.cloudpy.operations.bodies import DecodingError
from xoxzo.cloudpy.protocols import TransportFailure
from xoxzo.cloudpy.transports import tls
from xoxzo.cloudpy.transports.routes import Proxy, environment_proxy, parse_target

State = Literal["fine", "note", "wrong", "skipped"]
"""``note`` is for what may be intended, ``skipped`` for what could not be checked."""
DISTRIBUTION = "xoxzo-cloudpy"
PURPOSES = {
    "cli": N_("the command line"),
    "phone": N_("phone numbers as people type them"),
    "campaigns": N_("one message to many recipients, from a file"),
    "simulator": N_("Xoxzo's telephony service on this machine"),
    "listen": N_("callbacks as they arrive, and sample callbacks"),
    "callbacks": N_("reading callbacks, with a log of deliveries"),
    "uvloop": N_("a faster event loop, for many messages"),
    "keyring": N_("tokens in the system's keyring"),
    "mcp": N_("an assistant that uses Xoxzo, within limits"),
    "alertmanager": N_("alerts of Prometheus and Grafana as SMS and calls"),
    "apprise": N_("notifications of Apprise as SMS and calls"),
    "pytest": N_("a simulator in your tests"),
    "django": N_("callbacks and sending in Django"),
    "otel": N_("traces and metrics"),
    "postgresql": N_("campaigns in PostgreSQL, from several machines"),
    "celery": N_("messages and calls as tasks of Celery"),
}
"""What each extra is for, the ones that the command line needs first."""

_OTHER_VARIABLES = (
    *("ALERTMANAGER_CONFIG", "ALERTMANAGER_TOKEN", "CALLBACK_SECRET", "CAMPAIGNS", "CONFIG", "GRAFANA_SECRET", "LANG"),
    *("LOG", "OPT_OUT_URL", "PROFILE", "SIMULATOR", "SIMULATOR_HOSTS", "SIMULATOR_TOKEN"),
)
VARIABLES = {"SID": SID, "AUTH_TOKEN": TOKEN, "HOST": HOST, "URL": HOST, "BASE_URL": HOST}
VARIABLES |= {name: f"XOXZO_{name}" for name in _OTHER_VARIABLES}
"""The environment variables that this library reads, by what users may call them."""

_REQUIREMENT = re.compile(r"""([\w.-]+)[^;]*?(?:>=\s*([\d.]+)[^;]*)?;.*\bextra\s*==\s*["']([\w.-]+)""")
_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_DEFAULT_SIZE = (80, 24)
_NOTE_SECONDS, _WRONG_SECONDS = 5.0, 60.0
"""Seconds by which the clock may differ without a note, and without being wrong."""


class Finding(NamedTuple):
    """The result of a check: `check` and `facts`, without secrets, for programs; its texts in the user's language."""

    check: str
    state: State
    message: str
    advice: tuple[str, ...] = ()
    facts: Mapping[str, Any] = {}


def python() -> Finding:
    """Which Python runs which version of this library, and from where."""
    system = f"{platform.system()} {platform.machine()}"
    versions = {"python": platform.python_version(), "system": system, "version": __version__}
    sentence = _("Python {python} on {system}, xoxzo-cloudpy {version}", **versions)
    return Finding("python", "fine", sentence, facts={**versions, "executable": sys.executable})


def extras() -> Finding:
    """Which extras are installed, what the others are for, and which packages are too old."""
    try:
        known = _requirements()
    except metadata.PackageNotFoundError:
        return Finding("extras", "note", _("not known: {name} is not installed as a package", name=DISTRIBUTION))
    there: list[str] = []
    absent: list[str] = []
    old: set[str] = set()
    for extra in filter(known.__contains__, PURPOSES):
        versions: dict[str, str | None] = dict.fromkeys(known[extra])
        for name in versions:
            with suppress(metadata.PackageNotFoundError):
                versions[name] = metadata.version(name)
        (absent if None in versions.values() else there).append(extra)
        for name, least in known[extra].items():
            found = versions[name]
            if least and found and _numbers(found) < _numbers(least):
                values = {"name": name, "version": found, "extra": extra, "least": least}
                old.add(_("{name} {version}, and {extra} needs {least}", **values))
    facts = {"installed": there, "missing": absent, "too_old": sorted(old)}
    if old:
        advice = _("Type: {command}", command=f'pip install --upgrade "{DISTRIBUTION}[{",".join(there)}]"')
        return Finding("extras", "wrong", _("too old: {names}", names="; ".join(sorted(old))), (advice,), facts)
    lines = [f'{_(PURPOSES[extra])}: pip install "{DISTRIBUTION}[{extra}]"' for extra in absent]
    return Finding("extras", "fine", ", ".join(there) or _("none"), tuple(lines), facts)


def _requirements() -> dict[str, dict[str, str | None]]:
    """Return what each extra needs: names and least versions. An extra's own extras were resolved by the build."""
    found: dict[str, dict[str, str | None]] = {}
    for line in metadata.requires(DISTRIBUTION) or ():
        if matched := _REQUIREMENT.match(line):
            name, least, extra = matched.groups()
            found.setdefault(extra, {})[name.lower().replace("_", "-")] = least
    return found


def _numbers(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in re.match(r"[0-9.]*", version)[0].split(".") if part]  # type: ignore[index]
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)


def configuration() -> Finding:
    """The configuration file: whether it can be read, and by whom; and variables of the environment without effect."""
    where = path()
    try:
        profiles = list(load().get("profiles", {}))
    except CommandError as failure:
        return Finding("configuration", "wrong", failure.message, failure.advice, {"path": str(where)})
    sentence = _("none at {path}", path=where)
    if exists := where.exists():
        sentence = _("{path}; profiles: {names}", path=where, names=", ".join(profiles) or _("none"))
    # Variables of this library's own tests (XOXZO_TESTS_…) do not concern a user.
    unknown = sorted(filter(re.compile("XOXZO_(?!TESTS_)").match, os.environ.keys() - {*VARIABLES.values()}))
    advice = []
    for name in unknown:
        advice.append(_("{path}: there is no setting {name}", path=_("the environment"), name=name))
        for near in get_close_matches(name.removeprefix("XOXZO_").removeprefix("API_"), VARIABLES, n=1):
            guess = repr(VARIABLES[near])
            advice.append(_("Did you mean {possibility}?", possibility=guess, possibilities=guess))
    facts = {"path": str(where), "exists": exists, "profiles": profiles, "unknown_variables": unknown}
    return Finding("configuration", "note" if unknown else "fine", sentence, tuple(advice), facts)


def terminal() -> Finding:
    """The terminal: its size, its encoding, the language of the output."""
    encoding = (sys.stdout.encoding or "").lower()
    is_terminal = sys.stdout.isatty()
    width, height = shutil.get_terminal_size(_DEFAULT_SIZE)
    facts = {
        "terminal": is_terminal,
        "columns": width,
        "encoding": encoding,
        "language": language(),
        "colours": is_terminal and not os.environ.get("NO_COLOR"),
    }
    where = _("{columns} × {lines} characters", columns=width, lines=height) if is_terminal else _("no terminal")
    # The catalogue translates "English" as the name of its own language.
    sentence = _("{terminal}, {encoding}, {language}", terminal=where, encoding=encoding, language=_("English"))
    if encoding.replace("-", "") == "utf8":
        return Finding("terminal", "fine", sentence, facts=facts)
    why = _("{terminal}: Japanese cannot be shown in this encoding", terminal=sentence)
    return Finding("terminal", "note", why, (_("Type: {command}", command="export LC_ALL=C.UTF-8"),), facts)


def simulators() -> Finding:
    """Which simulators of this user run on this machine."""
    urls = [entry.url for entry in local_simulator.running()]
    named = os.environ.get(local_simulator.VARIABLE)
    facts = {"running": urls, "named": named}
    if named:
        try:
            local_simulator.find_or_start()
        except SimulatorError as error:
            advice = _("Start one there, or type: unset {variable}", variable=local_simulator.VARIABLE)
            return Finding("simulator", "wrong", str(error), (advice,), facts)
        urls = [named]
    sentence = _("running: {urls}", urls=", ".join(urls)) if urls else _("none runs; --simulator starts one")
    return Finding("simulator", "fine", sentence, facts=facts)


def proxy(base_url: str) -> Finding:
    """Whether a proxy is used, and whether its address is valid."""
    variable = next((name for name in _PROXIES if os.environ.get(name)), None)
    facts: dict[str, Any] = {"address": None, "variable": variable}
    try:
        found = _proxy_of(base_url)
    except ConfigurationError as error:
        advice = _("Type: {command}", command=f"export {variable or _PROXIES[1]}=http://proxy.example.com:3128")
        return Finding("proxy", "wrong", render_error(error), (advice,), facts)
    if found is not None:
        facts["address"] = found.address
        source = variable or _("the system's settings")
        sentence = _("{address}, from {name}", address=found.address, name=source)
    elif variable is not None:
        sentence = _("none for this address, although {name} is set", name=variable)
    else:
        sentence = _("none")
    return Finding("proxy", "fine", sentence, facts=facts)


def _proxy_of(base_url: str) -> Proxy | None:
    """Return the proxy that the environment names for an address; raise ``ConfigurationError`` for a bad one."""
    target = parse_target(base_url)
    return None if is_this_machine(target.host) else environment_proxy(target)


def certificates(base_url: str) -> Finding:
    """Which certificates are trusted, determined as the transport does it."""
    if not base_url.startswith("https://"):
        return Finding("certificates", "skipped", _("not needed: {url} is on this machine", url=base_url))
    variable = next((name for name in _CERTIFICATES if os.environ.get(name)), None)
    facts: dict[str, Any] = {"openssl": ssl.OPENSSL_VERSION, "variable": variable}
    try:
        context = tls.default_context()
    except ConfigurationError as error:
        facts["variable"] = variable = str(error.fields["variable"])
        return Finding("certificates", "wrong", render_error(error), _certificate_advice(variable), facts)
    # On Windows and macOS it is truststore's, which queries the system during each handshake.
    own = type(context) is ssl.SSLContext
    paths = ssl.get_default_verify_paths()
    where = paths.openssl_cafile if own else _("the operating system's store")
    if variable is not None:
        where = f"{variable}={os.environ[variable]}"
    facts |= {"source": where, "authorities": context.cert_store_stats()["x509_ca"] if own else None}
    # OpenSSL reads a folder during each handshake, not before.
    folder = Path(os.environ.get("SSL_CERT_DIR") or paths.openssl_capath)
    has_folder = variable != "SSL_CERT_FILE" and folder.is_dir()
    if own and not facts["authorities"] and not (has_folder and any(folder.iterdir())):
        sentence = _("no certificate authority is known to {source}", source=where)
        return Finding("certificates", "wrong", sentence, _certificate_advice(variable), facts)
    version = " ".join(ssl.OPENSSL_VERSION.split()[:2])
    return Finding(
        "certificates", "fine", _("{openssl}; trusted: {source}", openssl=version, source=where), facts=facts
    )


def _certificate_advice(variable: str | None) -> tuple[str, ...]:
    if variable is not None:
        return (_("Type: {command}", command=f"unset {variable}"),)
    return (_("Install the system's certificates, on Debian and Ubuntu: apt-get install ca-certificates"),)


def account(where: Destination | CommandError, base_url: str, timeout: float) -> Iterator[Finding]:
    """Whether the server responds, whether the clocks agree, whether it accepts the credentials."""
    answer = _request_balance(where, base_url, timeout)
    connection = _connection(answer, base_url, timeout)
    yield connection
    answered = connection.state == "fine"
    # The server sent the response half-way between request and response.
    at = time.time() - answer.seconds / 2
    yield _clock(answer, at) if answered else Finding("clock", "skipped", _("not compared: there was no answer"))
    if isinstance(where, CommandError):
        without = _("Without an account: {command}", command="xoxzo doctor --simulator")
        yield Finding("credentials", "wrong", where.message, (*where.advice, without))
    elif answered:
        yield _credentials(where, answer)
    else:
        yield Finding("credentials", "skipped", _("not tried: there was no answer"))


def _request_balance(where: Destination | CommandError, base_url: str, timeout: float) -> ProbeResult:
    """Request the balance with the commands' transport, without credentials if there are none."""
    sid, token = ("nobody", "nothing") if isinstance(where, CommandError) else (where.sid, where.auth_token)
    try:
        settings = configure(sid=sid, auth_token=token, base_url=base_url, rate=None, app_info="xoxzo-doctor")
    except ConfigurationError as error:
        return ProbeResult(None, b"", 0.0, failure=error)
    headers = dict(settings.headers)
    if isinstance(where, CommandError):
        del headers["authorization"]
    url = settings.base_url + get_credits().path
    return probe("GET", url, headers, seconds=timeout)


def _connection(answer: ProbeResult, base_url: str, timeout: float) -> Finding:
    facts = {"url": base_url, "seconds": round(answer.seconds, 3), "status": answer.status}
    if isinstance(answer.failure, ConfigurationError):
        return Finding("connection", "wrong", render_error(answer.failure))
    if answer.failure is not None:
        return _connection_failure(answer.failure, base_url, timeout)
    if answer.status is not None and answer.status >= 500:
        sentence = _("{url} has a problem: status {status}", url=base_url, status=answer.status)
        return Finding("connection", "wrong", sentence, (_("Try again later."),), facts)
    if answer.status not in {401, 403, 429} and _balance(answer) is None:
        sentence = _("the server at {url} is not Xoxzo's: status {status}", url=base_url, status=answer.status)
        advice = _("Is the address right? Does this network want you to log in first?")
        return Finding("connection", "wrong", sentence, (advice,), facts)
    milliseconds = f"{answer.seconds * 1000:,.0f}"
    sentence = _("{url} answers, after {milliseconds} ms", url=base_url, milliseconds=milliseconds)
    return Finding("connection", "fine", sentence, facts=facts)


def _balance(answer: ProbeResult) -> Decimal | None:
    """Return the balance that a response has; ``None`` if it has none."""
    with suppress(DecodingError):
        return get_credits().read(answer.body).credits if answer.status == 200 else None
    return None


def _connection_failure(failure: TransportFailure, base_url: str, timeout: float) -> Finding:
    """Describe a connection failure of a request to an address, with its timeout in seconds."""
    host, reason = urlsplit(base_url).hostname or "", failure.reason
    proxy = _proxy_of(base_url)
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


def _clock(answer: ProbeResult, at: float) -> Finding:
    """Compare the clocks; `at` is when the server sent its response, by this machine's clock."""
    try:
        server_time = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (ValueError, TypeError):
        return Finding("clock", "skipped", _("not compared: the server's response has no time"))
    # The header has no fractions: on average half a second has passed since.
    ahead = at - (server_time + 0.5)
    facts = {"seconds_ahead": round(ahead, 1)}
    if abs(ahead) <= _NOTE_SECONDS:
        return Finding("clock", "fine", _("as the server's"), facts=facts)
    sentence = _("{seconds} s ahead of the server's") if ahead > 0 else _("{seconds} s behind the server's")
    advice = (_("Have the system set its clock: {command}", command="timedatectl set-ntp true"),)
    state: State = "wrong" if abs(ahead) > _WRONG_SECONDS else "note"
    return Finding("clock", state, sentence.format(seconds=f"{abs(ahead):,.0f}"), advice, facts)


def _credentials(where: Destination, answer: ProbeResult) -> Finding:
    facts = {"source": where.source, "profile": where.profile, "sid": where.sid_masked, "status": answer.status}
    if (left := _balance(answer)) is not None:
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
