"""A request that `xoxzo listen` received: parsing, and reading and writing its log file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec

from xoxzo.cloudpy.callbacks import Callbacks, Event
from xoxzo.cloudpy.callbacks.event_parsing import parse_body, parse_event, parse_form
from xoxzo.cloudpy.callbacks.events import Purpose
from xoxzo.cloudpy.common.masking import mask_digits
from xoxzo.cloudpy.errors import CallbackRejected

_NUMBERS = ("recipient", "caller", "sender")
_OMITTED = {"raw", "reference"}


class ReceivedCallback(msgspec.Struct, frozen=True, kw_only=True):
    """A received request; a line of the log file."""

    at: datetime
    """When it was received, in UTC."""
    method: str
    target: str
    """Path and query."""
    content_type: str = ""
    body: str = ""
    """Bytes that are not UTF-8 are stored as surrogates."""

    @property
    def octets(self) -> bytes:
        """The body as bytes."""
        return self.body.encode("utf-8", "surrogateescape")

    def event(self, callbacks: Callbacks | None) -> Event:
        """Parse the callback, verified by `callbacks` if given, or raise `CallbackRejected`."""
        if callbacks is not None:
            return callbacks.receive(self.method, self.target, {"content-type": self.content_type}, self.octets)
        if self.method == "GET":
            fields = parse_form(self.target.partition("?")[2], errors="replace")
            return parse_event(Purpose.INCOMING_CALL, None, fields)
        fields = parse_body(self.content_type, self.octets)
        return parse_event(_purpose(fields), None, fields)


def received_now(method: str, target: str, content_type: str, body: bytes) -> ReceivedCallback:
    """Return a request that was received just now."""
    return ReceivedCallback(
        at=datetime.now(UTC),
        method=method,
        target=target,
        content_type=content_type,
        body=body.decode("utf-8", "surrogateescape"),
    )


def to_line(received: ReceivedCallback) -> str:
    """Return a request as a line of the log file."""
    # msgspec writes no surrogates, which stand for bytes that are not UTF-8.
    return json.dumps({**msgspec.structs.asdict(received), "at": received.at.isoformat()})


def from_line(line: str) -> ReceivedCallback:
    """Read a line of the log file; raise ``ValueError`` if it is not one."""
    try:
        return msgspec.convert(json.loads(line), ReceivedCallback)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(str(error)) from None


def _purpose(fields: dict[str, Any]) -> Purpose:
    if "callid" in fields or "conferenceid" in fields:
        return Purpose.CALL_ENDED
    tracking = fields.get("link_tracking")
    if "shortlink" in fields or (isinstance(tracking, dict) and tracking.get("accessed")):
        return Purpose.LINK_CLICKED
    if "msgid" in fields:
        return Purpose.DELIVERY_REPORT
    if {"message", "text", "body"} & fields.keys():
        return Purpose.INCOMING_SMS
    raise CallbackRejected("the request is not a callback: no field identifies a message or a call")


def event_fields(event: Event, *, show_content: bool) -> dict[str, Any]:
    """Return the fields of a callback that are not empty; numbers and texts are masked unless `show_content`."""
    fields: dict[str, Any] = {} if event.reference is None else {"reference": event.reference}
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if name in _OMITTED or value in (None, "", 0, ()):
            continue
        if name in _NUMBERS and not show_content:
            value = mask_digits(value)
        elif name == "message" and not show_content:
            value = "…"
        fields[name] = value if isinstance(value, int | str) else _plain(value)
    return fields


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return list(value) if isinstance(value, tuple) else str(value)


EVENT_NAMES = {
    "DeliveryReport": "delivery-report",
    "CallEnded": "call-ended",
    "LinkClicked": "link-clicked",
    "IncomingCall": "incoming-call",
    "IncomingSMS": "incoming-sms",
}
"""The name of each class of callbacks, as in signed URLs."""
