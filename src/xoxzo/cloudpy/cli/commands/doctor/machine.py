"""Checks that make no request to the API: Python, configuration, simulators, terminal."""

from __future__ import annotations

import os
import platform
import sys
from typing import TYPE_CHECKING

from xoxzo.cloudpy.cli.commands.doctor.finding import Finding
from xoxzo.cloudpy.cli.core.config import config_file, local_simulator, simulator_registry
from xoxzo.cloudpy.cli.core.exit_codes import CommandError
from xoxzo.cloudpy.cli.core.i18n import _, language
from xoxzo.cloudpy.common.version import __version__
from xoxzo.cloudpy.errors import SimulatorError

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEFAULT_SIZE = (80, 24)


def python() -> Iterator[Finding]:
    """Which Python runs which version of this library, and from where."""
    system = f"{platform.system()} {platform.machine()}"
    versions = {"python": platform.python_version(), "system": system, "version": __version__}
    sentence = _("Python {python} on {system}, xoxzo-cloudpy {version}").format(**versions)
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
        yield Finding("configuration", "fine", _("none at {path}").format(path=where), facts=facts)
        return
    listed = ", ".join(profiles) or _("none")
    yield Finding("configuration", "fine", _("{path}; profiles: {names}").format(path=where, names=listed), facts=facts)


def simulators() -> Iterator[Finding]:
    """Which simulators of this user run on this machine."""
    urls = [entry.url for entry in simulator_registry.running()]
    named = os.environ.get(local_simulator.VARIABLE)
    facts = {"running": urls, "named": named}
    if named:
        try:
            local_simulator.find_or_start()
        except SimulatorError as error:
            advice = _("Start one there, or type: unset {variable}").format(variable=local_simulator.VARIABLE)
            yield Finding("simulator", "wrong", str(error), (advice,), facts)
            return
        urls = [named]
    sentence = _("running: {urls}").format(urls=", ".join(urls)) if urls else _("none runs; --simulator starts one")
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
    where = _("{columns} × {lines} characters").format(columns=width, lines=height) if is_terminal else _("no terminal")
    # The catalogue translates "English" as the name of its own language.
    sentence = _("{terminal}, {encoding}, {language}").format(terminal=where, encoding=encoding, language=_("English"))
    if encoding.replace("-", "") != "utf8":
        why = _("{terminal}: Japanese cannot be shown in this encoding").format(terminal=sentence)
        yield Finding("terminal", "note", why, (_("Type: {command}").format(command="export LC_ALL=C.UTF-8"),), facts)
        return
    yield Finding("terminal", "fine", sentence, facts=facts)
