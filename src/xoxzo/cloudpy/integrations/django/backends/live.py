"""Send messages with the account of the settings, or to a simulator if ``BASE_URL`` names one."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import router

from xoxzo.cloudpy.callbacks import DeliveryLog
from xoxzo.cloudpy.client.client import Client
from xoxzo.cloudpy.integrations.django import conf
from xoxzo.cloudpy.integrations.django.callbacks.storage import get_log
from xoxzo.cloudpy.integrations.django.models import Turn
from xoxzo.cloudpy.integrations.django.sms import BaseBackend, CallMessage, SmsMessage


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
