"""Waking workers: Celery's task, and the task of Django's tasks framework."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest
from celery import Celery
from django.core.checks import run_checks
from django.db import transaction
from django.test import override_settings

from xoxzo.cloudpy.integrations import celery as ours
from xoxzo.cloudpy.integrations.celery import chunks as celery_outbox, settings as celery_settings
from xoxzo.cloudpy.integrations.django import sms
from xoxzo.cloudpy.integrations.django.backends.memory import outbox
from xoxzo.cloudpy.integrations.django.outbox import enqueue
from xoxzo.cloudpy.integrations.django.outbox.worker import Worker

PHONE = "+818011112222"
TASK = "xoxzo.cloudpy.integrations.django.outbox.django_task"


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[Celery]:
    """A Celery application of a Django project, whose tasks run where they are called."""
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop.settings")
    app = Celery("shop", broker="memory://", backend="cache+memory://")
    app.conf.update(task_always_eager=True)
    ours.install(app)
    app.set_current()
    yield app
    celery_settings.close()
    celery_settings.current = celery_settings.TaskSettings()
    app.close()


def test_celery(app: Celery, xoxzo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit publishes a task with the name of the database alone; beat publishes it regularly."""
    published: list[tuple[Any, ...]] = []
    monkeypatch.setattr(app, "send_task", lambda *arguments, **_options: published.append(arguments))
    app.conf.task_always_eager = False
    with xoxzo(OUTBOX={"worker": "celery"}):
        with transaction.atomic():
            sms.enqueue(PHONE, "Hi")
        assert published == [("xoxzo.outbox", ("default",))]
        app.conf.task_always_eager = True
        celery_outbox.send_outbox.delay("default")
        assert [one.message for one in outbox] == ["Hi"]
        # Where tasks run at the call, as in many tests, nothing is published.
        sms.enqueue(PHONE, "Hi again")
    assert len(outbox) == 2
    app.finalize()
    assert app.conf.beat_schedule["xoxzo.outbox"]["task"] == "xoxzo.outbox"
    celery_settings.current = celery_settings.TaskSettings()
    monkeypatch.setattr("celery.current_app", app)
    app.conf.task_always_eager = False
    with xoxzo(OUTBOX={"worker": "celery"}):
        sms.enqueue(PHONE, "Hi")
    assert len(published) == 2


def test_celery_goes_on(app: Celery, xoxzo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task whose time is over publishes the next one; without Django, or for another worker, it does nothing."""
    runs: list[float] = []

    def run(worker: Worker, seconds: float) -> int:
        runs.append(seconds)
        worker.has_more = len(runs) == 1
        return 1

    monkeypatch.setattr(Worker, "run", run)
    celery_outbox.send_outbox.delay()
    assert runs == []
    with xoxzo(OUTBOX={"worker": "celery"}):
        celery_outbox.send_outbox.delay()
        assert len(runs) == 2
        monkeypatch.setattr(celery_settings, "django_conf", lambda: None)
        celery_outbox.send_outbox.delay()
    assert len(runs) == 2


def test_the_broker_is_away(xoxzo: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A wake-up that fails is logged; the row is written."""

    def fail(_alias: str) -> None:
        raise OSError("no broker")

    monkeypatch.setattr(enqueue, "wake_worker", fail)
    enqueue._wake_hook.cache_clear()
    with transaction.atomic():
        sms.enqueue(PHONE, "Hi")
    enqueue._wake_hook.cache_clear()
    assert "no broker" in caplog.text


def test_a_broken_broker(xoxzo: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A request does not wait until the broker is there again: it tries once, and the row is written."""
    connections: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            with suppress(OSError):
                while True:
                    connections.append(server.accept()[0])
                    connections[-1].close()

        threading.Thread(target=refuse, daemon=True).start()
        app = Celery("shop", broker=f"amqp://guest@127.0.0.1:{server.getsockname()[1]}//")
        monkeypatch.setattr("celery.current_app", app)
        with xoxzo(OUTBOX={"worker": "celery"}):
            sms.enqueue(PHONE, "Hi")
        app.close()
        server.shutdown(socket.SHUT_RDWR)
    assert len(connections) == 1
    assert "Error calling" in caplog.text


@pytest.fixture
def tasks() -> Iterator[dict[str, Any]]:
    """The setting TASKS, and the module with the task as if it had never been imported."""
    package = "django.tasks" if find_spec("django.tasks") else pytest.importorskip("django_tasks").__name__
    sys.modules.pop(TASK, None)
    yield {"default": {"BACKEND": f"{package}.backends.immediate.ImmediateBackend", "QUEUES": ["default", "sms"]}}
    sys.modules.pop(TASK, None)


def test_django_tasks(tasks: dict[str, Any], xoxzo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit enqueues a task of Django's framework, in the queue of the settings; it goes on while there is more."""
    with override_settings(TASKS=tasks), xoxzo(OUTBOX={"worker": "tasks", "queue": "sms"}):
        assert not run_checks(tags=["xoxzo"])
        with transaction.atomic():
            sms.enqueue(PHONE, "Hi")
            assert len(outbox) == 0
        assert [one.message for one in outbox] == ["Hi"]
        module = import_module(TASK)
        assert module.send_outbox.queue_name == "sms"
        more = [False, True]
        monkeypatch.setattr(Worker, "run", lambda worker, _seconds: setattr(worker, "has_more", more.pop()))
        module.send_outbox.enqueue("default")
        assert more == []


def test_django_tasks_without_a_backend(tasks: dict[str, Any], xoxzo: Any) -> None:
    """The checks find a backend or a queue that is not there, and nothing is imported until it is chosen."""
    assert TASK not in sys.modules
    for given in ({"backend": "elsewhere"}, {"queue": "elsewhere"}):
        with override_settings(TASKS=tasks), xoxzo(OUTBOX={"worker": "tasks", **given}):
            assert [one.id for one in run_checks(tags=["xoxzo"])] == ["xoxzo.E007"]
