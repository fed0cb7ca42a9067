"""What the tasks use, from `install`, from Django's settings, or from the environment; what a worker checks of it."""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import sys
import threading
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import msgspec
from celery import Celery, signals

from xoxzo.cloudpy.client.client import Client
from xoxzo.cloudpy.protocols import CallbackUrls

CHUNK_SECONDS = 20.0
"""How long a task sends messages of a campaign before it ends and is replaced by another one."""

_PREFORK_POOLS = ("celery.concurrency.prefork", "celery.concurrency.solo")
_DEFAULT_VISIBILITY_SECONDS = 3600.0
_DJANGO_APPLICATION = "xoxzo.cloudpy.integrations.django"
_log = logging.getLogger(__name__)

# Made when this is imported, which is before the worker forks: its children see what the parent sets.
_is_shutting_down = multiprocessing.Value("b", lock=False)


class TaskSettings(msgspec.Struct):
    """What `install` was given; see there."""

    app: Any = None
    account: Mapping[str, Any] = {}
    sender: str | None = None
    store: str | None = None
    callbacks: CallbackUrls | None = None

    def __repr__(self) -> str:
        # The account and the address of the store hold secrets.
        return "TaskSettings(…)"


current = TaskSettings()
"""The settings of this process."""

_lock = threading.Lock()
_clients: list[Client] = []


def django_conf() -> ModuleType | None:
    """Return the module with the setting ``XOXZO`` where our Django application is installed; else ``None``."""
    if "django.apps" not in sys.modules:
        return None
    from django.apps import apps

    if not (apps.ready and apps.is_installed(_DJANGO_APPLICATION)):
        return None
    from xoxzo.cloudpy.integrations.django import conf

    return conf


def account() -> dict[str, Any]:
    """Return the arguments of a client: the account and the destination."""
    conf = django_conf()
    return dict(current.account) if current.account or conf is None else conf.account()


def store() -> str | None:
    """Return the address of the store of campaigns; ``None`` stands for ``XOXZO_CAMPAIGNS``."""
    conf = django_conf()
    return current.store if current.store is not None or conf is None else conf.campaigns_address()


def callbacks() -> CallbackUrls | None:
    """Return what makes the URLs of delivery reports, or ``None``."""
    conf = django_conf()
    if current.callbacks is None and conf is not None and conf.get("PUBLIC_URL") is not None:
        made: CallbackUrls = conf.get_callbacks()
        return made
    return current.callbacks


def client() -> Client:
    """Return the client of single sends: one for each process, created at the first call.

    Raises:
        ConfigurationError: there are no credentials, or a value is invalid.
    """
    with _lock:
        if not _clients:
            _clients.append(Client(**account(), app_info="xoxzo-celery"))
        return _clients[0]


def close() -> None:
    """Close the client; the next call of `client` makes another."""
    with _lock:
        while _clients:
            _clients.pop().close()


atexit.register(close)


def is_shutting_down() -> bool:
    """Return whether the worker of this process is to end."""
    return bool(_is_shutting_down.value)


def watch_workers(app: Celery) -> None:
    """Have workers of an application check their settings, and stop gently."""

    def check(instance: Any, **_more: object) -> None:  # noqa: ANN401 - Celery has no types
        if instance.app is app:
            for problem in find_problems(app, instance.pool_cls.__module__, instance.prefetch_multiplier):
                _log.warning("%s", problem)

    signals.celeryd_after_setup.connect(check, weak=False)
    signals.worker_shutting_down.connect(_shut_down)


def _shut_down(**_more: object) -> None:
    _is_shutting_down.value = True


def find_problems(app: Celery, pool: str, prefetch: int) -> Iterator[str]:
    """Return what is wrong with a worker's settings: one line each, with what to write instead.

    `pool` is the module of its pool; `prefetch` is how many tasks it takes in advance for each of its processes.
    """
    if pool not in _PREFORK_POOLS:
        name = pool.rpartition(".")[2]
        yield f"the pool {name} cannot send campaigns: start this worker with --pool prefork"
    for task in (app.tasks[name] for name in sorted(app.tasks) if name.startswith("xoxzo.")):
        for option in ("acks_late", "reject_on_worker_lost"):
            if not getattr(task, option):
                yield (
                    f"task_annotations set {option} of {task.name} to False, so a killed worker loses the task: "
                    f'write {{"{task.name}": {{"{option}": True}}}}'
                )
    if prefetch != 1:
        yield (
            f"worker_prefetch_multiplier is {prefetch}, so tasks wait in a worker that is busy with a campaign while "
            "others are idle: write worker_prefetch_multiplier = 1"
        )
    needed = 2 * CHUNK_SECONDS
    visibility = app.conf.broker_transport_options.get("visibility_timeout", _DEFAULT_VISIBILITY_SECONDS)
    if app.connection_for_write().transport.driver_type != "amqp" and visibility < needed:
        yield (
            f"the broker delivers a task again after {visibility:g} s, while it may still run: "
            f'write broker_transport_options = {{"visibility_timeout": 3600}}, and never below {needed:g}'
        )
