"""Encode the bodies of requests, and decode those of responses (API sections 1.3 to 1.5).

What the API document calls uncertain never raises (API section 14).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from xoxzo.cloudpy.models.base import Model

Reader = Callable[[Mapping[str, Any], str], Any]

M = TypeVar("M", bound="Model")

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

Fields = dict[str, str | None]
"""Parameters by their names in the API; ``None`` is not sent."""

_decode = msgspec.json.Decoder().decode
# The standard library's encoding of a form takes a tenth of the time of a send.
_is_unreserved = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch
_ENCODED_BYTES = [
    "+" if byte == 32 else chr(byte) if _is_unreserved(chr(byte)) else f"%{byte:02X}" for byte in range(256)
]
_SECONDS = re.compile(r"\d+(?:\.\d+)?")
_THROTTLED = re.compile(r"available in (\d+) second")


class DecodingError(Exception):
    """The body of a success is not what the API document describes; the flow raises ``UnexpectedResponse`` for it."""


def form(fields: Mapping[str, str | None]) -> bytes:
    """Encode the fields that are not ``None`` as a form in UTF-8 (API section 1.3)."""
    pairs = [f"{encoded(name)}={encoded(value)}" for name, value in fields.items() if value is not None]
    return "&".join(pairs).encode("ascii")


# Names are few, and the messages of a campaign often have the same sender and text.
@lru_cache(maxsize=32)
def encoded(text: str) -> str:
    """Encode a name or a value of a form."""
    return text if _is_unreserved(text) else "".join(map(_ENCODED_BYTES.__getitem__, text.encode()))


def decode_json(body: bytes) -> Any:  # noqa: ANN401 - JSON may be anything; the callers look
    """Decode JSON; raise :class:`DecodingError`."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # The library's message may quote the body, so only the reason is given.
        reason = "nested too deeply" if isinstance(error, RecursionError) else "not valid JSON"
        raise DecodingError(f"the body is {reason}") from None


def decode_record(body: bytes, *, alone: bool = False) -> dict[str, Any]:
    """Read one record, which may come bare or as the first element of a list (API sections 1.4 and 14.1).

    With ``alone``, a list of more than one record is refused.
    """
    value = decode_json(body)
    if isinstance(value, list) and value:
        if alone and len(value) > 1:
            raise DecodingError("the body has more than one record")
        value = value[0]
    if not isinstance(value, dict):
        raise DecodingError("the body is not a record")
    return value


def read_msgid(body: bytes) -> str:
    """Read the msgid of one record."""
    return required(decode_record(body), "msgid")


def ignore_body(_body: bytes) -> None:
    """Read an answer whose body does not matter (API section 1.4: often it is empty)."""


def required(raw: Mapping[str, Any], field: str) -> str:
    """Return a field without which the record is of no use; raise :class:`DecodingError`."""
    value = raw.get(field)
    if isinstance(value, str) and value:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise DecodingError(f"the record has no {field}")


def text(raw: Mapping[str, Any], field: str) -> str:
    """Return a field as text, ``""`` when it is missing or null."""
    value = raw.get(field)
    return "" if value is None else str(value)


def text_list(raw: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """Return a list of text, empty when it is missing or something else."""
    value = raw.get(field)
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def record_list(raw: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    """Return the records of a list; other elements are left out; empty if the field is not a list."""
    value = raw.get(field)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def integer(raw: Mapping[str, Any], field: str) -> int | None:
    """Return a whole number, ``None`` when it is missing or something else."""
    value = raw.get(field)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def decimal(raw: Mapping[str, Any], field: str) -> Decimal | None:
    """Return credits exactly, whether they came as int, float or text (API section 1.7)."""
    value = raw.get(field)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value))
    except ArithmeticError:
        return None
    return found if found.is_finite() else None


