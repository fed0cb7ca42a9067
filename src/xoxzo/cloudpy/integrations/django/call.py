"""Write calls into the outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async

from xoxzo.cloudpy.integrations.django.models import OutboxMessage
from xoxzo.cloudpy.integrations.django.outbox.enqueue import write_row
from xoxzo.cloudpy.integrations.django.sms import CallMessage


def enqueue(
    recipient: object,
    message: object,
    *,
    using: str | None = None,
    send_at: datetime | None = None,
    expires_at: datetime | None = None,
    **fields: Any,  # noqa: ANN401 - those of `CallMessage`, and options
) -> OutboxMessage:
    """Write a call that speaks a message into the outbox.

    `fields` are ``language``, ``caller`` and ``reference`` of `CallMessage`, and arguments of ``client.calls.say``. The
    other arguments, the result and the errors are those of ``sms.enqueue``.
    """
    names = ("language", "caller", "reference")
    own = {name: value for name in names if (value := fields.pop(name, None)) is not None}
    call = CallMessage(recipient=recipient, message=message, options=fields, **own)  # type: ignore[arg-type]
    return write_row("call", call, using=using, send_at=send_at, expires_at=expires_at)


async def aenqueue(*args: Any, **fields: Any) -> OutboxMessage:  # noqa: ANN401 - those of `enqueue`
    """Write a call into the outbox from a coroutine; see ``sms.aenqueue``."""
    return await sync_to_async(enqueue)(*args, **fields)
