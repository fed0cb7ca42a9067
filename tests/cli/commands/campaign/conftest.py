"""The command in a folder of its own, with an account at a simulator that moves quickly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from xoxzo.cloudpy.cli.app import xoxzo
from xoxzo.cloudpy.simulator import Settings, Simulator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulator that moves quickly."""
    with Simulator(Settings(seed=1, sms_queued_seconds=0.05, sms_delivering_seconds=0.05)) as simulator:
        yield simulator


@pytest.fixture
def run(simulator: Simulator, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """Run the command in a folder with a list of three people, with an account and campaigns of its own."""
    monkeypatch.chdir(home)
    with simulator.serve() as server:
        monkeypatch.setenv("XOXZO_API_HOST", server.url)
        monkeypatch.setenv("XOXZO_API_SID", "s")
        monkeypatch.setenv("XOXZO_API_AUTH_TOKEN", "t")
        monkeypatch.setenv("XOXZO_CAMPAIGNS", str(home / "campaigns"))
        Path("people.csv").write_text(
            "name,tel\na,09010000000\nb,090-1000-0001\nc,０９０１００００００２\n", encoding="utf-8"
        )

        Path("people.txt").write_text("090-1000-0001\n", encoding="utf-8")

        def invoke(*arguments: str, text: str | None = None) -> Result:
            return CliRunner().invoke(xoxzo, ["campaign", *arguments], input=text)

        yield invoke
