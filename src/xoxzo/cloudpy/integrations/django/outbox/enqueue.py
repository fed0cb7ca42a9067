"""Write a message or a call into the outbox."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any

import msgspec
from django.db import connections, transaction
from django.utils import timezone

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import ConfigurationError, InvalidArgument
from xoxzo.cloudpy.integrations.django import conf
from xoxzo.cloudpy.integrations.django.models import DatabaseClock, OutboxMessage

_OWN_COLUMNS = frozenset({"recipient", "reference", "sent"})


def write_row(
    kind: str,
    message: Any,  # noqa: ANN401 - sms.py, which has the types, imports this
    *,
    using: str | None,
    send_at: datetime | None,
    expires_at: datetime | None,
) -> OutboxMessage:
    """Write a row for an ``sms`` or a ``call``; after the commit a worker is woken. It raises as ``sms.enqueue``."""
    request = message.prepare()
    values = {name: getattr(message, name) for name in message.__struct_fields__ if name not in _OWN_COLUMNS}
    try:
        content = msgspec.json.decode(msgspec.json.encode(values))
    except TypeError as error:
        raise InvalidArgument("options", "must be values that JSON can hold, to be stored in the outbox") from error
    alias = conf.outbox_databases(using)[0]
    connection = connections[alias]
    for other in connections.all(initialized_only=True):
        # Written outside of the transaction that the caller has opened, it would not be an outbox.
        if other.in_atomic_block and not connection.in_atomic_block and connection.get_autocommit():
            rule = N_('the transaction is in the database "{other}", and the outbox in "{alias}": pass using="{other}"')
            raise ConfigurationError(rule, other=other.alias, alias=alias)
    due = None if send_at is None else _seconds("send_at", send_at)
    expires = None if expires_at is None else _seconds("expires_at", expires_at)
    if due is not None and expires is not None and expires <= due:
        raise InvalidArgument("expires_at", "must be after send_at")
    row = OutboxMessage(
        kind=kind,
        recipient=request.recipients[0],
        reference=message.reference,
        content=content,
        due=DatabaseClock() if due is None else due,
        expires=expires,
    )
    row.save(using=alias, force_insert=True)
    if due is None:
        row.due = time.time()
    wake_after_commit(alias)
    return row


def _seconds(field: str, moment: object) -> float:
    if not isinstance(moment, datetime):
        raise InvalidArgument(field, "must be a datetime")
    return (timezone.make_aware(moment) if timezone.is_naive(moment) else moment).timestamp()


def wake_after_commit(alias: str) -> None:
    """Wake a worker when the open transaction is committed; without one, now. What fails is logged."""
    connection, wake = connections[alias], _wake_hook(alias)
    if not connection.in_atomic_block and not connection.get_autocommit():
        return  # there are no hooks then: the next sweep finds the row
    # One for each transaction, unless the one that is there would be dropped with a savepoint that this row outlives.
    savepoints = set(connection.savepoint_ids)
    if not any(hook[1] is wake and hook[0] <= savepoints for hook in connection.run_on_commit):
        transaction.on_commit(wake, using=alias, robust=True)


@cache
def _wake_hook(alias: str) -> Callable[[], None]:
    def wake() -> None:  # no partial: Django logs the qualified name of a hook that fails
        wake_worker(alias)

    return wake


def wake_worker(alias: str) -> None:
    """Have a worker look at an outbox. Nothing depends on it: a sweep finds what it has missed."""
    worker = conf.get_outbox().worker
    if worker == "celery":
        ours = sys.modules.get("xoxzo.cloudpy.integrations.celery.settings")
        app = (ours and ours.current.app) or import_module("celery").current_app
        if app.conf.task_always_eager:
            # `send_task` would look for a broker all the same.
            import_module(conf.OUTBOX_TASKS[worker]).send_outbox.apply((alias,))
        else:
            # With `retry=False`, Celery still connects again and again, for six seconds.
            app.send_task("xoxzo.outbox", (alias,), retry=True, retry_policy={"max_retries": 0}, ignore_result=True)
    elif worker == "tasks":
        # Only here: importing it fails where TASKS has no such backend.
        import_module(conf.OUTBOX_TASKS[worker]).send_outbox.enqueue(alias)
