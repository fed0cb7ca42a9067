"""Checks that make no request to the API: Python, extras, configuration, simulators, terminal, proxy, certificates."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from typing import Any, Literal

from xoxzo.cloudpy.cli.core.config import config_file, local_simulator
from xoxzo.cloudpy.cli.core.exit_codes import CommandError
from xoxzo.cloudpy.cli.core.i18n import N_, _, language, render_error
from xoxzo.cloudpy.common.hosts import is_this_machine
from xoxzo.cloudpy.common.version import __version__
from xoxzo.cloudpy.errors import ConfigurationError, SimulatorError
from xoxzo.cloudpy.transports.routes import Proxy, environment_proxy, parse_target

_DEFAULT_SIZE = (80, 24)
State = Literal["fine", "note", "wrong", "skipped"]


@dataclass(frozen=True)
class Finding:
    """The result of a check."""

    check: str
    """The name of the check; stable, for programs."""
    state: State
    """``fine``; ``note`` for what may be intended; ``wrong``; ``skipped`` if it could not be checked."""
    message: str
    """The result, in the user's language."""
    advice: tuple[str, ...] = ()
    """What to do, line by line."""
    facts: dict[str, Any] = field(default_factory=dict)
    """The details for programs; no secret, and the SID is shortened."""

    def as_json(self) -> dict[str, Any]:
        """Return the object that ``--json`` writes."""
        shown = {"check": self.check, "state": self.state, "message": self.message, "advice": list(self.advice)}
        return {**shown, **self.facts}


def python() -> Iterator[Finding]:
    """Which Python runs which version of this library, and from where."""
    system = f"{platform.system()} {platform.machine()}"
    versions = {"python": platform.python_version(), "system": system, "version": __version__}
    sentence = _("Python {python} on {system}, xoxzo-cloudpy {version}", **versions)
    yield Finding("python", "fine", sentence, facts={**versions, "executable": sys.executable})


def configuration() -> Iterator[Finding]:
    """The configuration file: whether it can be read, and by whom."""
    where = config_file.path()
    try:
        found = config_file.load()
    except CommandError as failure:
        yield Finding("configuration", "wrong", failure.message, failure.advice, {"path": str(where)})
        return
    profiles = list(found.get("profiles", {}))
    facts = {"path": str(where), "exists": where.exists(), "profiles": profiles}
    if not where.exists():
        yield Finding("configuration", "fine", _("none at {path}", path=where), facts=facts)
        return
    listed = ", ".join(profiles) or _("none")
    yield Finding("configuration", "fine", _("{path}; profiles: {names}", path=where, names=listed), facts=facts)


def simulators() -> Iterator[Finding]:
    """Which simulators of this user run on this machine."""
    urls = [entry.url for entry in local_simulator.running()]
    named = os.environ.get(local_simulator.VARIABLE)
    facts = {"running": urls, "named": named}
    if named:
        try:
            local_simulator.find_or_start()
        except SimulatorError as error:
            advice = _("Start one there, or type: unset {variable}", variable=local_simulator.VARIABLE)
            yield Finding("simulator", "wrong", str(error), (advice,), facts)
            return
        urls = [named]
    sentence = _("running: {urls}", urls=", ".join(urls)) if urls else _("none runs; --simulator starts one")
    yield Finding("simulator", "fine", sentence, facts=facts)


def terminal() -> Iterator[Finding]:
    """The terminal: its size, its encoding, the language of the output."""
    import shutil

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
    if encoding.replace("-", "") != "utf8":
        why = _("{terminal}: Japanese cannot be shown in this encoding", terminal=sentence)
        yield Finding("terminal", "note", why, (_("Type: {command}", command="export LC_ALL=C.UTF-8"),), facts)
        return
    yield Finding("terminal", "fine", sentence, facts=facts)


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

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9._-]+)\s*(?:\[[^]]*])?([^;]*)(?:;(.*))?")
_EXTRA = re.compile(r"""extra\s*==\s*["']([A-Za-z0-9._-]+)["']""")
_AT_LEAST = re.compile(r">=\s*([0-9.]+)")


def extras() -> Iterator[Finding]:
    """Which extras are installed, what the others are for, and which packages are too old."""
    try:
        known = _requirements()
    except metadata.PackageNotFoundError:
        yield Finding("extras", "note", _("not known: {name} is not installed as a package", name=DISTRIBUTION))
        return
    there: list[str] = []
    absent: list[str] = []
    old: set[str] = set()
    for extra in filter(known.__contains__, PURPOSES):
        versions = {name: _version(name) for name, _specifier in known[extra]}
        (absent if None in versions.values() else there).append(extra)
        for name, wanted in known[extra]:
            least, found = _AT_LEAST.search(wanted), versions[name]
            if least is not None and found is not None and _numbers(found) < _numbers(least[1]):
                values = {"name": name, "version": found, "extra": extra, "least": least[1]}
                old.add(_("{name} {version}, and {extra} needs {least}", **values))
    facts = {"installed": there, "missing": absent, "too_old": sorted(old)}
    if old:
        advice = _("Type: {command}", command=f'pip install --upgrade "{DISTRIBUTION}[{",".join(there)}]"')
        yield Finding("extras", "wrong", _("too old: {names}", names="; ".join(sorted(old))), (advice,), facts)
        return
    lines = [f'{_(PURPOSES[extra])}: pip install "{DISTRIBUTION}[{extra}]"' for extra in absent]
    yield Finding("extras", "fine", ", ".join(there) or _("none"), tuple(lines), facts)


