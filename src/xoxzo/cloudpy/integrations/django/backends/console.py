"""Write messages to the console: for development, without an account."""

from __future__ import annotations

import sys
import uuid
from typing import TYPE_CHECKING

from xoxzo.cloudpy.integrations.django.sms import BaseBackend
from xoxzo.cloudpy.models import SentMessage
from xoxzo.cloudpy.text import measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xoxzo.cloudpy.integrations.django.sms import SmsMessage


class ConsoleBackend(BaseBackend):
    """Writes each message to standard output, with number and text, and sends nothing."""

    def send_messages(self, messages: Sequence[SmsMessage]) -> int:
        """Write messages in order and return their number."""
        for message in messages:
            sys.stdout.write(_format(message))
            message.sent = SentMessage(msgid=uuid.uuid4().hex, reference=message.reference)
        sys.stdout.flush()
        return len(messages)


def _format(message: SmsMessage) -> str:
    head = f"SMS to {message.recipient} from {message.sender_or_default()}, reference {message.reference}"
    if message.template is not None:
        values = "".join(f"\n  {name}: {value}" for name, value in message.variables.items())
        return f"{head}\n  by template {message.template}{values}\n"
    parts = measure(message.message).parts
    size = "too long to be sent" if parts is None else f"{parts} part{'' if parts == 1 else 's'}"
    text = message.message.replace("\n", "\n  ")
    return f"{head} ({size})\n  {text}\n"
