"""Xoxzo in a Celery application: tasks for single messages and calls, and campaigns that all workers send together.

Needs the extra ``celery`` (``pip install "xoxzo-cloudpy[celery]"``).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from celery import Celery

from xoxzo.cloudpy.integrations.celery import chunks, settings
from xoxzo.cloudpy.integrations.celery.single import play, say, send_sms
from xoxzo.cloudpy.protocols import CallbackUrls

__all__ = ["install", "play", "say", "send_sms"]


def install(
    app: Celery,
    *,
    store: str | None = None,
    account: Mapping[str, Any] | None = None,
    sender: str | None = None,
    callbacks: CallbackUrls | None = None,
) -> None:
    """Add the tasks to an application; call it in the module that makes the application.

    Where our Django application is installed, the setting ``XOXZO`` gives what is not given here.

    Args:
        app: the application, of which each process has one.
        store: the address of the database with the campaigns, such as ``postgresql:///shop``; by default
            ``XOXZO_CAMPAIGNS``.
        account: ``sid``, ``auth_token``, ``base_url`` and other arguments of the client; by default the environment's.
        sender: the default sender of an SMS.
        callbacks: makes the URLs of delivery reports.
    """
    settings.close()
    settings.current = settings.TaskSettings(app, account or {}, sender, store, callbacks)
    settings.watch_workers(app)

    @app.on_after_finalize.connect(weak=False)
    def add_to_beat(sender: Celery, **_more: object) -> None:
        sender.add_periodic_task(chunks.SWEEP_SECONDS, chunks.campaign_sweep.s(), name=chunks.SWEEP_TASK)
        if "DJANGO_SETTINGS_MODULE" in os.environ:
            sender.add_periodic_task(chunks.SWEEP_SECONDS, chunks.send_outbox.s(), name=chunks.OUTBOX_TASK)
