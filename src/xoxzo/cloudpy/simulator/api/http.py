"""Requests, the fields of their bodies, and responses as plain values (API sections 1.3 and 1.5); no server library."""

from __future__ import annotations

import base64
import json
import logging
import re
from binascii import unhexlify
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NoReturn, TypeVar
from urllib.parse import parse_qsl

from msgspec import Struct

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.simulator.commands.faults import Fault
from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.engine.records.accounts import Account
from xoxzo.cloudpy.simulator.engine.rules import is_url

T = TypeVar("T")

DATABASE_UNWRITABLE = N_("The simulator cannot write to its database.")
"""What is answered, with 503, when something could not be saved and so was not done."""


class ApiRequest(Struct, frozen=True):
    """What came in. Header names are in lower case; path and query are as on the wire."""

    method: str
    path: bytes
    query: bytes
    headers: Mapping[bytes, bytes]
    body: bytes = b""
    peer: tuple[str, int] | None = None
    """Address and port of the caller; ``None`` within this process."""

    def header(self, name: bytes) -> str:
        """Return a header's value, or an empty text."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def target(self) -> str:
        """Method and path, as events name a request."""
        return f"{self.method} {self.path.decode('latin-1')}"

    def query_pairs(self) -> list[tuple[str, str]]:
        """Split the query as Django does: invalid percent signs stay, bytes that are not UTF-8 are replaced."""
        return parse_qsl(self.query.decode("utf-8", "replace"), keep_blank_values=True, errors="replace")

    def credentials(self) -> tuple[str, str]:
        """Return SID and token of Basic authentication, or empty texts."""
        return _credentials(self.headers.get(b"authorization", b""))


@lru_cache(maxsize=64)  # a program sends the same header with each request
def _credentials(authorization: bytes) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(b" ")
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode() if scheme.lower() == b"basic" else ""
    except ValueError:
        pair = ""
    sid, _, token = pair.partition(":")
    return sid, token


class ApiResponse(Struct, frozen=True):
    """What goes out. An empty body has no Content-Type, which is in `headers` (API section 15.15)."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    fault: Fault | None = None
    """What goes wrong with the response; the server or the transport carries it out."""


class HttpError(Exception):
    """A request ends here, with a status and a JSON body."""

    def __init__(self, status: int, body: object, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = headers


def invalid(name: str, *reasons: str) -> HttpError:
    """Return the refusal of one field (API section 1.5)."""
    return HttpError(400, {name: list(reasons)})


def detail(status: int, text: str) -> HttpError:
    """Return a refusal that concerns the whole request (API section 1.5)."""
    return HttpError(status, {"detail": text})


def found(record: T | None) -> T:
    """Return a record that was looked for; raise `HttpError` 404 if there is none."""
    if record is None:
        raise HttpError(404, None)
    return record


def encode(body: object) -> bytes:
    """Write JSON as Django REST Framework does: compact, in UTF-8."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


JSON = ((b"content-type", b"application/json"),)


def json_response(status: int, body: object) -> ApiResponse:
    """Return a reply with a JSON body."""
    return ApiResponse(status, encode(body), JSON)


MAX_FIELDS = 1000
"""Fields in one body; Django refuses more."""
_ESCAPES = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")


# The parser warns of each bad body, which would end on standard error; the response says what is wrong.
logging.getLogger("python_multipart").addHandler(logging.NullHandler())

UPLOAD = object()
"""Stands for a file in a multipart body: no field takes one."""


def parse_body(media_type: str, body: bytes) -> Mapping[str, object]:
    """Return a body's fields, of a repeated name the last; raise `HttpError` 400, or 415 (API section 15.14)."""
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

    fields: dict[str, object] = {}
    name, value, disposition, data, ends = (bytearray() for _ in range(5))

    def append_to(buffer: bytearray) -> Callable[[bytes, int, int], None]:
        return lambda read, start, end: buffer.extend(read[start:end])

    def end_header() -> None:
        if name.lower() == b"content-disposition":
            disposition[:] = value
        name.clear()
        value.clear()

    def end_part() -> None:
        options = parse_options_header(bytes(disposition))[1]
        if b"name" in options:  # Django skips a part without a name
            content = UPLOAD if b"filename" in options else data.decode("utf-8", "replace")
            fields[options[b"name"].decode("utf-8", "replace")] = content
        if len(fields) > MAX_FIELDS:
            raise detail(400, f"More than {MAX_FIELDS} fields.")
        disposition.clear()
        data.clear()

    callbacks = {
        "on_header_field": append_to(name),
        "on_header_value": append_to(value),
        "on_header_end": end_header,
        "on_part_data": append_to(data),
        "on_part_end": end_part,
        "on_end": lambda: ends.append(1),
    }
    boundary = parse_options_header(media_type)[1].get(b"boundary", b"")
    try:
        parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]
        parser.write(body)
        parser.finalize()
    except FormParserError:
        ends.clear()
    if not boundary or not ends:
        raise detail(400, "Multipart form parse error - Invalid boundary or part")
    return fields


