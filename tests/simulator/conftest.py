"""Fixtures of the simulator's tests."""

from collections.abc import Iterator

import pytest
from simulated import Caller, Listener


@pytest.fixture
def caller() -> Caller:
    """A caller with default settings."""
    return Caller()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A server on loopback that the simulator may call."""
    with Listener().running() as listening:
        yield listening
