"""A simulator with short delays, and a client that calls it without sockets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import translations
from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.simulator import Settings, Simulator


@pytest.fixture(scope="session", autouse=True)
def compiled_translations() -> None:
    """Compile the translations where they were changed: `make test` has done it, pytest by itself has not."""
    translations.ensure_compiled()


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulator with short delays."""
    settings = Settings(
        seed=1,
        sms_queued_seconds=0.05,
        sms_delivering_seconds=0.05,
        numbers={"+818099990000": "fail"},
        ring_seconds=0.1,
        recording_seconds=0.1,
    )
    with Simulator(settings) as simulator:
        yield simulator


@pytest.fixture
def client(simulator: Simulator) -> AsyncClient:
    """A client that calls the simulator without sockets and without retries, so that failures are reported at once."""
    transport = simulator.async_transport()
    return AsyncClient(sid="s", auth_token="t", base_url="http://localhost", transport=transport, max_retries=0)
