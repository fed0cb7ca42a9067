"""Send messages with the account of the settings, or to a simulator if ``BASE_URL`` names one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.integrations.django import conf
from xoxzo.cloudpy.integrations.django.callbacks.storage import get_log
from xoxzo.cloudpy.integrations.django.sms import BaseBackend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xoxzo.cloudpy.client.client import Client
    from xoxzo.cloudpy.integrations.django.sms import CallMessage, SmsMessage


class LiveBackend(BaseBackend):
    """Sends with the project's client, requests delivery reports if ``PUBLIC_URL`` is set, and updates the log.

    Args:
        client: sends in place of the project's client.
    """

    def __init__(self, client: Client | None = None) -> None:
        self.client = client

    def send_messages(self, messages: Sequence[SmsMessage]) -> int:
        """Send messages in order and return their number."""
        log = get_log()
        for message in messages:
            client = self.client or conf.get_client()
            send = client.sms.send if message.template is None else client.templates.send
            message.sent = send(**message.arguments())
            log.sent(message.sent)
        return len(messages)

    def start_call(self, call: CallMessage) -> None:
        """Start a call."""
        call.sent = (self.client or conf.get_client()).calls.say(**call.arguments())
        get_log().sent(call.sent)