def timestamp(raw: Mapping[str, Any], field: str) -> datetime | None:
    """Return a time in UTC; the server writes it without a zone and leaves it empty until known (API section 1.8)."""
    value = raw.get(field)
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def record(model: type[M], raw: dict[str, Any], /, **known: object) -> M:
    """Make a record of the server's own: each field that is not `known` is read as its type says.

    :class:`DecodingError` if a field without a default is missing.
    """
    # One loop and one dictionary: the sent list may have millions of records.
    for name, read in _readers(model):
        if name not in known:
            known[name] = read(raw, name)
    return model(raw=raw, **known)


def reader(model: type[M], /, **known: object) -> Callable[[bytes], M]:
    """Return a function that makes a record of a body, as `record` does."""
    return lambda body: record(model, decode_record(body), **known)


@cache
def _readers(model: type[Model]) -> tuple[tuple[str, Reader], ...]:
    fields = [field for field in msgspec.structs.fields(model) if field.name != "raw"]
    return tuple((field.name, _reader(field.type, required=field.required)) for field in fields)


def _reader(kind: Any, *, required: bool) -> Reader:  # noqa: ANN401 - a type
    if required and kind in _REQUIRED_READERS:
        return _REQUIRED_READERS[kind]
    if kind in _READERS:
        return _READERS[kind]
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return lambda raw, field: kind(text(raw, field))
    model = get_args(kind)[0]
    if get_origin(kind) is tuple:
        return lambda raw, field: tuple(record(model, one) for one in record_list(raw, field))
    # Absent, null or empty: which of them means that there is none is not known (API section 2.2).
    return lambda raw, field: record(model, value) if isinstance(value := raw.get(field), dict) and value else None


def _must_have(read: Reader) -> Reader:
    def reader(raw: Mapping[str, Any], field: str) -> Any:  # noqa: ANN401 - what the other reader returns
        if (value := read(raw, field)) is None:
            raise DecodingError(f"the record has no {field}")
        return value

    return reader


_REQUIRED_READERS: dict[Any, Reader] = {str: required, int: _must_have(integer), Decimal: _must_have(decimal)}
_READERS: dict[Any, Reader] = {
    str: text,
    str | None: lambda raw, field: text(raw, field) or None,
    tuple[str, ...]: text_list,
    bool: lambda raw, field: raw.get(field) is True,
    int: lambda raw, field: integer(raw, field) or 0,
    int | None: integer,
    Decimal | None: decimal,
    datetime | None: timestamp,
}


def decode_error_body(body: bytes, secret: str | None = None) -> tuple[dict[str, tuple[str, ...]], str | None]:
    """Read the body of a refusal: field errors and ``detail`` (API section 1.5); both empty when it is neither.

    A `secret` is removed from the server's messages, which may repeat it.
    """
    try:
        value = decode_json(body)
    except DecodingError:
        return {}, None
    if not isinstance(value, dict):
        return {}, None

    def shown(message: object) -> str:
        return str(message).replace(secret, "…") if secret else str(message)

    fields = {
        shown(field): tuple(map(shown, messages)) if isinstance(messages, list) else (shown(messages),)
        for field, messages in value.items()
        if field != "detail" and messages is not None
    }
    detail = value.get("detail")
    return fields, None if detail is None else shown(detail)


def retry_after_seconds(headers: Mapping[str, str], detail: str | None, now: float) -> float | None:
    """Return the seconds that a 429 asks us to wait: the header's, else those of the sentence (API section 1.6).

    `now` is the wall clock in seconds since 1970, against which a date in the header is read.
    """
    header = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(header):
        return float(header)
    if header:
        from email.utils import parsedate_to_datetime  # takes longer to load than this module, and is rarely needed

        try:
            moment = parsedate_to_datetime(header)
            # A date without a zone is in UTC, as HTTP's dates are, and not in the zone of this machine.
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
            return max(0.0, moment.timestamp() - now)
        except (ValueError, OverflowError):
            pass
    found = _THROTTLED.search(detail or "")
    return float(found.group(1)) if found else None
