"""The SMS backends: send to the account or to a simulator, write to the console, or collect in a list (`memory`)."""

from __future__ import annotations

import sys
import uuid
from abc import abstractmethod
from collections.abc import Sequence

from django.db import router

from xoxzo.cloudpy.callbacks import DeliveryLog
from xoxzo.cloudpy.client.client import Client
from xoxzo.cloudpy.integrations.django import conf
from xoxzo.cloudpy.integrations.django.callbacks.storage import get_log
from xoxzo.cloudpy.integrations.django.models import Turn
from xoxzo.cloudpy.integrations.django.sms import BaseBackend, CallMessage, SmsMessage
from xoxzo.cloudpy.models import SentMessage, StartedCall
from xoxzo.cloudpy.text import measure


class LiveBackend(BaseBackend):
    """Sends with a client, by default the project's, requests reports if ``PUBLIC_URL`` is set, and updates the log."""

    def __init__(self, client: Client | None = None) -> None:
        self.client = client

    def send_messages(self, messages: Sequence[SmsMessage]) -> int:
        """Send messages in order and return their number."""
        log = self._open_log()
        for message in messages:
            client = self.client or conf.get_client()
            send = client.sms.send if message.template is None else client.templates.send
            message.sent = send(**message.arguments())
            log.sent(message.sent)
        return len(messages)

    def start_call(self, call: CallMessage) -> None:
        """Start a call."""
        log = self._open_log()
        call.sent = (self.client or conf.get_client()).calls.say(**call.arguments())
        log.sent(call.sent)

    def _open_log(self) -> DeliveryLog:
        """Return the log. In a transaction that has failed, raise before anything is sent: later, it seems not sent."""
        if self.client is None:  # else the outbox sends, which records what was sent by itself
            Turn.objects.using(router.db_for_write(Turn)).exists()
        return get_log()


class OfflineBackend(BaseBackend):
    """Sends nothing, and makes the checks that the live backend makes before sending."""

    @abstractmethod
    def keep(self, message: SmsMessage | CallMessage) -> None:
        """Keep or show a message or a call that would be sent."""

    def send_messages(self, messages: Sequence[SmsMessage]) -> int:
        """Keep messages in order and return their number."""
        for message in messages:
            message.sent = SentMessage(msgid=uuid.uuid4().hex, reference=message.prepare().reference)
            self.keep(message)
        return len(messages)

    def start_call(self, call: CallMessage) -> None:
        """Keep a call."""
        call.sent = StartedCall(callid=str(uuid.uuid4()), reference=call.prepare().reference)
        self.keep(call)


class ConsoleBackend(OfflineBackend):
    """Writes each message to standard output, with number and text: for development, without an account."""

    def keep(self, message: SmsMessage | CallMessage) -> None:
        """Write a message or a call."""
        to, text = f"to {message.recipient} from", message.message
        if isinstance(message, CallMessage):
            caller = message.arguments()["caller"]
            head = f"Call {to} {caller}, reference {message.reference} ({message.language})"
        else:
            head = f"SMS {to} {message.sender_or_default()}, reference {message.reference}"
            if message.template is not None:
                values = [f"{name}: {value}" for name, value in message.variables.items()]
                text = "\n".join([f"by template {message.template}", *values])
            else:
                parts = measure(text).parts
                # With a tracked link, the length that counts is not known here (API section 15.26).
                size = "of unknown length" if parts is None else f"{parts} part{'' if parts == 1 else 's'}"
                head += f" ({size})"
        sys.stdout.write(f"{head}\n{text}".replace("\n", "\n  ") + "\n")
        sys.stdout.flush()
