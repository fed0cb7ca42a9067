"""Collect messages in a list: for tests."""

from __future__ import annotations

import uuid
from collections import UserList
from collections.abc import Iterable, Sequence

from django.core import mail

from xoxzo.cloudpy.integrations.django.sms import BaseBackend, CallMessage, SmsMessage
from xoxzo.cloudpy.models import SentMessage, StartedCall


class Outbox(UserList["SmsMessage | CallMessage"]):
    """A list that is empty at the beginning of each test, as Django's ``mail.outbox`` is.

    Django's test cases give ``mail.outbox`` a new list before each test, and send no signal. So this list empties
    itself when it is used and ``mail.outbox`` is another one than the last time. Under pytest, our plugin empties it.
    """

    def __init__(self, messages: Iterable[SmsMessage | CallMessage] = ()) -> None:
        self._mailbox = _mailbox()
        super().__init__(messages)

    @property
    def data(self) -> list[SmsMessage | CallMessage]:
        """The list itself."""
        before, self._mailbox = self._mailbox, _mailbox()
        if before is not None and before is not self._mailbox:
            self._messages.clear()
        return self._messages

    @data.setter
    def data(self, messages: list[SmsMessage | CallMessage]) -> None:
        self._messages = messages


def _mailbox() -> object:
    return getattr(mail, "outbox", None)


outbox = Outbox()
"""Every message and call of the running test, oldest first; outside of tests, of this process."""


class MemoryBackend(BaseBackend):
    """Appends each message to `outbox`, after the checks that the live backend makes before sending."""

    def send_messages(self, messages: Sequence[SmsMessage]) -> int:
        """Append messages in order and return their number.

        Raises:
            InvalidArgument: a value is invalid.
        """
        for message in messages:
            message.sent = SentMessage(msgid=uuid.uuid4().hex, reference=message.prepare().reference)
            outbox.append(message)
        return len(messages)

    def start_call(self, call: CallMessage) -> None:
        """Append a call; raises as `send_messages`."""
        call.sent = StartedCall(callid=str(uuid.uuid4()), reference=call.prepare().reference)
        outbox.append(call)
