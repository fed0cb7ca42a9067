"""Sending SMS in the manner of Django's e-mail: one call, and the setting says where it goes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

from xoxzo.cloudpy.errors import ConfigurationError, XoxzoError

from . import conf
from .backends.base import BaseBackend

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xoxzo.cloudpy.models import SentMessage

KINDS = {
    "live": "xoxzo.cloudpy.integrations.django.backends.live.LiveBackend",
    "console": "xoxzo.cloudpy.integrations.django.backends.console.ConsoleBackend",
    "memory": "xoxzo.cloudpy.integrations.django.backends.memory.MemoryBackend",
}
"""The kinds of backend by their short names."""


@dataclass(kw_only=True)
class SmsMessage:
    """One SMS to one number.

    Args:
        recipient: the number in E.164.
        message: the text; empty when a template is named (API section 2.4 tells what one SMS holds).
        sender: at most 10 letters and digits, or 15 digits; by default ``XOXZO["SENDER"]``.
        template: the number of an approved template instead of a text (API section 3.6).
        variables: a text for each of the template's placeholders.
        reference: your own key for this message, by which the delivery log knows it; made up by default.
        options: more of ``client.sms.send`` by name, such as ``tags`` or ``track_link``.
        sent: what the server returned, once it is sent.
    """

    recipient: str
    message: str = ""
    sender: str | None = None
    template: int | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    reference: str = field(default_factory=lambda: uuid.uuid4().hex)
    options: Mapping[str, Any] = field(default_factory=dict)
    sent: SentMessage | None = None

    def send(self, *, connection: BaseBackend | None = None) -> None:
        """Send it by a backend, by default the one of the settings.

        Raises:
            ConfigurationError: no sender is named, or nothing can be sent at all.
            InvalidArgument: a value breaks its rule; nothing was sent.
            APIError: it could not be sent; ``maybe_sent`` says whether it may be on its way all the same.
        """
        (connection or get_connection()).send_messages([self])

    def sender_or_default(self) -> str:
        """Return the sender.

        Raises:
            ConfigurationError: neither the message nor the settings name one.
        """
        sender = self.sender or conf.get("SENDER")
        if not sender:
            raise ConfigurationError('an SMS needs a sender: name one, or set XOXZO["SENDER"]')
        return str(sender)


def send_sms(recipient: str | Sequence[str], message: str, *, sender: str | None = None, **options: Any) -> int:  # noqa: ANN401
    """Send one text to one number, or to several.

    Args:
        recipient: the number in E.164, or a list of them.
        message: the text.
        sender: as in `SmsMessage`.
        options: more of ``client.sms.send`` by name; ``reference`` for a single number only.

    Returns:
        How many were sent.

    Raises:
        XoxzoError: one could not be sent; those before it were, and those behind it were not tried.
    """
    numbers = [recipient] if isinstance(recipient, str) else list(recipient)
    reference = options.pop("reference", None)
    if reference is not None and len(numbers) != 1:
        raise ConfigurationError("a reference belongs to one message: send to one number")
    named = {} if reference is None else {"reference": reference}
    messages = [
        SmsMessage(recipient=number, message=message, sender=sender, options=options, **named) for number in numbers
    ]
    return get_connection().send_messages(messages)


def get_connection(kind: str | None = None) -> BaseBackend:
    """Return a backend.

    Args:
        kind: ``live``, ``console``, ``memory``, or the path of a class; by default ``XOXZO["SMS_BACKEND"]``.

    Raises:
        ConfigurationError: there is no such backend.
    """
    try:
        return backend_class(kind or conf.get("SMS_BACKEND"))()
    except (ImportError, TypeError) as error:
        raise ConfigurationError(f"the SMS backend cannot be used: {error}") from error


def backend_class(kind: str) -> type[BaseBackend]:
    """Return a backend's class.

    Raises:
        ImportError: there is none at this path.
        TypeError: what is there is no backend.
    """
    found = import_string(KINDS.get(kind, kind))
    if not (isinstance(found, type) and issubclass(found, BaseBackend)):
        raise TypeError(f"{kind} is no SMS backend")
    return found


__all__ = ["KINDS", "SmsMessage", "XoxzoError", "backend_class", "get_connection", "send_sms"]
