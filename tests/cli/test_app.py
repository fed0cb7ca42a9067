"""The `xoxzo` command itself: its table, and what it says when an extra is missing."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Callable

import click
import pytest
from click.testing import CliRunner, Result

from xoxzo.cloudpy import __version__, cli
from xoxzo.cloudpy.cli import app
from xoxzo.cloudpy.cli.core import click_base

HIDE = (
    "import sys; sys.modules[{name!r}] = None; sys.argv = ['xoxzo', *{command!r}]; "
    "from xoxzo.cloudpy.cli import main; main()"
)


def run(name: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a Python that lacks a module."""
    script = HIDE.format(name=name, command=command)
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=False, timeout=60
    )


def test_help_lists_commands_and_loads_none() -> None:
    """The list comes from the table: no server and no HTTP library is imported for it."""
    script = (
        "import sys\nfrom click.testing import CliRunner\nfrom xoxzo.cloudpy.cli.app import xoxzo\n"
        "print(CliRunner().invoke(xoxzo, ['--help']).output)\n"
        "print(*sorted({'starlette', 'uvicorn', 'httpx2', 'httptools', 'rich', 'asyncio'} & set(sys.modules)))\n"
    )
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    *text, loaded = finished.stdout.splitlines()
    assert any(line.split()[:3] == ["simulator", "Run", "Xoxzo's"] for line in text)
    assert not loaded


def test_version_and_unknown_commands() -> None:
    """The version is the package's; an unknown command is a usage error."""
    assert CliRunner().invoke(app.xoxzo, ["--version"]).output == f"xoxzo, version {__version__}\n"
    assert CliRunner().invoke(app.xoxzo, ["nothing"]).exit_code == 2


@pytest.mark.parametrize("name", app.xoxzo.list_commands(None))
def test_every_command_of_the_table_is_there(name: str) -> None:
    """Each can be imported and helps."""
    assert CliRunner().invoke(app.xoxzo, [name, "--help"]).exit_code == 0


def test_without_click_one_line_names_the_extra() -> None:
    """The core alone says what to install."""
    finished = run("click", "--help")
    assert finished.returncode == 2
    assert finished.stderr == 'xoxzo: the command line needs an extra: pip install "xoxzo-cloudpy[cli]"\n'
    assert '"xoxzo-cloudpy[simulator]"' in run("click", "sms", "list", "--simulator").stderr


def test_without_the_simulator_one_line_names_the_extra() -> None:
    """A command says which extra it needs, also if only a part of that extra is missing."""
    for missing, command in (("uvicorn", "simulator"), ("jinja2", "simulator"), ("httpcore2", "demo")):
        finished = run(missing, command)
        assert finished.returncode == 2
        assert finished.stderr == f'xoxzo {command}: this needs an extra: pip install "xoxzo-cloudpy[simulator]"\n'


@pytest.mark.parametrize("entry", [cli.main, click_base.Group(name="x", table=app.COMMANDS).get_command])
def test_faults_of_our_own_are_not_hidden(entry: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing module of this package is an error, not a missing extra."""
    error = ModuleNotFoundError("no module", name="xoxzo.cloudpy.nothing")

    def fail(*_args: object, **_kwargs: object) -> None:
        raise error

    if entry is cli.main:
        monkeypatch.setitem(sys.modules, "xoxzo.cloudpy.cli.app", None)
        with pytest.raises(ModuleNotFoundError):
            cli.main()
    else:
        monkeypatch.setattr(click_base, "import_module", fail)
        with pytest.raises(ModuleNotFoundError):
            CliRunner().invoke(app.xoxzo, ["simulator"], catch_exceptions=False)


@pytest.mark.parametrize("line", ["sms parts hello", "sms parts --help", "--version", "sms list", "credits --json"])
def test_a_reader_that_leaves_ends_it_quietly(line: str, shell: Callable[..., Result]) -> None:
    """When the reader of a pipe has ended, as after `| head -1`, it exits with 141 and prints nothing."""
    del shell  # it made an account and set the environment variables
    assert CliRunner().invoke(app.xoxzo, ["sms", "send", "+818011112222", "Hi", "--sender", "Shop"]).exit_code == 0
    reader, writer = os.pipe()
    os.close(reader)
    try:
        finished = subprocess.run(
            [sys.executable, "-m", "xoxzo.cloudpy.cli", *line.split()],
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    finally:
        os.close(writer)
    assert (finished.returncode, finished.stderr) == (141, b"")


def test_a_reader_that_leaves_is_no_error_of_ours(bare: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the same where standard output is no file."""

    def leave(*_args: object, **_kwargs: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(click, "echo", leave)
    done = bare("sms", "parts", "hello")
    assert (done.exit_code, done.output) == (141, "")


def test_warnings_of_others_stay_as_they_are() -> None:
    """Only the library's own warnings become lines of the command; any other is shown as Python shows it."""

    @click.command(cls=click_base.Command)
    def command() -> None:
        warnings.warn("of another library", FutureWarning, stacklevel=1)

    with pytest.warns(FutureWarning, match="of another library"):
        assert CliRunner().invoke(command, catch_exceptions=False).exit_code == 0
