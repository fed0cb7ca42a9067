"""The events that Xoxzo reports by callbacks, and parsing them from requests (API section 10).

The API's documentation names neither all fields of a callback nor how bodies are encoded. So ``raw`` has every field
that was posted, and forms, multipart forms and JSON are all read. A request without the fields that its purpose needs
is rejected with 400, so that Xoxzo posts it again.
"""

from __future__ import annotations

import enum
import json
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from xoxzo.cloudpy.errors import CallbackRejected
from xoxzo.cloudpy.models import CallStatus, MessageStatus
from xoxzo.cloudpy.models.base import Model
from xoxzo.cloudpy.operations import bodies

Fields = dict[str, Any]

MAX_FIELDS = 200
MAX_ID_LENGTH = 128
"""Characters of an id; Xoxzo's ids have at most 36 (API section 1.8)."""
MAX_STATUS_LENGTH = 64
"""Characters of a status that are stored; Xoxzo's have at most 11 (API sections 2.2 and 5.2)."""

# Fields of a form whose value may be JSON.
_JSON_FIELDS = ("link_tracking", "participants")


class Purpose(enum.StrEnum):
    """What a callback URL is for; its value is a part of the URL's path."""

    DELIVERY_REPORT = "delivery-report"
    CALL_ENDED = "call-ended"
    LINK_CLICKED = "link-clicked"
    INCOMING_CALL = "incoming-call"
    INCOMING_SMS = "incoming-sms"

    @property
    def is_lasting(self) -> bool:
        """Whether the URL is stored with a subscribed number, and so never expires by default."""
        return self in {Purpose.INCOMING_CALL, Purpose.INCOMING_SMS}


class _Event(Model, frozen=True, kw_only=True):
    """What all events have."""

    reference: str | None = None
    """The reference of the callback URL or the action URL, or ``None``."""


class DeliveryReport(_Event, frozen=True, kw_only=True):
    """An SMS has a final status (API section 10.1)."""

    msgid: str = ""
    """The message's id; ``""`` if the report has none."""
    status: MessageStatus
    """The status; an unknown one is unchanged."""
    recipient: str = ""
    """The recipient's number."""
    sender: str = ""
    """The sender that was requested."""
    sent_time: datetime | None = None
    """When the server accepted the message, in UTC."""
    cost: Decimal | None = None
    """Credits."""
    parts: int | None = None
    """SMS parts that were billed, or ``None``."""
    tags: tuple[str, ...] = ()
    """The tags of the message."""


class CallEnded(_Event, frozen=True, kw_only=True):
    """A call or a conference has ended (API section 10.2)."""

    callid: str = ""
    """The call's id; ``""`` for a conference."""
    conferenceid: str = ""
    """The conference's id; ``""`` for a call."""
    status: CallStatus
    """How the call ended; empty for a conference, which has no status."""
    recipient: str = ""
    """The number that was called."""
    caller: str = ""
    """The caller's number; the server leaves out its ``+``."""
    start_time: datetime | None = None
    """When it began, in UTC."""
    end_time: datetime | None = None
    """When it ended, in UTC."""
    duration: int = 0
    """Seconds of talk."""
    cost: Decimal | None = None
    """Credits."""
    tags: tuple[str, ...] = ()
    """The tags of the call."""


class LinkClicked(_Event, frozen=True, kw_only=True):
    """The tracked link of an SMS was opened for the first time (API section 10.3)."""

    msgid: str = ""
    """The message's id; ``""`` if the callback has none."""
    recipient: str = ""
    """The recipient's number."""
    link: str = ""
    """The URL in the message."""
    shortlink: str = ""
    """The short URL that replaced it."""
    accessed_on: datetime | None = None
    """When it was opened, in UTC."""
    tags: tuple[str, ...] = ()
    """The tags of the message."""


class IncomingCall(_Event, frozen=True, kw_only=True):
    """A caller dials a dial-in number, and Xoxzo requests an action (API sections 10.4 and 11)."""

    caller: str | None = None
    """The caller's number in E.164; ``None`` if it is withheld."""
    recipient: str = ""
    """The dial-in number, in E.164."""

    @property
    def is_anonymous(self) -> bool:
        """Whether the caller withheld the number."""
        return self.caller is None


class IncomingSMS(_Event, frozen=True, kw_only=True):
    """A subscribed number received an SMS. Xoxzo ended this service in 2024; its fields were not documented."""

    sender: str = ""
    """The sender, in E.164 if it is a number."""
    recipient: str = ""
    """The subscribed number, in E.164."""
    message: str = ""
    """The message."""
    received_time: datetime | None = None
    """When it came in, in UTC."""


Event = DeliveryReport | CallEnded | LinkClicked | IncomingCall | IncomingSMS
"""Every kind of event."""


