"""The pytest plugin: fixtures, and the timeline of what happened when a test failed.

It is loaded into every test run of whoever has this package, so it imports nothing but pytest until a fixture is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from xoxzo.cloudpy.testing.simulated import SimulatedServer, SimulatedXoxzo

FIXTURES = ("xoxzo_simulator", "xoxzo_simulator_server")


@pytest.fixture
def xoxzo_simulator() -> Iterator[SimulatedXoxzo]:
    """Xoxzo in this process, without sockets: ``xoxzo_simulator.client()`` is a client of it.

    Messages arrive at once, and its clock stands until ``advance`` moves it.
    """
    from xoxzo.cloudpy.testing.simulated import SimulatedXoxzo

    with SimulatedXoxzo() as simulator:
        yield simulator


@pytest.fixture
def xoxzo_simulator_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedServer]:
    """The same, served on a free port, with ``XOXZO_API_HOST`` and credentials set while the test runs."""
    from xoxzo.cloudpy.testing.simulated import SID, TOKEN, SimulatedServer, SimulatedXoxzo

    simulator = SimulatedXoxzo()
    with SimulatedServer(simulator) as server:
        monkeypatch.setenv("XOXZO_API_HOST", server.url)
        monkeypatch.setenv("XOXZO_API_SID", SID)
        monkeypatch.setenv("XOXZO_API_AUTH_TOKEN", TOKEN)
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to the report of a test that failed what happened in its simulators."""
    report = yield
    if report.when == "call" and report.failed:
        used = getattr(item, "funcargs", {})
        for name in FIXTURES:
            if name in used:
                report.sections.append((f"what happened in {name}", used[name].transcript or "nothing happened"))
    return report
