"""The gateway for django-two-factor-auth: its codes by SMS and by calls.

Settings::

    TWO_FACTOR_SMS_GATEWAY = TWO_FACTOR_CALL_GATEWAY = "xoxzo.cloudpy.integrations.django.login.two_factor.Gateway"
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from xoxzo.cloudpy.integrations.django.login.codes import send_code


class Gateway:
    """Sends the codes of django-two-factor-auth.

    A code that could not be sent does not raise: the log-in page would answer 500. It is logged, and shown to the
    person as a message if ``two_factor.middleware.threadlocals.ThreadLocals`` is among the middleware. A code within
    ``XOXZO["CODE_INTERVAL"]`` seconds of another one is not sent: it is the same.
    """

    def send_sms(self, device: Any, token: str) -> None:  # noqa: ANN401 - a PhoneDevice, whose package has no types
        """Send a code by SMS."""
        _tell(send_code(device.number, token, same_code=True))

    def make_call(self, device: Any, token: str) -> None:  # noqa: ANN401
        """Call a phone and speak a code, digit by digit."""
        _tell(send_code(device.number, token, by_call=True, same_code=True))


def _tell(problem: str | None) -> None:
    from two_factor.middleware.threadlocals import get_current_request

    request: HttpRequest | None = get_current_request()
    if problem is not None and request is not None:
        messages.error(request, problem, fail_silently=True)
