"""What the tests of commands share: a shell of their own, with an account on the simulator and no configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from command_processes import Ready

import translations
from xoxzo.cloudpy.cli.app import xoxzo
from xoxzo.cloudpy.cli.core import configuration, sending

Shell = Callable[..., Result]


@pytest.fixture(scope="session", autouse=True)
def compiled_translations() -> None:
    """Compile the translations where they were changed: `make test` has done it, pytest by itself has not."""
    translations.ensure_compiled()


@pytest.fixture(scope="session")
def ready() -> Iterator[Ready]:
    """Runs many commands, each as a process of its own that need not load Python and its libraries."""
    with Ready() as ready:
        yield ready


@pytest.fixture(scope="module")
def stepped(start_simulator) -> Iterator[str]:
    """A simulator whose clock stands still."""
    with start_simulator("--clock", "stepped", "--seed", "1") as url:
        yield url


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for configuration and state, in English."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return tmp_path


@pytest.fixture
def bare(home: Path) -> Shell:
    """Types a command where nothing is configured."""
    del home

    def run(*words: str, text: str | None = None) -> Result:
        return CliRunner().invoke(xoxzo, list(words), input=text, catch_exceptions=False)

    return run


@pytest.fixture
def shell(bare: Shell, simulator_url: str, account: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Types a command where the environment has an account on the simulator."""
    names = (configuration.HOST, configuration.SID, configuration.TOKEN)
    for name, value in zip(names, (simulator_url, *account), strict=True):
        monkeypatch.setenv(name, value)
    return bare


@pytest.fixture
def live(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The same, where the simulator passes for the real service."""
    monkeypatch.setattr(configuration, "may_be_simulator", lambda _: False)
    return shell


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], list[str]]:
    """Simulate a user who gives this answer to every prompt; return the prompts."""

    def give(answer: bool) -> list[str]:
        asked: list[str] = []

        def confirm(question: str, **_: object) -> bool:
            asked.append(question)
            return answer

        monkeypatch.setattr(sending, "_is_interactive", lambda: True)
        monkeypatch.setattr(sending.click, "confirm", confirm)
        return asked

    return give
