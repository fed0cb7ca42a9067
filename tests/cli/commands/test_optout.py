"""`xoxzo optout`: add, remove, list, import and export."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from xoxzo.cloudpy.cli.app import xoxzo

Run = Callable[..., Result]


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `xoxzo optout` in a folder of its own."""
    monkeypatch.chdir(home)
    monkeypatch.setenv("XOXZO_CAMPAIGNS", str(home / "campaigns"))
    return lambda *arguments, text=None: CliRunner().invoke(xoxzo, ["optout", *arguments], input=text)


def test_numbers_are_added_listed_and_removed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list says since when and why; a number that is not on it ends `list` with 3."""
    result = run("list")
    assert (result.exit_code, result.output) == (0, "")
    since = ("--since", "2026-05-01T12:00+09:00", "--source", "phone call")
    assert run("add", "090-1000-0000", *since).stderr == "1 number was added\n"
    assert run("add", "-", text="09010000000\n09010000001\n").stderr == "1 number was added\n"
    assert json.loads(run("add", "09010000002", "--since", "2026-05-01", "--json").stdout) == {"added": 1}
    found = json.loads(run("list", "090-1000-0000", "--json").stdout)
    assert (found["number"], found["since"], found["source"]) == ("090-1000-0000", "2026-05-01T03:00:00Z", "phone call")
    assert len(run("list").stdout.splitlines()) == 3
    result = run("list", "09010000000", "09010000009")
    assert (result.exit_code, "2026-05-01" in result.stdout, "not on the list" in result.stdout) == (3, True, True)
    assert json.loads(run("list", "09010000009", "--json").stdout)["hash"] is None
    assert run("remove", "09010000000", "09010000009").stderr == "1 number was removed\n"
    result = run("add", "nonsense")
    assert (result.exit_code, result.stderr.startswith("xoxzo optout add: ")) == (2, True)
    assert run("add", "09010000000", "--since", "yesterday").exit_code == 2
    monkeypatch.setenv("XOXZO_LANG", "ja")
    assert "1 番目の番号: 2 桁" in run("add", "12").stderr


def test_lists_are_imported_and_exported(run: Run) -> None:
    """A file, standard input or an exported list; a bad row stops everything and is shown."""
    Path("stop.csv").write_text("tel\n09010000000\n09010000001\n", encoding="utf-8")
    assert run("import", "stop.csv").stderr == "2 numbers were added\n"
    assert run("import", "-", text="09010000002\n").stderr == "1 number was added\n"
    assert run("export", "-o", "out.csv").stderr == "3 entries in out.csv\n"
    assert "none/out.csv cannot be written: " in run("export", "-o", "none/out.csv").stderr
    assert run("export").stdout.splitlines() == Path("out.csv").read_text(encoding="utf-8").splitlines()
    assert run("import", "out.csv", "--store", "other", "--json").stdout == '{"added": 3}\n'
    assert run("list", "--store", "other").stdout == run("list").stdout
    result = run("import", "-", text="tel\n09010000003\n0901000000x\n")
    assert result.exit_code == 2
    assert "line 3: tel " in result.stderr
    assert "xoxzo optout import: a number cannot be read; nothing was added." in result.stderr
    result = run("import", "-", text="name,town\nAiko,Kyoto\nKen,Nara\n")
    assert (result.exit_code, "--country names another country" in result.stderr) == (2, True)
    result = CliRunner().invoke(xoxzo, ["campaign", "suppress", "none", "stop.csv"])
    assert (result.exit_code, "there is no campaign none" in result.stderr) == (2, True)
