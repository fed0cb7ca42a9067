"""Fixtures of the console's tests."""

import pytest
from simulated import Caller
from visitor import Visitor


@pytest.fixture
def caller() -> Caller:
    """A caller of a simulator whose clock stands still."""
    return Caller(legacy_sin=True)


@pytest.fixture
def visitor(caller: Caller) -> Visitor:
    """Somebody who opens the console of the same simulator."""
    return Visitor(caller.simulator)
