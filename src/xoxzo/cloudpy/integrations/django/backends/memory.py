"""Into a list: for tests."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.models import SentMessage
from xoxzo.cloudpy.operations import sms

from .base import BaseBackend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xoxzo.cloudpy.integrations.django.sms import SmsMessage

outbox: list[SmsMessage] = []
"""Everything that was sent in this process, oldest first; ``outbox.clear()`` before a test."""


class MemoryBackend(BaseBackend):
    """Puts each message into `outbox`, after the checks that a real one passes before any network."""

    def send_messages(self, messages: Sequence[SmsMessage]) -> int:
        """Put messages into the list in their order and return how many that were.

        Raises:
            InvalidArgument: a value breaks its rule.
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
        message=message.message or "a template's",
        reference=message.reference,
        **{name: value for name, value in message.options.items() if name != "callbacks"},
    )
