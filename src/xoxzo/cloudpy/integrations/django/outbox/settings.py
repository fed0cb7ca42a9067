"""The setting ``XOXZO["OUTBOX"]``."""

from __future__ import annotations

from typing import Literal

import msgspec
from django.conf import settings as django_settings
from django.db import router

from xoxzo.cloudpy.campaigns.limits import Limits
from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.integrations.django import conf
from xoxzo.cloudpy.integrations.django.models import OutboxMessage

TASK_MODULES = {
    "celery": "xoxzo.cloudpy.integrations.celery.chunks",
    "tasks": "xoxzo.cloudpy.integrations.django.outbox.django_task",
}
"""The modules with the tasks: each is imported only if it is chosen, since it needs more to be installed."""


class OutboxSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the outbox is sent."""

    worker: Literal["celery", "tasks", "command"] = "command"
    """What sends after a commit: ``celery``, ``tasks`` (Django's tasks framework), or ``command``, which is ``manage.py
    xoxzo_outbox``."""
    databases: tuple[str, ...] = ()
    """The aliases of the databases with an outbox; by default the one that the routers choose."""
    rate: float | None = None
    """Messages a second of all workers, or ``None`` for no limit."""
    lease: float = 60.0
    """Seconds for which a worker may send what it has claimed. Half of them is the most for a message."""
    settle: float = 600.0
    """Seconds after which a message whose response was lost is no longer accepted; then the sent list can prove that it
    was not sent."""
    days: float | None = None
    """After how many days what has ended is deleted; ``None`` for never."""
    backend: str = "default"
    """The backend of ``TASKS``, for ``tasks``."""
    queue: str = "default"
    """The queue of the tasks, for ``tasks``."""

    def __post_init__(self) -> None:
        if unknown := ", ".join(alias for alias in self.databases if alias not in django_settings.DATABASES):
            raise ValueError(f"databases: {unknown} is not in DATABASES")
        _ = self.limits

    @property
    def limits(self) -> Limits:
        """The same as limits of a campaign that sends one message at a time."""
        return Limits(concurrency=1, rate=self.rate, lease=self.lease, settle=self.settle)


def get_settings() -> OutboxSettings:
    """Return the setting; raise `ConfigurationError` if it is invalid."""
    try:
        return msgspec.convert(conf.get("OUTBOX"), OutboxSettings)
    except msgspec.ValidationError as error:
        raise ConfigurationError('XOXZO["OUTBOX"] is invalid: {why}', why=error) from error


def databases(only: str | None = None) -> tuple[str, ...]:
    """Return the aliases of the databases with an outbox, or `only` this one; raise `ConfigurationError` without."""
    known = get_settings().databases or (router.db_for_write(OutboxMessage),)
    if only is None:
        return known
    if only not in known:
        raise ConfigurationError(
            'the database "{alias}" has no outbox: add it to "databases" of XOXZO["OUTBOX"]', alias=only
        )
    return (only,)
