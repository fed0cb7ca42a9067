"""Send SMS as Django sends e-mail: one call, and a setting chooses the backend."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from asgiref.sync import sync_to_async
from django.utils.module_loading import import_string

from xoxzo.cloudpy.callbacks.callbacks import MAX_REFERENCE_LENGTH
from xoxzo.cloudpy.common.masking import mask_digits
from xoxzo.cloudpy.common.plain_text import plain
from xoxzo.cloudpy.errors import ConfigurationError, InvalidArgument
from xoxzo.cloudpy.integrations.django import conf
from xoxzo.cloudpy.integrations.django.models import OutboxMessage
from xoxzo.cloudpy.integrations.django.outbox.enqueue import write_row
from xoxzo.cloudpy.models import SentMessage, StartedCall
from xoxzo.cloudpy.operations import calls, sms
from xoxzo.cloudpy.operations.operation import Operation

BACKENDS = {
    "live": "xoxzo.cloudpy.integrations.django.backends.LiveBackend",
    "console": "xoxzo.cloudpy.integrations.django.backends.ConsoleBackend",
    "memory": "xoxzo.cloudpy.integrations.django.backends.memory.MemoryBackend",
}
"""The backends by their short names."""


class _Message(msgspec.Struct, kw_only=True):
    """What an SMS and a call have in common."""

    recipient: str
    message: str = ""
    reference: str = msgspec.field(default_factory=lambda: uuid.uuid4().hex)
    options: Mapping[str, Any] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            setattr(self, name, _evaluated(getattr(self, name)))
        if self.reference in (None, "auto"):
            # The client would make one for each attempt, and nobody could find the message by it.
            self.reference = uuid.uuid4().hex

    def __repr__(self) -> str:
        # A log must show neither the number nor the message.
        return f"{type(self).__name__}(recipient={mask_digits(str(self.recipient))!r}, reference={self.reference!r})"

    def _shared_arguments(self) -> dict[str, Any]:
        """Return the arguments of both kinds. Reports are requested unless options have a URL, or none is public."""
        # The delivery log, which is written after the send, could not store it.
        if len(str(self.reference)) > MAX_REFERENCE_LENGTH:
            raise InvalidArgument("reference", "must have at most {limit} characters", limit=MAX_REFERENCE_LENGTH)
        given = {"recipient": self.recipient, "reference": self.reference, **self.options}
        if conf.get("PUBLIC_URL") is not None and "callback_url" not in given:
            given.setdefault("callbacks", conf.get_callbacks())
        return given


class SmsMessage(_Message, kw_only=True):
    """One SMS to one number.

    Lazy translations (``gettext_lazy``) become text when it is made, in the language that is active then; a
    ``PhoneNumber`` becomes E.164.

    Args:
        recipient: the number, in E.164.
        message: the message; empty if there is a template (API section 2.4 gives its limits).
        sender: at most 10 letters and digits, or 15 digits; by default ``XOXZO["SENDER"]``.
        template: the number of an approved template, which excludes a message (API section 3.6).
        variables: a value for each of the template's placeholders.
        reference: your own key of this message, at most 255 characters, which the delivery log stores; random by
            default.
        options: more arguments of ``client.sms.send``, such as ``tags`` or ``track_link``.
        sent: the server's reply, once it was sent.
    """

    sender: str | None = None
    template: int | None = None
    variables: Mapping[str, str] = msgspec.field(default_factory=dict)
    sent: SentMessage | None = None

    def send(self, *, connection: BaseBackend | None = None) -> None:
        """Send it with a backend, by default the one of the settings.

        Raises:
            ConfigurationError: there is no sender, or the backend cannot send.
            InvalidArgument: a value is invalid; nothing was sent.
            APIError: it could not be sent; ``maybe_sent`` says whether it may have been sent nevertheless.
        """
        (connection or get_connection()).send_messages([self])

    def sender_or_default(self) -> str:
        """Return the sender; raise `ConfigurationError` if neither the message nor the settings have one."""
        sender = self.sender or conf.get("SENDER")
        if not sender:
            raise ConfigurationError('an SMS needs a sender: pass one, or set XOXZO["SENDER"]')
        return str(sender)

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of ``client.sms.send``, or of ``client.templates.send`` if there is a template.

        Without a sender, with both a message and a template, and with a too long reference, it raises as `send`.
        """
        shared = {"sender": self.sender_or_default(), **self._shared_arguments()}
        if self.template is None:
            return {"message": self.message, **shared}
        if self.message:
            raise InvalidArgument("message", "excludes template: the template has the text")
        return {"template": self.template, "variables": self.variables, **shared}

    def prepare(self) -> Operation[SentMessage]:
        """Check it as the live backend does before it sends, and return the request; raises as `send`."""
        return (sms.send_sms if self.template is None else sms.send_template)(**self.arguments())