def parse_event(purpose: Purpose, reference: str | None, fields: Fields) -> Event:
    """Build the event for a callback's fields; ``CallbackRejected`` (400) if one is missing, or an id is too long."""
    return _PARSERS[purpose](reference, fields)


def parse_body(content_type: str, body: bytes) -> Fields:
    """Parse the body of a POST: JSON, a multipart form, or else a form; ``CallbackRejected`` (400) if it is none.

    JSON is recognised by its first character as well as by its content type. A byte order mark is left out.
    """
    kind, body = content_type.lower(), body.removeprefix(BOM_UTF8)
    if "json" in kind or body.lstrip()[:1] in {b"{", b"["}:
        return _parse_json(body)
    if kind.lstrip().startswith("multipart/"):
        return _collect(_multipart_pairs(content_type, body))
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise CallbackRejected("the body is not UTF-8") from None
    return parse_form(text)


def parse_form(text: str, *, errors: str = "strict") -> Fields:
    """Parse a form or a query string; tags and nested records get the types that they have in JSON.

    ``CallbackRejected`` (400) if it has more than `MAX_FIELDS` fields or, unless `errors` is ``replace``, is not UTF-8.
    """
    try:
        return _collect(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors=errors))
    except UnicodeDecodeError:
        raise CallbackRejected("the form is not UTF-8") from None
    except ValueError:
        raise CallbackRejected("the form has too many fields") from None


def _parse_json(body: bytes) -> Fields:
    try:
        record = bodies.decode_record(body, alone=True)
        # Of several values of a name, the decoder above keeps the last one.
        value = json.loads(body, object_pairs_hook=_collect_object, parse_int=str, parse_float=str)
    except (bodies.DecodingError, RecursionError) as error:
        raise CallbackRejected(str(error)) from None
    fields = value[0] if isinstance(value, list) else value
    for name, value in record.items():
        if isinstance(fields[name], list) and not isinstance(value, list):
            record[name] = fields[name]
    return record


def _collect_object(pairs: list[tuple[str, Any]]) -> Fields:
    fields: Fields = {}
    for name, value in pairs:
        _set(fields, name, value)
    return fields


def _set(fields: Fields, name: str, value: object) -> None:
    """Set a field; one that has another value already gets a list of both, since nobody can say which one is right."""
    first = fields.setdefault(name, value)
    if first != value and not isinstance(first, list):
        fields[name] = [first, value]


def _collect(pairs: Iterable[tuple[str, str]]) -> Fields:
    """Build the fields of a form; all tags are joined."""
    fields: Fields = {}
    tags: list[str] = []
    for name, value in pairs:
        if name in {"tags", "tags[]"}:
            tags += _split_tags(value)
            fields["tags"] = tags
        elif name in _JSON_FIELDS:
            fields[name] = value
            with suppress(msgspec.DecodeError, UnicodeEncodeError, RecursionError):
                fields[name] = msgspec.json.decode(value)
        else:
            _set(fields, name, value)
    return fields


def _multipart_pairs(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """Return the fields of a multipart form (RFC 7578)."""
    from email.parser import BytesHeaderParser  # takes long to load and is rarely needed

    headers = BytesHeaderParser()
    boundary = headers.parsebytes(b"Content-Type: " + content_type.encode("utf-8", "replace")).get_boundary()
    if not boundary:
        raise CallbackRejected("the multipart body has no boundary")
    _preamble, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("utf-8", "replace"))
    if not (parts and parts.pop().startswith(b"--")):
        # The closing boundary is missing, and with it perhaps more.
        raise CallbackRejected("the multipart body is incomplete")
    if len(parts) > MAX_FIELDS:
        raise CallbackRejected("the form has too many fields")
    pairs = []
    for part in parts:
        head, _, content = part.lstrip(b" \t").removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = headers.parsebytes(head).get_param("name", header="content-disposition")
        if not isinstance(name, str):
            raise CallbackRejected("the multipart body has a part without a name")
        try:
            pairs.append((name, content.decode("utf-8")))
        except UnicodeDecodeError:
            raise CallbackRejected("the form is not UTF-8") from None
    return pairs


def _delivery_report(reference: str | None, fields: Fields) -> DeliveryReport:
    ids = _ids(reference, fields, "msgid")
    own = {"status": MessageStatus(_status(fields)), "parts": _integer(fields, "parts"), "tags": _tags(fields)}
    return bodies.record(DeliveryReport, fields, reference=reference, **ids, **own)


def _call_ended(reference: str | None, fields: Fields) -> CallEnded:
    ids = _ids(reference, fields, "callid", "conferenceid")
    # A conference has no status of its own.
    status = CallStatus(_status(fields, required=not ids["conferenceid"]))
    own = {"status": status, "duration": _integer(fields, "duration") or 0, "tags": _tags(fields)}
    return bodies.record(CallEnded, fields, reference=reference, **ids, **own)


