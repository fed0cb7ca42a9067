"""SMS messages (API section 2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Unpack
from urllib.parse import quote

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.models import LinkTracking, Message, MessageStatus, SentMessage
from xoxzo.cloudpy.operations import checks
from xoxzo.cloudpy.operations.decoding import records
from xoxzo.cloudpy.operations.operation import FORM, Effect, Listing, Operation, form, read_operation
from xoxzo.cloudpy.operations.options import sms_fields

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from xoxzo.cloudpy.protocols import SmsFields, SmsOptions

_PATH = "/sms/messages/"


def send_sms(*, recipient: str, sender: str, message: str, **options: Unpack[SmsOptions]) -> Operation[SentMessage]:
    """Send one SMS (API section 2.1)."""
    recipient = checks.recipient(recipient)
    fields, reference = sms_fields(**options)
    content = {
        "recipient": recipient,
        "sender": checks.sender(sender),
        # A tracked link is replaced by a short one, so the length that counts is not known here (API section 15.26).
        "message": checks.message(message, measured=not fields.get("track_link")),
    }
    return Operation(
        name="sms.send",
        method="POST",
        path=_PATH,
        effect=Effect.CREATE,
        read=read_sent(reference),
        body=form(content | fields),
        content_type=FORM,
        reference=reference,
        recipients=(recipient,),
    )


PreparedSms = tuple[str, "Operation[SentMessage] | InvalidArgument"]
"""A recipient, with the request that reaches it or the error that refuses it."""


def prepare_many(messages: Iterable[str | Mapping[str, Any]], shared: SmsFields) -> list[PreparedSms]:
    """Check every message before the first is sent, so that a mistake in the program stops nothing half way.

    Args:
        messages: a recipient, or the parameters of :func:`send_sms`, for each message.
        shared: parameters for all messages that do not set their own.
    """
    if isinstance(messages, str | Mapping) or not isinstance(messages, Iterable):
        raise InvalidArgument("messages", "must be a list of recipients, or of mappings of parameters")
    if shared.get("reference", "auto") not in {None, "auto"}:
        raise InvalidArgument("reference", 'names one message: use "auto", or set it in each message')
    prepared: list[PreparedSms] = []
    for message in messages:
        own: dict[str, Any] = {**message} if isinstance(message, Mapping) else {"recipient": message}
        fields: dict[str, Any] = {"reference": "auto", **shared, **own}
        try:
            prepared.append((fields["recipient"], send_sms(**fields)))
        except InvalidArgument as error:
            prepared.append((str(fields["recipient"]), error))
    return prepared


def read_sent(reference: str | None) -> Callable[[bytes], SentMessage]:
    """Return the reader of the answer to a send, which adds the reference to it."""

    def read(body: bytes) -> SentMessage:
        raw = records.decode_record(body)
        return SentMessage(msgid=records.required(raw, "msgid"), reference=reference, raw=raw)

    return read


def get_sms(msgid: str) -> Operation[Message]:
    """Return the status of one SMS (API section 2.2)."""
    return read_operation("sms.get", f"{_PATH}{checks.path_id('msgid', msgid)}/", _read_message)


def list_sms(
    *,
    on: date | str | None = None,
    since: date | str | None = None,
    until: date | str | None = None,
    after: date | str | None = None,
    before: date | str | None = None,
) -> Listing[Message]:
    """List what was sent in the last 90 days (API section 2.3).

    The operator is part of the query's text and not of a value: ``sent_date>=2026-01-31``, its ``<`` and ``>`` encoded.
    """
    days = (("=", "on", on), (">=", "since", since), ("<=", "until", until), (">", "after", after))
    conditions = [
        f"sent_date{quote(operator, safe='=')}{checks.day(field, value)}"
        for operator, field, value in (*days, ("<", "before", before))
        if value is not None
    ]
    return Listing(
        name="sms.list",
        method="GET",
        path=_PATH,
        effect=Effect.READ,
        read=_read_message,
        query="&".join(conditions),
    )


def _read_message(body: bytes) -> Message:
    return read_message(records.decode_record(body))


def read_message(raw: dict[str, Any]) -> Message:
    """Read a status record (API section 2.2)."""
    return Message(
        msgid=records.required(raw, "msgid"),
        recipient=records.text(raw, "recipient"),
        sender=records.text(raw, "sender"),
        status=MessageStatus(records.text(raw, "status")),
        sent_time=records.timestamp(raw, "sent_time"),
        cost=records.decimal(raw, "cost"),
        tags=records.text_list(raw, "tags"),
        parts=records.integer(raw, "parts"),
        link_tracking=_read_tracking(raw.get("link_tracking")),
        url=records.text(raw, "url"),
        raw=raw,
    )


def _read_tracking(raw: object) -> LinkTracking | None:
    # Absent, null or empty when the link was not tracked: which of them is unknown (API section 2.2).
    if not isinstance(raw, dict) or not raw:
        return None
    return LinkTracking(
        link=records.text(raw, "link"),
        shortlink=records.text(raw, "shortlink"),
        accessed=raw.get("accessed") is True,
        accessed_on=records.timestamp(raw, "accessed_on"),
        raw=raw,
    )
