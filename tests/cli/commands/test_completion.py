"""`xoxzo completion`: real shells complete commands, options, profiles and campaigns."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from terminal import XOXZO, in_pipe, in_terminal

from xoxzo.cloudpy.campaigns.ledger import FolderStore
from xoxzo.cloudpy.cli.commands.campaign.options import campaign_names
from xoxzo.cloudpy.cli.core import configuration

if TYPE_CHECKING:
    from command_processes import Ready

SHELLS = {
    "bash": (["--norc", "--noprofile", "-i"], 'eval "$(xoxzo completion bash)"'),
    "zsh": (["-f", "-i"], 'autoload -Uz compinit && compinit -D && eval "$(xoxzo completion zsh)"'),
    "fish": (["--no-config", "-i"], "xoxzo completion fish | source"),
}
CONFIGURATION = '[profiles.shop]\nsid = "a"\ntoken = "b"\n[profiles.office]\nsid = "a"\ntoken = "b"\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user with two profiles and two campaigns."""
    path = tmp_path / ".config" / "xoxzo" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(CONFIGURATION)
    path.chmod(0o600)
    campaigns = tmp_path / ".local" / "share" / "xoxzo" / "campaigns"
    campaigns.mkdir(parents=True)
    for name in ("spring", "summer"):
        (campaigns / f"{name}.campaign").touch()
    return tmp_path


@pytest.fixture
def complete(home: Path, ready: Ready) -> Callable[[str], list[str]]:
    """Return the completions of a line, as bash gets them."""

    def complete(line: str) -> list[str]:
        words = line.split(" ")
        variables = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_XOXZO_COMPLETE": "bash_complete"}
        done = ready.in_pipe(cwd=home, HOME=str(home), XDG_CONFIG_HOME="", XDG_DATA_HOME="", **variables)
        assert (done.status, done.err) == (0, "")
        return [each.partition(",")[2] for each in done.out.split()]

    return complete


@pytest.mark.parametrize("shell", SHELLS)
def test_a_real_shell_completes(shell: str, home: Path) -> None:
    """After what `xoxzo completion` writes, the Tab key completes a command, an option and a profile."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"needs {shell}")
    options, prepare = SHELLS[shell]
    path = f"{Path(XOXZO).parent}:/usr/local/bin:/usr/bin:/bin"
    with in_terminal(
        *options, command=program, cwd=home, HOME=str(home), XDG_CONFIG_HOME="", XDG_DATA_HOME="", PATH=path
    ) as terminal:
        # What is typed has a gap that what is written does not have.
        terminal.type(f"{prepare}; echo rea''dy\r")
        terminal.wait_for("ready")
        terminal.type("xoxzo simula\t")
        terminal.wait_for("xoxzo simulator")
        terminal.type("\x15xoxzo credits --prof\t")
        terminal.wait_for("xoxzo credits --profile")
        terminal.type("sh\t")
        terminal.wait_for("--profile shop")
        terminal.type("\x15exit\r")
        terminal.end()


def test_what_is_completed(complete) -> None:
    """Commands, options, choices and local names are completed, without network."""
    assert complete("xoxzo si") == ["sin", "simulator"]
    assert complete("xoxzo conference ") == ["create", "get"]
    assert complete("xoxzo simulator sta") == ["status"]
    assert complete("xoxzo credits --profile ") == ["shop", "office"]
    assert complete("xoxzo doctor --profile o") == ["office"]
    assert complete("xoxzo config remove-profile ") == ["shop", "office"]
    assert complete("xoxzo campaign status s") == ["spring", "summer"]
    assert complete("xoxzo completion ") == ["bash", "zsh", "fish"]


def test_what_cannot_be_read_is_not_completed(home: Path, complete) -> None:
    """A configuration that others can read, and a folder that is none, complete nothing and say nothing."""
    (home / ".config" / "xoxzo" / "config.toml").chmod(0o644)
    assert complete("xoxzo credits --profile ") == []
    assert complete("xoxzo campaign status spring/") == []


def test_it_helps_in_the_readers_language(home: Path) -> None:
    """Zsh and fish show what each command is for."""
    variables = {"COMP_WORDS": "xoxzo sim", "COMP_CWORD": "sim", "_XOXZO_COMPLETE": "fish_complete"}
    done = in_pipe(LC_ALL="ja_JP.UTF-8", HOME=str(home), **variables)
    assert done.out.splitlines()[0].startswith("plain")
    assert "このマシンで" in done.out


def test_a_missing_extra_completes_nothing() -> None:
    """Where a command cannot be imported, the Tab key says nothing."""
    program = (
        "import os, sys; sys.modules['phonenumbers'] = None\n"
        "os.environ |= {'COMP_WORDS': 'xoxzo campaign st', 'COMP_CWORD': '2', '_XOXZO_COMPLETE': 'bash_complete'}\n"
        "from xoxzo.cloudpy.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_completing_loads_no_commands() -> None:
    """For the names of commands none of them is imported."""
    program = (
        "import os, sys; before = set(sys.modules)\n"
        "os.environ |= {'COMP_WORDS': 'xoxzo s', 'COMP_CWORD': '1', '_XOXZO_COMPLETE': 'bash_complete'}\n"
        "from xoxzo.cloudpy.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "loaded = set(sys.modules) - before\n"
        "print(*({'xoxzo.cloudpy.cli.commands.simulator', 'starlette', 'msgspec', 'asyncio'} & loaded))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "plain,simulator\n" in done.stdout
    assert done.stdout.endswith("\n\n")


@pytest.mark.parametrize("shell", SHELLS)
def test_it_writes_the_script_of_the_shell(shell: str) -> None:
    """It names the variable by which the shell asks; another shell is refused."""
    done = in_pipe("completion", shell)
    assert done.status == 0
    assert f"_XOXZO_COMPLETE={shell}_complete" in done.out
    assert in_pipe("completion", "csh").status == 2


def test_names_of_this_machine(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Profiles and campaigns come from files; what cannot be read gives no names."""
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    context = click.Context(click.Command("made-up"))
    parameter = click.Argument(["name"])
    assert campaign_names(context, parameter, "sp") == ["spring"]
    assert configuration.complete_profile(context, parameter, "") == ["shop", "office"]
    (home / ".config" / "xoxzo" / "config.toml").chmod(0o644)
    assert configuration.complete_profile(context, parameter, "") == []

    def fail(_store: FolderStore) -> None:
        raise PermissionError

    monkeypatch.setattr(FolderStore, "names", fail)
    assert campaign_names(context, parameter, "") == []
