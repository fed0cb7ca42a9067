"""A Celery application whose tasks run in the test, with a simulator in place of Xoxzo."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery import Celery

from xoxzo.cloudpy.integrations.celery import install, settings
from xoxzo.cloudpy.testing.simulated import SID, TOKEN, SimulatedXoxzo


@pytest.fixture
def simulator() -> Iterator[SimulatedXoxzo]:
    """A simulator in this process."""
    with SimulatedXoxzo() as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def without_django(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests of this process may have set Django up."""
    monkeypatch.setattr(settings, "django_conf", lambda: None)


@pytest.fixture
def app(simulator: SimulatedXoxzo) -> Iterator[Celery]:
    """An application whose tasks run where they are called, with their results in memory."""
    app = Celery("shop", broker="memory://", backend="cache+memory://")
    app.conf.update(task_always_eager=True, task_store_eager_result=True, worker_prefetch_multiplier=1)
    account = {"sid": SID, "auth_token": TOKEN, "transport": simulator.transport(), "max_retries": 0}
    install(app, account=account, sender="Shop")
    app.set_current()
    yield app
    settings.close()
    app.close()
