"""Send messages with the account of the settings, or to a simulator if ``BASE_URL`` names one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.integrations.django import conf
from xoxzo.cloudpy.integrations.django.sms import BaseBackend
from xoxzo.cloudpy.integrations.django.storage import get_log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xoxzo.cloudpy.integrations.django.sms import SmsMessage
    from xoxzo.cloudpy.models import SentMessage


class LiveBackend(BaseBackend):
    """Sends with the project's client, requests delivery reports if ``PUBLIC_URL`` is set, and updates the log."""

    def send_messages(self, messages: Sequence[SmsMessage]) -> int:
        """Send messages in order and return their number."""
        log = get_log()
        for message in messages:
            message.sent = self._send(message)
            log.sent(message.sent)
        return len(messages)

    @staticmethod
    def _send(message: SmsMessage) -> SentMessage:
        client = conf.get_client()
        options: dict[str, Any] = {
            "recipient": message.recipient,
            "sender": message.sender_or_default(),
            "reference": message.reference,
            **message.options,
        }
        if conf.get("PUBLIC_URL") is not None and "callback_url" not in options:
            options.setdefault("callbacks", conf.get_callbacks())
        if message.template is not None:
            return client.templates.send(message.template, variables=message.variables, **options)
        return client.sms.send(message=message.message, **options)