@cache
def _requirements() -> dict[str, list[tuple[str, str]]]:
    """Return what each extra needs: names and versions. An extra's own extras have been resolved by the build."""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in metadata.requires(DISTRIBUTION) or ():
        matched = _REQUIREMENT.match(line)
        if matched is not None and (extra := _EXTRA.search(matched[3] or "")):
            name = matched[1].lower().replace("_", "-")
            found.setdefault(extra[1], []).append((name, matched[2]))
    return found


@cache
def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in re.match(r"[0-9.]*", version)[0].split(".") if part]  # type: ignore[index]
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)


_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def proxy(base_url: str) -> Iterator[Finding]:
    """Whether a proxy is used, and whether its address is valid."""
    variable = next((name for name in _PROXIES if os.environ.get(name)), None)
    try:
        found = proxy_of(base_url)
    except ConfigurationError as error:
        advice = _("Type: {command}", command=f"export {variable or _PROXIES[1]}=http://proxy.example.com:3128")
        facts = {"address": None, "variable": variable}
        yield Finding("proxy", "wrong", render_error(error), (advice,), facts)
        return
    if found is None:
        sentence = _("none") if variable is None else _("none for this address, although {name} is set", name=variable)
        yield Finding("proxy", "fine", sentence, facts={"address": None, "variable": variable})
        return
    facts = {"address": found.address, "variable": variable}
    source = variable or _("the system's settings")
    yield Finding("proxy", "fine", _("{address}, from {name}", address=found.address, name=source), facts=facts)


def proxy_of(base_url: str) -> Proxy | None:
    """Return the proxy that the environment names for an address; raise ``ConfigurationError`` for a bad one."""
    target = parse_target(base_url)
    return None if is_this_machine(target.host) else environment_proxy(target)


def certificates(base_url: str) -> Iterator[Finding]:
    """Which certificates are trusted, determined as the transport does it."""
    if not base_url.startswith("https://"):
        yield Finding("certificates", "skipped", _("not needed: {url} is on this machine", url=base_url))
        return
    import ssl

    from xoxzo.cloudpy.transports.tls import default_context

    variable = next((name for name in _CERTIFICATES if os.environ.get(name)), None)
    facts: dict[str, object] = {"openssl": ssl.OPENSSL_VERSION, "variable": variable}
    try:
        context = default_context()
    except ConfigurationError as error:
        facts["variable"] = variable = str(error.fields["variable"])
        yield Finding(
            "certificates", "wrong", render_error(error), _certificate_advice(variable), facts | {"variable": variable}
        )
        return
    # On Windows and macOS it is truststore's, which queries the system during each handshake.
    own = type(context) is ssl.SSLContext
    where = _source(variable, own=own)
    facts |= {"source": where, "authorities": context.cert_store_stats()["x509_ca"] if own else None}
    if own and not facts["authorities"] and not _has_certificates(variable):
        sentence = _("no certificate authority is known to {source}", source=where)
        yield Finding("certificates", "wrong", sentence, _certificate_advice(variable), facts)
        return
    version = " ".join(ssl.OPENSSL_VERSION.split()[:2])
    yield Finding("certificates", "fine", _("{openssl}; trusted: {source}", openssl=version, source=where), facts=facts)


def _source(variable: str | None, *, own: bool) -> str:
    import ssl

    if variable is not None:
        return f"{variable}={os.environ[variable]}"
    return ssl.get_default_verify_paths().openssl_cafile if own else _("the operating system's store")


def _has_certificates(variable: str | None) -> bool:
    # OpenSSL reads a folder during each handshake, not before.
    import ssl
    from pathlib import Path

    if variable == "SSL_CERT_FILE":
        return False
    folder = Path(os.environ.get("SSL_CERT_DIR") or ssl.get_default_verify_paths().openssl_capath)
    return folder.is_dir() and any(folder.iterdir())


def _certificate_advice(variable: str | None) -> tuple[str, ...]:
    if variable is not None:
        return (_("Type: {command}", command=f"unset {variable}"),)
    return (_("Install the system's certificates, on Debian and Ubuntu: apt-get install ca-certificates"),)
