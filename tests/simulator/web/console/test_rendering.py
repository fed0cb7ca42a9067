"""Templates are compiled once for each installation, and rendered the same with and without that."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from xoxzo.cloudpy.simulator.web.console import rendering


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for templates that were compiled."""
    monkeypatch.setattr(rendering, "_HOME", tmp_path)
    (tmp_path / "templates").mkdir()
    return tmp_path / "templates"


def rendered(text: str) -> str:
    """Render a template in an environment of its own."""
    compiled = rendering._Compiled()
    return Environment(loader=DictLoader({"page": text}), bytecode_cache=compiled).get_template("page").render(n=7)


@pytest.mark.parametrize("writes", [True, False])
def test_what_was_compiled_is_kept_as_python_does(home: Path, monkeypatch: pytest.MonkeyPatch, writes: bool) -> None:
    """It is stored beside Python's own cache, unless Python must not write; a changed text is compiled again."""
    monkeypatch.setattr(sys, "dont_write_bytecode", not writes)
    assert [rendered("{{ n }}"), rendered("{{ n }}"), rendered("{{ n + 1 }}")] == ["7", "7", "8"]
    assert len(list(home.rglob("*.jinja"))) == int(writes)


def test_where_nothing_can_be_written_pages_are_rendered(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation that is read-only, or damaged, has its pages all the same."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    rendered("{{ n }}")
    [kept] = home.rglob("*.jinja")
    kept.write_bytes(b"damaged")
    assert rendered("{{ n }}") == "7"
    kept.unlink()
    kept.parent.rmdir()
    kept.parent.touch()
    assert rendered("{{ n }}") == "7"