class CallMessage(_Message, kw_only=True):
    """One call to one number, which speaks a message.

    Args:
        recipient: the number, in E.164 or as a ``PhoneNumber``.
        message: what is spoken.
        language: of the message: ``ja`` or ``en`` (API section 5.1).
        caller: the number to show; by default ``XOXZO["CALLER"]``.
        reference: as of `SmsMessage`, and so is ``sent``.
        options: more arguments of ``client.calls.say``.
    """

    message: str
    language: str = "ja"
    caller: str | None = None
    sent: StartedCall | None = None

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of ``client.calls.say``; raise `ConfigurationError` if no caller is given or set."""
        caller = self.caller or conf.get("CALLER")
        if not caller:
            raise ConfigurationError('a call needs a caller: pass one, or set XOXZO["CALLER"]')
        spoken = {"caller": str(caller), "tts_message": self.message, "tts_lang": self.language}
        return {**spoken, **self._shared_arguments()}

    def prepare(self) -> Operation[StartedCall]:
        """Check it as the live backend does before it calls, and return the request; raises as `send`."""
        return calls.say(**self.arguments())

    def send(self, *, connection: BaseBackend | None = None) -> None:
        """Start the call with a backend, by default the one of the settings; raises as `SmsMessage.send`."""
        (connection or get_connection()).start_call(self)


class BaseBackend(ABC):
    """Sends messages. Created for each call of ``send_sms``, without arguments."""

    @abstractmethod
    def send_messages(self, messages: Sequence[SmsMessage]) -> int:
        """Send messages in order, set ``sent`` of each, and return their number.

        Raises:
            XoxzoError: a message could not be sent; the messages after it were not tried.
        """

    def start_call(self, call: CallMessage) -> None:
        """Start a call and set its ``sent``.

        Raises:
            XoxzoError: the call could not be started, or this backend starts none.
        """
        del call
        raise ConfigurationError("the SMS backend {name} starts no calls", name=type(self).__name__)


def send_sms(recipient: object, message: str, *, sender: str | None = None, **options: Any) -> int:  # noqa: ANN401
    """Send a message to one number or to several.

    Args:
        recipient: the number in E.164 or as a ``PhoneNumber``, or a list of numbers.
        message: the message.
        sender: the sender; see `SmsMessage`.
        options: more arguments of ``client.sms.send``; ``reference`` for a single number only.

    Returns:
        How many were sent.

    Raises:
        XoxzoError: a message could not be sent; those before it were sent, and those after it were not tried.
    """
    numbers: Any = plain(recipient)
    if isinstance(numbers, str) or not isinstance(numbers, Iterable):
        numbers = [numbers]
    numbers = list(numbers)
    reference = options.pop("reference", None)
    if reference is not None and len(numbers) != 1:
        raise ConfigurationError("a reference belongs to one message: send to one number")
    named = {} if reference is None else {"reference": reference}
    messages = [
        SmsMessage(recipient=number, message=message, sender=sender, options=options, **named) for number in numbers
    ]
    return get_connection().send_messages(messages)


def enqueue(
    recipient: object,
    message: object = "",
    *,
    using: str | None = None,
    send_at: datetime | None = None,
    expires_at: datetime | None = None,
    **fields: Any,  # noqa: ANN401 - those of `SmsMessage`, and options
) -> OutboxMessage:
    """Write an SMS into the outbox, in the open transaction; nothing else happens before its commit.

    Rolled back, it leaves no trace. Committed, it is sent by a worker, and never again while it may have been sent.

    Args:
        recipient: the number in E.164 or as a ``PhoneNumber``.
        message: the message.
        using: the alias of the database whose transaction is open; by default the one that the routers choose.
        send_at: not before then.
        expires_at: not after then: what is still waiting is left out.
        fields: ``sender``, ``template``, ``variables`` and ``reference`` of `SmsMessage`, and more arguments of
            ``client.sms.send``. A reference is taken once: a second row with it is an ``IntegrityError``.

    Returns:
        The row.

    Raises:
        InvalidArgument: a value is invalid, or cannot be stored.
        ConfigurationError: there is no sender, or the row would not be part of the open transaction.
    """
    names = ("sender", "template", "variables", "reference")
    own = {name: value for name in names if (value := fields.pop(name, None)) is not None}
    sms_message = SmsMessage(recipient=recipient, message=message, options=fields, **own)  # type: ignore[arg-type]
    return write_row("sms", sms_message, using=using, send_at=send_at, expires_at=expires_at)


async def aenqueue(*args: Any, **fields: Any) -> OutboxMessage:  # noqa: ANN401 - those of `enqueue`
    """Write an SMS into the outbox from a coroutine: never part of a transaction, as Django has none there.

    For that, call `enqueue` in the function that has the transaction, and that with ``sync_to_async``.
    """
    return await sync_to_async(enqueue)(*args, **fields)


def get_connection(backend: str | None = None) -> BaseBackend:
    """Create a backend.

    Args:
        backend: ``live``, ``console``, ``memory``, or the path of a class; by default ``XOXZO["SMS_BACKEND"]``.

    Raises:
        ConfigurationError: there is no such backend.
    """
    try:
        return backend_class(backend or conf.get("SMS_BACKEND"))()
    except (ImportError, TypeError) as error:
        raise ConfigurationError("the SMS backend cannot be used: {why}", why=error) from error


def backend_class(backend: str) -> type[BaseBackend]:
    """Return the class of a backend; raise ``ImportError``, or ``TypeError`` if it is not one of `BaseBackend`."""
    found = import_string(str(BACKENDS.get(backend, backend)))
    if not (isinstance(found, type) and issubclass(found, BaseBackend)):
        raise TypeError(f"{backend} is not a subclass of BaseBackend")
    return found


def _evaluated(value: Any) -> Any:  # noqa: ANN401 - any value of a message or option
    """Return a value with its lazy translations and numbers as text, and with plain lists and dictionaries."""
    value = plain(value)
    if isinstance(value, Mapping):
        return {plain(key): _evaluated(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [_evaluated(item) for item in value]
    return value
