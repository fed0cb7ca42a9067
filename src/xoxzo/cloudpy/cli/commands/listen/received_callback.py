"""A request that `xoxzo listen` heard: what it tells, and how it is kept, shown and sent on."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from xoxzo.cloudpy.callbacks.event_parsing import parse_body, parse_event, parse_form
from xoxzo.cloudpy.callbacks.events import Purpose
from xoxzo.cloudpy.common.masking import mask_digits
from xoxzo.cloudpy.errors import CallbackRejected

if TYPE_CHECKING:
    from xoxzo.cloudpy.callbacks import Callbacks, Event

_NUMBERS = ("recipient", "caller", "sender")
_UNTOLD = {"raw", "reference"}


class ReceivedCallback(msgspec.Struct, frozen=True, kw_only=True):
    """One request, as it came; one line of a file of them.

    Attributes:
        at: when, in UTC.
        method: the HTTP method.
        target: path and query.
        content_type: what the body says it is.
        body: the body; what is not UTF-8 in it is kept as surrogates.
    """

    at: datetime
    method: str
    target: str
    content_type: str = ""
    body: str = ""

    @property
    def octets(self) -> bytes:
        """The body as it came."""
        return self.body.encode("utf-8", "surrogateescape")

    def event(self, callbacks: Callbacks | None) -> Event:
        """Return what it tells.

        Args:
            callbacks: whose URLs are believed; without, anything is, and what it is about is guessed from its fields.

        Raises:
            CallbackRejected: it is not believed, or tells nothing.
        """
        if callbacks is not None:
            return callbacks.receive(self.method, self.target, {"content-type": self.content_type}, self.octets)
        if self.method == "GET":
            fields = parse_form(self.target.partition("?")[2], errors="replace")
            return parse_event(Purpose.INCOMING_CALL, None, fields)
        fields = parse_body(self.content_type, self.octets)
        return parse_event(_purpose(fields), None, fields)


def received_now(method: str, target: str, content_type: str, body: bytes) -> ReceivedCallback:
    """Return a request that was heard just now."""
    return ReceivedCallback(
        at=datetime.now(UTC),
        method=method,
        target=target,
        content_type=content_type,
        body=body.decode("utf-8", "surrogateescape"),
    )


def to_line(received: ReceivedCallback) -> str:
    """Return a request as a line of a file."""
    # msgspec writes no surrogates, which is how bytes that are not UTF-8 are kept.
    return json.dumps({**msgspec.structs.asdict(received), "at": received.at.isoformat()})


def from_line(line: str) -> ReceivedCallback:
    """Read a line of a file.

    Raises:
        ValueError: it is none.
    """
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
    raise CallbackRejected("the request is no callback: nothing in it tells what it is about")


def event_fields(event: Event, *, show_content: bool) -> dict[str, Any]:
    """Return what a callback tells, by name, without what is empty.

    Args:
        event: the callback.
        show_content: whether numbers and texts are shown whole.
    """
    told: dict[str, Any] = {} if event.reference is None else {"reference": event.reference}
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if name in _UNTOLD or value in (None, "", 0, ()):
            continue
        if name in _NUMBERS and not show_content:
            value = mask_digits(value)
        elif name == "message" and not show_content:
            value = "…"
        told[name] = value if isinstance(value, int | str) else _plain(value)
    return told


def _plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON may hold
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
"""What each kind of callback is called, in the words of the URLs."""


def event_name(event: Event) -> str:
    """Return what a callback is called."""
    return EVENT_NAMES[type(event).__name__]
