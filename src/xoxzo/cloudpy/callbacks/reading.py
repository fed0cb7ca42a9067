"""From the bytes of a callback to its fields, tolerantly: how they are encoded is not known (API section 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from xoxzo.cloudpy.errors import CallbackRejected
from xoxzo.cloudpy.operations import replies

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_FIELDS = 200
_NESTED = ("link_tracking", "participants")


def header(headers: Mapping[str, str], name: str) -> str:
    """Return a header field whatever its case, ``""`` when it is not there."""
    if (value := headers.get(name)) is not None:
        return value
    return next((value for key, value in headers.items() if key.lower() == name), "")


def body_fields(content_type: str, body: bytes) -> dict[str, Any]:
    """Read a posted body: JSON where it says or looks so, a form otherwise.

    Raises:
        CallbackRejected: it is neither.
    """
    if "json" in content_type.lower() or body.lstrip()[:1] in {b"{", b"["}:
        try:
            return replies.record(body)
        except replies.Unreadable as error:
            raise CallbackRejected(str(error)) from None
    try:
        return from_form(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise CallbackRejected("the body is not UTF-8") from None


def from_form(text: str) -> dict[str, Any]:
    """Read a form or a query, and give its values the shapes that they have in JSON.

    Raises:
        CallbackRejected: it has more fields than any callback.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise CallbackRejected("the form has too many fields") from None
    fields: dict[str, Any] = {}
    tags: list[str] = []
    for name, value in pairs:
        if name in {"tags", "tags[]"}:
            tags += [tag for part in value.split(",") if (tag := part.strip())]
            fields["tags"] = tags
        elif name in _NESTED:
            fields[name] = _decoded(value)
        else:
            fields.setdefault(name, value)
    return fields


def _decoded(value: str) -> Any:  # noqa: ANN401 - JSON may be anything; the reader looks
    """Read a value of a form that is JSON inside; what is none stays text."""
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return value


def whole(raw: Mapping[str, Any], field: str) -> int | None:
    """Return a whole number, also from the text that a form has."""
    value = raw.get(field)
    if isinstance(value, str) and len(value) <= 9 and value.isascii() and value.isdigit():
        return int(value)
    return replies.whole(raw, field)


def tags(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the tags, from a list or from text with commas."""
    value = raw.get("tags")
    if isinstance(value, str):
        return tuple(tag for part in value.split(",") if (tag := part.strip()))
    return replies.texts(raw, "tags")


def number(value: str) -> str:
    """Return a number in E.164: Xoxzo leaves the + out here and there (API sections 1.8 and 15.52).

    A + that was not encoded arrives as a blank. What is no number is returned as it is.
    """
    digits = value.strip().removeprefix("+")
    return f"+{digits}" if digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15 else value.strip()
