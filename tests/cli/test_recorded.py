"""Every command run in a pseudo-terminal and in a pipe, compared with how it looked when it was last recorded.

`make test ARGS="-k recorded" XOXZO_TESTS_RECORD=1` records again: look at the difference before you commit it. What
differs from run to run is replaced by the rules of `steady`, at the same length.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from command_tree import commands
from terminal import ENGLISH, JAPANESE

from .recorded_cases import CASES as OTHERS, Case, Sandbox
from .recorded_shell import SHELL

if TYPE_CHECKING:
    from command_processes import Ready

CASES = OTHERS | SHELL
FOLDER = Path(__file__).parent / "recorded"
RECORD = os.environ.get("XOXZO_TESTS_RECORD") == "1"

RULES = [
    (
        re.compile(r"Python 3\.[0-9.]+( on |、)\w+ \w+(, |、)xoxzo-cloudpy [0-9.a-z]+"),
        r"Python 3.11.0\1Linux x86_64\2xoxzo-cloudpy 1.0.0",
    ),
    (re.compile(r"^  … [A-Z ]+\n", re.MULTILINE), ""),  # how often was looked, and what was seen then
    (re.compile(r"(?<![0-9-])[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9](?![0-9])"), "01-02 03:04"),
    (re.compile(r"(?<![0-9])[0-9]{4}-[01][0-9]-[0-3][0-9](?![0-9])"), "2026-01-02"),
    (re.compile(r"(?<![0-9:])[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?![0-9])"), "03:04:05"),
    (re.compile(r"(2026-01-02[ T])[0-2][0-9]:[0-5][0-9]"), r"\g<1>03:04"),
    (re.compile(r"(127\.0\.0\.1):[0-9]{5}\b"), r"\1:54321"),
    (re.compile(r"(process) [0-9]+"), r"\1 1234"),
    (re.compile(r"\b[0-9]+\.[0-9]+ s\b"), "0.1 s"),
    (re.compile(r"seconds [0-9.]+"), "seconds 0.1"),
    (re.compile(r"\([0-9]+\.[0-9]+ 秒\)"), "(0.1 秒)"),
    (re.compile(r"\b[0-9]+ (ms|ミリ秒)"), r"9 \1"),
    (re.compile(r"\b[0-9]+/s\b"), "9/s"),
]
IDENT = re.compile(
    r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\bJP[A-Za-z0-9]{14}\b"
    r"|\b(?=[A-Za-z0-9]*[0-9])(?=[A-Za-z0-9]*[A-Za-z])[A-Za-z0-9]{20,40}\b"
)


def steady(text: str, folder: Path) -> str:
    """Replace what differs from run to run: times, ports, processes, speeds, paths, and ids by their order."""
    text = text.replace(str(folder), "/home/hanako")
    seen: dict[str, str] = {}
    for found in IDENT.findall(text):
        seen.setdefault(found, f"id{len(seen) + 1}".ljust(len(found), "x"))
    for ident, name in seen.items():
        text = text.replace(ident, name)
    for pattern, instead in RULES:
        text = pattern.sub(instead, text)
    return text


@pytest.mark.parametrize("name", CASES)
def test_it_looks_as_recorded(name: str, ready: Ready, stepped: str) -> None:
    """In a terminal, with colours, and in a pipe a command writes what it wrote when it was recorded."""
    case = CASES[name]
    parts = [f"$ xoxzo {case.command}\n"]
    for mode in case.modes:
        # A short path, and always of one length: terminals break lines, and tables have columns.
        with tempfile.TemporaryDirectory(prefix="xo-", dir="/tmp") as temporary:
            folder = Path(temporary)
            (folder / "run").mkdir()
            sandbox = furnish(Sandbox(ready, stepped, folder, f"{name}-{mode}"), case)
            parts.append(steady(run(case, sandbox, mode), folder))
    seen = "\n".join(parts)
    path = FOLDER / f"{name}.txt"
    if RECORD:
        FOLDER.mkdir(exist_ok=True)
        path.write_text(seen, encoding="utf-8")
    assert path.exists(), f"{name} was never recorded: XOXZO_TESTS_RECORD=1 records it"
    assert seen == path.read_text(encoding="utf-8")


def furnish(sandbox: Sandbox, case: Case) -> Sandbox:
    """Reset the simulator, and set the environment variables of the commands."""
    sandbox.control("reset", {})
    sandbox.variables = {
        "HOME": str(sandbox.folder),
        "XDG_CONFIG_HOME": "",
        "XDG_STATE_HOME": "",
        "XDG_RUNTIME_DIR": str(sandbox.folder / "run"),
        "SSL_CERT_FILE": "",
        "XOXZO_CAMPAIGNS": str(sandbox.folder / "campaigns"),
        "TZ": "UTC",
    }
    if case.account:
        sandbox.variables |= {
            "XOXZO_API_HOST": sandbox.url,
            "XOXZO_API_SID": sandbox.sid,
            "XOXZO_API_AUTH_TOKEN": "token",
        }
    return sandbox


def run(case: Case, sandbox: Sandbox, mode: str) -> str:
    """Run a command in one of the ways, and return what is recorded of that."""
    for step in case.before:
        step(sandbox)
    if mode == "pipe":
        done = sandbox.run(case.command, case.text)
        return f"--- pipe: exit status {done.status}; standard output\n{done.out}--- standard error\n{done.err}"
    language = JAPANESE if mode == "japanese" else ENGLISH
    words = sandbox.words(case.command)
    with sandbox.ready.in_terminal(*words, cwd=sandbox.folder, **sandbox.variables, **language) as terminal:
        if case.during is not None:
            case.during(sandbox, terminal)
        status = terminal.end()
        return f"--- terminal{', Japanese' * (mode == 'japanese')}: exit status {status}\n{terminal.coloured}\n"


def test_nothing_is_recorded_that_is_not_tried() -> None:
    """Each file belongs to a case."""
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(CASES)


def test_every_command_is_recorded() -> None:
    """Whatever can be typed is run in a terminal, in a pipe, or in both."""
    recorded = [f"xoxzo {case.command} " for case in CASES.values()]
    typed = [words for words, command in commands() if not isinstance(command, click.Group)]
    missing = [words for words in typed if not any(line.startswith(f"{words} ") for line in recorded)]
    assert not missing, f"add a case for {missing} to tests/cli/recorded_cases.py"
