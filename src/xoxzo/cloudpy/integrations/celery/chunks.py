"""The tasks that send campaigns, and a Django project's outbox: each sends for some seconds, and publishes the next."""

from __future__ import annotations

import asyncio
import logging
import time

from celery import current_app, shared_task

from xoxzo.cloudpy.campaigns import Campaign, Event, Result, State
from xoxzo.cloudpy.campaigns.campaign import CHUNK_TASK
from xoxzo.cloudpy.campaigns.ledger import open_store
from xoxzo.cloudpy.campaigns.sending.run_thread import fast_loop_factory
from xoxzo.cloudpy.client.async_client import AsyncClient
from xoxzo.cloudpy.common.signals import handle_signals
from xoxzo.cloudpy.errors import APIError, CampaignError
from xoxzo.cloudpy.integrations.celery import settings
from xoxzo.cloudpy.integrations.celery.settings import CHUNK_SECONDS, is_shutting_down

SWEEP_TASK = "xoxzo.campaign_sweep"
OUTBOX_TASK = "xoxzo.outbox"
SWEEP_SECONDS = 15.0
RETRY_SECONDS = 5.0
_MAX_RETRIES = 60
# Reading the sent list is throttled by Xoxzo, and takes long.
_RECONCILE_SECONDS = 60.0
_POLL_SECONDS = 0.2
_DEADLINE_SECONDS = 30.0
# A chunk that only waits makes room for other tasks, and comes back.
_WORTH_LEAVING_SECONDS, _MAX_AWAY_SECONDS = 5.0, 60.0
# Nets only: a task ends itself long before. The soft one ends it gently, by the signal that it handles.
_LIMITS = {"soft_time_limit": 2 * CHUNK_SECONDS, "time_limit": 2 * CHUNK_SECONDS + 2 * _DEADLINE_SECONDS}
_log = logging.getLogger(__name__)


@shared_task(name=CHUNK_TASK, acks_late=True, reject_on_worker_lost=True, ignore_result=True, **_LIMITS)
def campaign_chunk(name: str, uid: str) -> None:
    """Send messages of a campaign for some seconds, and publish the task that goes on.

    A lost task loses nothing, and a repeated one sends nothing twice: the ledger decides who is sent to.

    Args:
        name: the campaign.
        uid: the first part of its references, which tells it from others of this name.
    """
    try:
        with Campaign.open(name, store=settings.store()) as campaign:
            if campaign.reference_prefix != uid:
                _log.warning("%s in this worker's store is another campaign: is it the store that dispatched it?", name)
                return
            if campaign.state != "running" or not campaign.ledger.take_seat(campaign.workers):
                return
            with asyncio.Runner(loop_factory=fast_loop_factory()) as runner:
                result, away_seconds = runner.run(_run(campaign))
            if result.state == "running":
                campaign.continue_later(current_app, away_seconds)
    except CampaignError as error:
        # The database may be away for a while.
        raise campaign_chunk.retry(exc=error, countdown=RETRY_SECONDS, max_retries=_MAX_RETRIES) from error


async def _run(campaign: Campaign) -> tuple[Result, float]:
    """Send until the time is over, the worker shuts down, or nothing is left.

    Also return for how many seconds nothing can be sent.
    """
    away_seconds = 0.0

    def take_event(event: Event) -> None:
        nonlocal away_seconds
        if event.wake is not None and event.wake - event.at > _WORTH_LEAVING_SECONDS:
            away_seconds = min(event.wake - event.at, _MAX_AWAY_SECONDS)
            campaign.leave()

    async def watch() -> None:
        ends, swept = time.monotonic() + CHUNK_SECONDS, 0.0
        while time.monotonic() < ends and not is_shutting_down():
            if time.monotonic() - swept > SWEEP_SECONDS:
                swept = time.monotonic()
                _sweep(campaign)
            await asyncio.sleep(_POLL_SECONDS)
        campaign.leave()

    options = {"deadline": _DEADLINE_SECONDS, "max_connections": campaign.limits.concurrency, **settings.account()}
    async with AsyncClient(**options, app_info="xoxzo-celery") as client:
        watching = asyncio.create_task(watch())
        try:
            # Celery's soft time limit is SIGUSR1: it ends the chunk gently, not by an exception in the event loop.
            with handle_signals(lambda *_: campaign.leave(), ("SIGUSR1",)):
                urls = settings.callbacks()
                result = await campaign.run_async(client, callbacks=urls, on_event=take_event, shared=True)
        finally:
            watching.cancel()
    return result, away_seconds


@shared_task(name=SWEEP_TASK, acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def campaign_sweep() -> None:
    """Look after all campaigns: publish tasks for those with too few workers, and look unknown messages up.

    ``celery beat`` runs it every few seconds, if there is one; each chunk does the same for its campaign.
    """
    store = open_store(settings.store())
    for name in store.names():
        try:
            with Campaign.open(name, store=store) as campaign:
                _sweep(campaign)
                if campaign.has_unsettled and campaign.ledger.take_turn(_RECONCILE_SECONDS):
                    asyncio.run(_reconcile(campaign))
        except (APIError, CampaignError) as error:
            _log.warning("%s was not looked after: %s", name, error)


async def _reconcile(campaign: Campaign) -> None:
    async with AsyncClient(**settings.account(), app_info="xoxzo-celery") as client:
        tally = await campaign.settle(client, settle=campaign.limits.settle)
    if tally[State.WAITING] and campaign.state == "finished":
        # Somebody was proven not to have got anything.
        campaign.dispatch(current_app, workers=campaign.workers)


def _sweep(campaign: Campaign) -> None:
    campaign.ledger.sweep()
    if missing := campaign.redispatch(current_app):
        _log.info("%s: %d workers were missing", campaign.name, missing)


@shared_task(name=OUTBOX_TASK, acks_late=True, reject_on_worker_lost=True, ignore_result=True, **_LIMITS)
def send_outbox(alias: str | None = None) -> None:
    """Send what is due in the outbox for some seconds, and publish the task that goes on.

    A lost task loses nothing, and a repeated one sends nothing twice: the rows decide. ``celery beat`` runs it
    regularly.

    Args:
        alias: the database; by default all that have an outbox.
    """
    conf = settings.django_conf()
    if conf is None:
        return
    from xoxzo.cloudpy.integrations.django.outbox.worker import Worker

    if conf.get_outbox().worker != "celery":
        return
    stopped: list[int] = []
    with handle_signals(lambda number, _frame: stopped.append(number), ("SIGUSR1",)):
        for one in conf.outbox_databases(alias):
            worker = Worker(one, lambda: bool(stopped) or is_shutting_down())
            worker.run(CHUNK_SECONDS)
            if worker.has_more:
                send_outbox.apply_async((one,))
