"""What every backend is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xoxzo.cloudpy.integrations.django.sms import SmsMessage


class BaseBackend(ABC):
    """Sends messages somewhere. Made anew for each call of ``send_sms``, without arguments."""

    @abstractmethod
    def send_messages(self, messages: Sequence[SmsMessage]) -> int:
        """Send messages in their order and return how many that were.

        Each that was sent gets ``sent``. What cannot be sent raises, and what stands behind it is not tried.

        Raises:
            XoxzoError: one could not be sent.
        """