_PARSERS: dict[str, Callable[[str, bytes], Mapping[str, object]]] = {
    "application/x-www-form-urlencoded": _form,
    "application/json": _json,
    "multipart/form-data": _multipart,
}


REQUIRED = "This field is required."
BLANK = "This field may not be blank."
NULL = "This field may not be null."


class Fields:
    """The fields of one request.

    Each reading method returns a value that can be used even when the field is wrong (an empty text), and notes the
    error; `check` then refuses the request with all of them.
    """

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values
        self.errors: dict[str, list[str]] = {}

    def error(self, name: str, reason: str) -> None:
        """Note an error; the first of a field counts."""
        self.errors.setdefault(name, [reason])

    def check(self) -> None:
        """Raise `HttpError` 400 with the errors by field, if there are any."""
        if self.errors:
            raise HttpError(400, self.errors)

    def has(self, name: str) -> bool:
        """Say whether a field is there."""
        return name in self._values

    def required(self, name: str, accept: Callable[[str], bool] | None = None, reason: str = "") -> str:
        """Read a text that must be there and not be blank; `accept` decides whether it is right, else `reason`."""
        if name not in self._values:
            self.error(name, REQUIRED)
            return ""
        text = self.text(name)
        if name in self.errors:
            return ""
        if not text.strip():
            self.error(name, BLANK)
        elif accept is not None and not accept(text):
            self.error(name, reason)
        return text

    def url(self, name: str) -> str | None:
        """Read an address that may be absent."""
        return self.required(name, is_url, "Enter a valid URL.") if name in self._values else None

    def flag(self, name: str) -> bool:
        """Read a switch: `true` in any case, or JSON true; anything else is off (API section 15.29)."""
        value = self._values.get(name)
        return value is True or (isinstance(value, str) and value.lower() == "true")

    def tags(self) -> tuple[str, ...]:
        """Read the comma-separated tags; blanks around them and empty ones are dropped (API section 15.30)."""
        text = self.text("tags") if "tags" in self._values else ""
        return tuple(tag.strip() for tag in text.split(",") if tag.strip())

    def raw(self, name: str) -> object:
        """Read a value of any kind that must be there; ``None`` when it is not."""
        if name not in self._values:
            self.error(name, REQUIRED)
            return None
        if self._values[name] is None:
            self.error(name, NULL)
        return self._values[name]

    def text(self, name: str) -> str:
        """Read a text that is there and may be blank; a JSON number is the text that it shows."""
        value = self._values[name]
        if value is None:
            self.error(name, NULL)
        elif isinstance(value, bool) or not isinstance(value, str | int | float):
            self.error(name, "Not a valid string.")
        elif "\x00" in (text := str(value)):  # this and surrogates no text field of Django REST Framework takes
            self.error(name, "Null characters are not allowed.")
        elif not text.isascii() and (bad := next((c for c in text if "\ud800" <= c <= "\udfff"), "")):
            self.error(name, f"Surrogate characters are not allowed: U+{ord(bad):X}.")
        else:
            return text
        return ""


class RequestContext(Struct, frozen=True):
    """One authenticated request to a known path."""

    engine: Engine
    account: Account
    request: ApiRequest
    ident: str
    """The id in the path, or an empty text."""
    base_url: str

    def fields(self) -> Fields:
        """Read the body; raise `HttpError` if it cannot be read."""
        return Fields(parse_body(self.request.header(b"content-type"), self.request.body))


Handler = Callable[[RequestContext], ApiResponse]
Methods = Mapping[str, Handler]
