"""Collect messages in a list: for tests."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.integrations.django.sms import BaseBackend
from xoxzo.cloudpy.models import SentMessage
from xoxzo.cloudpy.operations import sms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xoxzo.cloudpy.integrations.django.sms import SmsMessage

outbox: list[SmsMessage] = []
"""Every message of this process, oldest first; call ``outbox.clear()`` before a test."""


class MemoryBackend(BaseBackend):
    """Appends each message to `outbox`, after the checks that the live backend makes before sending."""

    def send_messages(self, messages: Sequence[SmsMessage]) -> int:
        """Append messages in order and return their number.

        Raises:
            InvalidArgument: a value is invalid.
        """
        for message in messages:
            _check(message)
            message.sent = SentMessage(msgid=uuid.uuid4().hex, reference=message.reference)
            outbox.append(message)
        return len(messages)


def _check(message: SmsMessage) -> None:
    if message.template is None and not message.message:
        raise InvalidArgument("message", "must not be empty or blank")
    sms.send_sms(
        recipient=message.recipient,
        sender=message.sender_or_default(),
        message=message.message or "the text of a template",
        reference=message.reference,
        **{name: value for name, value in message.options.items() if name != "callbacks"},
    )
