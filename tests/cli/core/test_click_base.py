"""The base of all commands: what help shows, what is suggested."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner

from xoxzo.cloudpy.cli.core import click_base
from xoxzo.cloudpy.cli.core.click_base import COMMON_OPTIONS_HEADING, Command, CommonOption, Group, examples


@click.group(cls=Group)
def group() -> None:
    """Try things out."""


@group.command("visible")
@click.option("--own", help="Its own.")
@click.option("--shared", cls=CommonOption, help="Shared.")
@click.option("--secret", hidden=True)
def visible(**_: object) -> None:
    """Do it. In a second sentence more is said."""


@group.command("hidden", hidden=True, epilog=examples("xoxzo hidden"))
def hidden() -> None:
    """Stay unseen."""


@group.command("interrupted", hidden=True)
@click.option("--how")
def interrupted(how: str) -> None:
    """Be stopped by Ctrl-C, at a prompt or by a signal."""
    if how == "prompt":
        raise click.Abort
    signal.raise_signal(signal.Signals[how])
    pytest.fail("nothing stopped it")


@click.group(cls=Group)
def empty() -> None:
    """Hold nothing."""


def run(*words: str, command: click.Command = group) -> str:
    """Run a command; give what it writes."""
    return CliRunner().invoke(command, list(words), prog_name="xoxzo").output


def test_help_lists_what_is_there() -> None:
    """Commands that are hidden are left out."""
    shown = run("--help")
    assert "visible  Do it. In a second sentence more is said." in shown
    assert "hidden" not in shown
    assert "Commands" not in run("--help", command=empty)


def test_help_is_there_under_python_oo(monkeypatch) -> None:
    """`python -OO` drops docstrings, of which help is made: they are read from the source."""
    command = [sys.executable, "-OO", "-m", "xoxzo.cloudpy.cli", "sms", "send", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "XOXZO_LANG": "en"})
    assert "Send a text to one or several phones, one after the other." in done.stdout
    function = visible.callback
    assert function is not None
    monkeypatch.setattr(function, "__doc__", None)
    monkeypatch.setattr(click_base, "sys", SimpleNamespace(flags=SimpleNamespace(optimize=2)))
    assert Command("c", callback=function).help == "Do it. In a second sentence more is said."
    assert Command("c", callback=lambda: None).help is None
    assert Command("c", callback=len).help is None
    assert Command("c", help="Given.", callback=len).help == "Given."


def test_options_of_all_commands_stand_apart() -> None:
    """The command's own come first."""
    own, _, common = run("visible", "--help").partition(f"{COMMON_OPTIONS_HEADING}:")
    assert "--own TEXT  Its own." in own
    assert "--shared TEXT  Shared." in common
    assert "--secret" not in own + common


def test_examples_stand_at_the_end() -> None:
    """As they are typed, a line each."""
    assert run("hidden", "--help").endswith("\nExamples:\n  xoxzo hidden\n")


def test_what_is_meant_is_suggested() -> None:
    """Among what is spelt alike; nothing is where nothing is."""
    assert "No such command 'visibel'. Did you mean 'visible'?" in run("visibel")
    assert run("zzz").endswith("Error: No such command 'zzz'.\n")
    assert "No such option" in run("--zzz")


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGHUP", "prompt"])
def test_ctrl_c_ends_with_130(how) -> None:
    """While something is done, and at a question; SIGTERM and a closed terminal end it alike."""
    done = CliRunner().invoke(group, ["interrupted", "--how", how])
    assert (done.exit_code, done.stderr) == (130, "Stopped.\n")


def test_commands_are_ours() -> None:
    """A group's decorator makes commands of the same class."""
    assert isinstance(visible, Command)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sms send --sendr Shop +818011112222 Hi", "No such option '--sendr'. Did you mean '--sender'?"),
        ("trigger sms.delivred http://127.0.0.1:9", "Did you mean 'sms.delivered'?"),
        ("sms list --status FIAL", "Did you mean 'FAIL'?"),
        ("completion bahs", "Did you mean 'bash'?"),
    ],
)
def test_what_is_misspelt_is_answered_with_what_was_meant(bare, typed, meant) -> None:
    """Only similar options are named; similar values are suggested, too."""
    done = bare(*typed.split())
    assert done.exit_code == 2
    assert meant in done.stderr
