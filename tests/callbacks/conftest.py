"""Fixtures of the tests of callbacks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from xoxzo.cloudpy import Client
from xoxzo.cloudpy.callbacks import Callbacks
from xoxzo.cloudpy.simulator import Settings, Simulator, SteppedClock

SECRET = "an old secret of the tests"
NOW = 1_800_000_000.0


@pytest.fixture
def callbacks() -> Callbacks:
    """`Callbacks` with a clock that is fixed at `NOW`."""
    return Callbacks(SECRET, "https://shop.example/xoxzo", clock=lambda: NOW)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulator in this process, on a stepped clock."""
    with Simulator(Settings(seed=7), clock=SteppedClock()) as simulator:
        yield simulator


@pytest.fixture
def client(simulator: Simulator) -> Iterator[Client]:
    """A client of the simulator."""
    with Client(sid="me", auth_token="secret", transport=simulator.transport()) as client:
        yield client
