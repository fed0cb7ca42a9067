"""Rough use: many threads, cancellations, forks, several event loops. What is counted on both sides has to agree."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
import robustness
from transport_runner import uvloop

FACTORIES = {"asyncio": None} | ({} if uvloop is None else {"uvloop": uvloop.new_event_loop})


def test_fifty_threads_share_one_transport() -> None:
    """Each call gets its own answer, each "maybe" has its request, and all connections are free afterwards."""
    assert robustness.play_threads(seed=1) == []


@pytest.mark.parametrize("loop", FACTORIES)
def test_calls_are_cancelled_at_random_moments(loop) -> None:
    """The event hook gets the true outcome of each, and all connections are free afterwards."""
    with asyncio.Runner(loop_factory=FACTORIES[loop]) as runner:
        assert runner.run(robustness.play_cancellations(seed=1, exactly=loop == "asyncio")) == []


def test_three_event_loops_share_one_transport() -> None:
    """Loops in threads of their own, with connections of their own."""
    assert robustness.play_loops(1, [None, *FACTORIES.values()][:3]) == []


def test_forks_under_load() -> None:
    """Parent and children continue, and no process gets the response of another."""
    program = [sys.executable, "-W", "ignore::DeprecationWarning", str(Path(robustness.__file__)), "1", "5"]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout.strip(), done.returncode) == ("", 0), done.stderr
