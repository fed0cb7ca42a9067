"""Write calls into the outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async

from xoxzo.cloudpy.integrations.django.models import OutboxMessage
from xoxzo.cloudpy.integrations.django.outbox.enqueue import write_row
from xoxzo.cloudpy.integrations.django.sms import CallMessage, take_fields


def enqueue(
    recipient: object,
    message: object,
    *,
    using: str | None = None,
    send_at: datetime | None = None,
    expires_at: datetime | None = None,
    **fields: Any,  # noqa: ANN401 - those of `CallMessage`, and options
) -> OutboxMessage:
    """Write a call that speaks a message into the outbox; see ``sms.enqueue``.

    Args:
        recipient: the number in E.164 or as a ``PhoneNumber``.
        message: what is spoken.
        using: as in ``sms.enqueue``, and so are the two after it.
        send_at: not before then.
        expires_at: not after then.
        fields: ``language``, ``caller`` and ``reference`` of `CallMessage`, and more arguments of ``client.calls.say``.

    Returns:
        The row.

    Raises:
        InvalidArgument: a value is invalid, or cannot be stored.
        ConfigurationError: there is no caller, or the row would not be part of the open transaction.
    """
    own = take_fields(fields, "language", "caller", "reference")
    call = CallMessage(recipient=recipient, message=message, options=fields, **own)  # type: ignore[arg-type]
    return write_row("call", call, using=using, send_at=send_at, expires_at=expires_at)


async def aenqueue(*args: Any, **fields: Any) -> OutboxMessage:  # noqa: ANN401 - those of `enqueue`
    """Write a call into the outbox from a coroutine; see ``sms.aenqueue``."""
    return await sync_to_async(enqueue)(*args, **fields)
