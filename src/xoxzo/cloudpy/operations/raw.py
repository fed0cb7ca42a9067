"""Requests to endpoints that this library does not wrap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from xoxzo.cloudpy.common.plain_text import plain
from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.operations import bodies, checks
from xoxzo.cloudpy.operations.operation import Effect, Operation

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


def request(
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    json: object = None,
) -> Operation[Any]:
    """Make any request; a GET counts as a read, everything else as a request that must not be repeated."""
    if method not in _METHODS:
        raise InvalidArgument("method", "must be one of {names}", names=", ".join(sorted(_METHODS)))
    if form is not None and json is not None:
        raise InvalidArgument("json", "excludes form: a request has one body")
    body, content_type = b"", None
    if form is not None:
        body, content_type = _fields("form", form).encode("ascii"), bodies.FORM
    elif json is not None:
        body, content_type = _encode(json), bodies.JSON
    return Operation(
        name=f"request {method}",
        method=method,
        path=_path(path),
        effect=Effect.READ if method == "GET" else Effect.CREATE,
        read=_read,
        query=_fields("query", query or {}),
        body=body,
        content_type=content_type,
        # Without a number that we can see, nothing is allowed where recipients are limited.
        recipients=() if method == "GET" else tuple(_numbers(form or json)) or ("",),
    )


def _path(path: str) -> str:
    path = checks.text("path", path)
    segments = path.split("/")
    if segments[0] or not path.isascii() or not {"?", "#", " ", "\\"}.isdisjoint(path) or not path.isprintable():
        raise InvalidArgument("path", "must begin with / and be encoded; a query goes into query=")
    if any(segment and not segment.strip(".") for segment in segments):
        raise InvalidArgument("path", "must not have a segment of dots only")
    return path


def _fields(name: str, fields: Mapping[str, str]) -> str:
    try:
        # With doseq, a subclass of text is encoded as its text: str() of an Enum's member is its name.
        return urlencode(fields, doseq=True)
    except UnicodeEncodeError:
        raise InvalidArgument(name, "has half a character (a lone surrogate), which cannot be encoded") from None


def _encode(json: object) -> bytes:
    try:
        return msgspec.json.encode(json, enc_hook=_plain_text)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgument("json", "cannot be written as JSON: {type}", type=type(error).__name__) from None


def _plain_text(value: object) -> str:
    """Return the plain text of what `plain` knows, such as Django's ``SafeString``, which msgspec does not encode."""
    found = plain(value)
    if not isinstance(found, str):
        raise TypeError
    return found


def _numbers(fields: object) -> Iterator[str]:
    """Yield the numbers that a body names as Xoxzo's endpoints do (API section 14.10)."""
    if isinstance(fields, dict):
        for name in checks.RECIPIENT_FIELDS:
            value = fields.get(name)
            yield from str(value).split(",") if value is not None else ()


def _read(body: bytes) -> Any:  # noqa: ANN401 - JSON may be anything
    """Return the body decoded, ``None`` when it is empty or not JSON."""
    try:
        return bodies.decode_json(body)
    except bodies.DecodingError:
        return None
