"""Request bodies: forms, JSON and multipart, each read as Django REST Framework reads it (API section 1.3)."""

from __future__ import annotations

import json
import logging
import re
from binascii import unhexlify
from typing import TYPE_CHECKING, NoReturn

from xoxzo.cloudpy.simulator.api.http import HttpError, detail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_FIELDS = 1000
"""Fields in one body; Django refuses more."""

_ESCAPES = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")

# The parser warns of each bad body, which would end on standard error; its sender is told, that is enough.
logging.getLogger("python_multipart").addHandler(logging.NullHandler())

UPLOAD = object()
"""Stands for a file in a multipart body: no field takes one."""


def parse_body(media_type: str, body: bytes) -> Mapping[str, object]:
    """Return a body's fields; of a repeated name the last counts.

    Args:
        media_type: The Content-Type header.
        body: The bytes.

    Raises:
        Refused: 400 for what cannot be read, 415 for another media type (API section 15.14).
    """
    if not body:
        return {}
    kind = media_type.partition(";")[0].strip().lower()
    parser = _PARSERS.get(kind)
    if parser is None:
        raise detail(415, f'Unsupported media type "{media_type}" in request.')
    return parser(media_type, body)


def _form(_media_type: str, body: bytes) -> Mapping[str, object]:
    pieces = body.split(b"&")
    if len(pieces) > MAX_FIELDS:
        raise detail(400, f"More than {MAX_FIELDS} fields.")
    pairs = (piece.partition(b"=") for piece in pieces if piece)
    return {_unquoted(name): _unquoted(value) for name, _, value in pairs}


def _unquoted(text: bytes) -> str:
    # A run of escapes at once: of a Japanese text nearly every byte is escaped, and `urllib` takes them one by one.
    text = text.replace(b"+", b" ")
    if b"%" in text:
        text = _ESCAPES.sub(lambda run: unhexlify(run[0].replace(b"%", b"")), text)
    return text.decode("utf-8", "replace")


def _json(_media_type: str, body: bytes) -> Mapping[str, object]:
    try:
        fields = json.loads(body.decode("utf-8"), parse_constant=_not_json)
    except RecursionError:
        raise detail(400, "JSON parse error - too deeply nested") from None
    except ValueError as error:
        raise detail(400, f"JSON parse error - {error}") from None
    if not isinstance(fields, dict):
        reason = f"Invalid data. Expected a dictionary, but got {type(fields).__name__}."
        raise HttpError(400, {"non_field_errors": [reason]})
    return fields


def _not_json(name: str) -> NoReturn:
    message = f"Out of range float values are not JSON compliant: {name}"
    raise ValueError(message)


def _multipart(media_type: str, body: bytes) -> Mapping[str, object]:
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser, parse_options_header

    boundary = parse_options_header(media_type)[1].get(b"boundary", b"")
    parts = _Parts()
    try:
        parser = MultipartParser(boundary, parts.callbacks())  # type: ignore[arg-type]
        parser.write(body)
        parser.finalize()
    except FormParserError:
        raise detail(400, "Multipart form parse error - Invalid boundary or part") from None
    if not boundary or not parts.complete:
        raise detail(400, "Multipart form parse error - Invalid boundary or part")
    return parts.fields


class _Parts:
    """Collects the parts of one multipart body."""

    def __init__(self) -> None:
        self.fields: dict[str, object] = {}
        self.complete = False
        self._header = bytearray()
        self._value = bytearray()
        self._disposition = b""
        self._data = bytearray()

    def callbacks(self) -> dict[str, Callable[..., None]]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_part_data": lambda data, start, end: self._data.extend(data[start:end]),
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._disposition = b""
        self._data.clear()

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _end(self) -> None:
        from python_multipart.multipart import parse_options_header

        options = parse_options_header(self._disposition)[1]
        if b"name" not in options:
            return  # Django skips a part without a name.
        name = options[b"name"].decode("utf-8", "replace")
        self.fields[name] = UPLOAD if b"filename" in options else self._data.decode("utf-8", "replace")
        if len(self.fields) > MAX_FIELDS:
            raise detail(400, f"More than {MAX_FIELDS} fields.")

    def _finish(self) -> None:
        self.complete = True


_PARSERS: dict[str, Callable[[str, bytes], Mapping[str, object]]] = {
    "application/x-www-form-urlencoded": _form,
    "application/json": _json,
    "multipart/form-data": _multipart,
}
