"""The Celery application of the workers in compose.yaml; a shop that has one calls `install` on its own."""

from __future__ import annotations

import os

from celery import Celery

from xoxzo.cloudpy.integrations.celery import install

app = Celery("campaigns", broker=os.environ["CELERY_BROKER_URL"])
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
)
install(app)
