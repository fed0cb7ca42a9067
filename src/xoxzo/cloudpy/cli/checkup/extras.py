"""Which extras are installed, and what each of the others would bring."""

from __future__ import annotations

import re
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING

from xoxzo.cloudpy.cli.words import tr

from .finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

DISTRIBUTION = "xoxzo-cloudpy"

BRINGS = {
    "cli": "the command line",
    "phone": "phone numbers as people type them",
    "campaigns": "one message to very many people, from a file",
    "simulator": "Xoxzo's telephony service on this machine",
    "listen": "callbacks as they come, and made-up ones",
    "callbacks": "reading callbacks, with a log of deliveries",
    "fast": "the fast transport, for many messages",
    "keyring": "tokens in the system's keyring",
    "mcp": "an assistant that uses Xoxzo, within limits",
    "alertmanager": "Prometheus alerts as SMS and calls",
    "pytest": "a simulator in your tests",
    "django": "callbacks and sending in Django",
    "otel": "traces and metrics",
}
"""What each extra is for, the ones that the command line needs first."""

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9._-]+)\s*(?:\[([^]]*)])?([^;]*)(?:;(.*))?")
_EXTRA = re.compile(r"""extra\s*==\s*["']([A-Za-z0-9._-]+)["']""")
_AT_LEAST = re.compile(r">=\s*([0-9.]+)")


def extras() -> Iterator[Finding]:
    """Which extras are there, what the others would bring, and what is there in too old a version."""
    try:
        known = _requirements()
    except metadata.PackageNotFoundError:
        yield Finding("extras", "note", tr("not known: {name} is not installed as a package", name=DISTRIBUTION))
        return
    lacking = {extra: sorted(_lacking(extra, known)) for extra in BRINGS if extra in known}
    there = [extra for extra, names in lacking.items() if not names]
    absent = [extra for extra, names in lacking.items() if names]
    old = sorted({line for extra in there for line in _too_old(extra, known)})
    facts = {"installed": there, "missing": absent, "too_old": old}
    if old:
        advice = tr("Type: {command}", command=f'pip install --upgrade "{DISTRIBUTION}[{",".join(there)}]"')
        yield Finding("extras", "wrong", tr("too old: {names}", names="; ".join(old)), (advice,), facts)
        return
    lines = [
        f'{tr(BRINGS[extra])}: pip install "{DISTRIBUTION}[{extra}]"' for extra in absent
    ]  # what could be had, not what is wrong
    yield Finding("extras", "fine", ", ".join(there) or tr("none"), tuple(lines), facts)


@cache
def _requirements() -> dict[str, list[tuple[str, str, str]]]:
    """Return what each extra needs: names, extras of those, versions."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for line in metadata.requires(DISTRIBUTION) or ():
        matched = _REQUIREMENT.match(line)
        if matched is not None and (extra := _EXTRA.search(matched[4] or "")):
            name = matched[1].lower().replace("_", "-")
            found.setdefault(extra[1], []).append((name, matched[2] or "", matched[3]))
    return found


def _needed(extra: str, known: dict[str, list[tuple[str, str, str]]]) -> Iterator[tuple[str, str]]:
    for name, its_extras, versions in known.get(extra, ()):
        if name == DISTRIBUTION:
            for further in its_extras.split(","):
                yield from _needed(further.strip(), known)
        else:
            yield name, versions


def _lacking(extra: str, known: dict[str, list[tuple[str, str, str]]]) -> set[str]:
    return {name for name, _ in _needed(extra, known) if _version(name) is None}


def _too_old(extra: str, known: dict[str, list[tuple[str, str, str]]]) -> Iterator[str]:
    for name, versions in _needed(extra, known):
        least, found = _AT_LEAST.search(versions), _version(name)
        if least is not None and found is not None and _numbers(found) < _numbers(least[1]):
            yield tr(
                "{name} {version}, and {extra} needs {least}", name=name, version=found, extra=extra, least=least[1]
            )


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