def _link_clicked(reference: str | None, fields: Fields) -> LinkClicked:
    ids = _ids(reference, fields, "msgid")
    # The click's fields stand either in the record itself or in its link_tracking: the documentation does not say.
    nested = fields.get("link_tracking")
    click = nested if isinstance(nested, dict) else fields
    links = {name: bodies.text(click, name) for name in ("link", "shortlink")}
    own = {**ids, **links, "accessed_on": bodies.timestamp(click, "accessed_on")}
    if not any(own.values()):
        raise CallbackRejected("the callback has no msgid, link, shortlink or accessed_on")
    return bodies.record(LinkClicked, fields, reference=reference, tags=_tags(fields), **own)


def _incoming_call(reference: str | None, fields: Fields) -> IncomingCall:
    caller = _e164(bodies.text(fields, "caller"))
    return IncomingCall(
        reference=reference,
        # A withheld number is missing, empty (API section 15.51), or a word.
        caller=caller if caller.startswith("+") else None,
        recipient=_e164(bodies.text(fields, "recipient")),
        raw=fields,
    )


def _incoming_sms(reference: str | None, fields: Fields) -> IncomingSMS:
    # The names of the fields are not documented: these are the ones that similar callbacks use.
    sender, message = _first(fields, "sender", "caller", "from"), _first(fields, "message", "text", "body")
    if not (sender or message):
        raise CallbackRejected("the callback has no sender and no message")
    times = (bodies.timestamp(fields, name) for name in ("received_time", "sent_time", "time"))
    return IncomingSMS(
        reference=reference,
        sender=_e164(sender),
        recipient=_e164(_first(fields, "recipient", "sin", "to")),
        message=message,
        received_time=next((time for time in times if time), None),
        raw=fields,
    )


_PARSERS: dict[Purpose, Callable[[str | None, Fields], Event]] = {
    Purpose.DELIVERY_REPORT: _delivery_report,
    Purpose.CALL_ENDED: _call_ended,
    Purpose.LINK_CLICKED: _link_clicked,
    Purpose.INCOMING_CALL: _incoming_call,
    Purpose.INCOMING_SMS: _incoming_sms,
}


def _first(fields: Fields, *names: str) -> str:
    return next((value for name in names if (value := _text(fields, name))), "")


def _text(fields: Fields, name: str) -> str:
    """Return a field that decides what happened, and so has to be text or a number."""
    value = fields.get(name)
    if isinstance(value, list):
        raise CallbackRejected("the {name} has several values", name=name)
    if isinstance(value, dict | bool):
        raise CallbackRejected("the {name} is not text", name=name)
    return bodies.text(fields, name)


def _word(fields: Fields, name: str) -> str:
    value = _text(fields, name).strip()
    if min(value, default=" ") < " ":
        # PostgreSQL does not store NUL.
        raise CallbackRejected("the {name} has control characters", name=name)
    return value


def _ids(reference: str | None, fields: Fields, *names: str) -> dict[str, str]:
    """Return the ids of what the callback is about; unless its URL has a reference, there must be one."""
    ids: dict[str, str] = {}
    for name in names:
        ids[name] = _word(fields, name)
        if len(ids[name]) > MAX_ID_LENGTH:
            raise CallbackRejected(
                "the {name} is longer than {max_id_length} characters", name=name, max_id_length=MAX_ID_LENGTH
            )
    if reference is None and not any(ids.values()):
        raise CallbackRejected("the callback has no {name}, and its URL has no reference", name=names[0])
    return ids


def _status(fields: Fields, *, required: bool = True) -> str:
    status = _word(fields, "status")
    if required and not status:
        raise CallbackRejected("the callback has no status")
    return status[:MAX_STATUS_LENGTH]


def _integer(fields: Fields, name: str) -> int | None:
    """Return an integer field, also from the digits that a form has."""
    value = fields.get(name)
    if isinstance(value, str) and len(value) <= 9 and value.isascii() and value.isdigit():
        return int(value)
    return bodies.integer(fields, name)


def _tags(fields: Fields) -> tuple[str, ...]:
    """Return the tags, from a list or from text with commas."""
    value = fields.get("tags")
    return tuple(_split_tags(value)) if isinstance(value, str) else bodies.text_list(fields, "tags")


def _split_tags(value: str) -> list[str]:
    return [tag for part in value.split(",") if (tag := part.strip())]


def _e164(value: str) -> str:
    """Return a number in E.164; anything that is no number is returned unchanged.

    Xoxzo leaves out the ``+`` in some fields (API sections 1.8 and 15.52), and an unencoded ``+`` arrives as a blank.
    """
    digits = value.strip().removeprefix("+")
    return f"+{digits}" if digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15 else value.strip()
