"""Collect messages in a list: for tests."""

from __future__ import annotations

from collections import UserList
from collections.abc import Iterable

from django.core import mail

from xoxzo.cloudpy.integrations.django.backends import OfflineBackend
from xoxzo.cloudpy.integrations.django.sms import CallMessage, SmsMessage


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


class MemoryBackend(OfflineBackend):
    """Appends each message to `outbox`."""

    def keep(self, message: SmsMessage | CallMessage) -> None:
        """Append a message or a call."""
        outbox.append(message)
