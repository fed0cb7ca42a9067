"""Sample callbacks, as Xoxzo would send them (API sections 10 and 15.60 to 15.62)."""

from __future__ import annotations

import json
import secrets
import string
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

from msgspec import Struct


class CallbackKind(Struct, frozen=True):
    """A kind of callback that can be triggered."""

    purpose: str
    """The purpose in a signed URL."""
    fields: Callable[[CallbackValues], dict[str, Any]]
    """Returns the fields of the callback."""
    method: str = "POST"


class CallbackValues(Struct, frozen=True, kw_only=True):
    """The values of a sample callback."""

    recipient: str
    """The recipient of the message or call, or the dial-in number."""
    caller: str | None
    """The caller; ``None`` withholds the number."""
    sender: str
    """The sender of the SMS."""
    ident: str | None
    """The msgid or callid; ``None`` generates one."""
    tags: tuple[str, ...]
    """Tags of the message or call."""


def _sms(status: str, values: CallbackValues) -> dict[str, Any]:
    msgid = values.ident or _msgid()
    return {
        "msgid": msgid,
        "status": status,
        "recipient": values.recipient,
        "sender": values.sender,
        "sent_time": _stamp(),
        "cost": 10,
        "tags": list(values.tags),
        "url": f"https://api.xoxzo.com/sms/messages/{msgid}/",
    }


def _call(status: str, duration: int, values: CallbackValues) -> dict[str, Any]:
    callid = values.ident or str(uuid.uuid4())
    return {
        "callid": callid,
        "call_type": "simple/playbacks",
        "direction": "outbound",
        "caller": (values.caller or "").removeprefix("+"),
        "recipient": values.recipient,
        "status": status,
        "start_time": _stamp(),
        "end_time": _stamp(),
        "duration": duration,
        "cost": 10,
        "tags": list(values.tags),
        "url": f"https://api.xoxzo.com/voice/calls/{callid}/",
    }


def _click(values: CallbackValues) -> dict[str, Any]:
    return {
        "msgid": values.ident or _msgid(),
        "recipient": values.recipient,
        "link": "http://www.example.com",
        "shortlink": "https://xoz.so/dbNL4",
        "accessed_on": _stamp(),
        "tags": list(values.tags),
    }


def _incoming(values: CallbackValues) -> dict[str, Any]:
    # An empty caller means a withheld number (API section 15.51).
    return {"caller": (values.caller or "").removeprefix("+"), "recipient": values.recipient.removeprefix("+")}


def _incoming_sms(values: CallbackValues) -> dict[str, Any]:
    return {
        "sender": values.caller or "",
        "recipient": values.recipient.removeprefix("+"),
        "message": "はい",
        "received_time": _stamp(),
    }


KINDS = {
    "sms.delivered": CallbackKind("delivery-report", partial(_sms, "DELIVERED")),
    "sms.failed": CallbackKind("delivery-report", partial(_sms, "FAIL")),
    "call.answered": CallbackKind("call-ended", partial(_call, "ANSWERED", 15)),
    "call.ended": CallbackKind("call-ended", partial(_call, "ANSWERED", 15)),
    "call.unanswered": CallbackKind("call-ended", partial(_call, "NO ANSWER", 0)),
    "call.failed": CallbackKind("call-ended", partial(_call, "FAILED", 0)),
    "link.clicked": CallbackKind("link-clicked", _click),
    "call.incoming": CallbackKind("incoming-call", _incoming, "GET"),
    "sms.incoming": CallbackKind("incoming-sms", _incoming_sms),
}
"""The kinds of callbacks, by the name of the event."""


def build_request(
    kind: CallbackKind, url: str, values: CallbackValues, *, as_json: bool
) -> tuple[str, dict[str, str], bytes]:
    """Return URL, header fields and body of a sample callback; the body is JSON or a form (API section 15.60)."""
    fields = kind.fields(values)
    if kind.method == "GET":
        # Appended to an existing query (API section 15.71).
        return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(fields)}", {}, b""
    if as_json:
        return url, {"content-type": "application/json"}, json.dumps(fields, ensure_ascii=False).encode()
    flat = {name: ",".join(value) if isinstance(value, list) else value for name, value in fields.items()}
    return url, {"content-type": "application/x-www-form-urlencoded"}, urlencode(flat).encode()


def _msgid() -> str:
    return "".join(secrets.SystemRandom().sample(string.ascii_letters + string.digits, 32))


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
