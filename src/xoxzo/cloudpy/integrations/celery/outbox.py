"""The task that sends the outbox of a Django project."""

from __future__ import annotations

from celery import shared_task

from xoxzo.cloudpy.common.signals import handle_signals
from xoxzo.cloudpy.integrations.celery import settings
from xoxzo.cloudpy.integrations.celery.worker import CHUNK_SECONDS, is_shutting_down

TASK = "xoxzo.outbox"
# Nets only: it ends itself long before. The soft one ends it gently, by the signal that it handles.
_LIMITS = {"soft_time_limit": 2 * CHUNK_SECONDS, "time_limit": 2 * CHUNK_SECONDS + 120}


@shared_task(name=TASK, acks_late=True, reject_on_worker_lost=True, ignore_result=True, **_LIMITS)
def send_outbox(alias: str | None = None) -> None:
    """Send what is due in the outbox for some seconds, and publish the task that goes on.

    A lost task loses nothing, and a repeated one sends nothing twice: the rows decide. ``celery beat`` runs it
    regularly.

    Args:
        alias: the database; by default all that have an outbox.
    """
    if settings.django_conf() is None:
        return
    from xoxzo.cloudpy.integrations.django.outbox.settings import databases, get_settings
    from xoxzo.cloudpy.integrations.django.outbox.worker import Worker

    if get_settings().worker != "celery":
        return
    stopped: list[int] = []
    with handle_signals(lambda number, _frame: stopped.append(number), ("SIGUSR1",)):
        for one in databases(alias):
            worker = Worker(one, lambda: bool(stopped) or is_shutting_down())
            worker.run(CHUNK_SECONDS)
            if worker.has_more:
                send_outbox.apply_async((one,))
