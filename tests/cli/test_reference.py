"""The page of all commands: written from the program, complete, and with examples that can be typed."""

from __future__ import annotations

import importlib.util
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

from xoxzo.cloudpy.cli.core.click_base import Command, Group, examples

REPOSITORY = Path(__file__).parents[2]


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("commands_script", REPOSITORY / "scripts" / "commands.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = _script()


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XOXZO_LANG", "en")


def test_the_page_is_what_the_program_says() -> None:
    """Each command has help, explained options and an example, and the page shows them as they are now."""
    assert script.PAGE.read_text("utf-8") == script.page(), "run python scripts/commands.py"


def test_every_command_has_its_entry() -> None:
    """Whatever can be typed has a heading."""
    headings = {line.lstrip("# ") for line in script.PAGE.read_text("utf-8").splitlines() if line.startswith("#")}
    assert {context.command_path for context, _ in script.every()} <= headings


def commands_of(line: str) -> Iterator[list[str]]:
    """Give the words of each command of a pipe."""
    lexer = shlex.shlex(line.replace('"$(', "( ").replace(')"', " )"), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, "|"]:
        if set(word) <= set("();<>|&"):
            yield words
            words = []
        else:
            words.append(word)


def test_every_example_can_be_typed() -> None:
    """Each names a command that exists, with options that it has."""
    commands = {context.command_path: (context, command) for context, command in script.every()}
    for path, (context, command) in commands.items():
        for line in script.examples(context, command):
            words = next(words for words in commands_of(line) if words[:1] == ["xoxzo"])
            count = max(count for count in (1, 2, 3) if " ".join(words[:count]) in commands)
            meant, shown = commands[" ".join(words[:count])]
            shown.make_parser(meant).parse_args(words[count:])
            assert path.split()[:2] == words[: len(path.split()[:2])] or path == "xoxzo", f"{path} shows {line}"


@pytest.mark.parametrize(
    ("command", "lacking"),
    [
        (Command("made", epilog=examples("xoxzo made")), "xoxzo made has no help"),
        (Command("made", help="Do it."), "xoxzo made shows no example"),
        (Command("made", help="Do it.", epilog=examples("xoxzo other")), "xoxzo made shows no example"),
        (
            Command("made", help="Do it.", epilog=examples("xoxzo made"), params=[click.Option(["--how"])]),
            "xoxzo made: --how is not explained",
        ),
    ],
)
def test_what_a_command_lacks_is_an_error(command: click.Command, lacking: str) -> None:
    """No help, no example, an option without a word: each is named."""
    context = click.Context(command, click.Context(Group("xoxzo"), info_name="xoxzo"), info_name="made")
    with pytest.raises(script.Lacking, match=lacking):
        script.section(context, command)


def test_the_check_reports_an_old_page(
    tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """`--check` writes nothing, and ends with 1 unless the page is as it would be written."""
    page = tmp_path / "commands.md"
    monkeypatch.setattr(script, "PAGE", page)
    monkeypatch.setattr(script.sys, "argv", ["commands.py", "--check"])
    assert script.main() == 1
    assert not page.exists()
    assert "is not what scripts/commands.py writes" in capsys.readouterr().err
    monkeypatch.setattr(script.sys, "argv", ["commands.py"])
    assert script.main() == 0
    monkeypatch.setattr(script.sys, "argv", ["commands.py", "--check"])
    assert script.main() == 0
