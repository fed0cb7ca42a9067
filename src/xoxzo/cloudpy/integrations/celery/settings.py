"""What the tasks use, from `install`, from Django's settings, or from the environment."""

from __future__ import annotations

import atexit
import sys
import threading
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import msgspec

from xoxzo.cloudpy.client.client import Client
from xoxzo.cloudpy.protocols import CallbackUrls

_DJANGO_APPLICATION = "xoxzo.cloudpy.integrations.django"


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
