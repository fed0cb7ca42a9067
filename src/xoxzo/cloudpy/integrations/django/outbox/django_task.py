"""The task of Django's tasks framework. It is imported only if the settings choose it: its backend has to be there.

The module is not called ``tasks``: Celery imports every module of that name.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from xoxzo.cloudpy.integrations.django import conf
from xoxzo.cloudpy.integrations.django.outbox.worker import Worker

RUN_SECONDS = 20.0
"""How long a task sends before it is replaced by another one."""

# Django 6 has the framework; for 5.2 there is a package of the same author.
_tasks = import_module("django.tasks" if find_spec("django.tasks") else "django_tasks")
_settings = conf.get_outbox()


@_tasks.task(backend=_settings.backend, queue_name=_settings.queue)  # type: ignore[untyped-decorator] # of any package
def send_outbox(alias: str) -> None:
    """Send what is due in an outbox, for some seconds; a task is a wake-up, so a lost or repeated one does no harm."""
    worker = Worker(alias)
    worker.run(RUN_SECONDS)
    if worker.has_more:
        send_outbox.enqueue(alias)
