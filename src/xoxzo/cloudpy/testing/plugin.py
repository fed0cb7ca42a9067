"""The pytest plugin: fixtures, and the events of a simulator in the report of a failed test.

Pytest loads it wherever this package is installed, so it imports nothing but pytest until a fixture is used.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from xoxzo.cloudpy.testing.simulated import SimulatedServer, SimulatedXoxzo

FIXTURES = ("xoxzo_simulator", "xoxzo_simulator_server")


@pytest.fixture
def xoxzo_simulator() -> Iterator[SimulatedXoxzo]:
    """Provide a simulator in this process, without sockets; ``xoxzo_simulator.client()`` returns a client of it.

    Messages arrive at once, and the clock stands still until ``advance`` moves it.
    """
    from xoxzo.cloudpy.testing.simulated import SimulatedXoxzo

    with SimulatedXoxzo() as simulator:
        yield simulator


@pytest.fixture
def xoxzo_simulator_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedServer]:
    """Provide a simulator on a free port; ``XOXZO_API_HOST`` and credentials are set during the test."""
    from xoxzo.cloudpy.testing.simulated import SID, TOKEN, SimulatedServer, SimulatedXoxzo

    simulator = SimulatedXoxzo()
    with SimulatedServer(simulator) as server:
        monkeypatch.setenv("XOXZO_API_HOST", server.url)
        monkeypatch.setenv("XOXZO_API_SID", SID)
        monkeypatch.setenv("XOXZO_API_AUTH_TOKEN", TOKEN)
        yield server


@pytest.fixture(autouse=True)
def _empty_django_outbox() -> None:
    """Empty the outbox of Django's memory backend before each test, in a program that uses it."""
    if backend := sys.modules.get("xoxzo.cloudpy.integrations.django.backends.memory"):
        backend.outbox.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the events of the simulators to the report of a failed test."""
    report = yield
    if report.when == "call" and report.failed:
        used = getattr(item, "funcargs", {})
        for name in FIXTURES:
            if name in used:
                report.sections.append((f"what happened in {name}", used[name].transcript or "nothing happened"))
    return report
