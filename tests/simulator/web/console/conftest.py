"""Fixtures of the console's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from console_client import Visitor
from simulator_callers import Caller, Listener

import translations


@pytest.fixture(scope="session", autouse=True)
def compiled_translations() -> None:
    """Compile the translations where they were changed: `make test` has done it, pytest by itself has not."""
    translations.ensure_compiled()


@pytest.fixture
def caller() -> Caller:
    """A caller of a simulator whose clock stands still."""
    return Caller(legacy_sin=True)


@pytest.fixture
def visitor(caller: Caller) -> Visitor:
    """A visitor to the console of the same simulator."""
    return Visitor(caller.simulator)


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A server on loopback that the simulator may call."""
    with Listener().running() as listening:
        yield listening
