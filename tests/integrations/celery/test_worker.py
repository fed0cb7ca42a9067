"""What a worker checks when it starts."""

from __future__ import annotations

import logging
import sys
from types import SimpleNamespace

import pytest
from celery import Celery, signals

from xoxzo.cloudpy.integrations.celery import install, settings
from xoxzo.cloudpy.integrations.celery.settings import django_conf, find_problems, is_shutting_down


def make(broker: str = "redis://localhost", **conf: object) -> Celery:
    """Make an application with settings."""
    app = Celery("shop", broker=broker, set_as_current=False)
    app.conf.update(conf)
    return app


@pytest.mark.parametrize(
    ("conf", "pool", "prefetch", "advice"),
    [
        ({}, "gevent", 1, "the pool gevent cannot send campaigns: start this worker with --pool prefork"),
        ({}, "prefork", 4, "write worker_prefetch_multiplier = 1"),
        (
            {"broker_transport_options": {"visibility_timeout": 30}},
            "prefork",
            1,
            'write broker_transport_options = {"visibility_timeout": 3600}, and never below 40',
        ),
        (
            {"task_annotations": {"xoxzo.say": {"acks_late": False}}},
            "prefork",
            1,
            'write {"xoxzo.say": {"acks_late": True}}',
        ),
        (
            {"task_annotations": {"*": {"reject_on_worker_lost": False}}},
            "solo",
            1,
            'write {"xoxzo.send_sms": {"reject_on_worker_lost": True}}',
        ),
    ],
)
def test_wrong_settings_are_named(conf: dict[str, object], pool: str, prefetch: int, advice: str) -> None:
    """Each wrong setting is named in one line, with what to write instead."""
    problems = list(find_problems(make(**conf), f"celery.concurrency.{pool}", prefetch))
    assert [problem for problem in problems if problem.endswith(advice)]
    assert not [problem for problem in problems if "\n" in problem]


def test_right_settings(caplog: pytest.LogCaptureFixture) -> None:
    """Right settings, of Redis and of RabbitMQ, lead to no line; a worker of another application is not checked."""
    app = make()
    install(app)
    for broker in ("redis://localhost", "amqp://localhost"):
        found = find_problems(make(broker, task_acks_late=False), "celery.concurrency.prefork", 1)
        assert list(found) == []
    pool = SimpleNamespace(__module__="celery.concurrency.gevent")
    with caplog.at_level(logging.WARNING):
        signals.celeryd_after_setup.send("worker", instance=SimpleNamespace(app=make(), pool_cls=pool))
        assert caplog.messages == []
        started = SimpleNamespace(app=app, pool_cls=pool, prefetch_multiplier=1)
        signals.celeryd_after_setup.send("worker", instance=started)
    assert len(caplog.messages) == 1
    assert not is_shutting_down()


def test_beat_sweeps() -> None:
    """Beat, where there is one, looks after all campaigns."""
    app = make()
    install(app)
    app.finalize()
    assert [entry["task"] for entry in app.conf.beat_schedule.values()] == ["xoxzo.campaign_sweep"]
    assert repr(settings.current) == "TaskSettings(…)"


def test_without_django(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that has not loaded Django, or has loaded it without our application, uses the environment."""
    monkeypatch.delitem(sys.modules, "django.apps", raising=False)
    assert django_conf() is None
    assert settings.store() is None
    monkeypatch.setitem(sys.modules, "django.apps", SimpleNamespace(apps=SimpleNamespace(ready=False)))
    assert django_conf() is None
