"""Write messages to the console: for development, without an account."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Sequence

from xoxzo.cloudpy.integrations.django.sms import BaseBackend, CallMessage, SmsMessage
from xoxzo.cloudpy.models import SentMessage, StartedCall
from xoxzo.cloudpy.text import measure


class ConsoleBackend(BaseBackend):
    """Writes each message to standard output, with number and text, and sends nothing."""

    def send_messages(self, messages: Sequence[SmsMessage]) -> int:
        """Write messages in order, after the checks of the live backend, and return their number.

        Raises:
            InvalidArgument: a value is invalid.
        """
        for message in messages:
            message.sent = SentMessage(msgid=uuid.uuid4().hex, reference=message.prepare().reference)
            sys.stdout.write(_format(message))
        sys.stdout.flush()
        return len(messages)

    def start_call(self, call: CallMessage) -> None:
        """Write a call; raises as `send_messages`."""
        call.sent = StartedCall(callid=str(uuid.uuid4()), reference=call.prepare().reference)
        caller = call.arguments()["caller"]
        head = f"Call to {call.recipient} from {caller}, reference {call.reference} ({call.language})"
        sys.stdout.write(f"{head}\n  {_indented(call.message)}\n")
        sys.stdout.flush()


def _format(message: SmsMessage) -> str:
    head = f"SMS to {message.recipient} from {message.sender_or_default()}, reference {message.reference}"
    if message.template is not None:
        values = "".join(f"\n  {name}: {value}" for name, value in message.variables.items())
        return f"{head}\n  by template {message.template}{values}\n"
    parts = measure(message.message).parts
    # With a tracked link, the length that counts is not known here (API section 15.26).
    size = "of unknown length" if parts is None else f"{parts} part{'' if parts == 1 else 's'}"
    return f"{head} ({size})\n  {_indented(message.message)}\n"


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")
