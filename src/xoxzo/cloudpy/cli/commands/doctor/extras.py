"""Which extras are installed, and what each of the others is for."""

from __future__ import annotations

import re
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING

from xoxzo.cloudpy.cli.commands.doctor.finding import Finding
from xoxzo.cloudpy.cli.core.i18n import N_, _

if TYPE_CHECKING:
    from collections.abc import Iterator

DISTRIBUTION = "xoxzo-cloudpy"

PURPOSES = {
    "cli": N_("the command line"),
    "phone": N_("phone numbers as people type them"),
    "campaigns": N_("one message to very many people, from a file"),
    "simulator": N_("Xoxzo's telephony service on this machine"),
    "listen": N_("callbacks as they come, and made-up ones"),
    "callbacks": N_("reading callbacks, with a log of deliveries"),
    "uvloop": N_("a faster event loop, for many messages"),
    "keyring": N_("tokens in the system's keyring"),
    "mcp": N_("an assistant that uses Xoxzo, within limits"),
    "alertmanager": N_("Prometheus alerts as SMS and calls"),
    "pytest": N_("a simulator in your tests"),
    "django": N_("callbacks and sending in Django"),
    "otel": N_("traces and metrics"),
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
        yield Finding("extras", "note", _("not known: {name} is not installed as a package").format(name=DISTRIBUTION))
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
                old.add(_("{name} {version}, and {extra} needs {least}").format(**values))
    facts = {"installed": there, "missing": absent, "too_old": sorted(old)}
    if old:
        advice = _("Type: {command}").format(command=f'pip install --upgrade "{DISTRIBUTION}[{",".join(there)}]"')
        yield Finding("extras", "wrong", _("too old: {names}").format(names="; ".join(sorted(old))), (advice,), facts)
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
