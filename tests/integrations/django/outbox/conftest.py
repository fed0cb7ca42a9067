"""A service for the tests of the outbox: a simulator in this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from xoxzo.cloudpy.simulator import Settings, Simulator, SteppedClock


@pytest.fixture
def live(xoxzo: Any) -> Iterator[Simulator]:
    """The live backend, with the simulator as the service."""
    with Simulator(Settings(seed=3), clock=SteppedClock()) as simulator:
        client = {"transport": simulator.transport()}
        with xoxzo(SMS_BACKEND="live", SID="me", AUTH_TOKEN="secret", CLIENT=client, CALLER="815011112222"):
            yield simulator


@pytest.fixture
def signals() -> Iterator[list[tuple[str, str]]]:
    """The signals received: their names, and the references."""
    from xoxzo.cloudpy.integrations.django import signals

    received: list[tuple[str, str]] = []
    receivers = []
    for name in ("sent", "delivered", "failed", "unknown"):

        def receive(message: Any, name: str = name, **_more: Any) -> None:
            received.append((name, message.reference))

        getattr(signals, f"outbox_{name}").connect(receive)
        receivers.append((getattr(signals, f"outbox_{name}"), receive))
    yield received
    for signal, receive in receivers:
        signal.disconnect(receive)
