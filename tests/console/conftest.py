"""Fixtures of the console's tests."""

from collections.abc import Iterator

import pytest
from simulated import Caller, Listener
from visitor import Visitor


@pytest.fixture
def caller() -> Caller:
    """A caller of a simulator whose clock stands still."""
    return Caller(legacy_sin=True)


@pytest.fixture
def visitor(caller: Caller) -> Visitor:
    """Somebody who opens the console of the same simulator."""
    return Visitor(caller.simulator)


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A server on loopback that the simulator may call."""
    with Listener().running() as listening:
        yield listening
